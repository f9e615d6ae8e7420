import gc
import signal
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import NativeCodeWarning, compile, value_and_grad
from chainrule.compiler import fallback, program
from chainrule.compiler.native import engine
from chainrule.compiler.program import program_of
from chainrule.descent import compiled, gradient_descent
from chainrule.descent.compiled import CompiledEpochs, Like
from chainrule.descent.steps import PlainEpochs, step_of
from chainrule.descent.updates import plain

x = np.linspace(-1, 1, 23)
y = 3 * x - 1


def line_cost(parameters, x, y):
    """The mean squared error of a straight line."""
    slope, offset = parameters
    return np.mean((slope * x + offset - y) ** 2)


STEP = step_of(value_and_grad(line_cost), plain)
ETA = [np.float64(0.1)] * 2


def start():
    return [np.array(0.5), np.array([0.3])]


def end(parts):
    """The parameters at the end of an epoch, and all costs in their order."""
    parts = list(parts)
    return [np.array(theta) for theta in parts[-1].parameters], np.concatenate([part.costs for part in parts])


def epochs(batch_size, steps):
    """Compiled epochs of the line, in parts of so many steps."""
    made = CompiledEpochs(STEP, Like(start(), [x, y], ETA, 23, batch_size))
    made._steps = steps
    return made


def descend(theta, **options):
    options = {"eta": 0.1, "progress": False, "epochs": 3, "batch_size": 5} | options
    return gradient_descent(value_and_grad(line_cost), theta, x, y, **options)


@pytest.mark.parametrize("batch_size", [1, 4, 5, 22, 23])
def test_compiled_epochs_are_those_of_single_steps(batch_size):
    theta, costs = end(epochs(batch_size, 3).parts(start(), [x, y], ETA, (0, 1)))
    expected, expected_costs = end(PlainEpochs(STEP, 23, batch_size).parts(start(), [x, y], ETA, (0, 1)))
    np.testing.assert_allclose(costs, expected_costs, rtol=1e-13)
    for ours, theirs in zip(theta, expected, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_bit_for_bit_it_does_not_matter_where_the_parts_begin():
    found = [end(epochs(3, steps).parts(start(), [x, y], ETA, (0, 1))) for steps in (1, 2, 3, 7)]
    assert len({(theta[0].tobytes(), theta[1].tobytes(), costs.tobytes()) for theta, costs in found}) == 1


@given(batch_size=st.integers(1, 23), limit=st.integers(1, 30))
def test_parts_have_two_shapes_at_most_and_every_example_once_in_its_order(batch_size, limit):
    made = CompiledEpochs.__new__(CompiledEpochs)
    made._batch_size, made._examples = batch_size, 23
    made._steps = made._fitting(limit)
    assert made._steps <= limit
    order = np.random.default_rng(0).permutation(23)
    parts = list(made._cut(order))
    np.testing.assert_array_equal(np.concatenate([rows.ravel() for orders in parts for rows in orders]), order)
    assert len({tuple(rows.shape for rows in orders) for orders in parts}) <= 2
    assert all(rows.flags.c_contiguous for orders in parts for rows in orders)
    sizes = [rows.shape[1] for orders in parts for rows in orders for _ in rows]
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)


def test_an_epoch_divides_into_like_parts_where_it_can():
    made = CompiledEpochs.__new__(CompiledEpochs)
    made._batch_size, made._examples = 10, 50_000
    assert [made._fitting(limit) for limit in (1, 700, 4999, 6000)] == [1, 625, 2500, 5000]


def test_parts_that_take_too_long_are_made_shorter():
    made = epochs(1, 20)
    made._keep_pace(0.5)
    assert made._steps == 20  # one slow part may be another program's fault
    made._keep_pace(0.4)
    assert made._steps == int(20 * compiled.LONGEST / 2 / 0.4)
    made._keep_pace(0.09)
    made._keep_pace(0.09)
    assert made._steps == 2
    theta, _ = end(made.parts(start(), [x, y], ETA, (0, 1)))
    expected, _ = end(epochs(1, 20).parts(start(), [x, y], ETA, (0, 1)))
    assert theta == expected


