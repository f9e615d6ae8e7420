"""Derivations as JSON: every quantity and step with its formulas and numbers, written and read back.

The format is a version and one record; what has a class of its own is an object with its name under "is", arrays are
objects with dtype, shape and values. Numbers are written with all their digits. Nothing in a file is ever run.
"""

import dataclasses
import json
import math
from typing import Any

import numpy as np

from chainrule import document
from chainrule.derivation import steps
from chainrule.errors import InputError
from chainrule.graph.blame import Line

VERSION = 1

_CLASSES: dict[str, type] = {
    name: found
    for module in (document, steps)
    for name, found in vars(module).items()
    if isinstance(found, type) and dataclasses.is_dataclass(found)
}


def written(derivation: Any) -> str:
    """Write a derivation as JSON."""
    fields = {
        field.name: _record(getattr(derivation, field.name))
        for field in dataclasses.fields(derivation)
        if not field.name.startswith("_")
    }
    source = derivation.to_python_or_none()
    return json.dumps({"chainrule derivation": VERSION, **fields, "python": source}, ensure_ascii=False)


def fields_of(text: str) -> dict[str, Any]:
    """Read what `written` has written: the fields of a derivation.

    Raises
    ------
    InputError
        The text is no derivation, or of another version.
    """
    try:
        found = json.loads(text)
        version = found.pop("chainrule derivation")
        if version != VERSION:
            raise InputError(f"the derivation is of version {version}, and this chainrule reads version {VERSION}.")
        return {name: _value(record) for name, record in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"this is no derivation that to_json has written ({type(error).__name__}: {error}); give such a text."
        ) from None


def _record(x: Any) -> Any:
    if isinstance(x, Line):
        return {"is": "Line", **x._asdict()}
    if dataclasses.is_dataclass(x) and type(x).__name__ in _CLASSES:
        return {
            "is": type(x).__name__,
            **{field.name: _record(getattr(x, field.name)) for field in dataclasses.fields(x)},
        }
    if isinstance(x, np.ndarray | np.generic):
        array = np.asarray(x)
        flat = array.view(array.real.dtype) if array.dtype.kind == "c" and array.ndim else array
        values = (
            [array.item().real, array.item().imag]
            if array.dtype.kind == "c" and not array.ndim
            else flat.ravel().tolist()
        )
        return {"is": "array", "dtype": array.dtype.str, "shape": array.shape, "values": [_number(v) for v in values]}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return {"is": "dict", "entries": [[name, _record(getattr(x, name))] for name in x._fields]}
    if isinstance(x, dict):
        return {"is": "dict", "entries": [[key, _record(value)] for key, value in x.items()]}
    if isinstance(x, tuple):
        return {"is": "tuple", "entries": [_record(one) for one in x]}
    if isinstance(x, list):
        return [_record(one) for one in x]
    if isinstance(x, complex):
        return {"is": "complex", "parts": [_number(x.real), _number(x.imag)]}
    return _number(x)


def _number(x: Any) -> Any:
    """Write a number; JSON has none for NaN and the infinities."""
    return {"is": "float", "text": repr(x)} if isinstance(x, float) and not math.isfinite(x) else x


def _value(record: Any) -> Any:
    if isinstance(record, list):
        return [_value(one) for one in record]
    if not isinstance(record, dict):
        return record
    kind = record["is"]
    if kind == "float":
        return float(record["text"])
    if kind == "complex":
        return complex(*map(_value, record["parts"]))
    if kind == "tuple":
        return tuple(_value(one) for one in record["entries"])
    if kind == "dict":
        return {key: _value(value) for key, value in record["entries"]}
    if kind == "array":
        dtype = np.dtype(record["dtype"])
        if dtype.kind not in "biufc":
            raise ValueError(f"an array of {dtype}")
        flat = np.array([_value(v) for v in record["values"]], dtype.type(0).real.dtype if dtype.kind == "c" else dtype)
        return flat.view(dtype).reshape(record["shape"])[()]
    fields = {name: _value(value) for name, value in record.items() if name != "is"}
    return Line(**fields) if kind == "Line" else _CLASSES[kind](**fields)
