"""Arguments as NumPy takes them (lists, numbers, arrays), made into operands of a rule, or into plain values."""

from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.tracer import Tracer, has_values, sample_of, value_of


def operand(x: Any) -> Array:
    """Return x as an array; traced arrays in nested lists are stacked, as NumPy stacks plain ones."""
    if type(x) is Tracer:
        return x
    return np.stack([operand(part) for part in x]) if holds_tracer(x) else np.asarray(x)


def holds_tracer(x: Any) -> bool:
    """Say whether x is a traced array, or a nested list with one in it."""
    return type(x) is Tracer or (isinstance(x, (list, tuple)) and any(map(holds_tracer, x)))


def untraced(x: Any) -> Any:
    """Return x with plain values in the place of traced arrays, in nested lists too."""
    return type(x)(map(untraced, x)) if type(x) in (list, tuple) else value_of(x)


def settled(x: Array) -> Array:
    """Return the plain value of an array, to decide by it, or the array itself where it may not be looked at."""
    return value_of(x) if has_values(x) else x


def sampled(x: Any) -> Any:
    """Return x with plain arrays of their shapes and types in the place of traced ones, in nested lists too."""
    return type(x)(map(sampled, x)) if type(x) in (list, tuple) else sample_of(x)


def normalized(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return an axis, several, or None for all of them, as a tuple of numbers from 0 on."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    for one in axes:
        if not -ndim <= one < ndim:
            raise np.exceptions.AxisError(one, ndim)
    return tuple(int(one) % ndim for one in axes)
