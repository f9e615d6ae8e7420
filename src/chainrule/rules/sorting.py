"""Sorting, partial sorting, and distinct entries. Equal entries share what belongs to them, as two equals do in max.

A sort moves entries, to places that the values say. Among equals it is open which of them comes to which place, and
there a sorted array has a corner; the mean of all its sides gives each of the equals the mean of their shares.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Array, Parts
from chainrule.graph.table import TABLE
from chainrule.graph.tracer import has_values, value_of
from chainrule.rules.choosing import entries
from chainrule.rules.indexing import GETITEM, SCATTER, Slot
from chainrule.rules.kinds import General
from chainrule.rules.operands import normalized, operand
from chainrule.rules.table import spells


def _shared(v: Array, in_order: Array) -> Array:
    """Give each entry of v the mean of those whose places hold equals, the last axis of `in_order` being sorted."""
    starts = in_order[..., 1:] != in_order[..., :-1]
    if in_order.size == 0 or (has_values(starts) and np.all(starts)):
        return v
    first = np.ones((*in_order.shape[:-1], 1), bool)
    group = np.cumsum(np.ravel(np.concatenate([first, starts], axis=-1))) - 1
    shape = (v.size,)
    sums = SCATTER(np.ravel(v), group, indices=(Slot(1),), shape=shape)
    counts = SCATTER(np.ones(shape, v.real.dtype), group, indices=(Slot(1),), shape=shape)
    return np.reshape(GETITEM(sums, group, index=Slot(0)) / GETITEM(counts, group, index=Slot(0)), v.shape)


def _moved(v: Array, come: Array, go: Array, axis: int) -> Array:
    """Move v as the entries of one array are moved to become another, which has the same entries."""
    v, come, go = (np.moveaxis(x, axis, -1) for x in (v, come, go))
    order = np.argsort(come, axis=-1, kind="stable")
    in_order = _shared(np.take_along_axis(v, order, -1), np.take_along_axis(come, order, -1))
    places = np.argsort(np.argsort(go, axis=-1, kind="stable"), axis=-1)
    return np.moveaxis(np.take_along_axis(in_order, places, -1), -1, axis)


def _permutation(name: str, function: Any) -> General:
    return General(
        name,
        function,
        (lambda g, y, x, axis, **_: _moved(g, y, x, axis),),
        (lambda t, y, x, axis, **_: _moved(t, x, y, axis),),
    )


SORT = _permutation("sort", np.sort)
PARTITION = _permutation("partition", np.partition)


@spells(np.sort)
def _sort(
    a: Array, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: bool | None = None
) -> Array:
    # What kind of sort it is makes no difference to the values.
    return SORT(np.ravel(a), axis=-1) if axis is None else SORT(a, axis=axis)


@spells(np.partition)
def _partition(a: Array, kth: Any, axis: int | None = -1, kind: Any = "introselect", order: None = None) -> Array:
    return PARTITION(np.ravel(a), kth=kth, axis=-1) if axis is None else PARTITION(a, kth=kth, axis=axis)


@spells(np.sort_complex)
def _sort_complex(a: Array) -> Array:
    return np.sort(a if a.dtype.kind == "c" else np.astype(a, np.result_type(a.dtype, np.complex128)))


# Distinct entries, where each is found first, which of them each entry is, and how often it is there


def _pull_unique(g: Array, y: Array, x: Array, axis: int | None, **_: Any) -> Array:
    """Part the cotangent of each distinct entry, or row, among those that are equal to it."""
    _, _, inverse, counts = y
    each = g[0] / _along(counts, g[0], axis)
    if axis is None:
        return np.reshape(np.take(each, np.ravel(inverse)), x.shape)
    return np.take(each, np.ravel(inverse), axis)


def _push_unique(t: Array, y: Array, x: Array, axis: int | None, **_: Any) -> Parts:
    """Give each distinct entry, or row, the mean of the tangents of those that are equal to it."""
    values, first, inverse, counts = y
    rows = np.ravel(t) if axis is None else np.moveaxis(t, axis, 0)
    sums = SCATTER(rows, np.ravel(inverse), indices=(Slot(1),), shape=(counts.size, *rows.shape[1:]))
    means = (sums if axis is None else np.moveaxis(sums, 0, axis)) / _along(counts, values, axis)
    return Parts((means, *(np.zeros(part.shape) for part in (first, inverse, counts))))


def _along(counts: Array, values: Array, axis: int | None) -> Array:
    """Return the counts in the type of the values, with axes of size 1 for all but one."""
    shape = [1] * values.ndim
    shape[axis or 0] = -1
    return np.reshape(np.astype(counts, values.real.dtype), shape)


UNIQUE = General(
    "unique",
    lambda x, **parameters: tuple(
        np.unique(x, return_index=True, return_inverse=True, return_counts=True, **parameters)
    ),
    (_pull_unique,),
    (_push_unique,),
)


@spells(np.unique)
def _unique(
    ar: Array,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,  # noqa: A002  (without it the order is any, and so may be this one)
) -> Any:
    ar = operand(ar)
    value_of(ar)  # which say how many are distinct
    if axis is not None:
        (axis,) = normalized(axis, ar.ndim)
    values, *rest = UNIQUE(ar, axis=axis, equal_nan=equal_nan)
    wanted = [x for x, given in zip(rest, (return_index, return_inverse, return_counts), strict=True) if given]
    return (values, *wanted) if wanted else values


def _spell_unique(function: Callable[..., Any], *given: str) -> None:
    kind = type(function(np.zeros(1)))
    asked: dict[str, Any] = dict.fromkeys(given, True)
    TABLE[function] = lambda x: kind(*np.unique(x, equal_nan=False, **asked))


_spell_unique(np.unique_all, "return_index", "return_inverse", "return_counts")
_spell_unique(np.unique_counts, "return_counts")
_spell_unique(np.unique_inverse, "return_inverse")


@spells(np.unique_values)
def _unique_values(x: Array, /) -> Array:
    return np.unique(x, equal_nan=False)


# Sets


def _distinct(x: Array, assume_unique: bool) -> Array:
    return np.ravel(operand(x)) if assume_unique else np.unique(x)


@spells(np.union1d)
def _union(ar1: Array, ar2: Array) -> Array:
    return np.unique(np.concatenate([operand(ar1), operand(ar2)], axis=None))


@spells(np.setdiff1d)
def _difference(ar1: Array, ar2: Array, assume_unique: bool = False) -> Array:
    first = _distinct(ar1, assume_unique)
    return entries(first, np.isin(first, ar2, invert=True))


@spells(np.setxor1d)
def _exclusive(ar1: Array, ar2: Array, assume_unique: bool = False) -> Array:
    both = np.sort(np.concatenate([_distinct(ar1, assume_unique), _distinct(ar2, assume_unique)]))
    if both.size == 0:
        return both
    edge = np.ones(1, bool)
    starts = np.concatenate([edge, both[1:] != both[:-1], edge])
    return entries(both, np.logical_and(starts[1:], starts[:-1]))
