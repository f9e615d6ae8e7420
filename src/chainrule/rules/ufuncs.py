"""The further ways to call a ufunc: with ``out=``, ``where=`` or ``dtype=``, and its methods reduce, accumulate, ….

All of them come down to plain calls of the ufunc, whose rule is known.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.refusals import refuse_function, refuse_plain_out
from chainrule.graph.table import TABLE, find
from chainrule.graph.tracer import Tracer, value_of
from chainrule.rules.indexing import filled, template_and_arrays
from chainrule.rules.table import spells

_REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
}
_METHODS: dict[str, Callable[..., Array]] = {}


@spells(Tracer.__array_ufunc__)
def _ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Array:
    if method == "__call__":
        return _call(ufunc, *inputs, **kwargs)
    return _METHODS[method](ufunc, *inputs, **kwargs)


def _call(ufunc: np.ufunc, *inputs: Array, out: Any = None, where: Any = True, dtype: Any = None, **rest: Any) -> Array:
    spelling = find(ufunc)
    if dtype is not None:
        inputs = tuple((x if type(x) is Tracer else np.asarray(x)).astype(dtype) for x in inputs)
    if where is not True:
        return _call_where(ufunc, inputs, None if out is None else out[0], where)
    # Of the further keywords only those of products of vectors and matrices say what is computed.
    axes = {name: value for name, value in rest.items() if name in ("axis", "axes", "keepdims")}
    traced = any(type(x) is Tracer for x in inputs)  # or out alone is
    result = spelling(*inputs, **axes) if traced else ufunc(*inputs, **axes)
    return result if out is None else _write_each(out, result)


def _write_each(out: tuple[Any, ...], result: Any) -> Any:
    if len(out) == 1:
        return TABLE[np.copyto](out[0], result)
    return tuple(
        one if target is None else TABLE[np.copyto](target, one) for target, one in zip(out, result, strict=True)
    )


def _call_where(ufunc: np.ufunc, inputs: tuple[Array, ...], out: Any, where: Any) -> Array:
    """Compute the chosen entries alone, so that what happens elsewhere, log(0) say, is in no derivative."""
    shape = np.broadcast_shapes(*(np.shape(x) for x in inputs), np.shape(where))
    where = np.broadcast_to(where, shape)
    chosen = ufunc(*(np.broadcast_to(x, shape)[where] for x in inputs))
    if out is None:  # NumPy leaves the other entries as they lie in memory; here they are 0
        out = np.zeros_like(chosen, shape=shape)
    elif type(out) is not Tracer:
        refuse_plain_out()
    out[where] = chosen
    return out


def _entries(x: Array, axis: int) -> list[Array]:
    return [x[(slice(None),) * (axis % x.ndim) + (i,)] for i in range(x.shape[axis])]


def _method(function: Callable[..., Array]) -> Callable[..., Array]:
    _METHODS[function.__name__.strip("_")] = function
    return function


@_method
def _reduce(
    ufunc: np.ufunc,
    x: Array,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Array:
    known = _REDUCTIONS.get(ufunc)
    if known is not None:
        kwargs = {"dtype": dtype, "initial": initial, "where": where}
        given = {k: v for k, v in kwargs.items() if v is not None and v is not True}
        result = known(x, axis=axis, keepdims=keepdims, **given)
    else:
        result = _folded(ufunc, x, axis, dtype, keepdims, initial, where)
    return result if out is None else _write_each(out, result)


def _folded(ufunc: np.ufunc, x: Array, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any) -> Array:
    """Apply a ufunc from entry to entry along the axes, as its reduce does."""
    if dtype is not None:
        x = np.astype(x, dtype)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    kept = tuple(1 if i in {a % x.ndim for a in axes} else n for i, n in enumerate(x.shape))
    x = np.moveaxis(x, axes, range(len(axes)))
    x = np.reshape(x, (-1, *x.shape[len(axes) :]))
    parts = _entries(x, 0) if initial is None else [initial, *_entries(x, 0)]
    if where is not True:
        refuse_function(f"np.{ufunc.__name__}.reduce with where=")
    result = parts[0]
    for part in parts[1:]:
        result = ufunc(result, part)
    return np.reshape(result, kept) if keepdims else result


@_method
def _accumulate(ufunc: np.ufunc, x: Array, axis: int = 0, dtype: Any = None, out: Any = None) -> Array:
    if dtype is not None:
        x = np.astype(x, dtype)
    results: list[Array] = []
    for part in _entries(x, axis):
        results.append(ufunc(results[-1], part) if results else part)
    result = np.stack(results, axis=axis) if results else x
    return result if out is None else _write_each(out, result)


@_method
def _reduceat(ufunc: np.ufunc, x: Array, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Array:
    starts = [int(i) for i in indices]
    before = (slice(None),) * (axis % x.ndim)
    parts = []
    for start, stop in zip(starts, [*starts[1:], x.shape[axis]], strict=True):
        part = x[(*before, slice(start, stop if stop > start else start + 1))]
        parts.append(ufunc.reduce(part, axis=axis, dtype=dtype))
    result = np.stack(parts, axis=axis)
    return result if out is None else _write_each(out, result)


@_method
def _outer(ufunc: np.ufunc, a: Array, b: Array, **kwargs: Any) -> Array:
    return ufunc(np.reshape(a, (*np.shape(a), *(1,) * np.ndim(b))), b, **kwargs)


@_method
def _at(ufunc: np.ufunc, x: Array, index: Any, *values: Any) -> None:
    """Work on chosen entries in place; one that is chosen several times is worked on as often, in turn."""
    if type(x) is not Tracer:
        refuse_plain_out()
    template, arrays = template_and_arrays(index)
    places = np.arange(x.size).reshape(x.shape)[filled(template, tuple(value_of(array) for array in arrays))]
    entries = [np.reshape(np.broadcast_to(v, places.shape), -1) for v in values]
    for turn in _turns(places.ravel()):
        at = np.unravel_index(places.ravel()[turn], x.shape)
        x[at] = ufunc(x[at], *(v[turn] for v in entries))


def _turns(places: Any) -> Iterator[Any]:
    """Part a row of places into rounds, in none of which a place comes twice."""
    order = np.argsort(places, kind="stable")
    count = np.arange(len(places))
    first = np.append(True, np.diff(places[order]) != 0)[: len(places)]
    time = np.empty(len(places), np.intp)
    time[order] = count - np.maximum.accumulate(np.where(first, count, 0))
    for k in range(time.max(initial=-1) + 1):
        yield np.flatnonzero(time == k)
