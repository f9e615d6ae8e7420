"""In which order a kernel's loops run, and where its sums are kept meanwhile: decided here, emitted by `kernels`.

The last axis runs in vectors and is the innermost, unless the kernel reduces over another axis and not over the last:
then that axis runs inside, over a few vectors whose sums stay in registers. ``blocks`` and ``within`` part one loop in
two; they bound how many entries are added up in one go, which keeps the rounding error small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.compiler.plan import Expression, Kernel, Number, Read, Shape, Store

TURNS = 128  # added up in one go
ROWS = 64  # the same where the reduced axis is not the last; so many pages of memory are in use at a time


@dataclass(frozen=True)
class Loop:
    """One loop of the nest.

    Attributes
    ----------
    axis : int
        Of the kernel.
    part : str
        ``whole``; or ``blocks``, from one block's first index to the next one's; or ``within`` the block.
    block : int
        The block's size, where there are blocks.
    """

    axis: int
    part: str = "whole"
    block: int = 0


@dataclass(frozen=True)
class Reduction:
    """Where a store's sum is kept.

    Attributes
    ----------
    levels : tuple of int
        The loops of the nest before which the registers are cleared, after which they are emptied, into those of the
        level above or into memory. None: every turn goes to memory.
    first : int
        The loop before which the memory is cleared, where `partial`: all that is reduced along are in it, and no
        block of another axis is around it.
    partial : bool
        Whether what reaches the memory is a part of the sum.
    """

    levels: tuple[int, ...]
    first: int
    partial: bool


def simplify(kernel: Kernel) -> tuple[Kernel, int]:
    """Write a kernel with as few axes as possible.

    Axes of size 1 vanish, and neighbours become one where every argument runs through both in even steps.

    Returns
    -------
    kernel : Kernel
    scale : int
        How many turns of its axis 0 are one of the given kernel's; 0 where the given axis 0 has vanished.
    """
    stores = tuple(_as_reduction(store, kernel.shape) for store in kernel.stores)
    axes = [axis for axis, size in enumerate(kernel.shape) if size != 1]
    scale = 1 if axes[:1] == [0] else 0
    kernel = _select(replace(kernel, stores=stores), axes)
    for axis in reversed(range(len(kernel.shape) - 1)):
        if _is_even(kernel, axis):
            scale *= kernel.shape[axis + 1] if axis == 0 else 1
            kernel = _merge(kernel, axis)
    return kernel, scale


def _as_reduction(store: Store, shape: Shape) -> Store:
    """Adding to one place again and again is a sum."""
    if not store.onto:
        return store
    axes = tuple(axis for axis, size in enumerate(shape) if size != 1 and store.strides[axis] == 0)
    return replace(store, reduce="add", axes=axes) if axes else store


def _select(kernel: Kernel, axes: list[int]) -> Kernel:
    """Take the kernel along these axes alone."""

    def strides(old: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(old[axis] for axis in axes)

    def store(old: Store) -> Store:
        reduced = tuple(new for new, axis in enumerate(axes) if axis in old.axes)
        return replace(old, strides=strides(old.strides), axes=reduced, reduce=old.reduce if reduced else None)

    def expression(old: Expression) -> Expression:
        return replace(old, strides=strides(old.strides)) if isinstance(old, Read) else old

    return Kernel(strides(kernel.shape), tuple(map(expression, kernel.expressions)), tuple(map(store, kernel.stores)))


def _is_even(kernel: Kernel, axis: int) -> bool:
    """Whether this axis goes on where the next one ends, for every argument."""
    size = kernel.shape[axis + 1]
    return all(user.strides[axis] == user.strides[axis + 1] * size for user in places(kernel))


def _merge(kernel: Kernel, axis: int) -> Kernel:
    shape = list(kernel.shape)
    shape[axis + 1] *= shape[axis]
    return _select(replace(kernel, shape=tuple(shape)), [each for each in range(len(shape)) if each != axis])


def order(kernel: Kernel, vectors: int) -> tuple[Loop, ...]:
    """Which loop is in which; `vectors` is how many entries of the last axis one turn computes."""
    last = len(kernel.shape) - 1
    loops = [Loop(axis) for axis in range(last + 1)]
    inner = _inner_axis(kernel)
    if inner is not None:
        size = kernel.shape[inner]
        del loops[inner]
        if size > 2 * ROWS:
            loops.insert(inner, Loop(inner, "blocks", ROWS))
            loops.append(Loop(inner, "within", ROWS))
        else:
            loops.append(Loop(inner))
    elif any(last in store.axes and store.reduce == "add" for store in kernel.stores):
        block = TURNS * vectors
        if kernel.shape[last] > 2 * block:
            loops[-1:] = [Loop(last, "blocks", block), Loop(last, "within", block)]
    return tuple(loops)


def _inner_axis(kernel: Kernel) -> int | None:
    """Find the axis that runs inside the vectors of the last one, where that spares sums the way through memory."""
    last = len(kernel.shape) - 1
    reduced = [store.axes for store in kernel.stores if store.axes]
    if not reduced or any(last in axes for axes in reduced):
        return None
    return max(reduced[0])


def reduction(store: Store, kernel: Kernel, loops: tuple[Loop, ...], vectors: int) -> Reduction:
    """Where the sum of a store is kept."""
    along = [position for position, loop in enumerate(loops) if loop.axis in store.axes]
    start = len(loops)
    while start and start - 1 in along:
        start -= 1
    levels = [start] if start < len(loops) else []
    if levels and store.reduce == "add":
        middle, turns = len(loops), 1
        while middle > start and (middle == len(loops) or turns * _turns(loops, middle - 1, kernel, vectors) <= TURNS):
            middle -= 1
            turns *= _turns(loops, middle, kernel, vectors)
        if middle > start:
            levels.append(middle)
    blocked = [at for at, loop in enumerate(loops) if loop.part == "blocks" and loop.axis not in store.axes]
    return Reduction(tuple(levels), min([along[0], *blocked]), along[0] < start)


def _turns(loops: tuple[Loop, ...], position: int, kernel: Kernel, vectors: int) -> int:
    """How often a loop goes round, at most."""
    loop, size = loops[position], kernel.shape[loops[position].axis]
    if loop.part == "blocks":
        return -(-size // loop.block)
    steps = min(size, loop.block) if loop.part == "within" else size
    return -(-steps // vectors) if loop.axis == len(kernel.shape) - 1 else steps


def places(kernel: Kernel) -> list[Read | Store]:
    """All that a kernel reads and writes."""
    return [each for each in (*kernel.expressions, *kernel.stores) if isinstance(each, Read | Store)]


def filling(store: Store, shape: Sequence[int], number: Number) -> Kernel:
    """Make a kernel that writes a number where a store writes."""
    return Kernel(tuple(shape), (number,), (replace(store, expression=0, reduce=None, axes=()),))


def identity(store: Store, dtype: np.dtype[Any]) -> Any:
    """Give what a reduction begins with: -0.0 for a sum of floats, so that a sum of -0.0 alone remains one."""
    if store.reduce == "add":
        return -0.0 if dtype.kind == "f" else 0
    if store.reduce in ("multiply", "logical_and"):
        return 1
    if store.reduce == "logical_or" or dtype.kind == "b":
        return store.reduce == "minimum"
    if dtype.kind == "f":
        return np.inf if store.reduce == "minimum" else -np.inf
    limits = np.iinfo(dtype)
    return limits.max if store.reduce == "minimum" else limits.min
