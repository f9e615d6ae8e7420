"""Recording ordinary NumPy functions, and running what was recorded."""

import copy
import math

import numpy as np
import pytest
from tests.numerics import assert_derivatives

import chainrule
from chainrule import InputError, RecordingError, grad, record


def neuron(W, a, b):
    z = W @ a + b
    return 1 / (1 + np.exp(-z))


ARGUMENTS = (np.array([[0.5, -1.0, 2.0]]), np.array([1.0, 2.0, 3.0]), np.array([0.25]))


def test_a_graph_runs_like_the_function_it_was_recorded_from():
    graph = record(neuron, *ARGUMENTS)
    others = (np.full((1, 3), 0.1), np.array([-1.0, 0.0, 1.0]), np.array([2.0]))
    np.testing.assert_array_equal(graph(*ARGUMENTS), neuron(*ARGUMENTS))
    np.testing.assert_array_equal(graph(*others), neuron(*others))


def test_a_graph_is_written_down_in_the_arguments_own_names():
    assert str(record(neuron, *ARGUMENTS)) == "\n".join(
        [
            "neuron(W: float64 (1, 3), a: float64 (3,), b: float64 (1,))",
            "  v1: float64 (1,) = matmul(W, a)",
            "  v2: float64 (1,) = add(v1, b)",
            "  v3: float64 (1,) = negative(v2)",
            "  v4: float64 (1,) = exp(v3)",
            "  v5: float64 (1,) = add(1, v4)",
            "  v6: float64 (1,) = divide(1, v5)",
            "  return v6",
        ]
    )


def test_a_gradient_is_a_graph_like_any_other():
    def cost(x):
        return np.sum(np.sin(x) ** 3)

    x = np.array([0.3, 1.2])
    graph = record(grad(cost), x)
    np.testing.assert_allclose(graph(x), 3 * np.sin(x) ** 2 * np.cos(x), rtol=1e-14)
    second = record(grad(lambda x: np.sum(graph(x))), x)
    expected = 6 * np.sin(x) * np.cos(x) ** 2 - 3 * np.sin(x) ** 3
    np.testing.assert_allclose(second(x), expected, rtol=1e-13)


def test_what_no_result_depends_on_is_left_out():
    def f(x):
        np.exp(x)
        return x * 2

    assert [node.rule.name for node in record(f, np.ones(2)).nodes] == ["input", "multiply"]


def test_arguments_and_results_may_be_nested():
    graph = record(lambda p: {"sum": p["W"] + p["b"][0], "nothing": None}, {"W": np.ones(2), "b": [np.ones(2)]})
    result = graph({"W": np.zeros(2), "b": [np.full(2, 5.0)]})
    assert result["nothing"] is None
    np.testing.assert_array_equal(result["sum"], [5.0, 5.0])


def test_a_graph_called_with_the_wrong_number_of_arrays_says_how_to_call_it():
    with pytest.raises(InputError, match=r"recorded with 3 arrays and is called with 1; call it as neuron\(W, a, b\)"):
        record(neuron, *ARGUMENTS)(1.0)


