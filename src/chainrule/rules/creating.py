"""New arrays: out of traced values, between them, or in the likeness of a traced array (``like=``)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.table import MADE, TABLE
from chainrule.graph.tracer import has_values
from chainrule.rules.operands import holds_tracer, operand
from chainrule.rules.table import spells

# With like=, NumPy hands a creation over to the type of that array. What is not made of traced values is plain.


def _converted(
    a: Any, dtype: Any = None, *, copy: bool | None = None, order: str = "K", subok: bool = False, ndmin: int = 0
) -> Array:
    x = operand(a)
    if dtype is not None and x.dtype != np.dtype(dtype):
        x = np.astype(x, dtype)
    elif copy:
        x = np.copy(x)
    return np.reshape(x, (1,) * (ndmin - x.ndim) + x.shape) if x.ndim < ndmin else x


@spells(np.array)
def _array(a: Any, dtype: Any = None, *, copy: bool | None = True, **options: Any) -> Array:
    return _converted(a, dtype, copy=copy, **options)


@spells(np.asarray, np.asanyarray)
def _asarray(a: Any, dtype: Any = None, order: str = "K", *, copy: bool | None = None, **_: Any) -> Array:
    return _converted(a, dtype, copy=copy)


@spells(np.ascontiguousarray, np.asfortranarray)
def _contiguous(a: Any, dtype: Any = None) -> Array:
    return _converted(a, dtype, ndmin=1)


@spells(np.require)
def _require(a: Any, dtype: Any = None, requirements: Any = None) -> Array:
    return _converted(a, dtype)


@spells(np.full)
def _full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", **_: Any) -> Array:
    if not holds_tracer(fill_value):
        return np.full(shape, fill_value, dtype, order)  # type: ignore[call-overload]
    value = operand(fill_value)
    return np.copy(np.broadcast_to(value if dtype is None else np.astype(value, dtype), shape))


@spells(np.full_like)
def _full_like(
    a: Array, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, **_: Any
) -> Array:
    result = np.empty_like(a, dtype=dtype, shape=shape)
    result[...] = fill_value
    return result


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*args, **kwargs)


CONSTANT: tuple[Callable[..., Any], ...] = (
    *(np.zeros, np.ones, np.empty, np.eye, np.identity, np.tri, np.arange),
    *(np.frombuffer, np.fromfile, np.fromfunction, np.fromiter, np.fromstring, np.loadtxt, np.genfromtxt),
)
"""Creations that take no traced values: what they make is constant."""

for _function in CONSTANT:
    TABLE[_function] = _plain(_function)
MADE.update(CONSTANT, (np.array, np.asarray, np.full))

# Rows of numbers between two


@spells(np.linspace)
def _linspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    # A Python number takes on the type of the other end.
    exact = np.result_type(*(x if type(x) in (int, float, complex) else operand(x).dtype for x in (start, stop)), 1.0)
    start, stop = np.astype(operand(start), exact), np.astype(operand(stop), exact)
    delta = stop - start
    intervals = num - 1 if endpoint else num
    row = np.reshape(np.arange(0, num, dtype=exact), (-1, *(1,) * delta.ndim))
    step = delta / intervals if intervals > 0 else np.full(delta.shape, np.nan, exact)
    y = _rows_of_steps(row, delta, step, intervals) + start
    if endpoint and num > 1:
        y = np.concatenate([y[:-1], np.broadcast_to(stop, (1, *y.shape[1:]))])
    if axis != 0:
        y = np.moveaxis(y, 0, axis)
    if dtype is not None:
        y = np.astype(np.floor(y) if np.issubdtype(dtype, np.integer) else y, dtype)
    return (y, step) if retstep else y


def _rows_of_steps(row: Array, delta: Array, step: Array, intervals: int) -> Array:
    if intervals <= 0:
        return row * delta
    # A step that is too small to be told from 0 still has a derivative.
    lost = np.any(step == 0)
    if has_values(lost):
        return row / intervals * delta if lost else row * step
    return np.where(lost, row / intervals * delta, row * step)


@spells(np.logspace)
def _logspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    base: Array = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    if np.ndim(base):
        ndim = max(np.ndim(start), np.ndim(stop), np.ndim(base))
        start, stop, base = (_converted(x, ndmin=ndim) for x in (start, stop, base))
        base = np.expand_dims(base, axis)
    y = np.power(base, np.linspace(start, stop, num=num, endpoint=endpoint, axis=axis))
    return y if dtype is None else np.astype(y, dtype)


@spells(np.geomspace)
def _geomspace(
    start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    start, stop = operand(start), operand(stop)
    if any(has_values(x) and np.any(x == 0) for x in (start, stop)):
        raise ValueError("Geometric sequence cannot include zero")
    inner = np.result_type(start.dtype, stop.dtype, float(num), np.float64 if dtype is None else dtype)
    start, stop = np.astype(start, inner), np.astype(stop, inner)
    # The row turns with the first number's direction; beginning and end are the given ones to the last bit.
    direction = np.sign(start)
    first, last = start / direction, stop / direction
    y = np.logspace(np.log10(first), np.log10(last), num=num, endpoint=endpoint, base=10.0, dtype=inner)
    ends = [np.broadcast_to(x, (1, *y.shape[1:])) for x in (first, last)]
    if num > 1 and endpoint:
        y = np.concatenate([ends[0], y[1:-1], ends[1]])
    elif num > 0:
        y = np.concatenate([ends[0], y[1:]])
    y = y * direction
    if axis != 0:
        y = np.moveaxis(y, 0, axis)
    return y if dtype is None else np.astype(y, dtype)


@spells(np.vander)
def _vander(x: Array, N: int | None = None, increasing: bool = False) -> Array:
    x = operand(x)
    x = np.astype(x, np.promote_types(x.dtype, int))
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    count = len(x) if N is None else N
    if count == 0:
        return np.zeros((len(x), 0), x.dtype)
    ones = np.ones((len(x), 1), x.dtype)
    powers = np.cumprod(np.broadcast_to(x[:, None], (len(x), count - 1)), axis=1)
    matrix = np.concatenate([ones, powers], axis=1)
    return matrix if increasing else matrix[:, ::-1]
