"""Values as bytes on their way between two processes: numbers, words, arrays and lists of them, nothing that runs.

A message is a length and JSON; an array in it is its dtype, its shape and its bytes. It is read without trust: what is
too large, too deep or anything else is refused.
"""

import base64
import json
import math
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

LARGEST = 32 * 2**20
"""Bytes of a message."""

_DEEPEST = 8
_LONGEST = 100  # characters of a name
_KINDS = "biuf"


class WireError(ValueError):
    """What came is no message, or what should go cannot be one."""


class Unknown:
    """Stands for a value of another type, of which only the name is told."""


def send(stream: IO[bytes], value: Any) -> None:
    """Write a message.

    Raises
    ------
    WireError
        It would be too large.
    OSError
        Nobody reads any more.
    """
    data = json.dumps(_packed(value, 0)).encode()
    if len(data) > LARGEST:
        raise WireError(f"a message has {len(data):,} bytes; at most {LARGEST:,} are taken.")
    stream.write(len(data).to_bytes(8, "big") + data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read a message.

    Raises
    ------
    EOFError
        The other side has ended.
    WireError
        What came is no message.
    """
    length = int.from_bytes(_exactly(stream, 8), "big")
    if length > LARGEST:
        raise WireError("a message is too large.")
    data = _exactly(stream, length)
    try:
        return _unpacked(json.loads(data), 0)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WireError(f"what came is no message: {error}") from None


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def shown(words: str) -> str:
    r"""Make words safe to be printed and written: what steers a terminal, or is no character, is spelt out.

    Examples
    --------
    >>> print(shown("δ\x1b[2J"))
    δ\x1b[2J
    """
    return "".join(
        character if character.isprintable() or character in "\n\t" else ascii(character)[1:-1] for character in words
    )


def _packed(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return {"other": "list too deeply nested"}
    if isinstance(value, np.generic) or (hasattr(value, "__array__") and not isinstance(value, np.ndarray)):
        value = np.asarray(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        return _packed_array(value, depth)
    if isinstance(value, Mapping):
        return {"dict": [[str(key)[:_LONGEST], _packed(item, depth + 1)] for key, item in value.items()]}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [_packed(item, depth + 1) for item in value]}
    return {"other": type(value).__name__[:_LONGEST]}


def _packed_array(array: np.ndarray[Any, Any], depth: int) -> Any:
    if array.dtype.kind == "O" and array.ndim:
        return {"list": [_packed(item, depth + 1) for item in array]}
    if array.dtype.kind not in _KINDS:
        return {"other": f"array of {array.dtype}"[:_LONGEST]}
    if array.nbytes > LARGEST:
        raise WireError(f"an array has {array.nbytes:,} bytes; at most {LARGEST:,} are taken.")
    plain = np.ascontiguousarray(array).reshape(array.shape)
    return {"array": [plain.dtype.str, plain.shape, base64.b64encode(plain.tobytes()).decode("ascii")]}


def _unpacked(packed: Any, depth: int) -> Any:
    if depth > _DEEPEST + 1:
        raise WireError("it is too deeply nested.")
    if not isinstance(packed, dict):
        if isinstance(packed, list):
            raise WireError("a list came without its type.")
        return packed
    ((kind, content),) = packed.items()
    match kind:
        case "array":
            return _unpacked_array(*content)
        case "list" | "tuple":
            items = [_unpacked(item, depth + 1) for item in content]
            return items if kind == "list" else tuple(items)
        case "dict":
            return {shown(str(key)[:_LONGEST]): _unpacked(item, depth + 1) for key, item in content}
        case "other":
            return type(shown(str(content)[:_LONGEST]), (Unknown,), {})()
    raise WireError(f"{kind!r} is no type of value.")


def _unpacked_array(dtype: str, shape: list[int], data: str) -> Any:
    kind = np.dtype(str(dtype))
    if kind.kind not in _KINDS or len(shape) > 32 or any(not isinstance(n, int) or n < 0 for n in shape):
        raise WireError("an array has no dtype or no shape.")
    values = base64.b64decode(data, validate=True)
    if len(values) != math.prod(shape) * kind.itemsize:
        raise WireError("an array has more or fewer numbers than its shape says.")
    return np.frombuffer(values, kind).reshape(shape).copy()
