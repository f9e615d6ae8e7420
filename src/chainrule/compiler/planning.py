"""From values to a plan: in which order, in which memory, by which kernels, products and calls."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chainrule.compiler.folding import fold, rebuilt
from chainrule.compiler.fusing import Group, Grouping, Layout, contiguous, layout_of, squeezed
from chainrule.compiler.kernels import KernelMaker, Target, copied, filled, known_number, parted
from chainrule.compiler.memory import Blocks, Memory
from chainrule.compiler.plan import Buffer, Call, Kernel, Loop, Place, Plan, Product, Rows, Step, View
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import VIEWS, Called, Looped, Value, in_order

_END = 1 << 60


def plan(builder: Builder, inputs: Sequence[Value], outputs: Sequence[Value]) -> Plan:
    """Plan a program.

    Parameters
    ----------
    builder : Builder
        What the values were made by.
    inputs, outputs : sequence of Value
        The program's arguments and results.

    Returns
    -------
    Plan
    """
    memory = Memory()
    bound: dict[Value, tuple[Place, Layout]] = {}
    for k, x in enumerate(inputs):
        place = Place(memory.buffer("input", k, math.prod(x.shape) * x.dtype.itemsize))
        bound[x] = (place, Layout(x, x.shape, contiguous(x.shape)))
    targets = []
    for k, x in enumerate(outputs):
        targets.append(Place(memory.buffer("output", k, math.prod(x.shape) * x.dtype.itemsize)))
    region = Region(builder, memory, bound, depth=0)
    steps = region.steps_for(list(outputs), targets)
    size = memory.lay_out()
    views = tuple(View(bound[x][0], x.shape, contiguous(x.shape), x.dtype) for x in inputs)
    results = tuple(View(t, x.shape, contiguous(x.shape), x.dtype) for t, x in zip(targets, outputs, strict=True))
    return Plan(tuple(memory.buffers), tuple(steps), views, results, tuple(memory.constants), size)


class Region:
    """Steps that run one after the other: a whole program, or the body of a loop."""

    def __init__(
        self,
        builder: Builder,
        memory: Memory,
        bound: dict[Value, tuple[Place, Layout]],
        depth: int,
        around: int | None = None,
    ) -> None:
        self.builder = builder
        self.memory = memory
        self.bound = bound
        self.arena = memory.arena(around)
        self.depth = depth
        self.blocks = Blocks()
        self.layouts: dict[Value, Layout] = {x: layout for x, (_, layout) in bound.items()}
        self.places: dict[Value, Place] = {x: place for x, (place, _) in bound.items()}
        self.owned: dict[Value, tuple[int, int]] = {}  # what may be given back: offset, size
        self.last: dict[Value, int] = {}
        self.begun: set[Value] = set()  # arrays that are written in place, and hold what was there before
        self.delivered: set[Value] = set()  # those whose new entries were written by the kernel that computed them
        self.steps: list[Step | Call | Loop] = []

    # Order

    def steps_for(self, outputs: list[Value], targets: list[Place]) -> list[Step | Call | Loop]:
        """Return the steps that compute outputs into their places.

        An output's place may be that of an input, of one that a loop carries: then it is written when that is read no
        more.
        """
        outputs = settled(self.builder, fold(self.builder, outputs), self.layouts)
        order = in_order(outputs)
        for value in order:
            layout_of(value, self.layouts)
        self.grouping = Grouping([v for v in order if v not in self.bound], self.layouts)
        self.readers = self._readers(order, outputs)
        self.direct = direct = self._direct(outputs, targets)
        groups = _sorted(self.grouping.groups, {self.grouping.of[v] for v in direct if v in self.grouping.of})
        self._find_last(groups, outputs)
        self.outside = self._read_outside(groups, outputs)
        self.inputs = inputs = {self.bound[x][0]: x for x in self.bound}
        self.done: set[Value] = set()
        for now, group in enumerate(groups):
            for value in direct:
                if self.grouping.of.get(self.grouping.base(value)) is group and self._is_free(
                    inputs.get(direct[value]), value, group, now
                ):
                    self.places[value] = direct[value]
            self._compute(group, now)
            self.done.update(group.members)
            self._give_back(now)
        self._copy_out(outputs, targets)
        self.memory.buffers[self.arena] = Buffer("scratch", 0, self.blocks.size)
        return self.steps

    def _readers(self, order: list[Value], outputs: list[Value]) -> dict[Value, list[Value]]:
        """Return what reads each value, its views left out; an output is read by itself."""
        readers: dict[Value, list[Value]] = {}
        for value in order:
            if value.kind not in VIEWS and value.kind != "part":
                for base in {self.layouts[x].base for x in value.operands}:
                    readers.setdefault(base, []).append(value)
        for x in outputs:
            readers.setdefault(self.layouts[x].base, []).append(x)
        return readers

    def _direct(self, outputs: list[Value], targets: list[Place]) -> dict[Value, Place]:
        """Return the values that may be computed right into an output's place."""
        direct: dict[Value, Place] = {}
        for x, target in zip(outputs, targets, strict=True):
            layout = self.layouts[x]
            if not self._is_whole(x, layout) or layout.base in direct:
                continue
            direct[layout.base] = target
            value = layout.base
            while value.kind in ("write", "add_rows"):  # what is written into in place is there from the beginning
                inner = self.layouts[value.operands[0]]
                alone = len(self.readers[inner.base]) == 1 and inner.base not in direct
                if not alone or not self._is_whole(value.operands[0], inner) or self._reads_besides(value, 0):
                    break
                value = inner.base
                direct[value] = target
        return {v: p for v, p in direct.items() if v not in self.bound and v.kind not in ("constant", "empty")}

    def _reads_besides(self, value: Value, k: int) -> bool:
        """Say whether what the k-th operand lies in is read by another operand too."""
        base = self.layouts[value.operands[k]].base
        return any(self.layouts[x].base is base for i, x in enumerate(value.operands) if i != k)

    def _is_whole(self, x: Value, layout: Layout) -> bool:
        lies = tuple(s for n, s in zip(layout.shape, layout.strides, strict=True) if n != 1)
        size = math.prod(layout.base.shape)
        return layout.offset == 0 and lies == contiguous(squeezed(x.shape)) and math.prod(x.shape) == size

    def _is_free(self, carried: Value | None, value: Value, group: Group, now: int) -> bool:
        """Say whether a loop's carried input may be overwritten: it is read no more, or by this step as it is."""
        if carried is None:
            return True
        last = self.last.get(carried, -1)
        if last > now:
            return False
        if last < now:
            return True
        if value.kind in ("dot", "write", "add_rows"):
            k = 2 if value.kind == "dot" else 0
            onto = value.operands[k] if len(value.operands) > k else None
            if onto is None or self.layouts[onto].base is not carried:
                return False
            return self._is_whole(onto, self.layouts[onto]) and not self._reads_besides(value, k)
        if any(v.kind != "map" for v in group.members):
            return False
        for member in group.members:
            for x in member.operands:
                if self.layouts[x].base is carried and not (
                    self.grouping.joins_directly(x, member.shape) and squeezed(member.shape) == squeezed(carried.shape)
                ):
                    return False
        return True

    def _find_last(self, groups: list[Group], outputs: list[Value]) -> None:
        for now, group in enumerate(groups):
            for member in group.members:
                for x in member.operands:
                    self.last[self.layouts[x].base] = now
        for x in outputs:
            base = self.layouts[x].base
            self.last[base] = _END

    def _read_outside(self, groups: list[Group], outputs: list[Value]) -> set[Value]:
        outside = {self.layouts[x].base for x in outputs}
        for group in groups:
            members = set(group.members)
            for member in group.members:
                outside.update(b for x in member.operands if (b := self.layouts[x].base) not in members)
        return outside

    # Memory

    def place_for(self, value: Value) -> Place:
        """Return a value's memory, taking some if it has none."""
        if value not in self.places:
            nbytes = math.prod(value.shape) * value.dtype.itemsize
            offset = self.blocks.take(nbytes)
            self.owned[value] = (offset, nbytes)
            self.places[value] = Place(self.arena, offset)
        return self.places[value]

    def locate(self, x: Value) -> tuple[Place, Layout]:
        """Return where an operand's first entry lies, and its layout."""
        layout = self.layouts[x]
        base = layout.base
        if base in self.bound:
            place = self.bound[base][0]
        elif base.kind == "constant":
            place = Place(self.memory.constant(base))
        else:
            place = self.place_for(base)
        return moved(place, layout.offset * x.dtype.itemsize), layout

    def _give_back(self, now: int) -> None:
        for value in [v for v in self.owned if self.last.get(v, now) <= now]:
            self.blocks.give_back(*self.owned.pop(value))

    # Steps

    def _step(self, work: Kernel | Rows | Product, places: Sequence[Place], label: str = "") -> None:
        if isinstance(work, Kernel) and 0 in work.shape and not any(s.reduce for s in work.stores):
            return
        self.steps.append(Step(work, tuple(places), label))

    def _compute(self, group: Group, now: int) -> None:
        first = group.members[0]
        if first.kind in ("map", "reduce"):
            maker = KernelMaker(group, self.locate)
            for value in group.members:
                if value.kind == "reduce" or value in self.outside:
                    target = self._delivery(value)
                    maker.store(target or Target(value, self.place_for(value), contiguous(value.shape)))
            self._step_in_parts(maker, ", ".join(v.detail[0] for v in group.members))
            return
        getattr(self, f"_{first.kind}")(first, now)

    def _step_in_parts(self, maker: KernelMaker, label: str) -> None:
        """Add a kernel's step; where it reduces much, to partial results first."""
        kernel, rest = parted(maker.kernel())
        blocks = [math.prod(k.shape) * k.expressions[0].dtype.itemsize for _, k in rest]
        partial = [Place(self.arena, self.blocks.take(nbytes)) for nbytes in blocks]
        self._step(kernel, [*maker.places, *partial], label)
        for (argument, total), place in zip(rest, partial, strict=True):
            self._step(total, [place, maker.places[argument]], "partial results")
        for place, nbytes in zip(partial, blocks, strict=True):
            self.blocks.give_back(place.offset, nbytes)

    def _dies(self, base: Value, now: int) -> bool:
        return base in self.owned and self.last.get(base, now) <= now

    def _take_over(self, value: Value, reader: Value, k: int, now: int) -> bool:
        """Let a value have the memory of a reader's k-th operand, if that is needed no more; say whether it could."""
        x = reader.operands[k]
        layout = self.layouts[x]
        base = layout.base
        if value in self.places or not self._is_whole(x, layout) or not self._dies(base, now):
            return False
        if self._reads_besides(reader, k):
            return False
        self.places[value] = self.places[base]
        self.owned[value] = self.owned.pop(base)
        return True

    def _begin_with(self, value: Value, reader: Value, k: int, now: int) -> None:
        """Give a value memory that holds what a reader's k-th operand holds."""
        if self._take_over(value, reader, k, now):
            return
        x = reader.operands[k]
        target = self.place_for(value)
        if x.kind == "empty":
            return
        number = known_number(x)
        if number is not None:
            self._step(filled(value.shape, number, contiguous(value.shape)), [target], "fill")
            return
        source, layout = self.locate(x)
        if source != target:
            kernel = copied(value.shape, layout.strides, contiguous(value.shape), value.dtype)
            self._step(kernel, [source, target], "copy")

    def _delivery(self, value: Value) -> Target | None:
        """Return where a map or a reduction is written at once, if it is computed to be written into an array only."""
        readers = self.readers.get(value, [])
        if len(readers) != 1 or readers[0].kind != "write" or value in self.places:
            return None
        (write,) = readers
        x, v = write.operands
        base = self.layouts[x].base
        whole = self._is_whole(v, self.layouts[v]) and self.layouts[v].base is value and base is not value
        whole = whole and squeezed(v.shape) == squeezed(value.shape)
        rooted = x.kind == "empty" or known_number(x) is not None
        ready = base in self.done and self._is_whole(x, self.layouts[x]) and len(self.readers[base]) == 1
        carried = self.inputs.get(self.direct[write]) if write in self.direct else None
        if not whole or carried is not None or not (rooted or ready) or write in self.begun:
            return None
        if write in self.direct:
            self.places[write] = self.direct[write]
        self._begin_with(write, write, 0, _END)
        self.begun.add(write)
        self.delivered.add(write)
        place, walk = self._region(write)
        return Target(value, place, reshaped_walk(walk, v.shape, value.shape), write.detail[2])

    def _region(self, write: Value) -> tuple[Place, tuple[int, ...]]:
        """Return where a write begins, and how it goes on."""
        starts, steps, _ = write.detail
        strides = contiguous(write.shape)
        offset = sum(a * s for a, s in zip(starts, strides, strict=True))
        place = moved(self.place_for(write), offset * write.dtype.itemsize)
        return place, tuple(a * s for a, s in zip(steps, strides, strict=True))

    def _write(self, value: Value, now: int) -> None:
        if value in self.delivered:
            return
        v = value.operands[1]
        onto = value.detail[2]
        self._begin_with(value, value, 0, now)
        target, walk = self._region(value)
        number = known_number(v)
        if number is not None:
            self._step(filled(v.shape, number, walk, onto), [target], "add" if onto else "write")
            return
        source, layout = self.locate(v)
        self._step(copied(v.shape, layout.strides, walk, v.dtype, onto), [source, target], "add" if onto else "write")

    def _take(self, value: Value, now: int) -> None:
        x, indices = value.operands
        rows = Rows(math.prod(indices.shape), x.shape[0], math.prod(x.shape[1:]), value.dtype)
        self._step(rows, [self.locate(x)[0], self.locate(indices)[0], self.place_for(value)], "take rows")

    def _add_rows(self, value: Value, now: int) -> None:
        x, v, indices = value.operands
        self._begin_with(value, value, 0, now)
        rows = Rows(math.prod(indices.shape), x.shape[0], math.prod(x.shape[1:]), value.dtype, add=True)
        self._step(rows, [self.locate(v)[0], self.locate(indices)[0], self.place_for(value)], "add rows")

    def _dot(self, value: Value, now: int) -> None:
        a, b = value.operands[:2]
        (alpha,) = value.detail
        beta = 0.0
        if len(value.operands) == 3:
            beta = 1.0
            self._begin_with(value, value, 2, now)
        (a_place, a_layout), (b_place, b_layout) = self.locate(a), self.locate(b)
        strides = contiguous(value.shape)
        kept = [i for i, n in enumerate(value.shape[:-2]) if n != 1]
        batch, a_batch, b_batch, c_batch = [
            tuple(walk[i] for i in kept) for walk in (value.shape, a_layout.strides, b_layout.strides, strides)
        ]
        product = Product(
            value.dtype, value.shape[-2], value.shape[-1], a.shape[-1],
            pair(a_layout), pair(b_layout), (strides[-2], strides[-1]),
            batch, a_batch, b_batch, c_batch, alpha, beta,
        )  # fmt: skip
        self._step(product, [a_place, b_place, self.place_for(value)], "product")

    def _call(self, value: Value, now: int) -> None:
        called: Called = value.detail[0]
        given = iter(value.operands)
        operands = tuple(self._view(next(given)) if x is None else x[0] for x in called.operands)
        results: list[View | None] = []
        for k, (shape, dtype) in enumerate(called.results):
            part = self._part(value, k, shape, dtype)
            used = part is not None and part in self.outside
            results.append(self._view(part) if part is not None and used else None)
        parameters = tuple(called.parameters.items())
        self.steps.append(Call(called.name, called.function, operands, parameters, tuple(results), called.several))

    def _part(self, whole: Value, k: int, shape: tuple[int, ...], dtype: Any) -> Value | None:
        key = self.builder.make("part", (whole,), shape, dtype, (k,))
        return key if key in self.layouts else None

    def _view(self, x: Value) -> View:
        place, layout = self.locate(x)
        return View(place, x.shape, layout.strides, x.dtype)

    def _loop(self, value: Value, now: int) -> None:
        looped: Looped = value.detail[0]
        n, carries, rows = looped.length, looped.carries, looped.rows
        parts = [
            self._part(value, k, x.shape if k < carries else (n, *x.shape), x.dtype)
            for k, x in enumerate(looped.outputs)
        ]
        wanted = needed(looped, {k for k, part in enumerate(parts) if part is not None and part in self.outside})
        bound: dict[Value, tuple[Place, Layout]] = {}
        targets: list[Place] = []
        for k, (own, x) in enumerate(zip(looped.inputs, value.operands, strict=True)):
            if k < carries:
                if k in wanted:
                    part = parts[k] or self.builder.make("part", (value,), own.shape, own.dtype, (k,))
                    self.layouts.setdefault(part, Layout(part, part.shape, contiguous(part.shape)))
                    self.last.setdefault(part, now)
                    self._begin_with(part, value, k, now)
                    bound[own] = (self.places[part], Layout(own, own.shape, contiguous(own.shape)))
                continue
            place, layout = self.locate(x)
            size = x.dtype.itemsize
            if k < carries + rows:
                step = layout.strides[0]
                turn = -step if looped.reverse else step
                start = moved(place, (n - 1) * step * size) if looped.reverse else place
                bound[own] = (advancing(start, self.depth, turn * size), Layout(own, own.shape, layout.strides[1:]))
            else:
                bound[own] = (place, Layout(own, own.shape, layout.strides))
        outputs = []
        for k in sorted(wanted):
            output = looped.outputs[k]
            outputs.append(output)
            if k < carries:
                targets.append(bound[looped.inputs[k]][0])
            else:
                stacked = parts[k]
                assert stacked is not None
                row = math.prod(output.shape) * output.dtype.itemsize
                place = self.place_for(stacked)
                start = moved(place, (n - 1) * row) if looped.reverse else place
                targets.append(advancing(start, self.depth, -row if looped.reverse else row))
        body = Region(self.builder, self.memory, bound, self.depth + 1, self.arena)
        self.steps.append(Loop(n, tuple(body.steps_for(outputs, targets))))

    # Results

    def _copy_out(self, outputs: list[Value], targets: list[Place]) -> None:
        """Copy those outputs that were not computed in their places; none of them from where another one goes."""
        pending: list[tuple[Place, tuple[int, ...], Place, Value]] = []
        for x, target in zip(outputs, targets, strict=True):
            number = known_number(x)
            if number is not None:
                pending.append((target, (), target, x))
                continue
            source, layout = self.locate(x)
            if source == target and self._is_whole(x, layout):
                continue
            if source.buffer != self.arena and any(source.buffer == t.buffer for t in targets):
                offset = self.blocks.take(math.prod(x.shape) * x.dtype.itemsize)
                aside = Place(self.arena, offset)
                kernel = copied(x.shape, layout.strides, contiguous(x.shape), x.dtype)
                self._step(kernel, [source, aside], "copy")
                pending.append((aside, contiguous(x.shape), target, x))
            else:
                pending.append((source, layout.strides, target, x))
        for source, strides, target, x in pending:
            number = known_number(x)
            if number is not None:
                self._step(filled(x.shape, number, contiguous(x.shape)), [target], "fill")
            else:
                self._step(copied(x.shape, strides, contiguous(x.shape), x.dtype), [source, target], "copy")


