"""Compiled functions from outside: what they take, what they give, and when they are made."""

import dataclasses
import threading
import warnings
from collections import namedtuple

import numpy as np
import pytest

from chainrule import (
    InputError,
    NativeCodeWarning,
    NonFiniteError,
    RecordingError,
    compile,
    grad,
    hessian,
    scan,
    value_and_grad,
    watch_nonfinite,
)
from chainrule.compiler import Compiled, fallback
from chainrule.compiler.native import engine
from chainrule.compiler.program import program_of
from chainrule.networks.activations import sigmoid


def cost(W, x, y):
    return 0.5 * np.sum((np.tanh(W @ x) - y) ** 2)


W, x, y = np.arange(6.0).reshape(2, 3) / 5, np.array([0.1, -0.2, 0.3]), np.array([1.0, -1.0])


def test_operators_and_compile_compose_in_either_order():
    expected = grad(cost)(W, x, y)
    np.testing.assert_allclose(compile(grad(cost))(W, x, y), expected, rtol=1e-12)
    np.testing.assert_allclose(grad(compile(cost))(W, x, y), expected, rtol=1e-12)
    np.testing.assert_allclose(compile(grad(compile(cost)))(W, x, y), expected, rtol=1e-12)
    np.testing.assert_allclose(compile(hessian(cost))(W, x, y), hessian(cost)(W, x, y), rtol=1e-12, atol=1e-15)


def test_a_derivative_passes_what_a_compiled_function_closes_over():
    def outer(a):
        return compile(lambda b: a * b)(3.0)

    assert grad(outer)(2.0) == 3.0


def test_a_program_is_made_once_for_shapes_types_and_settings():
    recorded = []

    @compile
    def f(x, axis=0):
        recorded.append(x.shape)
        return np.sum(x, axis=axis)

    ones = np.ones((2, 3))
    for _ in range(2):
        assert f(ones).tolist() == [2, 2, 2]
        assert f(ones, 1).tolist() == [3, 3]
        assert f(x=2 * ones, axis=1).tolist() == [6, 6]
        assert f(axis=1, x=ones).tolist() == [3, 3]
        assert f(ones.astype(np.float32)).dtype == np.float32
    assert len(recorded) == len(f.programs) == 3
    assert f.__name__ == "f"
    assert repr(f) == "<compiled f: 3 programs>"
    assert f.program(ones, axis=1) is f.program(ones, 1)
    assert compile(f) is f


def test_a_dict_is_not_mistaken_for_named_arguments():
    f = compile(lambda *args, **named: (len(args), len(named)))
    assert f({"a": 1.0}) == (1, 0)
    assert f(a=1.0) == (0, 1)


Point = namedtuple("Point", "x y")


@dataclasses.dataclass
class Parameters:
    W: np.ndarray
    rate: float
    name: str = "p"


def test_nested_structures_go_in_and_come_out():
    @compile
    def f(p, points, options):
        scaled = p.W * p.rate
        if options["turn"]:
            scaled = -scaled
        return {"p": dataclasses.replace(p, W=scaled), "points": [Point(q.y, q.x) for q in points]}, None, "text"

    parts = Parameters(np.ones(2), 0.5), [Point(np.zeros(1), 2.0)]
    result, nothing, text = f(*parts, {"turn": True, "n": None})
    assert result["p"].W.tolist() == [-0.5, -0.5]
    assert (result["p"].name, nothing, text) == ("p", None, "text")
    assert result["points"] == [Point(2.0, np.zeros(1))]
    assert f(*parts, {"turn": False, "n": None})[0]["p"].W.tolist() == [0.5, 0.5]


def test_results_are_the_callers_own():
    constant = np.zeros(3)
    f = compile(lambda x: (x, x, x[:2], constant, x.T))
    given = np.arange(3.0)
    results = f(given)
    for result in results:
        result += 1
    assert given.tolist() == [0, 1, 2]
    assert constant.tolist() == [0, 0, 0]
    assert [r.tolist() for r in f(given)] == [[0, 1, 2], [0, 1, 2], [0, 1], [0, 0, 0], [0, 1, 2]]


