"""Python's values as JSON and back: what a plan, a graph, and arguments and results are made of.

Numbers, texts, truth values and None stand for themselves, and JSON's arrays for tuples. Everything else is an object
with one key, which says what it is: ``{"list": [1, 2]}``, ``{"dtype": "<f8"}``, ``{"Place": {"buffer": 0, …}}``. Arrays
stand apart from the text, and are named by their numbers.
"""

import dataclasses
import math
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from chainrule.compiler.arguments import Result
from chainrule.compiler.files.names import (
    function_called,
    name_of_function,
    name_of_rule,
    rule_called,
    rule_names,
)
from chainrule.compiler.plan import (
    Apply,
    Buffer,
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
from chainrule.errors import InputError
from chainrule.graph.node import Rule
from chainrule.rules.indexing import Slot

_PARTS: dict[str, type] = {
    kind.__name__: kind
    for kind in (Apply, Buffer, Call, Kernel, Loop, Number, Place, Plan, Product, Read, Rows, Step, Store, View)
}
_TYPES: dict[str, type] = {kind.__name__: kind for kind in (bool, int, float, complex, str)}
_KINDS = "biufcSUmM"  # of arrays: numbers, texts and times, but no objects
_OURS = ("numpy", "chainrule")
_SPARSE = {"chainrule.rules.sparse": "sparse", "chainrule.scipy.sparse.patterns": "pattern"}
_LATE = "chainrule.compiler.files.sparse"  # which loads SciPy's sparse arrays


class Like:
    """What stands for an argument, of which only shape and type are known; for Python's numbers only the type."""

    __slots__ = ("dtype", "shape")

    def __init__(self, dtype: np.dtype[Any] | str, shape: tuple[int, ...] | None = None) -> None:
        self.dtype = dtype
        self.shape = shape


class Writer:
    """Writes values down.

    Attributes
    ----------
    arrays : list of ndarray
        The arrays among them.
    """

    def __init__(self) -> None:
        self.arrays: list[Any] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._rules = rule_names()
        self._of_function = {rule.function: rule for rule in self._rules}

    def write(self, x: Any) -> Any:
        """Return what JSON can hold of a value.

        Raises
        ------
        InputError
            It is nothing that a file can hold.
        """
        kind = type(x)
        if x is None or kind in (bool, int, str) or (kind is float and math.isfinite(x)):
            return x
        if kind is tuple:
            return [self.write(part) for part in x]
        if kind.__module__ in _SPARSE:
            import_module(_LATE)
        written = WRITTEN.get(kind)
        if written is not None:
            return written(self, x)
        if kind.__name__ in _PARTS and kind is _PARTS[kind.__name__]:
            return {kind.__name__: {name: self.write(value) for name, value in _init_fields(x)}}
        for general, write in _GENERAL:
            if isinstance(x, general):
                return write(self, x)
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            return self._object(x, zip(x._fields, x, strict=True))
        if dataclasses.is_dataclass(x) and kind is not type:
            return self._object(x, _init_fields(x))
        name = name_of_function(x)
        if name is not None:
            return {"function": name}
        raise InputError(
            f"a program file cannot hold {x!r}, which the program has among its settings or steps; it holds arrays, "
            "numbers, texts, slices, types, and the functions of NumPy and SciPy that chainrule knows."
        )

    def rule(self, rule: Rule) -> Any:
        """Return what names a rule."""
        name = name_of_rule(rule, self._rules)
        if name is None:
            raise InputError(
                f"a program file cannot hold {rule.name}, which calls Python code of your own: a file holds data, and "
                "no code; write it in NumPy's functions, or keep it outside of what is compiled and saved."
            )
        return {"rule": [name[0], *map(self.write, name[1])]}

    def call(self, call: Call) -> Any:
        """Return what says which function NumPy is called for, and with what."""
        fields = dict(_init_fields(call))
        function = fields.pop("function")
        rule = self._of_function.get(function) or Rule(call.name, function)
        return {"Call": {"function": self.rule(rule), **{name: self.write(value) for name, value in fields.items()}}}

    def array(self, x: Any) -> Any:
        """Put an array with the others, and return what names it."""
        if x.dtype.kind not in _KINDS:
            raise InputError(f"a program file cannot hold an array of {x.dtype}; it holds arrays of numbers and texts.")
        key = (x.dtype.str, x.shape, x.flags.c_contiguous, x.tobytes())
        if key not in self._numbers:
            self._numbers[key] = len(self.arrays)
            self.arrays.append(x)
        return {"array": self._numbers[key]}

    def _object(self, x: Any, fields: Iterable[tuple[str, Any]]) -> Any:
        return {"object": [_full_name(type(x)), [[name, self.write(value)] for name, value in fields]]}


def _init_fields(x: Any) -> list[tuple[str, Any]]:
    return [(field.name, getattr(x, field.name)) for field in dataclasses.fields(x) if field.init]


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _type(writer: Writer, x: type) -> Any:
    if x in _TYPES.values():
        return {"type": x.__name__}
    if issubclass(x, np.generic) and getattr(np, x.__name__, None) is x:
        return {"type": f"numpy.{x.__name__}"}
    raise InputError(
        f"a program file cannot hold the class {x.__name__}; it holds NumPy's types, and Python's numbers."
    )


WRITTEN: dict[type, Callable[[Writer, Any], Any]] = {
    list: lambda w, x: {"list": [w.write(part) for part in x]},
    dict: lambda w, x: {"dict": [[w.write(key), w.write(value)] for key, value in x.items()]},
    slice: lambda w, x: {"slice": [w.write(x.start), w.write(x.stop), w.write(x.step)]},
    range: lambda w, x: {"range": [x.start, x.stop, x.step]},
    type(Ellipsis): lambda w, x: {"ellipsis": None},
    float: lambda w, x: {"float": struct.pack(">d", x).hex()},
    complex: lambda w, x: {"complex": struct.pack(">dd", x.real, x.imag).hex()},
    bytes: lambda w, x: {"bytes": x.hex()},
    Slot: lambda w, x: {"slot": int(x)},
    Result: lambda w, x: {"result": [x.number, x.scalar]},
    Like: lambda w, x: {"like": [w.write(x.dtype), w.write(x.shape)]},
    Call: Writer.call,
    np.ndarray: Writer.array,
}
_GENERAL: list[tuple[type, Callable[[Writer, Any], Any]]] = [
    (np.dtype, lambda w, x: {"dtype": x.str}),
    (np.generic, lambda w, x: {"scalar": w.array(np.asarray(x))["array"]}),
    (type, _type),
    (Rule, Writer.rule),
]


class Reader:
    """Reads values that a `Writer` has written. Nothing is run but what makes plain values.

    Parameters
    ----------
    arrays : sequence of ndarray
        The arrays among them.
    classes : iterable of type
        The user's named tuples and dataclasses that may occur.
    """

    def __init__(self, arrays: Sequence[Any], classes: Iterable[type] = ()) -> None:
        self.arrays = arrays
        self._classes = {_full_name(kind): kind for kind in classes}

    def read(self, x: Any) -> Any:
        """Return the value that was written.

        Raises
        ------
        ValueError, TypeError, LookupError
            It was not written by a `Writer`.
        InputError
            It is of a class that is not known.
        """
        if isinstance(x, list):
            return tuple([self.read(part) for part in x])
        if not isinstance(x, dict):
            return x
        ((tag, content),) = x.items()
        if tag in _PARTS:
            fields = {name: self.read(value) for name, value in content.items()}
            if tag == "Call":
                fields["function"] = fields["function"].function
            return _PARTS[tag](**fields)
        if tag in _SPARSE.values():
            import_module(_LATE)
        return READ[tag](self, content)

    def each(self, x: Any) -> list[Any]:
        """Return the values in a list."""
        if not isinstance(x, list):
            raise TypeError("there is no list where one is expected")
        return [self.read(part) for part in x]

    def array(self, number: Any) -> Any:
        """Return an array by its number."""
        if type(number) is not int or number < 0:
            raise TypeError("an array has no number")
        return self.arrays[number]

    def object(self, content: Any) -> Any:
        """Return an object of a class that is known, made of its fields."""
        name, fields = content
        kind = self._classes.get(name) or _own_class(name)
        if kind is None:
            raise InputError(
                f"the program takes or returns objects of the class {name}, and a file holds no classes; give it: "
                f"Program.load(path, classes=[{name.rpartition('.')[2]}])."
            )
        return kind(**{key: self.read(value) for key, value in fields})


def _own_class(name: str) -> type | None:
    """Return a named tuple or a dataclass of NumPy's or of chainrule's."""
    module, _, attribute = name.rpartition(".")
    kind = getattr(sys.modules.get(module), attribute, None) if module.split(".")[0] in _OURS else None
    return kind if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields") else None


def dtype_called(name: Any) -> np.dtype[Any]:
    """Return a type of arrays, of numbers, texts or times."""
    dtype: np.dtype[Any] = np.dtype(name) if isinstance(name, str) else np.dtype(object)
    if dtype.kind not in _KINDS:
        raise TypeError(f"{name} is no type of numbers")
    return dtype


def _read_type(reader: Reader, name: str) -> type:
    if name in _TYPES:
        return _TYPES[name]
    kind = getattr(np, name.removeprefix("numpy."))
    if not (isinstance(kind, type) and issubclass(kind, np.generic)):
        raise TypeError(f"{name} is no type of numbers")
    return kind


def _read_like(reader: Reader, content: Any) -> Like:
    dtype, shape = reader.each(content)
    if dtype not in ("float", "complex") and not isinstance(dtype, np.dtype):
        raise TypeError("an argument has no type")
    return Like(dtype, shape)


def _read_rule(reader: Reader, content: Any) -> Rule:
    name, *arguments = reader.each(content)
    return rule_called(name, tuple(arguments))


READ: dict[str, Callable[[Reader, Any], Any]] = {
    "list": lambda r, x: r.each(x),
    "dict": lambda r, x: {r.read(key): r.read(value) for key, value in x},
    "slice": lambda r, x: slice(*r.each(x)),
    "range": lambda r, x: range(*r.each(x)),
    "ellipsis": lambda r, x: Ellipsis,
    "float": lambda r, x: struct.unpack(">d", bytes.fromhex(x))[0],
    "complex": lambda r, x: complex(*struct.unpack(">dd", bytes.fromhex(x))),
    "bytes": lambda r, x: bytes.fromhex(x),
    "slot": lambda r, x: Slot(x),
    "result": lambda r, x: Result(*r.each(x)),
    "like": _read_like,
    "dtype": lambda r, x: dtype_called(x),
    "scalar": lambda r, x: r.array(x)[()],
    "array": lambda r, x: r.array(x),
    "object": lambda r, x: r.object(x),
    "function": lambda r, x: function_called(x),
    "type": _read_type,
    "rule": _read_rule,
}
