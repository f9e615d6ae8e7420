"""Which maps and reductions are computed in one pass over memory.

A group is a set of maps and reductions over the same shape, which become one nest of loops. A value that is read within
its group only is never written to memory. Views are followed to where the entries lie, so that none costs a copy,
unless a shape is asked for in which the entries do not lie.
"""

from dataclasses import dataclass, field

import numpy as np

from chainrule.compiler.values import VIEWS, Shape, Value

_MOST = 120  # expressions in one kernel


@dataclass(frozen=True)
class Layout:
    """Where a view's entries lie in the memory of what it is a view of, which is C-contiguous; in entries."""

    base: Value
    shape: Shape
    strides: tuple[int, ...]
    offset: int = 0


def contiguous(shape: Shape) -> tuple[int, ...]:
    """Return the strides, in entries, of an array whose entries lie one after the other."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))


def layout_of(value: Value, known: dict[Value, Layout]) -> Layout | None:
    """Follow views to where their entries lie; None: they do not lie in the shape that is asked for."""
    if value in known:
        return known[value]
    if value.kind not in VIEWS:
        known[value] = Layout(value, value.shape, contiguous(value.shape))
        return known[value]
    inner = layout_of(value.operands[0], known)
    if inner is None:
        return None
    found = _viewed(value, inner)
    if found is not None:
        known[value] = found
    return found


def _viewed(view: Value, inner: Layout) -> Layout | None:
    if view.kind == "permute":
        (axes,) = view.detail
        strides = tuple(inner.strides[a] for a in axes)
        return Layout(inner.base, view.shape, strides, inner.offset)
    if view.kind == "broadcast":
        leading = len(view.shape) - len(inner.shape)
        kept = (
            0 if n == 1 != m else s for n, m, s in zip(inner.shape, view.shape[leading:], inner.strides, strict=True)
        )
        return Layout(inner.base, view.shape, (0,) * leading + tuple(kept), inner.offset)
    if view.kind == "slice":
        starts, steps = view.detail
        offset = inner.offset + sum(a * s for a, s in zip(starts, inner.strides, strict=True))
        strides = tuple(a * s for a, s in zip(steps, inner.strides, strict=True))
        return Layout(inner.base, view.shape, strides, offset)
    found = reshaped(inner.shape, inner.strides, view.shape)
    return None if found is None else Layout(inner.base, view.shape, found, inner.offset)


def reshaped(shape: Shape, strides: tuple[int, ...], new: Shape) -> tuple[int, ...] | None:
    """Return the strides of the same entries in another shape, or None where they would have to be copied."""
    if 0 in shape:
        return contiguous(new)
    probe = np.lib.stride_tricks.as_strided(np.empty(1, np.int8), shape, strides)
    try:
        return tuple(int(s) for s in np.reshape(probe, new, copy=False).strides)
    except ValueError:
        return None


def squeezed(shape: Shape) -> Shape:
    """Leave out axes of size 1, along which nothing moves."""
    return tuple(n for n in shape if n != 1)


@dataclass(eq=False)
class Group:
    """Maps and reductions over one shape, operands before those that use them."""

    shape: Shape
    members: list[Value] = field(default_factory=list)
    number: int = 0
    needs: set[int] = field(default_factory=set)  # numbers of groups that must be computed before, at any distance


def space_of(value: Value) -> Shape:
    """Return the shape that a map or a reduction runs over."""
    return value.operands[0].shape if value.kind == "reduce" else value.shape


class Grouping:
    """Puts every map and reduction into a group, and everything else that computes into one of its own."""

    def __init__(self, order: list[Value], layouts: dict[Value, Layout]) -> None:
        self.layouts = layouts
        self.groups: list[Group] = []
        self.of: dict[Value, Group] = {}
        self._recent: dict[Shape, list[Group]] = {}
        for value in order:
            if value.kind in VIEWS or value.kind in ("input", "constant", "part", "empty"):
                continue
            self._place(value)

    def base(self, x: Value) -> Value:
        """Return what computes an operand: beneath its views, and beneath the part of a call or a loop."""
        while x.kind in VIEWS or x.kind == "part":
            (x,) = x.operands
        return x

    def joins_directly(self, x: Value, shape: Shape) -> bool:
        """Say whether an operand's entry in each turn of the loops is that of its base."""
        layout = self.layouts.get(x)
        if layout is None or squeezed(layout.base.shape) != squeezed(shape) or layout.offset:
            return False
        inner = [s for n, s in zip(layout.shape, layout.strides, strict=True) if n != 1]
        return tuple(inner) == contiguous(squeezed(layout.base.shape)) and squeezed(layout.shape) == squeezed(shape)

    def _place(self, value: Value) -> None:
        sources = {self.of[b] for x in value.operands if (b := self.base(x)) in self.of}
        if value.kind in ("map", "reduce"):
            group = self._fitting(value, sources)
            if group is not None:
                group.members.append(value)
                self.of[value] = group
                self._add_needs(group, sources - {group})
                return
        group = Group(squeezed(space_of(value)) if value.kind in ("map", "reduce") else (), [value], len(self.groups))
        self.groups.append(group)
        self.of[value] = group
        self._add_needs(group, sources)
        if value.kind in ("map", "reduce"):
            self._recent.setdefault(group.shape, []).append(group)

    def _add_needs(self, group: Group, sources: set[Group]) -> None:
        new = {n for s in sources for n in (s.number, *s.needs)} - group.needs
        if not new:
            return
        group.needs |= new
        for other in self.groups:
            if group.number in other.needs:
                other.needs |= new

    def _fitting(self, value: Value, sources: set[Group]) -> Group | None:
        """Return a group that a map or a reduction may be computed in, together with the rest of it."""
        shape = squeezed(space_of(value))
        candidates = [g for g in sources if g.shape == shape and g.members[0].kind in ("map", "reduce")]
        others = [g for g in self._recent.get(shape, [])[-4:] if g not in candidates]
        for group in (*sorted(candidates, key=lambda g: -g.number), *reversed(others)):
            if len(group.members) < _MOST and self._may_join(value, group, sources):
                return group
        return None

    def _may_join(self, value: Value, group: Group, sources: set[Group]) -> bool:
        for source in sources:
            if source is not group and group.number in source.needs:
                return False  # the value needs something that needs this group
        for x in value.operands:
            base = self.base(x)
            if self.of.get(base) is group and (base.kind == "reduce" or not self.joins_directly(x, space_of(value))):
                return False  # it needs entries of other turns
        if value.kind == "reduce":
            kept = _kept(value)
            return all(_kept(v) == kept for v in group.members if v.kind == "reduce")
        return True


def _kept(value: Value) -> tuple[bool, ...]:
    _, axes = value.detail
    return tuple(i in axes for i, n in enumerate(value.operands[0].shape) if n != 1)
