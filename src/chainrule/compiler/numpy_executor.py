"""Running a plan by NumPy alone: where native code cannot be had, and as what native code is held against."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.compiler.plan import (
    Apply,
    Call,
    Kernel,
    Loop,
    Number,
    Place,
    Plan,
    Product,
    Read,
    Rows,
    Step,
    Store,
    View,
)
from chainrule.compiler.scalars import scalar_function
from chainrule.errors import InputError

Memory = list[Any]
"""For each buffer its bytes, as an array of uint8."""

Layout = tuple[Any, Any, Any]
"""Shape, strides in entries, and type."""

Locate = Callable[[int, Layout], Any]
"""``array(k, layout)`` returns a step's k-th argument."""


def execute(plan: Plan, inputs: list[Any], outputs: list[Any], arena: Any) -> None:
    """Run a plan.

    Parameters
    ----------
    plan : Plan
    inputs, outputs : list of ndarray
        C-contiguous, of the shapes and types that the plan says. The outputs are written.
    arena : ndarray of uint8
        The program's memory.
    """
    memory = [bytes_of(plan, k, inputs, outputs, arena) for k in range(len(plan.buffers))]
    _run(plan.steps, memory, ())


def clocked(plan: Plan, inputs: list[Any], outputs: list[Any], arena: Any) -> Callable[[int, tuple[int, ...]], float]:
    """Return what runs one step, by its number among all and the turns of the loops around it, and measures it."""
    memory = [bytes_of(plan, k, inputs, outputs, arena) for k in range(len(plan.buffers))]
    numbered = list(_in_order(plan.steps))

    def run(number: int, turns: tuple[int, ...]) -> float:
        begin = time.perf_counter()
        _run([numbered[number]], memory, turns)
        return time.perf_counter() - begin

    return run


def _in_order(steps: Any) -> Iterator[Any]:
    for step in steps:
        yield step
        if isinstance(step, Loop):
            yield from _in_order(step.steps)


def bytes_of(plan: Plan, k: int, inputs: list[Any], outputs: list[Any], arena: Any) -> Any:
    """Return the memory of a buffer."""
    buffer = plan.buffers[k]
    if buffer.kind == "scratch":
        return arena[buffer.number : buffer.number + buffer.nbytes]
    arrays = {"input": inputs, "output": outputs, "constant": plan.constants}[buffer.kind]
    return arrays[buffer.number].reshape(-1).view(np.uint8)


def _run(steps: Any, memory: Memory, turns: tuple[int, ...]) -> None:
    for step in steps:
        if isinstance(step, Loop):
            for t in range(step.length):
                _run(step.steps, memory, (*turns, t))
            continue

        def array(k: int, layout: Layout, step: Step | Call = step) -> Any:
            return array_at(memory, step.arguments[k], turns, *layout)

        work(step, array)


def work(step: Step | Call, array: Locate) -> None:
    """Do one step, on arrays that are found by the number of the argument and their layout.

    NumPy does not warn of what is not finite: no more do steps in native code.
    """
    with np.errstate(all="ignore"):
        if isinstance(step, Call):
            call(step, array)
        else:
            _WORK[type(step.work)](step.work, array)


def array_at(memory: Memory, place: Place, turns: tuple[int, ...], shape: Any, strides: Any, dtype: Any) -> Any:
    """Return the array that begins at a place."""
    offset = place.offset + sum(a * t for a, t in zip(place.advance, turns, strict=False))
    return strided(memory[place.buffer], offset, shape, strides, dtype)


def strided(buffer: Any, offset: int, shape: Any, strides: Any, dtype: Any) -> Any:
    """Return an array in a buffer, by the offset of its first entry in bytes and its strides in entries."""
    steps = [s * dtype.itemsize for s in strides]
    return np.ndarray(shape, dtype, buffer, offset, steps) if 0 not in shape else np.empty(shape, dtype)


