"""Variances, averages with weights, and covariances."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.tracer import has_values
from chainrule.rules.kinds import General, Map, unbroadcast
from chainrule.rules.operands import normalized, operand
from chainrule.rules.reductions import Axis, among, count_of, given, keep, like, of_chosen, typed
from chainrule.rules.table import spells

# The variance is the sum of |x − μ|² over the degrees of freedom. Its derivative by the mean μ is the sum of
# −2 (x − μ)*, which is 0 where μ is the entries' own mean; so it matters only where another mean is given.


def _slope(y: Array, x: Array, where: Any, mean: Any, axis: Axis, ddof: float) -> Array:
    """Return the derivative of the variance by the entries, with the mean held."""
    deviation = x - (np.mean(x, axis=axis, keepdims=True, where=where) if mean is None else mean)
    freedom = np.maximum(count_of(x, axis, where) - ddof, 0)
    return among(where, 2 * (np.conj(deviation) if deviation.dtype.kind == "c" else deviation)) / freedom


def _slope_of_root(y: Array, *arguments: Any) -> Array:
    # Where all entries are equal the deviation has a corner, as |x| has at 0; the mean of both sides is 0 there.
    return _slope(y, *arguments) / (2 * np.where(y == 0, 1, y))


def _spread(slope: Callable[..., Array]) -> tuple[tuple[Map | None, ...], tuple[Map | None, ...]]:
    """Return the maps of a measure of spread whose operands are x, where and mean."""

    def slope_and_kept(v: Array, y: Array, x: Array, where: Any, mean: Any, p: dict[str, Any]) -> tuple[Array, Array]:
        axis, keepdims = p["axis"], p["keepdims"]
        return slope(keep(y, x, axis, keepdims), x, where, mean, axis, p["ddof"]), keep(v, x, axis, keepdims)

    def pull(g: Array, y: Array, x: Array, where: Any = True, mean: Any = None, **p: Any) -> Array:
        by_entry, g = slope_and_kept(g, y, x, where, mean, p)
        return like(g * by_entry, x)

    def pull_to_mean(g: Array, y: Array, x: Array, where: Any, mean: Any, **p: Any) -> Array:
        by_entry, g = slope_and_kept(g, y, x, where, mean, p)
        return like(unbroadcast(-g * by_entry, mean.shape), mean)

    def push(t: Array, y: Array, x: Array, where: Any = True, mean: Any = None, **p: Any) -> Array:
        by_entry = slope(keep(y, x, p["axis"], p["keepdims"]), x, where, mean, p["axis"], p["ddof"])
        return np.sum(by_entry * t, axis=p["axis"], keepdims=p["keepdims"])

    def push_from_mean(t: Array, y: Array, x: Array, where: Any, mean: Any, **p: Any) -> Array:
        return -push(t, y, x, where, mean, **p)

    return (pull, None, pull_to_mean), (push, None, push_from_mean)


VAR = General("var", of_chosen(np.var, "mean"), *_spread(_slope))
STD = General("std", of_chosen(np.std, "mean"), *_spread(_slope_of_root))


def _spell_spread(rule: General) -> Callable[..., Array]:
    def spread(
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
                raise ValueError(f"np.{rule.name} takes either ddof or correction, which mean the same.")
            ddof = correction
        return rule(*given(operand(a), where, mean), axis=axis, ddof=ddof, keepdims=keepdims, **typed(dtype))

    return spread


spells(np.var)(_spell_spread(VAR))
spells(np.std)(_spell_spread(STD))


@spells(np.average)
def _average(
    a: Array, axis: Axis = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    a = operand(a)
    if weights is None:
        average = np.mean(a, axis=axis, keepdims=keepdims)
        total = average.dtype.type(a.size / average.size)
    else:
        weights = _along_axes(operand(weights), a, axis)
        dtype = np.result_type(a.dtype, weights.dtype)
        total = np.sum(weights, axis=axis, dtype=dtype, keepdims=keepdims)
        if has_values(total) and np.any(total == 0):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        average = np.sum(np.multiply(a, weights, dtype=dtype), axis=axis, keepdims=keepdims) / total
    if not returned:
        return average
    return average, total if total.shape == average.shape else np.copy(np.broadcast_to(total, average.shape))


def _along_axes(weights: Array, a: Array, axis: Axis) -> Array:
    """Give weights along some axes of an array the other axes, with size 1."""
    if weights.shape == a.shape:
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = normalized(axis, a.ndim)
    if weights.shape != tuple(a.shape[i] for i in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    weights = np.transpose(weights, np.argsort(axes))
    return np.reshape(weights, tuple(n if i in axes else 1 for i, n in enumerate(a.shape)))


def _variables(m: Array, dtype: Any, rowvar: bool, ndim: int) -> Array:
    """Return the variables as the rows of a matrix."""
    rows = np.atleast_2d(np.astype(m, dtype))
    return rows if rowvar or ndim == 1 else rows.T


@spells(np.cov)
def _cov(
    m: Array,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Array:
    m, both = operand(m), [operand(m)] if y is None else [operand(m), operand(y)]
    dtype = np.result_type(*(x.dtype for x in both), np.float64) if dtype is None else dtype
    x = _variables(m, dtype, rowvar, m.ndim)
    if x.shape[0] == 0:
        return np.zeros((0, 0))
    if y is not None:
        second = np.atleast_2d(np.astype(both[1], dtype))
        x = np.concatenate([x, second if rowvar or second.shape[0] == 1 else second.T], axis=0)
    ddof = int(not bias) if ddof is None else ddof
    weights = [np.astype(operand(w), float) for w in (fweights, aweights) if w is not None]
    _check_weights(weights, fweights, x.shape[1])
    w = weights[0] * weights[1] if len(weights) == 2 else weights[0] if weights else None
    mean, total = np.average(x, axis=1, weights=w, returned=True)
    if w is None:
        freedom = x.shape[1] - ddof
    elif ddof == 0:
        freedom = total[0]
    elif aweights is None:
        freedom = total[0] - ddof
    else:
        freedom = total[0] - ddof * sum(w * weights[-1]) / total[0]
    if freedom <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=3)
        freedom = 0.0
    x = x - mean[:, None]
    weighted = x.T if w is None else (x * w).T
    products = np.dot(x, np.conj(weighted) if x.dtype.kind == "c" else weighted)
    return np.squeeze(products * np.true_divide(1, freedom))


def _check_weights(weights: list[Array], fweights: Any, count: int) -> None:
    for w in weights:
        if w.shape != (count,):
            raise ValueError(f"weights of shape {w.shape} do not fit {count} observations; give one for each.")
        if has_values(w) and np.any(w < 0):
            raise ValueError("a weight is negative; give weights of 0 or more.")
    if fweights is not None and has_values(weights[0]) and np.any(weights[0] % 1 != 0):
        raise TypeError("fweights must be integer")


@spells(np.corrcoef)
def _corrcoef(x: Array, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviations = np.sqrt(np.real(np.diagonal(c)))
    c = c / deviations[:, None] / deviations[None, :]
    # Beyond 1 by rounding only.
    if c.dtype.kind == "c":
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)
