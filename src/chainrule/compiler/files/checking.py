"""Whether a plan may be run: native code goes where the plan says, so a plan from a file must stay in its memory.

What is checked is that every step reads and writes within the buffers, in all turns of the loops around it; that it
writes into none of the arguments or constants; and that its numbers are of the types that it says. A plan that passes
may compute nonsense, but it does nothing else.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.compiler import scalars
from chainrule.compiler.files.types import fits
from chainrule.compiler.fusing import contiguous
from chainrule.compiler.plan import Apply, Call, Kernel, Loop, Place, Plan, Product, Read, Rows, Step, View

_MOST = 1 << 62
"""More than any number of bytes or turns; with less, sums and products of two do not overflow."""

_REDUCTIONS = ("add", "multiply", "maximum", "minimum", "logical_and", "logical_or")


class PlanError(ValueError):
    """A plan does what none may do."""


def check_plan(plan: Plan) -> None:
    """Make sure that a plan may be run.

    Parameters
    ----------
    plan : Plan

    Raises
    ------
    PlanError
        It is not well made, or leaves its memory.

    Examples
    --------
    >>> from chainrule import compile
    >>> check_plan(compile(np.tanh).program(np.zeros(3)).plan)
    """
    _demand(fits(plan, Plan), "its parts are of other types than they may be")
    _check_buffers(plan)
    for step in plan.steps:
        _check(plan, step, ())


def _demand(holds: bool, otherwise: str) -> None:
    if not holds:
        raise PlanError(otherwise)


def _check_buffers(plan: Plan) -> None:
    _demand(0 <= plan.arena < _MOST, f"its memory has {plan.arena} bytes")
    _demand(all(_is_plain(x) for x in plan.constants), "a constant is no array as a program has them")
    sizes: dict[str, list[int]] = {"constant": [x.nbytes for x in plan.constants]}
    for kind, views in (("input", plan.inputs), ("output", plan.outputs)):
        sizes[kind] = [math.prod(v.shape) * v.dtype.itemsize for v in views]
        for k, view in enumerate(views):
            _demand(0 <= view.place.buffer < len(plan.buffers), "a buffer is missing")
            buffer = plan.buffers[view.place.buffer]
            _demand((buffer.kind, buffer.number) == (kind, k), f"{kind} {k} is in another's buffer")
            _demand(view.place == Place(view.place.buffer), f"{kind} {k} does not begin where its buffer does")
            _demand(_is_contiguous(view), f"{kind} {k} is not contiguous")
    for buffer in plan.buffers:
        if buffer.kind == "scratch":
            ends = [0, buffer.number, buffer.number + buffer.nbytes, plan.arena]
            _demand(ends == sorted(ends), "a buffer is outside of the program's memory")
        else:
            known = sizes.get(buffer.kind, [])
            _demand(0 <= buffer.number < len(known), f"a buffer is of {buffer.kind} {buffer.number}, which is missing")
            _demand(buffer.nbytes == known[buffer.number], f"a buffer is larger than its {buffer.kind}")


def _is_plain(x: Any) -> bool:
    return type(x) is np.ndarray and fits(x.dtype, np.dtype[Any]) and x.flags.c_contiguous and x.flags.aligned


def _is_contiguous(view: View) -> bool:
    _check_shape(view.shape)
    return view.strides == contiguous(view.shape)


def _check_shape(shape: Iterable[int]) -> None:
    shape = tuple(shape)
    sizes = all(0 <= n < _MOST for n in shape) and math.prod(n for n in shape if n) < _MOST
    _demand(sizes and len(shape) <= 64, f"a shape is {shape}")


def _check(plan: Plan, step: Step | Call | Loop, turns: tuple[int, ...]) -> None:
    if isinstance(step, Loop):
        _check_shape((*turns, step.length))
        for inner in step.steps:
            _check(plan, inner, (*turns, step.length))
    elif isinstance(step, Call):
        _Memory(plan, step.arguments, turns).check_call(step)
    else:
        memory = _Memory(plan, step.arguments, turns)
        if isinstance(step.work, Kernel):
            memory.check_kernel(step.work)
        elif isinstance(step.work, Rows):
            memory.check_rows(step.work)
        else:
            memory.check_product(step.work)


class _Memory:
    """The memory that a step may use: where its arguments begin, in all turns of the loops around it."""

    def __init__(self, plan: Plan, places: Sequence[Place], turns: tuple[int, ...]) -> None:
        self.plan = plan
        self.places = places
        self.turns = turns
        self.never = 0 in turns
        for place in places:
            _demand(0 <= place.buffer < len(plan.buffers), "a step's argument is in no buffer")
            _demand(len(place.advance) <= len(turns), "a step moves with a loop that is not around it")

    def reach(
        self, k: int, shape: Sequence[int], strides: Sequence[int], dtype: np.dtype[Any], *, write: bool = False
    ) -> None:
        """Make sure that the k-th argument, laid out like this, is within its buffer, and may be written."""
        _demand(0 <= k < len(self.places), "a step has too few arguments")
        _demand(len(shape) == len(strides), "an array has not as many strides as axes")
        _check_shape(shape)
        place = self.places[k]
        buffer = self.plan.buffers[place.buffer]
        _demand(not write or buffer.kind in ("output", "scratch"), f"a step writes into an {buffer.kind}")
        if self.never or 0 in shape:
            return
        ways = [(n - 1) * s * dtype.itemsize for n, s in zip(shape, strides, strict=True)]
        ways += [(n - 1) * nbytes for n, nbytes in zip(self.turns, place.advance, strict=False)]
        low = place.offset + sum(way for way in ways if way < 0)
        high = place.offset + sum(way for way in ways if way > 0) + dtype.itemsize
        _demand(0 <= low <= high <= buffer.nbytes, "a step leaves its memory")
        even = all(nbytes % dtype.itemsize == 0 for nbytes in (place.offset, *place.advance))
        _demand(even, "an array does not begin at an entry")

    def check_call(self, call: Call) -> None:
        """Check what NumPy is called for."""
        read = [x for x in call.operands if isinstance(x, View)]
        for k, view in enumerate([*read, *(x for x in call.results if x is not None)]):
            _demand(fits(view, View), "an operand is of another type than it may be")
            self.reach(k, view.shape, view.strides, view.dtype, write=k >= len(read))

    def check_kernel(self, kernel: Kernel) -> None:
        """Check a nest of loops."""
        _check_shape(kernel.shape)
        for k, e in enumerate(kernel.expressions):
            if isinstance(e, Read):
                self.reach(e.argument, kernel.shape, e.strides, e.dtype)
            elif isinstance(e, Apply):
                _demand(all(0 <= i < k for i in e.operands), "an expression needs one that comes later")
                given = [kernel.expressions[i].dtype for i in e.operands]
                _demand(_gives(e.function, given, e.dtype), f"{e.function} is not from {given} to {e.dtype}")
        _demand(len(kernel.stores) > 0, "a step stores nothing")
        for s in kernel.stores:
            _demand(0 <= s.expression < len(kernel.expressions), "an expression is missing")
            _demand(s.reduce is None or s.reduce in _REDUCTIONS, f"{s.reduce} is no reduction")
            _demand(s.reduce is not None or not s.axes, "axes are reduced, but not by what")
            _demand(len(s.strides) == len(kernel.shape), "an array has not as many strides as axes")
            rising = all(a < b for a, b in zip((-1, *s.axes), (*s.axes, len(kernel.shape)), strict=True))
            _demand(rising and not any(s.strides[i] for i in s.axes), "an axis is not reduced as it may be")
            kept = [i for i in range(len(kernel.shape)) if i not in s.axes]
            shape, strides = [kernel.shape[i] for i in kept], [s.strides[i] for i in kept]
            self.reach(s.argument, shape, strides, kernel.expressions[s.expression].dtype, write=True)

    def check_rows(self, rows: Rows) -> None:
        """Check rows that are taken or added."""
        _demand(len(self.places) == 3, "rows have other arguments than three")
        many, few = (rows.rows, rows.length), (rows.count, rows.length)
        walk = (rows.length, 1)
        self.reach(0, few if rows.add else many, walk, rows.dtype)
        self.reach(1, (rows.count,), (1,), np.dtype(np.int64))
        self.reach(2, many if rows.add else few, walk, rows.dtype, write=True)

    def check_product(self, p: Product) -> None:
        """Check a product of matrices."""
        _demand(p.dtype.name in scalars.FLOATS, f"a product is of {p.dtype}")
        _demand(len(self.places) == 3 + p.bias, "a product has too many arguments or too few")
        _check_shape((*p.batch, p.m, p.n, p.k))
        self.reach(0, (*p.batch, p.m, p.k), (*p.a_batch, *p.a_strides), p.dtype)
        self.reach(1, (*p.batch, p.k, p.n), (*p.b_batch, *p.b_strides), p.dtype)
        self.reach(2, (*p.batch, p.m, p.n), (*p.c_batch, *p.c_strides), p.dtype, write=True)
        if p.bias:
            self.reach(3, (p.n,), (1,), p.dtype)
        _demand(_are_apart((*p.batch, p.m, p.n), (*p.c_batch, *p.c_strides)), "entries of a product lie on each other")


def _gives(function: str, given: Sequence[np.dtype[Any]], dtype: np.dtype[Any]) -> bool:
    """Say whether a scalar function of operands of some types gives another."""
    if function == "astype":
        return len(given) == 1
    if function == "where":
        return len(given) == 3 and given[0].kind == "b" and given[1] == given[2] == dtype
    if not all(scalars.is_known(function, each) for each in given):
        return False
    ufunc: Any = scalars.scalar_function(function)
    return bool(ufunc.nin == len(given) and ufunc.resolve_dtypes((*given, None)) == (*given, dtype))


def _are_apart(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Say whether no two entries of an array, of those that are written, share their place."""
    reach = 0
    for stride, n in sorted((abs(s), n) for n, s in zip(shape, strides, strict=True) if n > 1):
        if stride <= reach:
            return False
        reach += stride * (n - 1)
    return True
