"""Functions whose result consists of entries of their operands, each moved, repeated or left out.

How NumPy moves the entries need not be said again: the rule lets it move their numbers, and sees where each came from.
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Array, Node
from chainrule.graph.tracer import value_of
from chainrule.rules.indexing import SCATTER, Slot
from chainrule.rules.kinds import Linear
from chainrule.rules.operands import normalized, operand, untraced
from chainrule.rules.table import spells


class Rearrangement(Linear):
    """A primitive each entry of whose result is an entry of an operand, or zero.

    Parameters
    ----------
    name, function
        As for every `Rule`. The function must move numbers as it moves the entries, whatever they are.
    """

    def pullback(self, i: int, cotangent: Array, node: Node) -> Array:
        """Add up, for each entry of operand i, the cotangents of the places that it was moved to."""
        ends = np.cumsum([0, *(x.size for x in node.values)])
        # Number 0 is kept for what came from nowhere.
        numbers = [
            np.arange(start + 1, end + 1).reshape(x.shape)
            for x, start, end in zip(node.values, ends[:-1], ends[1:], strict=True)
        ]
        sources = self(*numbers, **node.parameters).reshape(-1)
        sums = SCATTER(np.reshape(cotangent, -1), sources, indices=(Slot(1),), shape=(int(ends[-1]) + 1,))
        return np.reshape(sums[int(ends[i]) + 1 : int(ends[i + 1]) + 1], node.values[i].shape)

    def pushforward(self, i: int, tangent: Array, node: Node) -> Array:
        """Move the entries of the tangent, and zeros for the other operands."""
        return self(
            *(tangent if j == i else np.zeros(x.shape, x.dtype) for j, x in enumerate(node.values)),
            **node.parameters,
        )


# Repeating

REPEAT = Rearrangement("repeat", np.repeat)
REPEAT_EACH = Linear(
    "repeat",
    np.repeat,
    lambda g, y, x, repeats, axis: np.sum(
        np.reshape(g, (*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :])), axis=axis + 1
    ),
)


@spells(np.repeat)
def _repeat(a: Array, repeats: Any, axis: int | None = None) -> Array:
    a, repeats = operand(a), untraced(repeats)
    if axis is None:
        a, axis = np.ravel(a), 0
    (axis,) = normalized(axis, a.ndim)
    if np.ndim(repeats) == 0:
        return REPEAT_EACH(a, repeats=operator.index(repeats), axis=axis)
    return REPEAT(a, repeats=repeats, axis=axis)


def _untiled(g: Array, y: Array, x: Array, reps: tuple[int, ...]) -> Array:
    ndim = max(x.ndim, len(reps))
    sizes, counts = (1,) * (ndim - x.ndim) + x.shape, (1,) * (ndim - len(reps)) + reps
    pairs = [part for pair in zip(counts, sizes, strict=True) for part in pair]
    return np.reshape(np.sum(np.reshape(g, pairs), axis=tuple(range(0, 2 * ndim, 2))), x.shape)


TILE = Linear("tile", np.tile, _untiled)


@spells(np.tile)
def _tile(A: Array, reps: Any) -> Array:
    return TILE(operand(A), reps=tuple(int(n) for n in np.atleast_1d(untraced(reps))))


RESIZE = Rearrangement("resize", np.resize)


@spells(np.resize)
def _resize(a: Array, new_shape: Any) -> Array:
    return RESIZE(a, new_shape=untraced(new_shape))


# Putting in and leaving out

INSERT = Rearrangement("insert", lambda arr, values, obj, axis: np.insert(arr, obj, values, axis))
DELETE = Rearrangement("delete", np.delete)


@spells(np.insert)
def _insert(arr: Array, obj: Any, values: Array, axis: int | None = None) -> Array:
    arr = operand(arr)
    return INSERT(arr, np.astype(operand(values), arr.dtype), obj=untraced(obj), axis=axis)


@spells(np.delete)
def _delete(arr: Array, obj: Any, axis: int | None = None) -> Array:
    return DELETE(operand(arr), obj=untraced(obj), axis=axis)


@spells(np.append)
def _append(arr: Array, values: Array, axis: int | None = None) -> Array:
    arr, values = operand(arr), operand(values)
    return np.concatenate([np.ravel(arr), np.ravel(values)] if axis is None else [arr, values], axis or 0)


@spells(np.trim_zeros)
def _trim_zeros(filt: Array, trim: str = "fb", axis: Any = None) -> Array:
    places = np.nonzero(value_of(filt))
    axes = normalized(axis, filt.ndim)
    found = len(places[0]) > 0
    return filt[
        tuple(
            slice(None)
            if i not in axes
            else slice(0, 0)
            if not found
            else slice(
                int(at.min()) if "f" in trim.lower() else None, int(at.max()) + 1 if "b" in trim.lower() else None
            )
            for i, at in enumerate(places)
        )
    ]


# Diagonals and triangles

DIAG = Rearrangement("diag", np.diag)


@spells(np.diag)
def _diag(v: Array, k: int = 0) -> Array:
    if v.ndim not in (1, 2):
        raise ValueError("Input must be 1- or 2-d.")
    return DIAG(v, k=k) if v.ndim == 1 else np.diagonal(v, k)


@spells(np.diagflat)
def _diagflat(v: Array, k: int = 0) -> Array:
    return DIAG(np.ravel(operand(v)), k=k)


@spells(np.tril)
def _tril(m: Array, k: int = 0) -> Array:
    return np.where(_below(m, k), m, np.zeros(1, m.dtype))


@spells(np.triu)
def _triu(m: Array, k: int = 0) -> Array:
    return np.where(_below(m, k - 1), np.zeros(1, m.dtype), m)


def _below(m: Array, k: int) -> Array:
    """Return where the matrices in m, or the square that a vector is repeated into, are on a diagonal or below it."""
    rows, columns = m.shape[-2:] if m.ndim > 1 else m.shape * 2
    return np.tri(rows, columns, k, dtype=bool)


# Turning


@spells(np.rot90)
def _rot90(m: Array, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    first, second = axes
    if first % m.ndim == second % m.ndim:
        raise ValueError("Axes must be different.")
    if k % 4 == 0:
        return m[:]
    if k % 4 == 2:
        return np.flip(np.flip(m, first), second)
    if k % 4 == 1:
        return np.swapaxes(np.flip(m, second), first, second)
    return np.flip(np.swapaxes(m, first, second), second)


@spells(np.fliplr)
def _fliplr(m: Array) -> Array:
    return m[:, ::-1]


@spells(np.flipud)
def _flipud(m: Array) -> Array:
    return m[::-1, ...]


@spells(np.rollaxis)
def _rollaxis(a: Array, axis: int, start: int = 0) -> Array:
    (axis,) = normalized(axis, a.ndim)
    if not -a.ndim <= start <= a.ndim:
        raise np.exceptions.AxisError(start, a.ndim)
    start = start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)
