"""Running a plan by NumPy alone: where native code cannot be had, and as what native code is held against."""

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
    with np.errstate(all="ignore"):
        _run(plan.steps, memory, ())


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
        elif isinstance(step, Call):
            call(step, memory, turns)
        else:
            _WORK[type(step.work)](step, memory, turns)


def array_at(memory: Memory, place: Place, turns: tuple[int, ...], shape: Any, strides: Any, dtype: Any) -> Any:
    """Return the array that begins at a place."""
    buffer = memory[place.buffer]
    offset = place.offset + sum(a * t for a, t in zip(place.advance, turns, strict=False))
    if 0 in shape:
        return np.empty(shape, dtype)
    low = offset + sum(min(0, (n - 1) * s) for n, s in zip(shape, strides, strict=True)) * dtype.itemsize
    high = offset + sum(max(0, (n - 1) * s) for n, s in zip(shape, strides, strict=True)) * dtype.itemsize
    whole = buffer[low : high + dtype.itemsize]
    first = whole[offset - low :].view(np.uint8)[: dtype.itemsize].view(dtype)
    return np.lib.stride_tricks.as_strided(first, shape, [s * dtype.itemsize for s in strides])


def view(memory: Memory, x: View, turns: tuple[int, ...]) -> Any:
    """Return the array that a view describes."""
    return array_at(memory, x.place, turns, x.shape, x.strides, x.dtype)


def call(step: Call, memory: Memory, turns: tuple[int, ...]) -> None:
    """Have NumPy compute a rule."""
    # A number that the rule was recorded with was a NumPy scalar, and is again.
    operands = [view(memory, x, turns).copy()[()] if isinstance(x, View) else x for x in step.operands]
    value = step.function(*operands, **dict(step.parameters))
    for target, result in zip(step.results, value if step.several else (value,), strict=True):
        if target is None:
            continue
        if np.shape(result) != target.shape:
            raise InputError(
                f"{step.name} gave an array of shape {np.shape(result)} where it gave {target.shape} when the function "
                "was compiled; compile only what has the same shapes for all values, or keep this part outside."
            )
        view(memory, target, turns)[...] = result


def _kernel(step: Step, memory: Memory, turns: tuple[int, ...]) -> None:
    kernel = step.work
    assert isinstance(kernel, Kernel)

    def argument(x: Read | Store, dtype: Any) -> Any:
        return array_at(memory, step.arguments[x.argument], turns, kernel.shape, x.strides, dtype)

    values: list[Any] = []
    for e in kernel.expressions:
        if isinstance(e, Read):
            values.append(argument(e, e.dtype))
        elif isinstance(e, Number):
            values.append(np.asarray(e.value, e.dtype))
        else:
            values.append(_applied(e, [values[k] for k in e.operands]))
    results = [_stored(s, np.broadcast_to(values[s.expression], kernel.shape)) for s in kernel.stores]
    for s, result in zip(kernel.stores, results, strict=True):
        target = _target(step, memory, turns, s, kernel)
        if s.onto:
            target += result
        else:
            target[...] = result


def _target(step: Step, memory: Memory, turns: tuple[int, ...], s: Store, kernel: Kernel) -> Any:
    kept = [i for i in range(len(kernel.shape)) if i not in s.axes]
    shape, strides = tuple(kernel.shape[i] for i in kept), tuple(s.strides[i] for i in kept)
    return array_at(memory, step.arguments[s.argument], turns, shape, strides, kernel_dtype(kernel, s))


def kernel_dtype(kernel: Kernel, store: Store) -> Any:
    """Return the type of what a store writes."""
    return kernel.expressions[store.expression].dtype


def _applied(e: Apply, operands: list[Any]) -> Any:
    if e.function == "astype":
        return operands[0].astype(e.dtype)
    return np.asarray(scalar_function(e.function)(*operands), e.dtype)


def _stored(s: Store, value: Any) -> Any:
    if s.reduce is None:
        return value.copy()
    return np.asarray(getattr(np, s.reduce).reduce(value, axis=s.axes))


def _rows(step: Step, memory: Memory, turns: tuple[int, ...]) -> None:
    rows = step.work
    assert isinstance(rows, Rows)
    long = (rows.rows, rows.length), (rows.length, 1)
    short = (rows.count, rows.length), (rows.length, 1)
    x_place, index_place, y_place = step.arguments
    indices = array_at(memory, index_place, turns, (rows.count,), (1,), np.dtype(np.int64))
    if rows.count and not (-rows.rows <= indices.min() and indices.max() < rows.rows):
        refuse_row(rows.rows)
    x = array_at(memory, x_place, turns, *(short if rows.add else long), rows.dtype)
    y = array_at(memory, y_place, turns, *(long if rows.add else short), rows.dtype)
    if rows.add:
        np.add.at(y, indices, x)
    else:
        y[...] = x[indices]


def refuse_row(rows: int) -> None:
    """Refuse an index beyond an array's rows."""
    raise IndexError(f"an index is out of range for an array of {rows} rows; give numbers from 0 to {rows - 1}.")


def _product(step: Step, memory: Memory, turns: tuple[int, ...]) -> None:
    p = step.work
    assert isinstance(p, Product)
    sizes = ((p.m, p.k), (p.k, p.n), (p.m, p.n))
    walks = ((*p.a_batch, *p.a_strides), (*p.b_batch, *p.b_strides), (*p.c_batch, *p.c_strides))
    a, b, c = (
        array_at(memory, place, turns, (*p.batch, *size), walk, p.dtype)
        for place, size, walk in zip(step.arguments, sizes, walks, strict=True)
    )
    product = np.matmul(a, b)
    if p.alpha != 1:
        product *= p.dtype.type(p.alpha)
    if p.beta == 0:
        c[...] = product
    else:
        c[...] = product + (c if p.beta == 1 else p.dtype.type(p.beta) * c)


_WORK: dict[type, Any] = {Kernel: _kernel, Rows: _rows, Product: _product}
