import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import value_and_grad
from chainrule.compiler.native import engine
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
    theta = start()
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
