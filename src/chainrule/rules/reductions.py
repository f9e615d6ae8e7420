"""Sums, means, products and extremes over axes, whole or of chosen entries, and their cumulative forms.

A reduction's operands are the array, `where` and `initial`; the latter two only where they are given. `where` is data:
no derivative is taken by it.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.tracer import Tracer
from chainrule.rules.kinds import MANY, General, Linear, summed
from chainrule.rules.operands import normalized, operand
from chainrule.rules.table import spells

Axis = int | tuple[int, ...] | None


def keep(v: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    """Give a reduced array its summed axes back, with size 1."""
    if keepdims or axis is None:  # a single number broadcasts as it is
        return v
    shape = list(x.shape)
    for one in axis if isinstance(axis, tuple) else (axis,):
        shape[one] = 1
    return v.reshape(shape)


def among(where: Any, v: Array) -> Array:
    """Leave the entries that are chosen, and put 0 for the others."""
    return v if where is True else np.where(where, v, 0)


def count_of(x: Array, axis: Axis, where: Any = True) -> Any:
    """Return how many entries go into each entry of the reduced array."""
    if where is not True:
        return np.count_nonzero(np.broadcast_to(where, x.shape), axis=axis, keepdims=True)
    return math.prod(x.shape[a] for a in normalized(axis, x.ndim))


def like(v: Array, x: Array) -> Array:
    """Return v in the type of x: it may have been summed in another."""
    if v.dtype == x.dtype:
        return v
    return np.astype(v.real if v.dtype.kind == "c" and x.dtype.kind != "c" else v, x.dtype)


def of_chosen(function: Callable[..., Any], second: str = "initial") -> Callable[..., Any]:
    """Return a reduction as a function of its operands: the array, `where`, and one more."""

    def reduced(x: Array, where: Any = True, another: Any = None, **parameters: Any) -> Array:
        if where is not True:
            parameters["where"] = where
        if another is not None:
            parameters[second] = another
        return function(x, **parameters)

    return reduced


def given(x: Array, where: Any, another: Any) -> tuple[Any, ...]:
    """Return the operands of a reduction, of which the last ones may be missing."""
    if where is None:
        where = True
    if another is not None:
        return x, where, operand(another)
    return (x,) if where is True else (x, where)


def typed(dtype: Any) -> dict[str, Any]:
    """Return the parameter dtype, which is left out where it is not given."""
    return {} if dtype is None else {"dtype": dtype}


# Sums and means


def _spread(g: Array, y: Array, x: Array, where: Any = True, *_: Array, axis: Axis, keepdims: bool, **__: Any) -> Array:
    """Broadcast a cotangent over the axes that were summed: the transpose of a sum."""
    return like(among(where, _broadcast(keep(g, x, axis, keepdims), x.shape)), x)


def _broadcast(v: Array, shape: tuple[int, ...]) -> Array:
    if type(v) is Tracer or math.prod(shape) > MANY:
        return np.broadcast_to(v, shape)
    whole = np.empty(shape, v.dtype)  # a few entries are written sooner than a view of one is made
    whole[...] = v
    return whole


def _spread_mean(g: Array, y: Array, x: Array, where: Any = True, *, axis: Axis, keepdims: bool, **_: Any) -> Array:
    if where is True:
        return like(_broadcast(keep(g / count_of(x, axis), x, axis, keepdims), x.shape), x)
    # A mean of no entries is NaN, and no entry takes part in it: whatever it is divided by, it is not chosen.
    count = np.maximum(count_of(x, axis, where), 1)
    return like(among(where, np.broadcast_to(keep(g, x, axis, keepdims) / count, x.shape)), x)


SUM = Linear(
    "sum",
    of_chosen(np.add.reduce),
    _spread,
    None,
    lambda g, y, x, where, initial, **_: like(np.sum(g), initial),
)
MEAN = Linear("mean", of_chosen(np.mean), _spread_mean, None)


@spells(np.sum)
def _sum(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    if type(a) is Tracer and where is True and initial is dtype is None:
        return SUM(a, axis=axis, keepdims=keepdims)
    return SUM(*given(operand(a), where, initial), axis=axis, keepdims=keepdims, **typed(dtype))


@spells(np.mean)
def _mean(
    a: Array, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False, *, where: Any = True
) -> Array:
    return MEAN(*given(operand(a), where, None), axis=axis, keepdims=keepdims, **typed(dtype))


# Extremes


def _extremes(y: Array, x: Array, axis: Axis, keepdims: bool) -> tuple[Array, Array]:
    """Return 1 at each extreme entry, 0 elsewhere, and the number of those that share the derivative."""
    chosen = (x == keep(y, x, axis, keepdims)).astype(x.dtype)
    if type(axis) is int and x.size > MANY:
        return chosen, keep(summed(chosen, (axis % x.ndim,)), x, axis, False)
    return chosen, np.add.reduce(chosen, axis=axis, keepdims=True)


def _spread_extreme(g: Array, y: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    chosen, count = _extremes(y, x, axis, keepdims)
    return chosen * (keep(g, x, axis, keepdims) / count)


def _change_of_extreme(t: Array, y: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    chosen, count = _extremes(y, x, axis, keepdims)
    return np.sum(t * chosen / count, axis=axis, keepdims=keepdims)


def _extreme(name: str, function: Any) -> General:
    return General(name, function, (_spread_extreme,), (_change_of_extreme,))


MAX = _extreme("max", np.maximum.reduce)
MIN = _extreme("min", np.minimum.reduce)


def _spell_extreme(rule: General, larger: np.ufunc) -> Callable[..., Array]:
    def extreme(
        a: Array,
        axis: Axis = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Array:
        a = operand(a)
        if initial is None and where is True:
            return rule(a, axis=axis, keepdims=keepdims)
        if initial is None:
            raise ValueError(f"np.{rule.name} with where= needs initial=, the value where nothing is chosen.")
        initial = np.astype(operand(initial), a.dtype)
        if where is not True:
            a = np.where(where, a, initial)
        if count_of(a, axis) == 0:
            axes = normalized(axis, a.ndim)
            kept = [1 if i in axes else n for i, n in enumerate(a.shape) if keepdims or i not in axes]
            return np.broadcast_to(initial, tuple(kept))
        return larger(rule(a, axis=axis, keepdims=keepdims), initial)

    return extreme


spells(np.max, np.amax)(_spell_extreme(MAX, np.maximum))
spells(np.min, np.amin)(_spell_extreme(MIN, np.minimum))


@spells(np.ptp)
def _ptp(a: Array, axis: Axis = None, out: None = None, keepdims: bool = False) -> Array:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


# Products: the derivative by one factor is the product of the others, found without dividing by a factor that may be 0.


def _first(x: Array, axis: int, n: int = 1) -> tuple[Array, Array]:
    """Part an array after its first n entries along an axis, counted from the end where n is negative."""
    before = (slice(None),) * (axis % x.ndim)
    return x[(*before, slice(None, n))], x[(*before, slice(n, None))]


def _shifted(y: Array, axis: int) -> Array:
    """Return y moved on by one entry, with 1 in the first place: what was multiplied before each factor came."""
    rest, last = _first(y, axis, -1)
    return np.concatenate([np.ones(last.shape, y.dtype), rest], axis)


def _product_of_others(x: Array, axis: Axis) -> Array:
    axes = normalized(axis, x.ndim)
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    order = (*kept, *axes)
    rows = np.transpose(x, order)
    shape = rows.shape
    rows = np.reshape(rows, (*shape[: len(kept)], count_of(x, axis)))
    if rows.shape[-1]:
        before, after = _shifted(np.cumprod(rows, -1), -1), _shifted(np.cumprod(np.flip(rows, -1), -1), -1)
        rows = before * np.flip(after, -1)
    return np.transpose(np.reshape(rows, shape), np.argsort(order))


def _by_factors(x: Array, where: Any, initial: Any, axis: Axis) -> Array:
    others = among(where, _product_of_others(x if where is True else np.where(where, x, 1), axis))
    return others if initial is None else others * initial


def _pull_product(
    g: Array, y: Array, x: Array, where: Any = True, initial: Any = None, *, axis: Axis, keepdims: bool, **_: Any
) -> Array:
    return like(keep(g, x, axis, keepdims) * _by_factors(x, where, initial, axis), x)


def _push_product(t: Array, y: Array, x: Array, where: Any = True, initial: Any = None, **parameters: Any) -> Array:
    return np.sum(t * _by_factors(x, where, initial, parameters["axis"]), **parameters)


def _by_initial(x: Array, where: Any, parameters: dict[str, Any]) -> Array:
    return np.prod(x if where is True else np.where(where, x, 1), **parameters)


PROD = General(
    "prod",
    of_chosen(np.prod),
    (
        _pull_product,
        None,
        lambda g, y, x, where, initial, **parameters: like(np.sum(g * _by_initial(x, where, parameters)), initial),
    ),
    (
        _push_product,
        None,
        lambda t, y, x, where, initial, **parameters: t * _by_initial(x, where, parameters),
    ),
)


@spells(np.prod)
def _prod(
    a: Array,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    return PROD(*given(operand(a), where, initial), axis=axis, keepdims=keepdims, **typed(dtype))


# Cumulative sums and products


def _running(name: str) -> Callable[..., Any]:
    function = getattr(np, name)
    return lambda x, axis, **parameters: function(x, axis=axis, **parameters)


def _recurrence(a: Array, b: Array, axis: int) -> Array:
    """Solve z_i = a_i z_(i-1) + b_i along an axis.

    Two such steps are again one, with a_i a_(i-1) and a_i b_(i-1) + b_i; so the steps are joined to pairs, fours, ….
    """
    n = 1
    while n < b.shape[axis]:
        (a_start, a_end), (b_start, b_end) = _first(a, axis, n), _first(b, axis, n)
        a_before, b_before = _first(a, axis, -n)[0], _first(b, axis, -n)[0]
        b = np.concatenate([b_start, a_end * b_before + b_end], axis)
        a = np.concatenate([a_start, a_end * a_before], axis)
        n *= 2
    return b


def _push_cumprod(t: Array, y: Array, x: Array, axis: int, **_: Any) -> Array:
    # y_i = x_i y_(i-1), so dy_i = x_i dy_(i-1) + y_(i-1) dx_i.
    return _recurrence(x, _shifted(y, axis) * t, axis)


def _pull_cumprod(g: Array, y: Array, x: Array, axis: int, **_: Any) -> Array:
    # The cotangent of y_i is c_i = g_i + x_(i+1) c_(i+1), and that of x_i is y_(i-1) c_i.
    factors = _shifted(np.flip(x, axis), axis)
    return like(_shifted(y, axis) * np.flip(_recurrence(factors, np.flip(g, axis), axis), axis), x)


CUMSUM = Linear(
    "cumsum",
    _running("cumsum"),
    lambda g, y, x, axis, **_: like(np.flip(np.cumsum(np.flip(g, axis), axis), axis), x),
)
CUMPROD = General("cumprod", _running("cumprod"), (_pull_cumprod,), (_push_cumprod,))


def _spell_cumulative(rule: Linear | General) -> Callable[..., Array]:
    def cumulative(a: Array, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
        a = operand(a)
        return rule(np.ravel(a) if axis is None else a, axis=axis or 0, **typed(dtype))

    return cumulative


def _spell_cumulative_of_the_standard(rule: Linear | General, identity: int) -> Callable[..., Array]:
    def cumulative(
        x: Array, /, *, axis: int | None = None, dtype: Any = None, out: None = None, include_initial: bool = False
    ) -> Array:
        x = np.atleast_1d(x)
        if axis is None and x.ndim > 1:
            raise ValueError(f"np.cumulative_{rule.name[3:]} of an array with {x.ndim} axes needs axis=.")
        result = rule(x, axis=axis or 0, **typed(dtype))
        if not include_initial:
            return result
        start = [1 if i == (axis or 0) % x.ndim else n for i, n in enumerate(x.shape)]
        return np.concatenate([np.full(start, identity, result.dtype), result], axis or 0)

    return cumulative


spells(np.cumsum)(_spell_cumulative(CUMSUM))
spells(np.cumprod)(_spell_cumulative(CUMPROD))
if hasattr(np, "cumulative_sum"):  # since NumPy 2.1
    spells(np.cumulative_sum)(_spell_cumulative_of_the_standard(CUMSUM, 0))
    spells(np.cumulative_prod)(_spell_cumulative_of_the_standard(CUMPROD, 1))
