"""From a group of maps and reductions to one nest of loops, with as few axes as the layouts in memory allow."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.compiler.fusing import Group, Layout, contiguous, space_of
from chainrule.compiler.plan import Apply, Expression, Kernel, Number, Place, Read, Store
from chainrule.compiler.values import VIEWS, Value

Locate = Callable[[Value], tuple[Place, Layout]]
"""Tells where a value's memory begins, and how the value lies in it."""


@dataclass(frozen=True)
class Target:
    """Where a member of a group is to be written."""

    value: Value
    place: Place
    strides: tuple[int, ...]  # in entries, along the axes of the value's shape
    onto: bool = False


class KernelMaker:
    """Writes down one kernel and the places of its arguments."""

    def __init__(self, group: Group, locate: Locate) -> None:
        self.members = set(group.members)
        self.shape = group.shape
        self.locate = locate
        self.places: list[Place] = []
        self.expressions: list[Expression] = []
        self._numbers: dict[Expression, int] = {}
        self._of: dict[Value, int] = {}
        self.stores: list[Store] = []

    def argument(self, place: Place) -> int:
        """Return the number of the argument at a place."""
        if place not in self.places:
            self.places.append(place)
        return self.places.index(place)

    def _add(self, expression: Expression) -> int:
        if expression not in self._numbers:
            self._numbers[expression] = len(self.expressions)
            self.expressions.append(expression)
        return self._numbers[expression]

    def expression(self, value: Value) -> int:
        """Return the number of the expression that computes a map's entry."""
        if value not in self._of:
            operands = tuple(self.operand(x, space_of(value)) for x in value.operands)
            (function,) = value.detail
            self._of[value] = self._add(Apply(function, operands, value.dtype))
        return self._of[value]

    def operand(self, x: Value, space: tuple[int, ...]) -> int:
        """Return the number of the expression for an operand's entry in a turn of the loops."""
        number = known_number(x)
        if number is not None:
            return self._add(number)
        inner = x
        while inner.kind in VIEWS:  # a member is read entry by entry, as the grouping saw to
            (inner,) = inner.operands
        if inner in self.members and inner.kind == "map":
            return self.expression(inner)
        place, layout = self.locate(x)
        strides = _along(layout, space)
        return self._add(Read(self.argument(place), strides, x.dtype))

    def store(self, target: Target) -> None:
        """Have a member written."""
        value = target.value
        if value.kind == "map":
            strides = tuple(s for n, s in zip(value.shape, target.strides, strict=True) if n != 1)
            number = self.expression(value)
            self.stores.append(Store(number, self.argument(target.place), strides, onto=target.onto))
            return
        function, axes = value.detail
        space = space_of(value)
        kept = iter(target.strides)
        strides = tuple(0 if i in axes else next(kept) for i in range(len(space)))
        number = self.operand(value.operands[0], space)
        reduced = [i in axes for i, n in enumerate(space) if n != 1]
        self.stores.append(
            Store(
                number,
                self.argument(target.place),
                tuple(s for n, s in zip(space, strides, strict=True) if n != 1),
                function,
                tuple(i for i, yes in enumerate(reduced) if yes),
                target.onto,
            )
        )

    def kernel(self) -> Kernel:
        """Return the kernel, its axes joined and ordered."""
        return ordered(joined(Kernel(self.shape, tuple(self.expressions), tuple(self.stores))))


def known_number(x: Value) -> Number | None:
    """Return an operand that is one known number as such."""
    while x.kind in ("broadcast", "reshape"):
        (x,) = x.operands
    if x.kind != "constant" or x.shape != ():
        return None
    return Number(x.detail[0].item(), x.dtype)


def _along(layout: Layout, space: tuple[int, ...]) -> tuple[int, ...]:
    """Return a layout's strides along the axes of a space that it broadcasts to, those of size 1 left out."""
    leading = len(space) - len(layout.shape)
    strides = [0] * leading + [0 if n == 1 else s for n, s in zip(layout.shape, layout.strides, strict=True)]
    return tuple(s for n, s in zip(space, strides, strict=True) if n != 1)


def copied(
    shape: tuple[int, ...], source: tuple[int, ...], target: tuple[int, ...], dtype: np.dtype[Any], onto: bool = False
) -> Kernel:
    """Return the kernel that copies its first argument, or adds it, to its second; both are given by their strides."""
    kept = [i for i, n in enumerate(shape) if n != 1]
    sizes, reads, writes = (tuple(walk[i] for i in kept) for walk in (shape, source, target))
    return ordered(joined(Kernel(sizes, (Read(0, reads, dtype),), (Store(0, 1, writes, onto=onto),))))


