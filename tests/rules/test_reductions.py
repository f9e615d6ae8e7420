"""Reductions with all their options against central differences; products past zeros."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import grad, vjp

random = np.random.default_rng(7)
A = random.normal(size=(2, 3, 4))
C = A + 1j * random.normal(size=A.shape)
MASK = A > -0.4
ZEROS = np.array([[1.5, 0.0, 2.0, 0.0], [0.5, 0.0, -1.0, 2.0], [1.5, 2.5, -2.0, 0.7]])

FUNCTIONS = {
    "sum, where": (lambda x: np.sum(x, axis=1, where=MASK), A),
    "sum, where traced": (lambda x: np.sum(x, where=x > 0), A),
    "sum, where row": (lambda x: x.sum(0, where=MASK[0, 0]), A),
    "sum, where and initial": (lambda x, s: np.sum(x, axis=-1, where=MASK, initial=s), A, np.float64(0.7)),
    "sum, initial": (lambda x: np.sum(x, initial=2.0), A),
    "sum, complex": (lambda x: np.sum(x, axis=(0, 2), keepdims=True), C),
    "sum, to complex": (lambda x: np.sum(x, axis=0, dtype=complex), A),
    "mean, where": (lambda x: np.mean(x, axis=(0, 2), where=MASK), A),
    "mean, where traced": (lambda x: np.mean(x, where=x > 0.1), A),
    "mean, keepdims": (lambda x: np.mean(x, axis=1, keepdims=True, where=MASK), A),
    "mean, complex": (lambda x: np.mean(x, axis=1), C),
    "max, initial": (lambda x, s: np.amax(x, axis=1, initial=s), A, np.float64(0.3)),
    "max, where": (lambda x: x.max(axis=1, initial=-5.0, where=MASK), A),
    "min, where": (lambda x: np.amin(x, initial=0.1, where=MASK, keepdims=True), A),
    "min, nothing": (lambda x, s: np.min(x[:0], axis=0, initial=s), A, np.float64(0.3)),
    "ptp": (lambda x: np.ptp(x, axis=1), A),
    "prod": (lambda x: np.prod(x, axis=1), A),
    "prod, all": (np.prod, A[0]),
    "prod, several axes": (lambda x: x.prod((0, -1), keepdims=True), A),
    "prod, zeros": (lambda x: np.prod(x, axis=1), ZEROS),
    "prod, zeros in all": (lambda x: np.prod(x[1:]), ZEROS),
    "prod, where and initial": (lambda x, s: np.prod(x, axis=0, where=MASK, initial=s), A, np.float64(0.7)),
    "prod, initial": (lambda x, s: np.prod(x, initial=s), A[0, 0], np.float64(0.7)),
    "prod, complex": (lambda x: np.prod(x, axis=0), C),
    "prod, one": (np.prod, np.float64(1.5)),
    "cumsum": (lambda x: np.cumsum(x, axis=-2, dtype=np.float64), A),
    "cumsum, complex": (lambda x: np.cumsum(x), C[0]),
    "cumprod": (lambda x: np.cumprod(x, axis=2), A),
    "cumprod, all": (lambda x: np.cumprod(x), A[0]),
    "cumprod, zeros": (lambda x: np.cumprod(x, axis=1), ZEROS),
    "cumprod, complex": (lambda x: np.cumprod(x, axis=0), C[0]),
    "cumprod, one": (lambda x: np.cumprod(x), np.float64(1.5)),
    "cumulative_sum": (lambda x: np.cumulative_sum(x, axis=1, include_initial=True), A),
    "cumulative_prod": (lambda x: np.cumulative_prod(x, axis=0, include_initial=True), A),
    "cumulative_prod, row": (lambda x: np.cumulative_prod(x), A[0, 0]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


@given(data=st.data())
@pytest.mark.parametrize("name", ["prod", "cumprod", "sum", "ptp"])
def test_any_axes(name, data):
    x = data.draw(arrays(shape=data.draw(st.sampled_from([(3,), (1,), (2, 3), (2, 1, 4), (0, 2)]))))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    if name != "ptp" or x.shape[axis]:
        assert_derivatives(lambda x: getattr(np, name)(x, axis=axis), x, rtol=1e-4, atol=1e-6)


def test_products_of_nothing():
    assert vjp(np.prod, np.zeros((0, 3)))[1](1.0)[0].shape == (0, 3)
    assert_derivatives(lambda x: np.prod(x, axis=0), np.zeros((0, 3)))


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "cumsum", "cumprod"])
def test_types(name):
    """float32 stays float32; where the sum is taken in float64, the cotangent still returns as float32."""
    x = np.linspace(0.1, 1, 6, dtype=np.float32).reshape(2, 3)
    f = getattr(np, name)
    for dtype in (None, np.float64):
        value, pull = vjp(lambda x: f(x, axis=0, dtype=dtype), x)  # noqa: B023
        assert value.dtype == f(x, axis=0, dtype=dtype).dtype
        assert pull(np.ones(value.shape))[0].dtype == np.float32


def test_the_sum_is_numpys_own_for_large_arrays():
    x = random.normal(size=20000).astype(np.float32)
    mask = x > 0
    for f in (
        lambda x: np.sum(x, dtype=np.float64),
        lambda x: np.sum(x, where=mask),
        lambda x: np.mean(x, dtype=np.float64),
        lambda x: np.prod(x[:30], dtype=np.float64),
    ):
        assert vjp(f, x)[0] == f(x)


def test_where_needs_initial_for_an_extreme():
    with pytest.raises(ValueError, match="initial"):
        grad(lambda x: np.max(x, where=x > 0))(np.ones(2))
    with pytest.raises(ValueError, match="axis"):
        grad(lambda x: np.sum(np.cumulative_sum(x)))(np.ones((2, 2)))
