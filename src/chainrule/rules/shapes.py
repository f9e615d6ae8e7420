"""Rearranging, joining and repeating: linear maps with ones and zeros in them, stated by their transposes."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.tracer import sample_of
from chainrule.rules.kinds import Linear, Map, unbroadcast
from chainrule.rules.operands import operand
from chainrule.rules.table import spells

RESHAPE = Linear("reshape", lambda x, shape: x.reshape(shape), lambda g, y, x, shape: g.reshape(x.shape))
TRANSPOSE = Linear("transpose", lambda x, axes: x.transpose(axes), lambda g, y, x, axes: g.transpose(inverse(axes)))
BROADCAST = Linear("broadcast_to", np.broadcast_to, lambda g, y, x, shape: unbroadcast(g, x.shape))
FLIP = Linear("flip", np.flip, lambda g, y, x, axis: np.flip(g, axis))
ROLL = Linear("roll", np.roll, lambda g, y, x, shift, axis: np.roll(g, _negated(shift), axis))
ASTYPE = Linear("astype", lambda x, dtype: x.astype(dtype), lambda g, y, x, dtype: _back(g, x.dtype))
COPY = Linear("copy", lambda x: x.copy(), lambda g, y, x: g)


def inverse(axes: Sequence[int]) -> tuple[int, ...]:
    """Return the permutation of axes that undoes another."""
    return tuple(axes) if len(axes) < 3 else tuple(sorted(range(len(axes)), key=axes.__getitem__))


def _back(g: Array, dtype: Any) -> Array:
    return np.astype(g.real if g.dtype.kind == "c" and dtype.kind != "c" else g, dtype)


def _negated(shift: Any) -> Any:
    return tuple(-s for s in shift) if isinstance(shift, (tuple, list)) else -shift


@spells(np.reshape)
def _reshape(a: Array, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Array:
    a = operand(a)
    if order == "A":
        order = _memory_order(a)
    if order == "F":  # the first axis runs fastest: as the last one does in the transpose
        shape = (shape,) if np.ndim(shape) == 0 else tuple(shape)
        result = np.transpose(RESHAPE(np.transpose(a), shape=shape[::-1]))
    else:
        result = RESHAPE(a, shape=shape)
    return COPY(result) if copy else result


@spells(np.ravel)
def _ravel(a: Array, order: Any = "C") -> Array:
    a = operand(a)
    if order == "K":
        # In the order of memory: of the axes, the one with the largest step comes first.
        steps = np.abs(_strides(a))
        return RESHAPE(np.transpose(a, np.argsort(-steps, kind="stable")), shape=-1)
    return np.reshape(a, -1, order=order)


def _memory_order(a: Array) -> str:
    flags = np.asarray(sample_of(a)).flags
    return "F" if flags.fnc else "C"


def _strides(a: Array) -> Any:
    return np.asarray(np.asarray(sample_of(a)).strides)


@spells(np.transpose, np.permute_dims)
def _transpose(a: Array, axes: Sequence[int] | None = None) -> Array:
    axes = range(a.ndim)[::-1] if axes is None else [axis % a.ndim for axis in axes]
    return TRANSPOSE(a, axes=tuple(axes))


@spells(np.swapaxes)
def _swapaxes(a: Array, axis1: int, axis2: int) -> Array:
    axes = list(range(a.ndim))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return TRANSPOSE(a, axes=tuple(axes))


@spells(np.moveaxis)
def _moveaxis(a: Array, source: Any, destination: Any) -> Array:
    # NumPy's own bookkeeping, done on the numbers of the axes.
    axes = np.moveaxis(np.empty(range(2, a.ndim + 2)), source, destination).shape
    return TRANSPOSE(a, axes=tuple(n - 2 for n in axes))


@spells(np.squeeze)
def _squeeze(a: Array, axis: Any = None) -> Array:
    return RESHAPE(a, shape=np.squeeze(np.broadcast_to(0, a.shape), axis).shape)


@spells(np.expand_dims)
def _expand_dims(a: Array, axis: Any) -> Array:
    return RESHAPE(a, shape=np.expand_dims(np.broadcast_to(0, a.shape), axis).shape)


@spells(np.broadcast_to)
def _broadcast_to(array: Array, shape: Any, subok: bool = False) -> Array:
    return BROADCAST(array, shape=shape)


@spells(np.flip)
def _flip(m: Array, axis: Any = None) -> Array:
    return FLIP(m, axis=axis)


@spells(np.roll)
def _roll(a: Array, shift: Any, axis: Any = None) -> Array:
    return ROLL(a, shift=shift, axis=axis)


@spells(np.astype)
def _astype(x: Array, dtype: Any, /, **_: Any) -> Array:
    return ASTYPE(x, dtype=np.dtype(dtype))


@spells(np.copy)
def _copy(a: Array, order: str = "K", subok: bool = False) -> Array:
    return COPY(a)


# Joining: each operand's cotangent is its own piece of the whole's.


class _Concatenate(Linear):
    """Arrays one after the other along an axis."""

    def pullback(self, i: int, cotangent: Array, node: Any) -> Array:
        return cotangent[_places(node)[i]]

    def pullbacks_of_all(self, cotangent: Array, node: Any) -> list[Array]:
        return [cotangent[place] for place in _places(node)]

    def pushforward(self, i: int, tangent: Array, node: Any) -> Array:
        return self.pushforward_of_all({i: tangent}, node)

    def pushforward_of_all(self, tangents: Mapping[int, Array], node: Any) -> Array:
        parts = (tangents[i] if i in tangents else np.zeros(x.shape, x.dtype) for i, x in enumerate(node.values))
        return self(*parts, **node.parameters)


def _places(node: Any) -> list[tuple[slice, ...]]:
    """Return where each operand lies in what they are joined to."""
    axis = node.parameters["axis"]
    before = (slice(None),) * (axis % node.value.ndim)
    ends = list(itertools.accumulate(x.shape[axis] for x in node.values))
    return [(*before, slice(start, end)) for start, end in itertools.pairwise([0, *ends])]


CONCATENATE = _Concatenate("concatenate", lambda *arrays, axis: np.concatenate(arrays, axis))


@spells(np.concatenate)
def _concatenate(
    arrays: Sequence[Array], /, axis: int | None = 0, out: None = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Array:
    operands = [operand(x) for x in arrays]
    if dtype is not None:
        operands = [np.astype(x, dtype) for x in operands]
    if axis is None:
        operands, axis = [np.ravel(x) for x in operands], 0
    return CONCATENATE(*operands, axis=axis)


@spells(np.stack)
def _stack(arrays: Sequence[Array], axis: int = 0, out: None = None, **options: Any) -> Array:
    return np.concatenate([np.expand_dims(operand(x), axis) for x in arrays], axis=axis, **options)


@spells(np.hstack)
def _hstack(tup: Sequence[Array], **options: Any) -> Array:
    arrays = [np.atleast_1d(operand(x)) for x in tup]
    return np.concatenate(arrays, axis=0 if arrays[0].ndim == 1 else 1, **options)


@spells(np.vstack)
def _vstack(tup: Sequence[Array], **options: Any) -> Array:
    return np.concatenate([np.atleast_2d(operand(x)) for x in tup], axis=0, **options)


def _at_least(*new_axes: Any) -> Callable[..., Any]:
    """Return what gives an array more axes, as the entry of new_axes for its number of axes says."""

    def widened(*arrays: Array) -> Any:
        wide = tuple(x[new_axes[x.ndim]] if x.ndim < len(new_axes) else x for x in map(operand, arrays))
        return wide if len(wide) != 1 else wide[0]

    return widened


spells(np.atleast_1d)(_at_least(None))
spells(np.atleast_2d)(_at_least((None, None), None))
spells(np.atleast_3d)(_at_least((None, None, None), (None, slice(None), None), (slice(None), slice(None), None)))


@spells(np.where)
def _where(condition: Array, /, *choices: Array) -> Any:
    return WHERE(condition, *choices) if choices else np.nonzero(condition)


def _chosen(g: Array, condition: Array, x: Array) -> Array:
    return unbroadcast(np.where(condition, g, 0), np.shape(x))


_transposes: tuple[Map | None, ...] = (
    None,
    lambda g, result, condition, x, y: _chosen(g, condition, x),
    lambda g, result, condition, x, y: _chosen(g, np.logical_not(condition), y),
)
WHERE = Linear("where", np.where, *_transposes)

# New arrays in the likeness of a traced one: traced themselves, so that they can be written into.


def _likeness(make: Callable[..., Any]) -> Callable[..., Array]:
    def made(a: Array, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **_: Any) -> Array:
        shape = a.shape if shape is None else shape
        return a._recording.constant(make(shape, a.dtype if dtype is None else dtype))

    return made


spells(np.zeros_like, np.empty_like)(_likeness(np.zeros))
spells(np.ones_like)(_likeness(np.ones))
