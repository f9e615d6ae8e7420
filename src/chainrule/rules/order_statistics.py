"""Medians and quantiles: numbers between two neighbours in sorted order.

A quantile is y = s_k + γ (s_(k+1) − s_k) with s the sorted entries. So it has a derivative by the two neighbours, and,
where γ follows q, by q. NaN sorts last, so that the first n entries are the numbers among them.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array
from chainrule.graph.tracer import has_values
from chainrule.rules.operands import normalized, operand, untraced
from chainrule.rules.reductions import Axis
from chainrule.rules.table import spells

# The position of a quantile for the methods that interpolate, n q + α + q (1 − α − β) − 1 from α and β (Hyndman and
# Fan, "Sample quantiles in statistical packages", The American Statistician 50, 1996); "linear" has α = β = 1.
_ALPHA_BETA = {
    "interpolated_inverted_cdf": (0, 1),
    "hazen": (0.5, 0.5),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3.0, 1 / 3.0),
    "normal_unbiased": (3 / 8.0, 3 / 8.0),
}


def _sorted_rows(a: Array, axis: Axis) -> Array:
    """Return the entries in order, along a first axis that stands for all the axes that are reduced."""
    axes = normalized(axis, a.ndim)
    kept = tuple(i for i in range(a.ndim) if i not in axes)
    rows = np.transpose(a, (*axes, *kept))
    length = int(np.prod([a.shape[i] for i in axes], dtype=int))
    return np.sort(np.reshape(rows, (length, *rows.shape[len(axes) :])), axis=0)


def _with_axes(y: Array, a: Array, axis: Axis, keepdims: bool) -> Array:
    """Give a result, whose last axes are those of a that were kept, the reduced ones with size 1 if asked for."""
    if not keepdims:
        return y
    axes = normalized(axis, a.ndim)
    new = tuple(None if i in axes else slice(None) for i in range(a.ndim))
    return y[(Ellipsis, *new)]


def _position(n: Any, q: Array, method: Any) -> Array:
    """Return where in sorted order, counted from 0, the quantiles q of n entries are; n may be an array."""
    if method == "linear":
        return (n - 1) * q
    if method in _ALPHA_BETA:
        alpha, beta = _ALPHA_BETA[method]
        return n * q + (alpha + q * (1 - alpha - beta)) - 1
    # The other methods jump from place to place: NumPy says where, of numbers that are their own places.
    places = np.zeros(np.broadcast_shapes(np.shape(n), np.shape(q)))
    counts, q = np.broadcast_to(n, places.shape), np.broadcast_to(untraced(q), places.shape)
    for index in np.ndindex(*places.shape):
        places[index] = np.quantile(np.arange(max(float(counts[index]), 1)), q[index], method=method)
    return places


def _between(in_order: Array, n: Any, q: Array, method: Any, weak: bool) -> Array:
    """Return the quantiles q along the first axis, of whose entries the first n are numbers."""
    batch = (1,) * (in_order.ndim - 1)
    q = np.reshape(q, (-1, *batch))
    position = _position(n, q, method)
    last = np.maximum(operand(n) - 1, 0)
    before = np.astype(np.clip(np.floor(position), 0, last), np.intp)
    after = np.minimum(np.astype(np.floor(position), np.intp) + 1, last)
    low, high = (_taken(in_order, index) for index in (before, np.maximum(after, 0)))
    if position.dtype.kind in "iu":
        return low
    fraction = np.astype(position - before, position.dtype)
    rest = 1 - fraction
    nearer_to_high = fraction >= 0.5
    if weak:
        fraction, rest = np.astype(fraction, in_order.dtype), np.astype(rest, in_order.dtype)
    # NumPy reckons from the nearer neighbour.
    step = high - low
    return np.where(nearer_to_high, high - step * rest, low + step * fraction)


def _taken(in_order: Array, index: Array) -> Array:
    """Take from each column its own entry, or from all columns the same ones."""
    if np.size(index) == index.shape[0]:
        return np.take(in_order, np.ravel(index), axis=0)
    return np.take_along_axis(in_order, index, axis=0)


def _quantile(scale: float, skip_nan: bool) -> Callable[..., Array]:
    def quantile(
        a: Array,
        q: Array,
        axis: Axis = None,
        out: None = None,
        overwrite_input: bool = False,
        method: Any = "linear",
        keepdims: bool = False,
        *,
        weights: None = None,
    ) -> Array:
        if weights is not None:
            raise RecordingError(
                f"{at_user_line()}a quantile with weights= has no derivative in chainrule; sort the entries with "
                "np.argsort, and find the place by np.cumsum of their weights."
            )
        a, weak = operand(a), type(q) in (int, float)
        if a.dtype.kind == "c":
            raise TypeError("a must be an array of real numbers")
        if a.size == 0 and skip_nan:
            return np.nanmean(a, axis, keepdims=keepdims)
        q = operand(q) if scale == 1 else np.true_divide(operand(q), scale)
        if has_values(q) and not np.all((q >= 0) & (q <= 1)):
            raise ValueError(f"{'Quantiles' if scale == 1 else 'Percentiles'} must be in the range [0, {scale:g}]")
        in_order = _sorted_rows(a, axis)
        missing = np.isnan(in_order)
        some = not has_values(missing) or bool(missing.any())
        n: Any = len(in_order) - np.count_nonzero(missing, axis=0) if skip_nan and some else len(in_order)
        y = _between(in_order, n, q, method, weak)
        if skip_nan:
            _warn_of_nothing(n)
        elif some and len(in_order):
            y = np.where(missing[-1], np.nan, y)
        return _with_axes(np.reshape(y, (*q.shape, *in_order.shape[1:])), a, axis, keepdims)

    return quantile


def _warn_of_nothing(n: Any) -> None:
    if has_values(n) and np.any(n == 0):
        warnings.warn("All-NaN slice encountered", RuntimeWarning, stacklevel=4)


spells(np.quantile)(_quantile(1, False))
spells(np.nanquantile)(_quantile(1, True))
spells(np.percentile)(_quantile(100, False))
spells(np.nanpercentile)(_quantile(100, True))


@spells(np.median)
def _median(
    a: Array, axis: Axis = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
) -> Array:
    a = operand(a)
    in_order = _sorted_rows(a, axis)
    middle, odd = divmod(len(in_order), 2)
    y = np.mean(in_order[middle : middle + 1] if odd else in_order[max(middle - 1, 0) : middle + 1], axis=0)
    missing = np.isnan(in_order[-1:]).any(axis=0)
    if not has_values(missing) or missing.any():
        y = np.where(missing, np.nan, y)
    return _with_axes(y, a, axis, keepdims)


@spells(np.nanmedian)
def _nanmedian(
    a: Array, axis: Axis = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
) -> Array:
    a = operand(a)
    if a.size == 0:
        return np.nanmean(a, axis, keepdims=keepdims)
    in_order = _sorted_rows(a, axis)
    n = np.count_nonzero(np.logical_not(np.isnan(in_order)), axis=0, keepdims=True)
    low, high = (_taken(in_order, np.maximum(index, 0)) for index in ((n - 1) // 2, n // 2))
    _warn_of_nothing(n)
    y = np.where(n % 2 == 1, low, (low + high) / 2)[0]
    return _with_axes(y, a, axis, keepdims)
