"""Variances, weighted averages and covariances against central differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import grad, hessian, vjp

random = np.random.default_rng(31)
A = random.normal(size=(2, 3, 4))
B = random.normal(size=(3, 6))
C = B + 1j * B[::-1]
MASK = A > -0.7
W = random.uniform(0.2, 2, size=6)

FUNCTIONS = {
    "var": (lambda x: np.var(x), A),
    "var, options": (lambda x: x.var(axis=(0, 2), ddof=1, keepdims=True), A),
    "var, correction": (lambda x: np.var(x, axis=1, correction=0.5), A),
    "var, where": (lambda x: np.var(x, axis=(0, 1), where=MASK), A),
    "var, where traced": (lambda x: np.var(x, where=x > -0.5), A),
    "var, mean": (lambda x, m: np.var(x, axis=1, mean=m), A, A[:, :1] / 2),
    "var, own mean": (lambda x: np.var(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)), A),
    "var, mean of chosen": (lambda x, m: np.var(x, axis=(0, 2), mean=m, where=MASK), A, A[:1, :, :1]),
    "var, complex": (lambda x: np.var(x, axis=0), C),
    "std": (lambda x: np.std(x, axis=-1), A),
    "std, where": (lambda x: np.std(x, axis=(0, 1), where=MASK, ddof=0.5), A),
    "std, complex": (lambda x: np.std(x, axis=0, keepdims=True), C),
    "average": (lambda x: np.average(x, axis=1), A),
    "average, weights": (lambda x, w: np.average(x, axis=1, weights=w), B, W),
    "average, all weights": (lambda x, w: np.average(x, weights=w), B, B**2),
    "average, axes": (
        lambda x, w: np.average(x, axis=(2, 0), weights=w, keepdims=True),
        A,
        W.reshape(3, 2)[:2].repeat(2, 0),
    ),
    "average, returned": (lambda x, w: np.multiply(*np.average(x, axis=1, weights=w, returned=True)), B, W),
    "cov": (lambda x: np.cov(x), B),
    "cov, row": (lambda x: np.cov(x), W),
    "cov, two": (lambda x, y: np.cov(x, y, bias=True), B, W),
    "cov, columns": (lambda x, y: np.cov(x, y, rowvar=False, ddof=0), B.T, B.T[:, :1]),
    "cov, weights": (lambda x, w: np.cov(x, aweights=w), B, W),
    "cov, both weights": (lambda x, w: np.cov(x, fweights=[1, 2, 1, 3, 1, 1], aweights=w), B, W),
    "cov, counts": (lambda x: np.cov(x, fweights=[1, 2, 1, 3, 1, 1], ddof=0), B),
    "cov, complex": (lambda x: np.cov(x), C),
    "corrcoef": (lambda x: np.corrcoef(x), B),
    "corrcoef, two": (lambda x, y: np.corrcoef(x, y), W, B[0]),
    "corrcoef, complex": (lambda x: np.corrcoef(x), C),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    # The diagonal of a matrix of correlations is 1: its second derivatives are differences of rounding errors.
    assert_derivatives(f, *arguments, order=1 if name.startswith("corrcoef") else 2)


def test_the_second_derivative_of_a_correlation():
    assert_derivatives(lambda x: np.corrcoef(x)[0, 1], B)


@given(data=st.data())
@pytest.mark.parametrize("name", ["var", "std"])
def test_any_axes(name, data):
    x = data.draw(arrays(shape=data.draw(st.sampled_from([(3,), (2, 3), (2, 1, 4)]))))
    x = x + np.arange(x.size).reshape(x.shape)
    axis = data.draw(st.sampled_from([i for i, n in enumerate(x.shape) if n > 1]))
    assert_derivatives(lambda x: getattr(np, name)(x, axis=axis), x, rtol=1e-4, atol=1e-6)


def test_the_deviation_of_equals_has_the_derivative_of_a_corner():
    np.testing.assert_array_equal(grad(np.std)(np.ones(3)), np.zeros(3))
    np.testing.assert_array_equal(grad(np.nanstd)(np.ones(3)), np.zeros(3))


def test_the_second_derivative_of_the_variance_is_the_centering_matrix():
    np.testing.assert_allclose(hessian(np.var)(np.array([1.0, 2.0, 5.0])), 2 / 3 * (np.eye(3) - 1 / 3), atol=1e-15)


def test_types():
    x = B.astype(np.float32)
    for f in (
        np.var,
        np.std,
        lambda x: np.var(x, axis=0, dtype=np.float64),
        np.average,
        lambda x: np.nanstd(x, axis=1),
    ):
        value, pull = vjp(f, x)
        assert value.dtype == f(x).dtype
        assert pull(np.ones(np.shape(value)))[0].dtype == np.float32


def test_wrong_arguments():
    for f, error, words in (
        (lambda x: np.var(x, ddof=1, correction=1), ValueError, "mean the same"),
        (lambda x: np.average(x, weights=[1.0, 2.0]), TypeError, "Axis"),
        (lambda x: np.average(x, axis=0, weights=[1.0, 2.0]), ValueError, "consistent"),
        (lambda x: np.average(x, axis=0, weights=[1.0, -1.0, 0.0]), ZeroDivisionError, "zero"),
        (lambda x: np.cov(x, aweights=[1.0]), ValueError, "observations"),
        (lambda x: np.cov(x, aweights=-W), ValueError, "negative"),
        (lambda x: np.cov(x, fweights=list(W)), TypeError, "integer"),
    ):
        with pytest.raises(error, match=words):
            grad(lambda x: np.sum(f(x)))(B)  # noqa: B023
    with pytest.warns(RuntimeWarning, match="Degrees"), np.errstate(all="ignore"):
        vjp(np.cov, B[:, :1])