def test_a_step_that_is_slower_than_its_parameters_tell_makes_shorter_parts(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(compiled, "thread_time", lambda: 0.25 * next(now))
    made = CompiledEpochs(STEP, Like(start(), [x, y], ETA, 23, 1))
    assert made._steps == 4


def test_data_of_few_bits_stay_as_they_are():
    table = np.ones((6, 2), np.float32)
    step = step_of(value_and_grad(lambda p, x: np.mean((x - p[0]) ** 2)), plain)
    made = CompiledEpochs(step, Like([np.zeros(2, np.float32)], [table], [np.float32(0.1)], 6, 2))
    ((orders, program),) = made._programs.items()
    assert orders == ((3, 2),)
    assert program.plan.inputs[1].dtype == np.float32


def test_the_history_says_that_it_was_compiled():
    history = descend(start())
    assert (history.compiled, history.note) == (True, "")


def test_two_runs_are_alike_bit_for_bit():
    runs = []
    for _ in range(2):
        theta = start()
        history = descend(theta, epochs=10)
        runs.append((theta[0].tobytes(), theta[1].tobytes(), history.cost))
    assert runs[0] == runs[1]


def test_what_cannot_be_compiled_is_trained_all_the_same_and_the_history_says_why():
    def with_a_branch(parameters, x, y):
        return line_cost(parameters, x, y) if parameters[0] < 100 else 0.0

    theta, expected = start(), start()
    history = gradient_descent(
        value_and_grad(with_a_branch), theta, x, y, eta=0.1, epochs=3, batch_size=5, progress=False
    )
    descend(expected)
    assert not history.compiled
    assert "test_compiled.py" in history.note
    assert "\n" not in history.note
    for ours, theirs in zip(theta, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_without_llvmlite_the_training_goes_on_in_numpy(monkeypatch):
    expected = start()
    descend(expected)
    monkeypatch.setattr(engine, "available", lambda: False)
    monkeypatch.setattr(fallback, "_said", set())
    theta = start()
    with pytest.warns(NativeCodeWarning, match="pip install llvmlite"):
        history = descend(theta)
    assert (history.compiled, history.note) == (False, "llvmlite is not installed")
    for ours, theirs in zip(theta, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_uncompiled_where_asked():
    calls = []

    def counted(parameters, x, y):
        calls.append(len(x))
        return value_and_grad(line_cost)(parameters, x, y)

    history = gradient_descent(counted, start(), x, y, eta=0.1, epochs=2, batch_size=5, progress=False, compiled=False)
    assert calls == [5, 5, 5, 5, 3] * 2
    assert (history.compiled, history.note) == (False, "not asked for")


def test_an_error_of_the_cost_is_the_users():
    def faulty(parameters, x, y):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        gradient_descent(faulty, start(), x, y, eta=0.1, progress=False)


def test_ctrl_c_ends_between_two_parts_and_keeps_the_last_whole_state(monkeypatch):
    monkeypatch.setattr(compiled, "OPERATIONS", 6 * 2 * 3)  # three steps of one example, and two parameters
    parts = []

    def keep_pace(self, seconds):
        parts.append(seconds)
        if len(parts) == 11:  # 8 parts an epoch
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(CompiledEpochs, "_keep_pace", keep_pace)
    theta = start()
    history = descend(theta, batch_size=1)
    assert history.interrupted
    assert history.epochs == [1]
    assert len(parts) == 11
    expected = start()
    descend(expected, batch_size=1, epochs=1)
    few = np.random.default_rng((0, 2)).permutation(23)[:9]
    for row in few:
        expected, _ = STEP(expected, [x[[row]], y[[row]]], ETA)
    for ours, theirs in zip(theta, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_a_second_ctrl_c_leaves_the_last_whole_epoch(monkeypatch):
    def keep_pace(self, seconds):
        if self._recent:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        self._recent = [seconds]

    monkeypatch.setattr(CompiledEpochs, "_keep_pace", keep_pace)
    theta, expected = start(), start()
    with pytest.raises(KeyboardInterrupt):
        descend(theta)
    descend(expected, epochs=1, compiled=False)
    for ours, theirs in zip(theta, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_ctrl_c_while_it_is_being_compiled_has_changed_nothing():
    def cost_and_gradient(parameters, x, y):
        signal.raise_signal(signal.SIGINT)
        return value_and_grad(line_cost)(parameters, x, y)

    theta = start()
    history = gradient_descent(cost_and_gradient, theta, x, y, eta=0.1, progress=False)
    assert history.interrupted
    assert history.epochs == []
    assert theta == start()


PROGRAM = """
import numpy as np
from chainrule import value_and_grad
from chainrule.descent import gradient_descent

def cost(parameters, x):
    return np.mean((parameters[0] - x) ** 2)

def tell(history):
    if len(history.epochs) == 3:
        print("three", flush=True)

theta = np.zeros(2)
history = gradient_descent(
    value_and_grad(cost), [theta], np.ones((1000, 2)), eta=1e-6, epochs=10**9, batch_size=1, progress=False,
    after_epoch=tell,
)
print("kept", history.compiled, history.interrupted, theta[0] == theta[1] > 0, flush=True)
"""


def test_a_real_ctrl_c_from_outside_ends_a_compiled_training():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "three\n"
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert rest.splitlines()[-1] == "kept True True True"
    assert process.returncode == 0


@pytest.fixture
def recorded(monkeypatch):
    """Count the programs that are recorded."""
    names = []

    def counted(f, *args, **kwargs):
        names.append(f.__name__)
        return program_of(f, *args, **kwargs)

    monkeypatch.setattr(program, "program_of", counted)
    return names


def test_for_a_compiled_cost_the_programs_are_kept_whatever_data_rate_and_seed(recorded):
    f = compile(value_and_grad(line_cost))
    first, second, other, expected = start(), start(), start(), start()
    options: dict[str, Any] = {"epochs": 3, "batch_size": 5, "progress": False}
    gradient_descent(f, first, x, y, eta=0.1, **options)
    count = len(recorded)
    history = gradient_descent(f, second, x, y, eta=0.1, **options)
    gradient_descent(f, other, x + 1, y * 2, eta=0.05, seed=7, **options)
    assert count == len(recorded) == 1
    assert history.compiled
    assert [theta.tobytes() for theta in first] == [theta.tobytes() for theta in second]
    gradient_descent(value_and_grad(line_cost), expected, x + 1, y * 2, eta=0.05, seed=7, **options)
    assert [theta.tobytes() for theta in other] == [theta.tobytes() for theta in expected]


@pytest.mark.parametrize(
    "change",
    [
        {"batch_size": 4},
        {"x": x[:20], "y": y[:20]},
        {"x": x.astype(np.float32)},
        {"theta": [np.array([0.5]), np.array([0.3])]},
        {"theta": [np.array(0.5), np.array([0.3], np.float32)]},
    ],
)
def test_another_shape_type_or_batch_is_compiled_anew(recorded, change):
    f = compile(value_and_grad(line_cost))

    def descent(theta, x, y, batch_size):
        gradient_descent(f, theta, x, y, eta=0.1, epochs=1, batch_size=batch_size, progress=False)

    usual = {"theta": start(), "x": x, "y": y, "batch_size": 5}
    descent(**usual)
    count = len(recorded)
    descent(**usual | change)
    assert len(recorded) > count


def test_what_another_cost_reads_may_change_from_descent_to_descent():
    ends = []
    target = 1.0

    def cost(parameters):
        return (parameters[0] - target) ** 2

    f = value_and_grad(cost)
    for target in (1.0, 2.0):  # noqa: B007  what the cost reads
        theta = np.array(0.0)
        gradient_descent(f, [theta], eta=0.5, epochs=1, progress=False)
        ends.append(float(theta))
    assert ends == [1.0, 2.0]


def test_what_is_kept_holds_neither_data_nor_parameters_nor_memory():
    f = compile(value_and_grad(line_cost))
    theta, far = start(), x + 0.5
    gradient_descent(f, theta, far, y, eta=0.1, epochs=1, batch_size=5, progress=False)
    held = [weakref.ref(each) for each in (*theta, far)]
    (key,) = f.trainings.keys()
    programs = f.trainings.get(key, lambda: None)._programs.values()
    assert all(made._native._idle == [] for made in programs)
    del theta, far
    gc.collect()
    assert [ref() for ref in held] == [None] * 3


def test_so_many_trainings_of_a_cost_are_kept_and_all_go_with_it():
    f = compile(value_and_grad(line_cost))
    for rows in range(5, 25):
        gradient_descent(f, start(), x[:rows], y[:rows], eta=0.1, epochs=1, progress=False)
    assert len(f.trainings.keys()) == 16
    kept = weakref.ref(f.trainings.get(f.trainings.keys()[0], lambda: None))
    del f
    gc.collect()
    assert kept() is None


def test_threads_that_descend_on_one_cost_do_not_disturb_each_other(recorded):
    f = compile(value_and_grad(line_cost))

    def descent(seed):
        theta = start()
        gradient_descent(f, theta, x, y, eta=0.1, epochs=20, batch_size=5, seed=seed, progress=False)
        return theta[0].tobytes(), theta[1].tobytes()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(descent, [0, 1, 2, 3] * 3))
    assert found[:4] == found[4:8] == found[8:] == [descent(seed) for seed in range(4)]
    assert len(set(found)) == 4
    assert len(recorded) == 1


def test_uncompiled_a_compiled_cost_runs_in_numpy():
    f = compile(value_and_grad(line_cost))
    gradient_descent(f, start(), x, y, eta=0.1, epochs=1, progress=False, compiled=False)
    assert f.programs == []
    assert f.trainings.keys() == []