def filled(shape: tuple[int, ...], number: Number, target: tuple[int, ...], onto: bool = False) -> Kernel:
    """Return the kernel that writes a number, or adds it, to every entry of its argument, given by its strides."""
    kept = [i for i, n in enumerate(shape) if n != 1]
    sizes, writes = (tuple(walk[i] for i in kept) for walk in (shape, target))
    return ordered(joined(Kernel(sizes, (number,), (Store(0, 0, writes, onto=onto),))))


def _with_axes(
    kernel: Kernel,
    shape: tuple[int, ...],
    moved: Callable[[tuple[int, ...]], tuple[int, ...]],
    axis: Callable[[int], int],
) -> Kernel:
    expressions = tuple(replace(e, strides=moved(e.strides)) if isinstance(e, Read) else e for e in kernel.expressions)
    stores = tuple(
        replace(s, strides=moved(s.strides), axes=tuple(sorted({axis(a) for a in s.axes}))) for s in kernel.stores
    )
    return Kernel(shape, expressions, stores)


_PARTS = (16, 12, 10, 8, 15, 14, 9, 6, 5, 4, 3, 2)
_LARGE = 1 << 16  # turns of the loops: with fewer, parts are not worth their cost


def parted(kernel: Kernel) -> tuple[Kernel, list[tuple[int, Kernel]]]:
    """Part a long reduction, so that the parts can run at once, and how they are added up does not depend on it.

    Returns
    -------
    kernel : Kernel
        It has one more axis, the first, and reduces to that many partial results in further arguments.
    rest : list of (int, Kernel)
        For each of those arguments, in order: the argument that it was, and the kernel that reduces the partial
        results, its first argument, into that.
    """
    large = bool(kernel.shape) and math.prod(kernel.shape) >= _LARGE
    n = kernel.shape[0] if large else 0
    parts = next((p for p in _PARTS if n % p == 0 and n >= 4 * p), 0)
    if not parts or not any(0 in s.axes for s in kernel.stores):
        return kernel, []
    shape = (parts, n // parts, *kernel.shape[1:])
    whole = _with_axes(kernel, shape, lambda w: (w[0] * (n // parts), *w), lambda a: a + 1)
    reads = [e.argument for e in kernel.expressions if isinstance(e, Read)]
    count = 1 + max(*reads, *(s.argument for s in kernel.stores), 0)
    stores: list[Store] = []
    rest: list[tuple[int, Kernel]] = []
    for s in whole.stores:
        if 1 not in s.axes:
            stores.append(s)
            continue
        kept = [i for i in range(2, len(shape)) if i not in s.axes]
        sizes = (parts, *(shape[i] for i in kept))
        walk = dict(zip((0, *kept), contiguous(sizes), strict=True))
        strides = tuple(walk.get(i, 0) for i in range(len(shape)))
        stores.append(replace(s, argument=count + len(rest), strides=strides, onto=False))
        dtype = whole.expressions[s.expression].dtype
        target = Store(0, 1, (0, *(s.strides[i] for i in kept)), s.reduce, (0,), s.onto)
        rest.append((s.argument, Kernel(sizes, (Read(0, contiguous(sizes), dtype),), (target,))))
    return replace(whole, stores=tuple(stores)), rest


def joined(kernel: Kernel) -> Kernel:
    """Make one axis of two neighbours wherever all that is read and written goes on along them in equal steps."""
    i = 0
    while i + 1 < len(kernel.shape):
        n = kernel.shape[i + 1]
        walks = [e.strides for e in kernel.expressions if isinstance(e, Read)] + [s.strides for s in kernel.stores]
        whole = all(w[i] == w[i + 1] * n for w in walks)
        alike = all((i in s.axes) == (i + 1 in s.axes) for s in kernel.stores)
        if whole and alike:
            shape = (*kernel.shape[:i], kernel.shape[i] * n, *kernel.shape[i + 2 :])
            kernel = _with_axes(kernel, shape, lambda w, k=i: (*w[:k], *w[k + 1 :]), lambda a, k=i: a - (a > k))  # type: ignore[misc]
        else:
            i += 1
    return kernel


def ordered(kernel: Kernel) -> Kernel:
    """Put the axis last along which most of what is read and written lies entry after entry."""
    ndim = len(kernel.shape)
    if ndim < 2:
        return kernel
    walks = [e.strides for e in kernel.expressions if isinstance(e, Read)] + [s.strides for s in kernel.stores]
    jumps = [sum(w[axis] not in (0, 1) for w in walks) for axis in range(ndim)]
    best = min(range(ndim), key=lambda axis: (jumps[axis], kernel.shape[axis] < 4, -axis))
    if best == ndim - 1:
        return kernel
    order = [*(a for a in range(ndim) if a != best), best]
    moved = _with_axes(kernel, tuple(kernel.shape[a] for a in order), lambda w: tuple(w[a] for a in order), order.index)
    return joined(moved)
