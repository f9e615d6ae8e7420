"""What a compiled function is called with: arrays and numbers, which vary, and settings, which a program is made for.

A setting is what decides how a function runs and cannot be an array's entry: a flag, an axis, a name, None. Programs
differ by their settings, and by the shapes and types of their arrays; two calls that agree in these share a program.
"""

import dataclasses
import enum
import types
from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Rule
from chainrule.graph.structure import flatten

_SETTINGS = (
    str,
    bytes,
    int,
    enum.Enum,
    type,
    range,
    np.dtype,
    np.ufunc,
    types.FunctionType,
    types.BuiltinFunctionType,
    type(np.mean),  # NumPy's functions that others may take over
    types.ModuleType,
    types.EllipsisType,
    Rule,
)


class Result:
    """The place of one of a program's results in what the function returns."""

    __slots__ = ("number", "scalar")

    def __init__(self, number: int, scalar: bool) -> None:
        self.number = number
        self.scalar = scalar


def take_apart(tree: Any, key: list[Any], leaves: list[Any]) -> None:
    """Collect the arrays and numbers in an argument, and what must be equal for two calls to share a program.

    Parameters
    ----------
    tree : nested structure
        Lists, tuples, named tuples, dicts and dataclasses, of arrays, numbers and settings.
    key : list
        Is extended by whatever is the same in all calls of one program.
    leaves : list
        Is extended by arrays, NumPy's numbers, and Python's with a fraction.

    Raises
    ------
    InputError
        Something in it is neither an array, nor a number, nor a setting.

    Examples
    --------
    >>> key, leaves = [], []
    >>> take_apart({"x": np.zeros(3), "axis": 0}, key, leaves)
    >>> key, leaves
    ([(<class 'dict'>, 'x', 'axis'), (3,), dtype('float64'), (<class 'int'>, 0)], [array([0., 0., 0.])])
    """
    kind = type(tree)
    if kind is np.ndarray:
        key.append(tree.shape)
        key.append(tree.dtype)
        leaves.append(tree)
    elif kind is float or kind is complex:
        key.append((kind,))  # bare, it would be equal to np.dtype(kind)
        leaves.append(tree)
    elif isinstance(tree, np.generic):
        key.append(tree.dtype)
        leaves.append(tree)
    elif isinstance(tree, (list, tuple)):
        key.append((kind, len(tree)))
        for part in tree:
            take_apart(part, key, leaves)
    elif isinstance(tree, dict):
        key.append((kind, *tree))
        for part in tree.values():
            take_apart(part, key, leaves)
    elif dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        key.append(kind)
        for field in dataclasses.fields(tree):
            if field.init:
                take_apart(getattr(tree, field.name), key, leaves)
    elif isinstance(tree, np.memmap):
        take_apart(np.asarray(tree), key, leaves)
    elif kind is slice:
        key.append((slice, tree.start, tree.stop, tree.step))
    elif is_setting(tree):
        key.append((kind, tree))
    else:
        refuse(tree)


def is_setting(x: Any) -> bool:
    """Say whether a program may be made for a thing: it is never changed, or equal to none that differs from it.

    Examples
    --------
    >>> is_setting("mean"), is_setting(None), is_setting(np.tanh), is_setting({1, 2})
    (True, True, True, False)
    """
    if x is None or type(x) is slice or isinstance(x, _SETTINGS):
        return True
    if isinstance(x, np.ndarray) or hasattr(x, "__array__") or getattr(type(x), "__hash__", None) is object.__hash__:
        return False
    try:
        hash(x)
    except TypeError:
        return False
    return True


def is_data(x: Any) -> bool:
    """Say whether a leaf is an array or a number that may differ from call to call."""
    return isinstance(x, np.ndarray | np.generic) or type(x) in (float, complex)


def refuse(x: Any) -> None:
    """Refuse what is neither an array, nor a number, nor a setting."""
    if isinstance(x, np.matrix):
        reason = "whose * is a product of matrices; pass np.asarray(x), and write @"
    elif isinstance(x, np.ma.MaskedArray):
        reason = "whose mask a compiled function does not know; pass x.filled(0.0) and the mask, and use np.where"
    elif isinstance(x, np.ndarray) or hasattr(x, "__array__"):
        reason = "which is no plain array of NumPy's; pass np.asarray(x)"
    else:
        reason = (
            "which is neither an array, nor a number, nor a setting that never changes; pass the arrays in it, "
            "in lists, tuples, dicts or dataclasses, or let the function close over it"
        )
    raise InputError(f"{at_user_line()}a compiled function is given a {type(x).__name__}, {reason}.")


def check_numeric(x: Any) -> None:
    """Refuse arrays of other things than numbers and truth values."""
    dtype = np.asarray(x).dtype
    if dtype.kind not in "biufc":
        raise InputError(
            f"{at_user_line()}a compiled function is given an array of {dtype}; it takes arrays of numbers or of "
            "truth values: convert it, or leave it out."
        )


def typed(leaves: list[Any]) -> list[Any]:
    """Return what a program is recorded with: arrays of the machine's byte order, and NumPy's numbers for Python's.

    A Python number has, as far as its kind allows, the type of the arrays it goes with: among float32 arrays 0.1 is of
    float32, as in NumPy.
    """
    real = [np.finfo(x.dtype).dtype for x in leaves if hasattr(x, "dtype") and x.dtype.kind in "fc"]
    widest = max(real, key=lambda dtype: dtype.itemsize, default=np.dtype(np.float64))
    types_of = {float: widest, complex: np.result_type(widest, np.complex64)}
    return [
        types_of[type(x)].type(x) if type(x) in types_of else x.astype(x.dtype.newbyteorder("="), copy=False)
        for x in leaves
    ]


def filled(tree: Any, data: list[Any]) -> Any:
    """Return a structure with other arrays and numbers in it, in their order; its settings stay.

    Examples
    --------
    >>> filled({"x": 1.0, "axis": 0}, ["here"])
    {'x': 'here', 'axis': 0}
    """
    leaves, rebuild = flatten(tree)
    rest = iter(data)
    return rebuild([next(rest) if is_data(leaf) else leaf for leaf in leaves])


def stand_in(x: Any) -> Any:
    """Return what has an array's shape and type, and no memory.

    Examples
    --------
    >>> stand_in(np.ones((2, 1000))).strides
    (0, 0)
    """
    if isinstance(x, tuple):
        return tuple(stand_in(part) for part in x)
    return np.broadcast_to(np.zeros((), x.dtype), x.shape) if isinstance(x, np.ndarray) else x


def described(arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> str:
    """Write down positional and named arguments, arrays by their types and shapes.

    Examples
    --------
    >>> described(((np.zeros(3), 0.5), {"axis": 0}))
    '(float64 (3,), float, axis=0)'
    """
    leaves: list[Any] = []
    take_apart(arguments, [], leaves)
    positional, named = filled(arguments, [_Words(_typed(x)) for x in leaves])
    return f"({', '.join([*map(repr, positional), *(f'{name}={x!r}' for name, x in named.items())])})"


def _typed(x: Any) -> str:
    return f"{x.dtype} {x.shape}" if hasattr(x, "dtype") else type(x).__name__


class _Words(str):
    """Words that stand for themselves."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
