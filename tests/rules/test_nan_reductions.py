"""Reductions that leave missing values out, against central differences."""

import warnings
from typing import Any

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import grad, vjp

random = np.random.default_rng(67)
A = random.normal(size=(2, 3, 4))
C = A + 1j * random.normal(size=A.shape)
MASK = A > -0.4
HOLES = np.where(random.uniform(size=A.shape) < 0.3, np.nan, A)
HOLES[0, 0] = A[0, 0]

FUNCTIONS: dict[str, Any] = {
    "nansum": (lambda x: np.nansum(x, axis=1), HOLES),
    "nansum, options": (lambda x: np.nansum(x, axis=1, where=MASK, initial=1.0), HOLES),
    "nanprod": (lambda x: np.nanprod(x, axis=0, keepdims=True), HOLES),
    "nancumsum": (lambda x: np.nancumsum(x, axis=1), HOLES),
    "nancumprod": (lambda x: np.nancumprod(x, axis=-1), HOLES),
    "nanmax": (lambda x: np.nanmax(x, axis=2), HOLES),
    "nanmin": (lambda x: np.nanmin(x), HOLES),
    "nanmax, options": (lambda x: np.nanmax(x, axis=2, where=MASK, initial=-3.0), HOLES),
    "nanmean": (lambda x: np.nanmean(x, axis=0), A[:, :2]),
    "nanmean, holes": (lambda x: np.nanmean(x, axis=(0, 2), keepdims=True), HOLES),
    "nanmean, where": (lambda x: np.nanmean(x, where=MASK), HOLES),
    "nanvar": (lambda x: np.nanvar(x, axis=(0, 2)), HOLES),
    "nanvar, options": (lambda x: np.nanvar(x, axis=(1, 2), where=MASK, keepdims=True, correction=1), HOLES),
    "nanvar, mean": (lambda x, m: np.nanvar(x, axis=1, mean=m), HOLES[:1], A[:1, :1]),
    "nanvar, complex": (lambda x: np.nanvar(x, axis=2), C),
    "nanstd": (lambda x: np.nanstd(x, axis=(0, 2), ddof=1), HOLES),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    if np.isnan(arguments[0]).any():
        # The derivative by an entry that is missing is 0; the others are held against differences.
        known = ~np.isnan(arguments[0])
        x = arguments[0][known]

        def filled(x, *rest):
            whole = np.where(known, 0.0, np.nan) + x[np.cumsum(known).reshape(known.shape) - 1]
            return f(np.where(known, whole, np.nan), *rest)

        assert_derivatives(filled, x, *arguments[1:])
        assert np.all(grad(lambda x: np.sum(f(x, *arguments[1:]) ** 2))(arguments[0])[~known] == 0)
    else:
        assert_derivatives(f, *arguments)


def test_nothing_but_missing_values_warns_as_numpy_does():
    x = np.full((2, 2), np.nan)
    x[0, 0] = 1.0
    for f in (np.nanmax, np.nanmin, np.nanmean, np.nanvar):
        with warnings.catch_warnings(record=True) as ours:
            warnings.simplefilter("always")
            value = vjp(lambda x: f(x, axis=0), x)[0]  # noqa: B023
        with warnings.catch_warnings(record=True) as theirs:
            warnings.simplefilter("always")
            np.testing.assert_array_equal(value, f(x, axis=0))
        assert {str(w.message) for w in ours} == {str(w.message) for w in theirs}


@pytest.mark.parametrize("name", ["nanmean", "nanvar", "nanprod"])
def test_types(name):
    x = np.linspace(0.1, 1, 6, dtype=np.float32).reshape(2, 3)
    f = getattr(np, name)
    for dtype in (None, np.float64):
        value, pull = vjp(lambda x: f(x, axis=0, dtype=dtype), x)  # noqa: B023
        assert value.dtype == f(x, axis=0, dtype=dtype).dtype
        assert pull(np.ones(value.shape))[0].dtype == np.float32
    large = random.normal(size=20000).astype(np.float32)
    assert vjp(f, large)[0] == f(large)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="simultaneously"):
        grad(lambda x: np.nanvar(x, ddof=1, correction=1))(A)