def pair(layout: Layout) -> tuple[int, int]:
    """Return the strides of a matrix's rows and columns."""
    return layout.strides[-2], layout.strides[-1]


def reshaped_walk(walk: tuple[int, ...], shape: tuple[int, ...], own: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of an array that goes along a walk of another shape with the same axes, but for size 1."""
    steps = iter(s for n, s in zip(shape, walk, strict=True) if n != 1)
    return tuple(next(steps) if n != 1 else 0 for n in own)


def moved(place: Place, nbytes: int) -> Place:
    """Return a place so many bytes further on."""
    return replace(place, offset=place.offset + nbytes) if nbytes else place


def advancing(place: Place, depth: int, nbytes: int) -> Place:
    """Return a place that moves on with each turn of the loop at a depth."""
    before = (*place.advance, *(0,) * (depth - len(place.advance)))
    return replace(place, advance=(*before, nbytes))


def needed(looped: Looped, wanted: set[int]) -> set[int]:
    """Return which of a body's outputs must be computed so that some are known in the end."""
    position = {x: k for k, x in enumerate(looped.inputs[: looped.carries])}
    found = set(wanted)
    while True:
        order = in_order([looped.outputs[k] for k in sorted(found)])
        more = found | {position[x] for x in order if x in position}
        if more == found:
            return found
        found = more


def settled(builder: Builder, outputs: list[Value], bound: dict[Value, Layout]) -> list[Value]:
    """Have a copy made wherever a shape is asked for in which the entries do not lie, or rows that do not."""
    new: dict[Value, Value] = {}
    layouts = dict(bound)
    for value in in_order(outputs):
        operands = tuple(new[x] for x in value.operands)
        if value.kind in ("take", "add_rows"):
            begun = 1 if value.kind == "add_rows" else 0  # an operand that is copied anyway
            operands = (*operands[:begun], *(_lying(builder, x, layouts) for x in operands[begun:]))
        again = value if operands == value.operands else rebuilt(builder, value, operands)
        if again.kind in VIEWS and layout_of(again, layouts) is None:
            again = rebuilt(builder, again, (_copy(builder, operands[0]),))
        layout_of(again, layouts)
        new[value] = again
    return [new[x] for x in outputs]


def _lying(builder: Builder, x: Value, layouts: dict[Value, Layout]) -> Value:
    """Return an array whose entries lie one after the other."""
    layout = layout_of(x, layouts)
    assert layout is not None
    lies = tuple(s for n, s in zip(layout.shape, layout.strides, strict=True) if n != 1)
    return x if lies == contiguous(squeezed(x.shape)) else _copy(builder, x)


def _copy(builder: Builder, x: Value) -> Value:
    return builder.make("map", (x,), x.shape, x.dtype, ("astype",))


def _sorted(groups: list[Group], late: set[Group]) -> list[Group]:
    """Order groups so that each comes after what it needs; those that write results in place as late as may be."""
    waiting = {g.number: {n for n in g.needs if n != g.number} for g in groups}
    by_number = {g.number: g for g in groups}
    result: list[Group] = []
    done: set[int] = set()
    while waiting:
        ready = [n for n, needs in waiting.items() if needs <= done]
        early = [n for n in ready if by_number[n] not in late]
        chosen = min(early) if early else min(ready)
        result.append(by_number[chosen])
        done.add(chosen)
        del waiting[chosen]
    return result
