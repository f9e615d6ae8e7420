"""Entries chosen by index, condition and bounds, against central differences."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import grad, jacobian

random = np.random.default_rng(13)
A = random.normal(size=(2, 3, 4))
B = random.normal(size=(3, 4))
V = random.normal(size=5)
C = V + 1j * V[::-1]
ORDER = np.argsort(A, axis=1)

FUNCTIONS = {
    "take, tuple": (lambda x: np.take(x, (2, 0, 0)), V),
    "take, matrix": (lambda x: np.take(x, [[0, 1], [2, 0]], axis=1), A),
    "take, clip": (lambda x: np.take(x, [-4, 1, 9], axis=-1, mode="clip"), A),
    "take, wrap": (lambda x: x.take([-4, 1, 9], mode="wrap"), A),
    "take, found": (lambda x: np.take(x, np.argmax(x)), V),
    "take_along_axis": (lambda x: np.take_along_axis(x, ORDER, axis=1), A),
    "take_along_axis, found": (lambda x: np.take_along_axis(x, np.argsort(x, axis=-1), axis=-1), A),
    "take_along_axis, broadcast": (lambda x: np.take_along_axis(x, ORDER[:1, :2], axis=1), A),
    "take_along_axis, all": (lambda x: np.take_along_axis(x, np.array([3, 0]), axis=None), B),
    "choose": (lambda x: np.choose([0, 1, 1, 0], [x[0], x[1]]), B),
    "choose, array": (lambda x: np.choose(np.array([[0], [2]]), x), B),
    "choose, modes": (lambda x: np.choose([5, -1, 1, 0], x, mode="wrap") + np.choose([5, -1, 1, 0], x, mode="clip"), B),
    "compress": (lambda x: np.compress([True, False, True], x, axis=1), A),
    "compress, found": (lambda x: np.compress(x > 0, x), V),
    "extract": (lambda x: np.extract(x > 0.1, x), A),
    "where, places": (lambda x: x[np.where(x > 0.1)], A),
    "select": (lambda x: np.select([x > 0.5, x > -0.5], [x**2, np.sin(x)], default=-1.0), A),
    "select, overlapping": (lambda x: np.select([x > 0, x > -9], [x**3, 2 * x]), A),
    "select, broadcast": (lambda x, d: np.select([B > 0], [x], d), V[:4], np.float64(0.5)),
    "piecewise": (lambda x: np.piecewise(x, [x < -0.3, x > 0.3], [np.sin, lambda v: v**2, 0.7]), A),
    "piecewise, arguments": (
        lambda x, k: np.piecewise(x, [x > 0], [lambda v, k: k * v, lambda v, k: v * k**2], k=k),
        A,
        np.float64(2),
    ),
    "piecewise, overlapping": (lambda x: np.piecewise(x, [x > -9, x > 0], [np.sin, np.exp]), V),
    "piecewise, number": (lambda x: np.piecewise(x, x > 0, [np.sin, np.cos]), np.float64(0.5)),
    "piecewise, nothing": (lambda x: np.piecewise(x, [x > 9], [1.0]), V),
    "clip": (lambda x: np.clip(x, -0.5, 0.5), A),
    "clip, bounds": (lambda x, low, high: x.clip(low, high), A, B - 1, np.float64(0.4)),
    "clip, below": (lambda x: np.clip(x, None, 0.2) + np.clip(x, -0.2, None), A),
    "clip, by name": (lambda x: np.clip(x, min=0.1) + np.clip(x, max=0.1, min=-0.4), A),
    "clip, not": (lambda x: np.clip(x, None, None), A),
    "clip, plain": (lambda low: np.clip(A, low, 3.0), np.float64(0.1)),
    "nan_to_num": (lambda x: np.nan_to_num(np.where(B > 0, x, np.nan)), B),
    "nan_to_num, by what": (lambda x, v: np.nan_to_num(np.where(B > 0, x, np.nan), nan=v), B, np.float64(2.0)),
    "nan_to_num, complex": (lambda x: np.nan_to_num(x), C),
    "real_if_close": (lambda x: np.real_if_close(x), C),
    "real_if_close, close": (lambda x: np.real_if_close(x + 1e-16j * x), V),
    "emath.sqrt": (lambda x: np.emath.sqrt(x), V),
    "emath.sqrt, positive": (lambda x: np.emath.sqrt(x), np.abs(V)),
    "emath.log": (lambda x: np.emath.log(x) + np.emath.log2(x) + np.emath.log10(x), V),
    "emath.logn": (lambda x: np.emath.logn(3.0, x), V),
    "emath.power": (lambda x, p: np.emath.power(x, p), V, np.float64(1.5)),
    "emath.arcsin": (lambda x: np.emath.arcsin(2 * x) + np.emath.arccos(x) + np.emath.arctanh(x / 9), V),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


def test_bounds_share_the_derivative_where_they_are_met():
    np.testing.assert_array_equal(
        grad(lambda x: np.sum(np.clip(x, 0.0, 1.0)))(np.array([-1, 0, 0.5, 1])), [0, 0.5, 1, 0.5]
    )
    assert jacobian(lambda x: np.clip(x, 2.0, 1.0))(0.5) == 0


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: np.select([], [x]), "a choice for each condition"),
        (lambda x: np.select([np.ones(5)], [x]), "bool"),  # type: ignore[list-item]
        (lambda x: np.piecewise(x, [x > 0], [1, 2, 3]), "function for each condition"),
        (lambda x: np.clip(x, 0, 1, min=2), "bounds"),
        (lambda x: np.choose([7], x), "out of bounds"),
    ],
)
def test_wrong_arguments(f, words):
    with pytest.raises((ValueError, TypeError, IndexError), match=words):
        grad(lambda x: np.sum(f(x)))(V)
