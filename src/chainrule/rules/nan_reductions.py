"""Reductions that leave NaN out: as the plain ones, with NaN replaced by what changes nothing."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.tracer import has_values
from chainrule.rules.operands import operand
from chainrule.rules.reductions import Axis, typed
from chainrule.rules.table import spells


def _cumulative(name: str, neutral: int) -> Callable[..., Array]:
    function = getattr(np, name)

    def cumulative(a: Array, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
        return function(np.where(np.isnan(a), neutral, a), axis=axis, dtype=dtype)

    return cumulative


def _total(name: str, neutral: int) -> Callable[..., Array]:
    function = getattr(np, name)

    def total(a: Array, axis: Axis = None, dtype: Any = None, out: None = None, **options: Any) -> Array:
        return function(np.where(np.isnan(a), neutral, a), axis=axis, dtype=dtype, **options)

    return total


def _extreme(name: str, last: float) -> Callable[..., Array]:
    function = getattr(np, name)

    def extreme(a: Array, axis: Axis = None, out: None = None, keepdims: bool = False, **options: Any) -> Array:
        a = operand(a)
        result = function(np.where(np.isnan(a), last, a), axis=axis, keepdims=keepdims, **options)
        if options:
            return result
        nothing = np.all(np.isnan(a), axis=axis, keepdims=keepdims)
        if has_values(nothing):
            if not np.any(nothing):
                return result
            warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=3)
        return np.where(nothing, np.nan, result)

    return extreme


spells(np.nansum)(_total("sum", 0))
spells(np.nanprod)(_total("prod", 1))
spells(np.nancumsum)(_cumulative("cumsum", 0))
spells(np.nancumprod)(_cumulative("cumprod", 1))
spells(np.nanmax)(_extreme("max", -np.inf))
spells(np.nanmin)(_extreme("min", np.inf))


def _numbers(a: Array, axis: Axis, keepdims: bool, where: Any) -> Array:
    """Count the entries that are numbers, and are chosen."""
    return np.sum(np.logical_not(np.isnan(a)), axis=axis, dtype=np.intp, keepdims=keepdims, where=where)


def _divided(total: Array, count: Array) -> Array:
    """Divide by a count in the type of what was counted."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.astype(total / count, total.dtype)


@spells(np.nanmean)
def _nanmean(
    a: Array, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False, *, where: Any = True
) -> Array:
    a = operand(a)
    count = _numbers(a, axis, keepdims, where)
    mean = _divided(np.sum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype, keepdims=keepdims, where=where), count)
    if has_values(count) and np.any(count == 0):
        warnings.warn("Mean of empty slice", RuntimeWarning, stacklevel=3)
    return mean


@spells(np.nanvar)
def _nanvar(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Array:
    if correction is not None:
        if ddof != 0:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        ddof = correction
    a = operand(a)
    missing = np.isnan(a)
    zeroed = np.where(missing, 0, a)
    count = _numbers(a, axis, True, where)
    if mean is None:
        mean = _divided(np.sum(zeroed, axis=axis, keepdims=True, where=where, **typed(dtype)), count)
    deviation = np.astype(zeroed, np.result_type(a.dtype, mean.dtype)) - mean
    deviation = np.where(missing, 0, np.astype(deviation, a.dtype))  # NumPy keeps the type of the entries
    squares = np.real(deviation * np.conj(deviation)) if a.dtype.kind == "c" else deviation * deviation
    total = np.sum(squares, axis=axis, dtype=dtype, keepdims=keepdims, where=where)
    freedom = (count if keepdims else np.squeeze(count, axis)) - ddof
    variance = _divided(total, freedom)
    none_left = freedom <= 0
    if has_values(none_left):
        if not np.any(none_left):
            return variance
        warnings.warn("Degrees of freedom <= 0 for slice.", RuntimeWarning, stacklevel=3)
    return np.where(none_left, np.nan, variance)


@spells(np.nanstd)
def _nanstd(a: Array, *args: Any, **options: Any) -> Array:
    variance = np.nanvar(a, *args, **options)
    # Where all entries are equal the deviation has a corner, as |x| has at 0: the mean of both sides is 0 there.
    flat = variance == 0
    return np.where(flat, 0, np.sqrt(np.where(flat, 1, variance)))
