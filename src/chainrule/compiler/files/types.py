"""Whether what came from a file is of the types that a plan's classes state."""

import dataclasses
import types
import typing
from functools import cache
from typing import Any, Union

import numpy as np


def fits(x: Any, hint: Any) -> bool:
    """Say whether a value is of a type, and so is all that it is made of.

    Parameters
    ----------
    x
        The value.
    hint : type
        As it is written at a dataclass's field: a class, a union, a tuple of types.

    Examples
    --------
    >>> fits((1, 2), tuple[int, ...]), fits((1, 2.0), tuple[int, ...]), fits(True, int)
    (True, False, False)
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is typing.Callable or origin is _CALLABLE:
        return True
    if origin in (Union, types.UnionType):
        return any(fits(x, each) for each in arguments)
    if origin is tuple:
        if type(x) is not tuple:
            return False
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return all(fits(part, arguments[0]) for part in x)
        return len(x) == len(arguments) and all(fits(part, each) for part, each in zip(x, arguments, strict=True))
    if origin is np.dtype:
        return isinstance(x, np.dtype) and x.kind in "biufc" and x.isnative
    if hint is float:
        return isinstance(x, (float, np.floating)) or type(x) is int
    if type(x) is not hint:
        return False
    if dataclasses.is_dataclass(hint):
        return all(fits(getattr(x, name), each) for name, each in _fields(hint))
    return True


_CALLABLE = typing.get_origin(typing.Callable[..., Any])


@cache
def _fields(kind: type) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(kind)
    return [(field.name, hints[field.name]) for field in dataclasses.fields(kind)]
