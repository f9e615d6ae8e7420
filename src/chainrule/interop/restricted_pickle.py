"""Pickles of plain NumPy arrays, read so that nothing they hold is ever run.

A pickle is a program. Its instructions build lists and dicts, but also look functions up by name and call them, which
is how a hostile one takes over. Two walls stand against that:

1. Before anything is unpickled the instructions are listed, and each must be one of those that build plain data.
2. While unpickling, the few names by which NumPy pickles an array lead to small stand-ins of this module, which check
   what they are given and then build the array from its bytes. Every other name is refused.
"""

import io
import pickle
import pickletools
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from chainrule.graph.node import Array

# What NumPy's arrays, numbers, strings, lists, tuples and dicts are made by, in every protocol. Not among them:
# extension codes, persistent ids, out-of-band buffers, and the instructions that make objects of classes.
# fmt: off
INSTRUCTIONS = frozenset({
    "PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "GET", "BINGET", "LONG_BINGET",
    "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4",
    "FLOAT", "BINFLOAT", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
    "EMPTY_LIST", "LIST", "APPEND", "APPENDS", "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS",
    "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
    "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD",
})
# fmt: on

# An array takes about fifty, so this is far more than a network needs, and too few to exhaust memory or stack.
MOST_INSTRUCTIONS = 10_000


class RefusedPickleError(Exception):
    """The pickle holds something other than plain data and arrays of floats."""


def load(data: bytes) -> Any:
    """Unpickle plain data and arrays of float32 or float64, and refuse everything else.

    Parameters
    ----------
    data : bytes
        The whole pickle, of any protocol.

    Returns
    -------
    object
        Lists, tuples, dicts, strings, numbers, None, and arrays of one or two dimensions.

    Raises
    ------
    RefusedPickleError
        If the pickle is damaged, or holds anything else. Nothing of it has been run.
    """
    try:
        _check_instructions(data)
        return _without_stand_ins(_Unpickler(io.BytesIO(data)).load())
    except RefusedPickleError:
        raise
    # A damaged pickle can fail in any of a dozen ways, and all of them mean the same.
    except Exception as error:
        raise RefusedPickleError(
            f"is no pickle, or a damaged one ({_brief(str(error)) or type(error).__name__})"
        ) from error


def _check_instructions(data: bytes) -> None:
    argument: Any
    for count, (instruction, argument, _) in enumerate(pickletools.genops(data)):
        if instruction.name not in INSTRUCTIONS:
            raise RefusedPickleError(f"holds the instruction {instruction.name}, which plain data do not need")
        if count > MOST_INSTRUCTIONS:
            raise RefusedPickleError(f"holds more than {MOST_INSTRUCTIONS} instructions, which no network needs")
        # The unpickler's memory is an array as long as the largest index asked for.
        if instruction.name.endswith("PUT") and argument > MOST_INSTRUCTIONS:
            raise RefusedPickleError(f"asks for a memory of {argument} objects, which no network needs")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        stand_in = _STAND_INS.get((module.replace("numpy.core", "numpy._core", 1), name))
        if stand_in is None:
            raise RefusedPickleError(f"holds {_brief(f'{module}.{name}')}, which is not part of an array")
        return stand_in()

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedPickleError("refers to objects outside of itself")


class _StandIn:
    """Stands for a class or function; has no attributes that a pickle could set, and cannot be built upon."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None:
        raise RefusedPickleError("tries to change what it must not")


class _ArrayType(_StandIn):
    """numpy.ndarray, which is only ever an argument."""

    __slots__ = ()


class _Type(_StandIn):
    """A dtype: float32 or float64, in either byte order."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        # (version, byte order, subarray, names, fields, size, alignment, flags, ...)
        order = state[1]
        if order not in ("<", ">", "=", "|") or any(part is not None for part in state[2:5]):
            raise RefusedPickleError("holds an array of an unknown type")
        self.name = order.replace("|", "=") + self.name.lstrip("<>=")

    def read(self, data: bytes, shape: tuple[int, ...], order: str) -> Array:
        """Copy an array out of its bytes, once everything about it has been checked."""
        if not isinstance(data, bytes | bytearray):
            raise RefusedPickleError("holds an array whose entries are not plain bytes")
        if not (isinstance(shape, tuple) and len(shape) in (1, 2) and all(type(n) is int and n > 0 for n in shape)):
            raise RefusedPickleError(f"holds an array of the shape {_brief(repr(shape))}")
        dtype = np.dtype(self.name)
        if prod(shape) * dtype.itemsize != len(data):
            raise RefusedPickleError(f"holds an array of shape {shape} in {len(data)} bytes of {dtype}")
        array = np.frombuffer(data, dtype).reshape(shape, order="F" if order == "F" else "C")
        return np.array(array, dtype=dtype.newbyteorder("="), order="C")


class _Array(_StandIn):
    """An array on its way: empty when it is made, filled by BUILD."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: Array | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, data = state
        self.values = _checked_type(dtype).read(data, shape, "F" if fortran else "C")


class _TypeType(_StandIn):
    """numpy.dtype."""

    __slots__ = ()

    def __call__(self, name: str, *_: object) -> _Type:
        if name not in ("f4", "f8", "<f4", "<f8", ">f4", ">f8"):
            raise RefusedPickleError(
                f"holds an array of type {_brief(repr(name))}, where only float32 and float64 are read"
            )
        return _Type(name)


class _Reconstruct(_StandIn):
    """numpy._core.multiarray._reconstruct, which protocols 0 to 4 make an array with."""

    __slots__ = ()

    def __call__(self, kind: object, *_: object) -> _Array:
        if not isinstance(kind, _ArrayType):
            raise RefusedPickleError("makes an array of a class that is not NumPy's")
        return _Array()


class _FromBuffer(_StandIn):
    """numpy._core.numeric._frombuffer, which protocol 5 makes an array with."""

    __slots__ = ()

    def __call__(self, data: Any, dtype: Any, shape: Any, order: Any, *_: object) -> _Array:
        array = _Array()
        array.values = _checked_type(dtype).read(data, shape, order)
        return array


class _Encode(_StandIn):
    """_codecs.encode, by which protocols 0 to 2 spell bytes."""

    __slots__ = ()

    def __call__(self, text: Any, encoding: Any) -> bytes:
        if not isinstance(text, str) or encoding != "latin1":
            raise RefusedPickleError("holds bytes in an unknown spelling")
        return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], Callable[[], _StandIn]] = {
    ("numpy", "ndarray"): _ArrayType,
    ("numpy", "dtype"): _TypeType,
    ("numpy._core.multiarray", "_reconstruct"): _Reconstruct,
    ("numpy._core.numeric", "_frombuffer"): _FromBuffer,
    ("_codecs", "encode"): _Encode,
}


def _brief(text: str) -> str:
    """Shorten what a stranger wrote, and leave nothing in it that a terminal would obey."""
    return ascii(text if len(text) <= 80 else text[:77] + "...").strip("'")


def _checked_type(dtype: Any) -> _Type:
    if not isinstance(dtype, _Type):
        raise RefusedPickleError("holds an array without a type")
    return dtype


def _without_stand_ins(value: Any) -> Any:
    """Put the arrays in the place of what stood for them."""
    if isinstance(value, _Array) and value.values is not None:
        return value.values
    if isinstance(value, list):
        return [_without_stand_ins(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_stand_ins(item) for key, item in value.items()}
    if isinstance(value, _StandIn):
        raise RefusedPickleError("holds an unfinished array")
    return value