def test_results_are_numbers_and_arrays_as_in_numpy():
    def f(x, n):
        return np.sum(x), x.shape[0], n + 1, np.reshape(x[:1], ()), x > 1, (x > 1).sum(), n, 3, True

    compiled, plain = compile(f)(x, np.int64(2)), f(x, np.int64(2))
    for ours, theirs in zip(compiled, plain, strict=True):
        assert type(ours) is type(theirs)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("size", [3, 5_000])
def test_arrays_may_lie_in_any_way(size):
    f = compile(lambda a, b: a * 2 + b)
    a, b = np.arange(float(size)), np.ones(size)
    expected = a * 2 + b
    wide = np.zeros((size, 2))
    wide[:, 0] = a
    apart = np.frombuffer(b"\0" + a.tobytes(), np.uint8)[1:].view(np.float64)
    assert not apart.flags.aligned
    reading = a.copy()
    reading.flags.writeable = False
    for given in (a, wide[:, 0], a[::-1].copy()[::-1], apart, a.astype(a.dtype.newbyteorder()), reading):
        assert np.array_equal(f(given, b), expected)
    assert len(f.programs) == 2  # that of the other byte order is its own


def test_a_python_number_takes_the_type_of_the_arrays():
    f = compile(lambda x, rate: x * rate)
    single = np.ones(2, np.float32)
    assert f(single, 0.1).dtype == np.float32
    assert f(single, np.float64(0.1)).dtype == np.float64
    assert f(single, 2).dtype == np.float32
    assert f(1.0, 2.0) == 2.0
    assert f(2j, 2.0) == 4j
    f(single, 0.2)
    assert len(f.programs) == 5


class Model:
    def __init__(self):
        self.W = np.ones(2)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        (np.ones((1, 1)).view(np.matrix), "np.asarray"),
        (np.ma.masked_array([1.0], [True]), "mask"),
        (Model(), "neither an array"),
        ({1, 2}, "neither an array"),
        (np.array(["a"]), "numbers"),
        (np.array([None]), "numbers"),
    ],
)
def test_what_is_no_array_and_no_setting_is_refused(argument, words):
    with pytest.raises(InputError, match=words):
        compile(lambda x: 1.0)(argument)
    with pytest.raises(InputError, match="function"):
        compile(argument)


def test_a_branch_on_a_value_is_refused_at_its_line():
    def f(x):
        if x > 0:
            return x
        return -x

    with pytest.raises(RecordingError, match=r"test_compiled.py, line \d+: `if x > 0:`"):
        compile(f)(1.0)


def test_wrong_arguments_are_pythons_own_error():
    with pytest.raises(TypeError, match="missing"):
        compile(cost)(W, x)
    with pytest.raises(TypeError, match="unexpected"):
        compile(cost)(W, x, z=y)


def test_a_program_refuses_other_arguments():
    made = compile(cost).program(W, x, y)
    assert made(W, x, y) == pytest.approx(cost(W, x, y), rel=1e-14)
    with pytest.raises(InputError, match=r"cost\(float64 \(2, 3\), float64 \(3,\), float64 \(2,\)\)"):
        made(W, x, x)


def test_a_watched_function_is_not_compiled():
    f = compile(grad(lambda x: np.sum(np.sqrt(x))))
    f(np.ones(2))
    with watch_nonfinite(), np.errstate(all="ignore"), pytest.raises(NonFiniteError):
        f(np.zeros(2))


