"""Checks of what a network is given: each gives back the value as the network uses it, or says what is wrong."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from chainrule.descent.checks import finite, whole_number
from chainrule.errors import InputError
from chainrule.graph.node import Array

DTYPES = ("float32", "float64")


def layer_sizes(sizes: object) -> list[int]:
    """`sizes` as a list of at least two positive ints."""
    if not isinstance(sizes, Iterable) or isinstance(sizes, str):
        raise InputError(f"sizes is {sizes!r}; give the units of every layer, such as [784, 30, 10].")
    layers = [whole_number(n, f"sizes[{i}]", at_least=1) for i, n in enumerate(sizes)]
    if len(layers) < 2:
        raise InputError(f"sizes is {layers}; give at least an input and an output layer, such as [784, 30, 10].")
    return layers


def one_of(name: str, value: object, known: Iterable[str]) -> str:
    """`value`, which is one of the known names; otherwise the error suggests the nearest."""
    names = list(known)
    if isinstance(value, str) and value in names:
        return value
    near = get_close_matches(str(value).lower(), names, n=1)
    hint = f"did you mean {near[0]!r}? It is" if near else "it is"
    raise InputError(f"{name} is {value!r}; {hint} one of {', '.join(map(repr, names))}.")


def float_type(dtype: object) -> np.dtype[Any]:
    """`dtype`, a name or a NumPy type, as one of the two that a network computes in."""
    try:
        name: object = np.dtype(dtype).name  # type: ignore[call-overload]
    except TypeError:
        name = dtype
    return np.dtype(one_of("dtype", name, DTYPES))


def examples(x: object, n_0: int, dtype: np.dtype[Any], name: str = "x") -> Array:
    """`x` as a contiguous array of `dtype` and of shape (n_0,) or (m, n_0), all of it finite."""
    array = numbers(x, name)
    if array.ndim not in (1, 2) or array.shape[-1] != n_0:
        raise InputError(
            f"{name} has shape {array.shape}; the network takes an example of shape ({n_0},) or a batch of shape "
            f"(m, {n_0}), one example a row."
        )
    if len(array) == 0:
        raise InputError(f"{name} has no rows; give at least one example.")
    return finite(_cast(array, dtype), name)


def targets(y: object, x: Array, n_L: int, dtype: np.dtype[Any], name: str = "y") -> Array:
    """`y` as an array with a row of n_L targets for every row of x, made one-hot where it came as labels."""
    array = numbers(y, name)
    rows = x.shape[:-1]
    if array.ndim and rows and len(array) != rows[0]:
        raise InputError(
            f"{name} has {len(array)} rows and x has {rows[0]}; give one target or label for every example."
        )
    if array.shape == (*rows, n_L):
        return finite(_cast(array, dtype), name)
    if n_L == 1 and array.shape == rows:
        return finite(_cast(array[..., np.newaxis], dtype), name)
    if array.shape == rows and array.dtype.kind in "iu":
        return _one_hot(array, n_L, dtype, name)
    raise InputError(
        f"{name} has dtype {array.dtype} and shape {array.shape}; give one-hot targets of shape {(*rows, n_L)} or "
        f"integer labels of shape {rows}."
    )


def numbers(values: object, name: str) -> Array:
    """`values` as an array of real numbers."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{name} has rows of different lengths; give an array of numbers.") from None
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} has dtype {array.dtype}; give numbers, such as {name}.astype(float) makes them.")
    return array


def pair(validation: object) -> tuple[Any, Any]:
    """Take `validation` apart into its x and y."""
    if not isinstance(validation, Sequence) or len(validation) != 2:
        raise InputError(f"validation is a {type(validation).__name__}; give a pair (x, y), or None.")
    return validation[0], validation[1]


def _one_hot(labels: Array, n_L: int, dtype: np.dtype[Any], name: str) -> Array:
    wrong = labels[(labels < 0) | (labels >= n_L)]
    if wrong.size:
        raise InputError(
            f"{name} has the label {wrong.flat[0]}; with {n_L} output units labels go from 0 to {n_L - 1}."
        )
    return np.eye(n_L, dtype=dtype)[labels]


def _cast(array: Array, dtype: np.dtype[Any]) -> Array:
    # A number too large for float32 becomes infinite, which the check that follows reports.
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype=dtype)
