"""Checks of what a training is given: each gives back the value it passed, or says in a sentence what is wrong."""

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import InputError

Array = NDArray[Any]


def whole_number(value: object, name: str, *, at_least: int) -> int:
    """`value` as an int (a Python or NumPy integer, no bool) that is not below `at_least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{name} is {value!r}; give an integer of at least {at_least}.")
    number = int(value)
    if number < at_least:
        raise InputError(f"{name} is {number}; give an integer of at least {at_least}.")
    return number


def learning_rate(eta: object) -> float:
    """`eta` as a float that is positive and finite."""
    if isinstance(eta, bool) or not isinstance(eta, Real) or not 0 < float(eta) < math.inf:
        raise InputError(f"eta, the learning rate, is {eta!r}; give a positive, finite number, such as 3.0.")
    return float(eta)


def is_finite(array: Array) -> bool:
    """Whether no entry is NaN or infinite."""
    # One entry that is not finite makes the sum so, which takes one pass and no array to find out. A sum that is
    # not finite may only have overflowed.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


def finite(array: Array, name: str) -> Array:
    """`array` itself, all of whose entries are finite numbers."""
    if not is_finite(array):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        place = f"[{', '.join(map(str, where))}]" if where else ""
        raise InputError(
            f"{name}{place} is {array[where]}; every entry must be a finite number: remove or replace it first."
        )
    return array