def test_branches_loops_lengths_and_printing_see_the_real_values():
    def f(x):
        total = x[0] * 0
        for entry in x:
            if entry > 0:
                total = total + entry**2
        while total < 100:
            total = total * 2
        assert f"{x[0]:.1f}" == "1.0"
        assert len(x) == 3
        return total * x[int(np.argmax(x).__index__())]

    assert grad(f)(np.array([1.0, -2.0, 3.0])) == pytest.approx([2 * 16 * 3.0, 0, 2 * 3 * 16 * 3 + 160])


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda x: float(x[0]), "leave the conversion out"),
        (lambda x: math.exp(x[0]), "write np.exp"),
        (lambda x: np.array(x) * 2, "leave out np.array"),
        (lambda x: np.array([x[0], x[1]]), "write np.stack"),
        (lambda x: np.packbits(x), "np.packbits has no derivative"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_the_users_line(function, told):
    with pytest.raises(RecordingError, match=told) as refused:
        grad(function)(np.ones(2))
    assert "test_recording.py, line" in str(refused.value)


PLAIN = np.arange(9.0).reshape(3, 3) ** 2


@pytest.mark.parametrize(
    "f",
    [
        lambda a, x: a[np.argsort(x)] * x,
        lambda a, x: a[np.argsort(x), 0] * x,
        lambda a, x: a[x > 0.2].sum(axis=0) * x,
        lambda a, x: a.take(np.argsort(x), 1) @ x,
        lambda a, x: np.take(a, np.argsort(x), 1) @ x,
        lambda a, x: np.sum(a[np.argsort(x)] @ np.sin(x)) * x,
    ],
)
def test_a_found_index_of_a_plain_array_is_followed_or_refused_in_a_graph(f):
    x, other = np.array([0.1, 0.5, 0.3]), np.array([3.0, 1.0, 0.0])
    assert_derivatives(lambda x: f(PLAIN, x), x)
    with pytest.raises(RecordingError, match=r"would stay the same .* np.array\(a, like=x\)\[i\]"):
        record(lambda x: f(PLAIN, x), x)
    with pytest.raises(RecordingError, match="would stay the same"):
        record(grad(lambda x: np.sum(f(PLAIN, x))), x)
    graph = record(lambda x: f(np.array(PLAIN, like=x), x), x)
    np.testing.assert_array_equal(graph(other), f(PLAIN, other))


def test_writing_into_a_plain_array_tells_how_to_make_one_that_can_be_followed():
    def one_entry(x):
        out = np.zeros(2)
        out[0] = x[0]
        return out.sum()

    def all_entries(x):
        out = np.zeros(2)
        out[:] += x
        return out.sum()

    for function in (one_entry, all_entries):
        with pytest.raises(RecordingError, match=r"np.zeros_like\(x\)"):
            grad(function)(np.ones(2))


def test_a_tracer_that_escapes_is_refused_when_it_is_used():
    kept = []

    def f(x):
        kept.append(x)
        return x.sum()

    grad(f)(np.ones(2))
    with pytest.raises(RecordingError, match="after the function it was traced in has returned"):
        kept[0] + 1


def test_all_of_chainrules_errors_are_of_one_family():
    for name in ("InputError", "RecordingError", "DataError", "NetworkFileError"):
        assert issubclass(getattr(chainrule, name), chainrule.ChainruleError)


METHODS = {
    "mT": lambda x: x.mT * 2,
    "flatten, order": lambda x: x.flatten("F") * np.arange(6.0),
    "flat": lambda x: sum(i * entry for i, entry in enumerate(x.flat)),
    "compress": lambda x: x.compress([True, False, True], axis=1),
    "divmod": lambda x: np.stack(divmod(x, 0.7)),
    "divmod, reflected": lambda x: np.stack(divmod(2.0, x)),
    "conjugate": lambda x: x.conjugate() * x,
    "cumprod": lambda x: x.cumprod(axis=0),
    "nonzero": lambda x: x[(x > 0).nonzero()],
    "copy": lambda x: copy.copy(x) * copy.deepcopy(x),
    "contains": lambda x: x * (x[0, 0] in x) * (99.0 in x + 0),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_arrays(name):
    assert_derivatives(METHODS[name], np.random.default_rng(1).uniform(0.2, 1.9, (2, 3)))


def test_methods_that_write():
    def f(x):
        y = x.copy()
        y.sort(axis=0)
        z = np.zeros(3, like=x)
        z.fill(x[0, 0])
        w = np.array([1.0, 2.0, 3.0], like=x)
        w[1] = x[1, 1]
        v = x.ravel().copy()
        v.partition(2)
        return np.concatenate([(y * z * w).ravel(), v])

    assert_derivatives(f, np.random.default_rng(1).normal(size=(2, 3)))


def test_found_indices_work_on_plain_arrays_too():
    plain = np.array([10.0, 20.0, 30.0])
    np.testing.assert_array_equal(
        grad(lambda x: np.sum(plain[np.argsort(x)] * x + plain[x > 1].sum()))(np.array([3.0, 1.0, 2.0])), [20, 30, 10]
    )


def test_a_gradient_has_its_arguments_type_in_mixed_arithmetic():
    x = np.ones(3, np.float32)
    assert grad(lambda x: np.sum(x * np.ones(3)))(x).dtype == np.float32
    assert grad(lambda x: np.real(np.sum(x * np.ones(3, complex))))(x).dtype == np.float32
    assert grad(lambda x: np.sum(x.astype(int) * 2.5))(np.ones(3)).tolist() == [0, 0, 0]


def test_an_array_is_neither_true_nor_false():
    def f(x):
        if x > 0:
            return np.sum(x)
        return np.sum(-x)

    with pytest.raises(RecordingError, match=r"`if x > 0:`: an array of several entries .* write np\.where"):
        grad(f)(np.ones(2))
    assert grad(f)(np.ones(1)) == 1


def test_counts_and_found_places_become_python_numbers():
    def f(x):
        n, k, share = int(np.sum(x > 0)), np.argmax(x).item(), float(np.count_nonzero(x))
        return x[k] ** n * share * (x > 0).tolist().count(True)

    assert grad(f)(np.array([1.0, 3.0, -1.0])).tolist() == [0, 2 * 3 * 3 * 2, 0]