def test_threads_share_a_function():
    f = compile(value_and_grad(lambda x: np.sum(scan(lambda c, r: (np.tanh(c + r), c), x[0], x)[1])))
    points = [np.linspace(k, k + 1, 500) for k in range(8)]
    alone = [compile(f.__wrapped__)(point) for point in points]
    results: dict[int, list[bool]] = {}

    def work(k):
        found = [f(points[k]) for _ in range(50)]
        results[k] = [v == alone[k][0] and np.array_equal(g, alone[k][1]) for v, g in found]

    threads = [threading.Thread(target=work, args=[k]) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(all(found) for found in results.values())
    assert len(f.programs) == 1


def test_an_error_in_a_step_leaves_the_program_usable():
    f = compile(lambda A, b: np.linalg.solve(A, b) + 1)
    with pytest.raises(np.linalg.LinAlgError):
        f(np.zeros((2, 2)), np.ones(2))
    assert f(np.eye(2), np.ones(2)).tolist() == [2, 2]


def test_a_compiled_function_holds_none_of_the_arrays_it_was_recorded_with():
    f = compile(lambda x: np.sum(np.tanh(x) * 2))
    made = f.program(np.ones(10_000))
    assert made.graph is not None
    assert all(sum(node.value.strides) == 0 for node in made.graph.nodes)
    assert made.graph(np.zeros(10_000)) == 0


def test_old_programs_make_room(monkeypatch):
    monkeypatch.setattr("chainrule.compiler.compiled._KEPT", 2)
    f = compile(lambda x, n: x * n)
    assert [f(1.0, n) for n in (1, 2, 3, 1)] == [1, 2, 3, 1]
    assert [made.arguments[0][1] for made in f.programs] == [3, 1]


def test_a_compiled_method_belongs_to_its_object():
    class Line:
        @compile
        def at(self, x):
            return 2 * x

    assert isinstance(Line.at, Compiled)
    with pytest.raises(InputError, match="Line"):
        Line().at(1.0)


def test_without_llvmlite_numpy_runs_and_says_so_once(monkeypatch):
    monkeypatch.setattr(engine, "available", lambda: False)
    monkeypatch.setattr(fallback, "_said", set())
    with pytest.warns(NativeCodeWarning, match="llvmlite") as caught:
        result = compile(value_and_grad(cost))(W, x, y)
    assert caught[0].filename == __file__
    expected = value_and_grad(cost)(W, x, y)
    np.testing.assert_allclose(result[0], expected[0], rtol=1e-12)
    np.testing.assert_allclose(result[1], expected[1], rtol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not compile(cost).program(W, x, y).native


def test_large_samples_are_not_computed_unless_they_must_be():
    called = []

    def f(x):
        called.append(1)
        A = np.reshape(np.exp(x[: 150 * 150]), (150, 150)) + 200 * np.eye(150)
        return np.linalg.solve(A, x[:150]) if len(called) > 2 else np.sum(A)

    x = np.linspace(0, 1, 200 * 150)
    compiled = compile(f)
    made = compiled.program(x)
    assert len(called) == 1
    assert made(x) == pytest.approx(f(x), rel=1e-12)
    np.testing.assert_allclose(compile(f)(x), f(x), rtol=1e-9)  # zeros, were they taken for A, would be singular
    assert len(called) == 5  # once for the program, twice for the other, and twice without


@pytest.mark.parametrize(
    "f",
    [lambda x: 1 / x, lambda x: np.float_power(x - 2, 0.5), lambda x: np.linalg.inv(x + np.eye(2) / x)],
    ids=["kernel", "kernel by NumPy", "call"],
)
@pytest.mark.parametrize("native", [True, False])
def test_what_is_not_finite_is_computed_without_a_warning(f, native):
    made = program_of(f, (np.ones((2, 2)),), native=native)
    with np.errstate(all="ignore"):
        expected = f(np.zeros((2, 2)))
    np.testing.assert_array_equal(made(np.zeros((2, 2))), expected)


@pytest.mark.parametrize("function", [np.mean, np.sum, np.tanh, sigmoid], ids=["mean", "sum", "tanh", "sigmoid"])
def test_functions_are_settings(function):
    np.testing.assert_allclose(compile(lambda x, f: f(x))(x, function), function(x), rtol=1e-14)
