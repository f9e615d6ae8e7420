"""Differences, slopes, areas, interpolation and convolution against central differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import grad, jacobian, vjp

random = np.random.default_rng(23)
A = random.normal(size=(4, 3, 5))
B = random.normal(size=(3, 5))
V = random.normal(size=6)
C = V + 1j * V[::-1]
X = np.sort(random.uniform(0, 3, size=6))
S = np.float64(0.7)

FUNCTIONS = {
    "diff": (lambda x: np.diff(x), A),
    "diff, twice": (lambda x: np.diff(x, 2, axis=0), A),
    "diff, not": (lambda x: np.diff(x, 0), V),
    "diff, with ends": (lambda x, p: np.diff(x, prepend=p, append=x[:, :2]), B, S),
    "diff, mask": (lambda x: np.sum(x) * np.diff(x > 0), V),
    "ediff1d": (lambda x, e: np.ediff1d(x, to_begin=e, to_end=[1.0, 2.0]), B, S),
    "ediff1d, plain": (lambda x: np.ediff1d(x), B),
    "unwrap": (lambda x: np.unwrap(x, axis=0), 6 * A),
    "unwrap, period": (lambda x, p: np.unwrap(x, discont=0.6, period=p), 3 * B, np.float64(1.1)),
    "gradient": (lambda x: np.gradient(x, axis=1), A),
    "gradient, several": (lambda x: np.stack(list(np.gradient(x))), A),
    "gradient, edges": (lambda x: np.gradient(x, 0.3, axis=-1, edge_order=2), A),
    "gradient, spacings": (lambda x: np.stack(list(np.gradient(x, 0.5, X[:5], axis=(0, 2), edge_order=2))), A),
    "gradient, by places": (lambda y, x: np.gradient(y, x), V, X),
    "gradient, by places to the edge": (lambda y, x: np.gradient(y, x, edge_order=2), V, X),
    "gradient, by spacing": (lambda y, h: np.gradient(y, h, edge_order=2), V, S),
    "gradient, even places": (lambda y: np.gradient(y, np.arange(6)), V),
    "gradient, two entries": (lambda y, x: np.gradient(y, x), V[:2], X[:2]),
    "gradient, complex": (lambda y: np.gradient(y), C),
    "trapezoid": (lambda y: np.trapezoid(y, dx=0.3, axis=0), A),
    "trapezoid, by places": (lambda y, x: np.trapezoid(y, x, axis=-1), B, X[:5]),
    "trapezoid, by a place for each": (lambda y, x: np.trapezoid(y, x), B, B**2),
    "trapezoid, by spacing": (lambda y, h: np.trapezoid(y, dx=h), V, S),
    "interp": (lambda x, xp, fp: np.interp(x, xp, fp), random.uniform(-1, 4, size=(3, 4)), X, V),
    "interp, ends": (lambda x, a, b: np.interp(x, X, V, left=a, right=b), random.uniform(-1, 4, size=9), S, S + 1),
    "interp, period": (lambda x, xp, fp: np.interp(x, xp, fp, period=2.0), 3 * V, X, V),
    "interp, complex": (lambda x, fp: np.interp(x, X, fp), random.uniform(-1, 4, size=5), C),
    "interp, number": (lambda x: np.interp(x, X, V), np.float64(1.3)),
    "interp, one sample": (lambda x, fp: np.interp(x, [1.0], fp), V, V[:1]),
    "apply_along_axis": (lambda x: np.apply_along_axis(lambda v: v[:2] * np.sum(v), 1, x), A),
    "apply_along_axis, numbers": (lambda x: np.apply_along_axis(np.prod, -1, x), A),
    "apply_along_axis, matrices": (lambda x: np.apply_along_axis(np.outer, 0, x, [1.0, 2.0]), B),
    "apply_over_axes": (lambda x: np.apply_over_axes(np.sum, x, [0, -1]), A),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("function", [np.convolve, np.correlate])
def test_convolution(function, mode):
    for n in range(1, 6):
        for m in range(1, 6):
            assert_derivatives(lambda a, v: function(a, v, mode), V[:n], V[-m:], order=1)
            assert_derivatives(lambda a, v: function(a, v, mode), C[:n], C[-m:], order=1)
    assert_derivatives(lambda a, v: function(a, v, mode), C[:4], C[-2:])


def test_interpolation_has_the_mean_slope_at_its_corners():
    xp, fp = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, -2.0])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.interp(x, xp, fp)))(xp), [1, 0, -1])


def test_equal_places_have_derivatives_of_their_own():
    """Where traced places are equally far apart, NumPy's slope is another formula; it is the same to rounding."""
    x = np.arange(6.0)
    f = lambda x: np.gradient(V, x)  # noqa: E731
    np.testing.assert_allclose(vjp(f, x)[0], f(x), rtol=1e-14)
    difference = np.stack([(f(x + 1e-6 * e) - f(x - 1e-6 * e)) / 2e-6 for e in np.eye(6)], axis=1)
    np.testing.assert_allclose(jacobian(f)(x), difference, atol=1e-8)


@given(data=st.data())
def test_any_shape(data):
    x = data.draw(arrays(shape=data.draw(st.sampled_from([(3,), (2, 4), (3, 1, 2), (3, 0)]))))
    axis = data.draw(st.sampled_from([i for i, n in enumerate(x.shape) if n > 1]))
    assert_derivatives(lambda x: np.diff(x, axis=axis), x, order=1)
    assert_derivatives(lambda x: np.gradient(x, 0.2, axis=axis), x, order=1)
    assert_derivatives(lambda x: np.trapezoid(x, axis=axis), x, order=1)
    assert_derivatives(lambda x: np.unwrap(9 * x, axis=axis), x, order=1)


def test_float32_stays_float32():
    x = X.astype(np.float32)
    for f in (
        np.diff, np.gradient, np.trapezoid, np.unwrap, np.ediff1d,
        lambda x: np.convolve(x, x), lambda x: np.linspace(x, np.float32(2), 3),
    ):  # fmt: skip
        value, pull = vjp(f, x)
        assert value.dtype == f(x).dtype == np.float32
        assert pull(np.ones(np.shape(value)))[0].dtype == np.float32


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: np.diff(x, -1), "non-negative"),
        (lambda x: np.gradient(x, edge_order=3), "edge_order"),  # type: ignore[call-overload]
        (lambda x: np.gradient(x[:1]), "at least 2"),
        (lambda x: np.gradient(x, 1.0, 2.0), "one spacing"),
        (lambda x: np.gradient(x, x[:3]), "distances"),
        (lambda x: np.interp(x, x, x[:2]), "same length"),
        (lambda x: np.interp(x, x, x, period=0), "non-zero"),
        (lambda x: np.apply_along_axis(np.sum, 0, np.zeros((2, 0)) * x[0]), "iteration"),
    ],
)
def test_wrong_arguments(f, words):
    with pytest.raises((ValueError, TypeError), match=words):
        grad(lambda x: np.sum(f(x)))(V)
