"""Medians and quantiles against central differences, by every method, by the quantile, and past missing values."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import RecordingError, grad, vjp

random = np.random.default_rng(61)
A = random.normal(size=(2, 3, 4))
B = random.normal(size=(3, 5))
V = random.normal(size=6)
HOLES = np.where(random.uniform(size=(3, 7)) < 0.35, np.nan, random.normal(size=(3, 7)))
HOLES[0] = random.normal(size=7)
KNOWN = ~np.isnan(HOLES)
W = HOLES[KNOWN]
METHODS = [
    *("linear", "hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf"),
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "lower", "higher", "midpoint", "nearest"),
]


def holed(x):
    """The array with missing entries whose other entries are x."""
    return np.where(KNOWN, x[np.maximum(np.cumsum(KNOWN) - 1, 0).reshape(KNOWN.shape)], np.nan)


FUNCTIONS = {
    "median": (lambda x: np.median(x, axis=0), A),
    "median, odd": (lambda x: np.median(x, axis=1, keepdims=True), A),
    "median, axes": (lambda x: np.median(x, axis=(0, -1)), A),
    "median, all": (lambda x: np.median(x), A),
    "quantile": (lambda x: np.quantile(x, 0.3), A),
    "quantile, several": (lambda x: np.quantile(x, [0.1, 0.5, 1.0], axis=(0, 2), keepdims=True), A),
    "quantile, matrix": (lambda x: np.quantile(x, [[0.1, 0.2], [0.6, 0.9]], axis=1), B),
    "quantile, by q": (lambda x, q: np.quantile(x, q, axis=1), B, np.array([0.13, 0.71])),
    "quantile, ends": (lambda x: np.quantile(x, [0, 1]), B),
    "percentile": (lambda x: np.percentile(x, 37, axis=1), A),
    "percentile, by q": (lambda q: np.percentile(V, q, method="hazen"), np.float64(31.0)),
    "nanmedian": (lambda x: np.nanmedian(holed(x), axis=1), W),
    "nanmedian, columns": (lambda x: np.nanmedian(holed(x)[:, KNOWN.any(axis=0)], axis=0, keepdims=True), W),
    "nanmedian, all": (lambda x: np.nanmedian(holed(x)), W),
    "nanquantile": (lambda x: np.nanquantile(holed(x), 0.3, axis=1), W),
    "nanquantile, several": (lambda x: np.nanquantile(holed(x), [0.25, 0.9], axis=0), W),
    "nanpercentile": (lambda x: np.nanpercentile(holed(x), [10, 70], axis=1, keepdims=True), W),
    "nanquantile, nothing missing": (lambda x: np.nanquantile(x, 0.3, axis=1), B),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN")
        assert_derivatives(f, *arguments)


@given(data=st.data())
def test_any_shape(data):
    x = data.draw(arrays(shape=data.draw(st.sampled_from([(1,), (4,), (2, 3), (2, 1, 3)]))))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    assert_derivatives(lambda x: np.median(x, axis=axis), x, order=1)
    assert_derivatives(lambda x: np.quantile(x, 0.37, axis=axis), x, order=1)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_quantiles(method):
    for q in (0.0, 0.3, 0.5, np.float64(0.77), [0.05, 0.62, 1.0]):
        assert_derivatives(lambda x: np.quantile(x, q, axis=1, method=method), B, order=1)  # noqa: B023
        assert_derivatives(lambda x: np.nanquantile(holed(x), q, axis=1, method=method), W, order=1)  # noqa: B023


def test_missing_values():
    x = np.array([3.0, np.nan, 1.0])
    for f in (np.median, lambda x: np.quantile(x, 0.5)):
        assert np.isnan(vjp(f, x)[0])
    with pytest.warns(RuntimeWarning, match="All-NaN"):
        assert np.isnan(vjp(np.nanmedian, np.full(3, np.nan))[0])


def test_types():
    x = np.linspace(0, 1, 6, dtype=np.float32)
    for f in (np.median, np.nanmedian, lambda x: np.quantile(x, 0.3)):
        value, pull = vjp(f, x)
        assert value.dtype == f(x).dtype
        assert pull(np.ones(np.shape(value)))[0].dtype == np.float32
    assert vjp(lambda x: np.quantile(x, [0.3, 0.5]), x)[0].dtype == np.float64  # as the quantiles are


def test_a_quantile_with_weights_is_refused():
    with pytest.raises(RecordingError, match="weights"):
        grad(lambda x: np.quantile(x, 0.5, weights=np.ones(6), method="inverted_cdf"))(V)
    with pytest.raises(ValueError, match="range"):
        grad(lambda x: np.percentile(x, 101))(V)
