"""NumPy's functions that write into an array: each is ``x[index] = values`` (see `chainrule.rules.writing`)."""

import math
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.refusals import refuse_plain_out
from chainrule.graph.tracer import Tracer
from chainrule.rules.choosing import places_along
from chainrule.rules.operands import operand
from chainrule.rules.table import spells


def _put(x: Array, numbers: Array, values: Any) -> None:
    """Write values, repeated as often as needed, to the entries with these numbers."""
    if type(x) is not Tracer:
        refuse_plain_out()
    x[np.unravel_index(numbers, x.shape)] = np.resize(operand(values), numbers.shape)


@spells(np.put)
def _put_at(a: Array, ind: Any, v: Any, mode: Any = "raise") -> None:
    _put(a, np.take(np.arange(a.size), np.ravel(operand(ind)), mode=mode), v)


@spells(np.place)
def _place(arr: Array, mask: Array, vals: Any) -> None:
    _put(arr, np.flatnonzero(operand(mask)), vals)


@spells(np.putmask)
def _putmask(a: Array, mask: Array, values: Any) -> None:
    if type(a) is not Tracer:
        refuse_plain_out()
    mask = np.reshape(np.astype(operand(mask), bool), a.shape)
    a[...] = np.where(mask, np.astype(np.resize(operand(values), a.shape), a.dtype), a)


@spells(np.put_along_axis)
def _put_along_axis(arr: Array, indices: Array, values: Any, axis: int | None) -> None:
    if axis is None:
        return _put(arr, np.take(np.arange(arr.size), np.ravel(operand(indices))), values)
    if type(arr) is not Tracer:
        refuse_plain_out()
    arr[places_along(arr, operand(indices), axis)] = values
    return None


@spells(np.fill_diagonal)
def _fill_diagonal(a: Array, val: Any, wrap: bool = False) -> None:
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    step = sum(math.prod(a.shape[i + 1 :]) for i in range(a.ndim))
    last = a.size if wrap or a.ndim > 2 else min(a.size, a.shape[1] ** 2)
    _put(a, np.arange(0, last, step), val)