def call(step: Call, array: Locate) -> None:
    """Have NumPy compute a rule."""
    # A number that the rule was recorded with was a NumPy scalar, and is again.
    views = [x for x in (*step.operands, *step.results) if isinstance(x, View)]
    arrays = iter([array(k, (x.shape, x.strides, x.dtype)) for k, x in enumerate(views)])
    operands = [next(arrays).copy()[()] if isinstance(x, View) else x for x in step.operands]
    with np.errstate(all="ignore"):
        value = step.function(*operands, **dict(step.parameters))
    for target, result in zip(step.results, value if step.several else (value,), strict=True):
        if target is None:
            continue
        given = np.asarray(result)
        if given.shape != target.shape or given.dtype != target.dtype:
            raise InputError(
                f"{step.name} gave an array of {given.dtype} {given.shape} where it gave one of {target.dtype} "
                f"{target.shape} when the function was compiled; compile only what has the same shapes and types for "
                "all values, or keep this part outside."
            )
        next(arrays)[...] = result


def _kernel(kernel: Kernel, array: Locate) -> None:
    values: list[Any] = []
    for e in kernel.expressions:
        if isinstance(e, Read):
            values.append(array(e.argument, (kernel.shape, e.strides, e.dtype)))
        elif isinstance(e, Number):
            values.append(np.asarray(e.value, e.dtype))
        else:
            values.append(_applied(e, [values[k] for k in e.operands]))
    results = [_stored(s, np.broadcast_to(values[s.expression], kernel.shape)) for s in kernel.stores]
    for s, result in zip(kernel.stores, results, strict=True):
        kept = [i for i in range(len(kernel.shape)) if i not in s.axes]
        shape, strides = tuple(kernel.shape[i] for i in kept), tuple(s.strides[i] for i in kept)
        target = array(s.argument, (shape, strides, kernel.expressions[s.expression].dtype))
        target[...] = target + result if s.onto else result


def _applied(e: Apply, operands: list[Any]) -> Any:
    if e.function == "astype":
        return operands[0].astype(e.dtype)
    return np.asarray(scalar_function(e.function)(*operands), e.dtype)


def _stored(s: Store, value: Any) -> Any:
    if s.reduce is None:
        return value.copy()
    return np.asarray(getattr(np, s.reduce).reduce(value, axis=s.axes))


def _rows(rows: Rows, array: Locate) -> None:
    long, short = ((n, rows.length) for n in (rows.rows, rows.count))
    indices = array(1, ((rows.count,), (1,), np.dtype(np.int64)))
    if rows.count and not (-rows.rows <= indices.min() and indices.max() < rows.rows):
        refuse_row(rows.rows)
    x = array(0, (short if rows.add else long, (rows.length, 1), rows.dtype))
    y = array(2, (long if rows.add else short, (rows.length, 1), rows.dtype))
    if rows.add:
        np.add.at(y, indices, x)
    else:
        y[...] = x[indices]


def refuse_row(rows: int) -> None:
    """Refuse an index beyond an array's rows."""
    raise IndexError(f"an index is out of range for an array of {rows} rows; give numbers from 0 to {rows - 1}.")


def _product(p: Product, array: Locate) -> None:
    sizes = ((p.m, p.k), (p.k, p.n), (p.m, p.n))
    walks = ((*p.a_batch, *p.a_strides), (*p.b_batch, *p.b_strides), (*p.c_batch, *p.c_strides))
    a, b, c = (
        array(i, ((*p.batch, *size), walk, p.dtype)) for i, (size, walk) in enumerate(zip(sizes, walks, strict=True))
    )
    product = np.matmul(a, b)
    if p.alpha != 1:
        product *= p.dtype.type(p.alpha)
    if p.beta == 0:
        c[...] = product
    else:
        c[...] = product + (c if p.beta == 1 else p.dtype.type(p.beta) * c)


_WORK: dict[type, Any] = {Kernel: _kernel, Rows: _rows, Product: _product}
