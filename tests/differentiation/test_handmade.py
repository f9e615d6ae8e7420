"""check_gradient of a gradient by hand: what is right is called right, and planted mistakes are named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import InputError, check_gradient

X = np.arange(1, 13).reshape(4, 3) / 10
Y = np.sin(np.arange(8)).reshape(4, 2)


def cost(W, b, x=X, y=Y):
    """A linear layer with a mean square over the examples: W (2, 3), b (2,)."""
    return np.sum((x @ W.T + b - y) ** 2) / len(x)


def by_hand(W, b, x=X, y=Y):
    """The gradient of the cost by W and b."""
    delta = 2 * (x @ W.T + b - y) / len(x)
    return delta.T @ x, delta.sum(axis=0)


W = np.array([[0.3, -0.2, 0.5], [1.1, 0.7, -0.4]])
b = np.array([0.1, -0.6])


def test_a_right_gradient_is_right_whichever_arguments_it_is_by():
    report = check_gradient(cost, by_hand, W, b)
    assert report.ok
    assert report
    assert report.proof is not None
    assert report.proof.ok
    assert str(report) == (
        "Your gradient is right.\n"
        "The right gradient is chainrule's, and agrees with numerical ones in 8 entries checked."
    )
    assert check_gradient(cost, lambda W, b: by_hand(W, b)[0], W, b)
    assert check_gradient(cost, lambda W, b: by_hand(W, b)[1], W, b, wrt=1)
    assert check_gradient(cost, lambda W, b: by_hand(W, b)[1], W, b, wrt="b")
    assert check_gradient(cost, lambda W, b: by_hand(W, b)[::-1], W, b, wrt=("b", 0))
    assert check_gradient(lambda x: x**2, lambda x: 2 * x, 3.0)
    assert check_gradient(lambda x: np.sum(x**2), lambda x: (2 * x,), np.ones(3))
    assert check_gradient(lambda p: np.sum(p[0] * p[1]), lambda p: (p[1], p[0]), (np.ones(3), np.arange(3.0)))
    assert check_gradient(lambda p: np.sum(p["a"] ** 2), lambda p: {"a": 2 * p["a"]}, {"a": np.ones(3)})
    assert check_gradient(lambda x, n: np.sum(x**n), lambda x, n: n * x ** (n - 1), np.array([1.0, 2.0]), 3)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(0, 1000), st.sampled_from(["f4", "f8"]))
def test_what_is_right_is_never_accused(m, n, k, seed, dtype):
    random = np.random.default_rng(seed)
    x, y, W, b = (random.normal(size=shape).astype(dtype) for shape in ((m, k), (m, n), (n, k), n))
    report = check_gradient(cost, by_hand, W, b, x, y, wrt=(0, 1))
    assert report.ok, f"{report}"


def of_parts(by_weights, by_biases):
    return lambda W, b: (by_weights(by_hand(W, b)[0]), by_biases(by_hand(W, b)[1]))


def same(gradient):
    return gradient


def before_the_sum(gradient):
    return 2 * (X @ W.T + b - Y) / len(X)


@pytest.mark.parametrize(
    ("by_weights", "by_biases", "place", "names"),
    [
        (np.negative, same, 0, ("sign",)),
        (lambda g: g * 2, same, 0, ("sum-for-mean", "factor-2")),  # 2 is the length of an axis: W's
        (lambda g: g / 2, same, 0, ("mean-for-sum", "factor-half")),
        (lambda g: g * 4, same, 0, ("sum-for-mean",)),
        (same, lambda g: g / 4, 1, ("mean-for-sum",)),
        (same, lambda g: g * 1.7, 1, ("factor",)),
        (same, lambda g: 0 * g, 1, ("zero",)),
        (np.transpose, same, 0, ("transposed",)),
        (same, before_the_sum, 1, ("not-summed",)),
        (same, lambda g: g[:, np.newaxis], 1, ("reshaped",)),
        (same, lambda g: g[:1], 1, ("wrong-shape",)),
        (same, lambda g: g * np.nan, 1, ("not-finite",)),
        (same, lambda g: g + np.array([0, 1e-3]), 1, ("unrecognised",)),
    ],
)
def test_a_planted_mistake_is_named(by_weights, by_biases, place, names):
    mine = of_parts(by_weights, by_biases)
    report = check_gradient(lambda W, b, x: cost(W, b, x), lambda W, b, x: mine(W, b), W, b, X, wrt=(0, 1))
    assert [(part.argument, part.names) for part in report.wrong] == [(place, names)], f"{report}"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["sign", "sum-for-mean", "transposed", "not-summed"]), st.integers(0, 1000))
def test_planted_mistakes_are_named_everywhere(mistake, seed):
    random = np.random.default_rng(seed)
    m, k, n = 7, 3, 5
    x, y, W, b = (random.normal(size=shape) for shape in ((m, k), (m, n), (n, k), n))

    def mine(W, b, x, y):
        by_W, by_b = by_hand(W, b, x, y)
        changed = {"sign": -by_W, "sum-for-mean": by_W * m, "transposed": by_W.T}
        return changed.get(mistake, by_W), 2 * (x @ W.T + b - y) / m if mistake == "not-summed" else by_b

    report = check_gradient(cost, mine, W, b, x, y, wrt=(0, 1))
    assert [part.names for part in report.wrong] == [(mistake,)], f"{report}"


def test_the_axes_of_a_forgotten_sum_are_told():
    c = np.ones((2, 3, 4))
    one = check_gradient(lambda x: np.sum(c * x), lambda x: c.sum(axis=0), np.ones((3, 1)))
    assert "not summed over axis 1" in str(one)
    two = check_gradient(lambda x: np.sum(c * x), lambda x: c, np.ones((3, 1)))
    assert "not summed over axes 0, 2" in str(two)


def test_a_gradient_by_the_wrong_argument_is_told():
    report = check_gradient(lambda x, y: np.sum(x * y**2), lambda x, y: (2 * x * y, y**2), np.ones(3), np.arange(3.0))
    assert [part.names for part in report.wrong] == [("other-argument",)] * 2


def test_entries_are_told_worst_first_with_their_place():
    def mine(x):
        gradient = 2 * x
        gradient[1, 0] += 0.5
        gradient[0, 2] -= 2
        return gradient

    report = check_gradient(lambda x: np.sum(x**2), mine, np.arange(6.0).reshape(2, 3))
    assert report.wrong[0].wrong == ((0, 2), (1, 0))
    assert str(report) == (
        "Your gradient is wrong: argument 0 (x) (unrecognised).\n"
        "argument 0 (x): it is wrong, and none of the known mistakes gives these numbers.\n"
        "  2 of 6 entries are wrong; the worst first:\n"
        "  entry [0, 2]: yours 2, right 4\n"
        "  entry [1, 0]: yours 6.5, right 6\n"
        "The right gradient is chainrule's, and agrees with numerical ones in 6 entries checked."
    )
    assert repr(report) == "<HandReport: Your gradient is wrong: argument 0 (x) (unrecognised).>"


def test_the_arguments_are_not_changed():
    def mine(x):
        x *= 2
        return x

    x = np.ones(3)
    assert check_gradient(lambda x: np.sum(x**2), mine, x)
    assert np.array_equal(x, np.ones(3))


def failing(*args):
    raise ValueError("no")


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        (lambda W, b: None, "the gradient gave None; let it return an array, or a tuple"),
        (failing, "the gradient raised ValueError"),
        (failing, "It is called with the same arguments as f."),
        (lambda W, b: (W, b, b), r"the gradient gave 3 values; return 2: argument 0 (W), argument 1 (b)."),
        (lambda W, b: ("a", b), "by argument 0 (W) a str came that does not hold numbers"),
        (lambda W, b: ([[1.0], [2.0, 3.0]], b), "by argument 0 (W) a list came that does not hold numbers"),
    ],
)
def test_what_cannot_be_compared_is_told(mine, words):
    report = check_gradient(cost, mine, W, b)
    assert not report
    assert str(report).startswith("Nothing could be compared: ")
    assert words in str(report)


def test_one_array_for_several_arguments_and_one_array_for_a_structure_are_told():
    assert "gave one ndarray; return a tuple of 2" in str(check_gradient(cost, lambda W, b: W, W, b, wrt=(0, 1)))
    report = check_gradient(lambda p: np.sum(p["a"] * p["b"]), lambda p: p["a"], {"a": np.ones(2), "b": np.ones(2)})
    assert "by argument 0 (p) 1 arrays came; return 2" in str(report)


def test_what_f_may_not_be_is_refused():
    with pytest.raises(InputError, match=r"such as 2\.0 for 2"):
        check_gradient(lambda n: n, lambda n: 1, 3)
    with pytest.raises(InputError):
        check_gradient(lambda x: x**2, lambda x: 2 * x, np.ones(3))
    with pytest.raises(InputError, match="count from 0"):
        check_gradient(cost, by_hand, W, b, wrt=7)


def test_without_a_gradient_by_hand_wrt_chooses_what_is_checked():
    assert {entry.argument for entry in check_gradient(cost, W, b).entries} == {0, 1}
    assert {entry.argument for entry in check_gradient(cost, W, b, wrt="b").entries} == {1}
