"""Choosing among entries and among arrays: by index, by condition, by bounds."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.table import TABLE
from chainrule.graph.tracer import Tracer
from chainrule.rules.operands import operand
from chainrule.rules.table import spells


def entries(x: Array, index: Any) -> Array:
    """Return ``x[index]``, where either may be traced."""
    return TABLE[Tracer.__getitem__](x, index)


# By index


@spells(np.take_along_axis)
def _take_along_axis(arr: Array, indices: Array, axis: int | None = -1) -> Array:
    arr, indices = operand(arr), operand(indices)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return entries(arr, places_along(arr, indices, axis))


def places_along(x: Array, indices: Array, axis: int) -> tuple[Array, ...]:
    """Return the index of entries found along an axis, each at its own place along the others."""
    places: list[Array] = list(np.ix_(*map(np.arange, x.shape)))
    places[axis] = indices
    return tuple(places)


@spells(np.choose)
def _choose(a: Array, choices: Any, out: None = None, mode: str = "raise") -> Array:
    *arrays, a = np.broadcast_arrays(*choices, operand(a))
    index = within(a, len(arrays), mode)
    return np.take_along_axis(np.stack(arrays), index[None], axis=0)[0]


def within(indices: Array, n: int, mode: str) -> Array:
    """Bring indices into range as NumPy's modes do; with "raise" they are left to raise what NumPy raises."""
    if mode == "clip":
        return np.clip(indices, 0, n - 1)
    return np.remainder(indices, n) if mode == "wrap" else indices


@spells(np.compress)
def _compress(condition: Array, a: Array, axis: int | None = None, out: None = None) -> Array:
    return np.take(operand(a), np.flatnonzero(operand(condition)), axis=axis)


@spells(np.extract)
def _extract(condition: Array, arr: Array) -> Array:
    return np.take(np.ravel(operand(arr)), np.flatnonzero(operand(condition)))


# By condition


@spells(np.select)
def _select(condlist: Sequence[Array], choicelist: Sequence[Array], default: Array = 0) -> Array:
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"np.select needs a choice for each condition and at least one; here came {len(condlist)} conditions and "
            f"{len(choicelist)} choices."
        )
    numbers = (int, float, complex)  # Python's, which take on the type of the arrays
    choices = [x if type(x) in numbers else operand(x) for x in (*choicelist, default)]
    dtype = np.result_type(*(x if type(x) in numbers else x.dtype for x in choices))
    *choices, result = (np.astype(operand(x), dtype) for x in choices)
    for condition, choice in zip(reversed(condlist), reversed(choices), strict=True):  # the first one has precedence
        if operand(condition).dtype != np.bool_:
            raise TypeError(f"a condition of np.select is of {operand(condition).dtype}; give one of bool.")
        result = np.where(condition, choice, result)
    return result


@spells(np.piecewise)
def _piecewise(x: Array, condlist: Any, funclist: Sequence[Any], *args: Any, **kwargs: Any) -> Array:
    x = operand(x)
    if _is_number(condlist) or (_is_number(condlist[0]) and x.ndim != 0):
        condlist = [condlist]
    conditions = [np.broadcast_to(np.astype(operand(condition), bool), x.shape) for condition in condlist]
    if len(conditions) == len(funclist) - 1:
        conditions.append(np.logical_not(np.any(np.stack(conditions), axis=0)))
    if len(conditions) != len(funclist):
        raise ValueError(
            f"np.piecewise needs a function for each condition, and may have one for the rest; here came "
            f"{len(conditions)} conditions and {len(funclist)} functions."
        )
    result = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        if callable(function):
            chosen = entries(x, condition)
            function = function(chosen, *args, **kwargs) if chosen.size else chosen
        result[condition] = function
    return result


def _is_number(x: Any) -> bool:
    return not isinstance(x, (list, tuple)) and np.ndim(x) == 0


# By bounds


@spells(np.clip)
def _clip(
    a: Array,
    a_min: Any = None,
    a_max: Any = None,
    out: None = None,
    *,
    min: Any = None,  # noqa: A002
    max: Any = None,  # noqa: A002
    **_: Any,
) -> Array:
    if (a_min is not None or a_max is not None) and (min is not None or max is not None):
        raise ValueError("np.clip takes its bounds either as a_min and a_max or as min and max.")
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    if low is not None:
        a = np.maximum(a, low)
    if high is not None:
        a = np.minimum(a, high)
    return np.positive(a) if low is None and high is None else a


@spells(np.nan_to_num)
def _nan_to_num(x: Array, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Array:
    x = operand(x)
    if x.dtype.kind == "c":
        return _numbers(np.real(x), nan, posinf, neginf) + 1j * _numbers(np.imag(x), nan, posinf, neginf)
    return _numbers(x, nan, posinf, neginf)


def _numbers(x: Array, nan: Any, posinf: Any, neginf: Any) -> Array:
    largest = np.finfo(x.dtype)
    replaced = np.where(np.isnan(x), nan, x)
    replaced = np.where(x == np.inf, largest.max if posinf is None else posinf, replaced)
    return np.astype(np.where(x == -np.inf, largest.min if neginf is None else neginf, replaced), x.dtype)


@spells(np.real_if_close)
def _real_if_close(a: Array, tol: float = 100) -> Array:
    if a.dtype.kind != "c":
        return a
    tolerance = tol * np.finfo(a.dtype).eps if tol > 1 else tol
    return np.real(a) if np.all(np.absolute(np.imag(a)) < tolerance) else a


# NumPy's functions that turn complex where a real argument has no real result


def _complex(x: Array) -> Array:
    return np.astype(x, np.complex64 if x.dtype == np.float32 else np.result_type(x.dtype, np.complex128))


def _in_complex_domain(function: Callable[..., Any], outside: Callable[..., Any]) -> Callable[..., Array]:
    def widened(*arguments: Any) -> Array:
        arrays = tuple(operand(x) for x in arguments)
        if any(x.dtype.kind != "c" for x in arrays) and np.any(outside(*arrays)):
            arrays = tuple(_complex(x) for x in arrays)
        return function(*arrays)

    return widened


for _name, _outside in {
    "sqrt": lambda x: x < 0,
    "log": lambda x: x < 0,
    "log2": lambda x: x < 0,
    "log10": lambda x: x < 0,
    "arccos": lambda x: np.absolute(x) > 1,
    "arcsin": lambda x: np.absolute(x) > 1,
    "arctanh": lambda x: np.absolute(x) > 1,
}.items():
    spells(getattr(np.emath, _name))(_in_complex_domain(getattr(np, _name), _outside))


@spells(np.emath.logn)
def _logn(n: Array, x: Array) -> Array:
    return np.emath.log(x) / np.emath.log(n)


@spells(np.emath.power)
def _power(x: Array, p: Array) -> Array:
    x = operand(x)
    return np.power(_complex(x) if x.dtype.kind != "c" and np.any(x < 0) else x, operand(p))
