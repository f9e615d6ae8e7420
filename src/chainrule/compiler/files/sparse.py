"""SciPy's sparse arrays in program files; this module is loaded when there is one."""

from typing import Any

import numpy as np
import scipy.sparse

from chainrule.compiler.files.values import READ, WRITTEN, Reader, Writer
from chainrule.rules.sparse import Constant
from chainrule.scipy.sparse.patterns import Pattern

_PARTS = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "coords"),
    "dia": ("data", "offsets"),
}


def _write_constant(writer: Writer, x: Constant) -> Any:
    # Arrays made of lists or a dict are products' factors as rows.
    matrix = x.matrix if x.matrix.format in _PARTS else x.matrix.tocsr()
    parts = [getattr(matrix, name) for name in _PARTS[matrix.format]]
    return {"sparse": [type(matrix).__name__, *(writer.write(part) for part in (matrix.shape, *parts))]}


def _read_constant(reader: Reader, content: Any) -> Constant:
    kind, shape, *parts = reader.each(content)
    return Constant(_matrix(kind, parts, shape))


def _write_pattern(writer: Writer, x: Pattern) -> Any:
    return {"pattern": [x.kind.__name__, *(writer.write(part) for part in (x.shape, *x.places))]}


def _read_pattern(reader: Reader, content: Any) -> Pattern:
    kind, shape, *places = reader.each(content)
    entries = places[0][0] if kind == "coo_array" else places[0]
    _matrix(kind, [np.zeros(len(entries)), *places], shape)
    return Pattern(_kind(kind), tuple(places), shape)


def _kind(name: Any) -> Any:
    """Return a class of SciPy's."""
    if name not in {f"{each}_{kind}" for each in _PARTS for kind in ("array", "matrix")}:
        raise TypeError(f"{name} is no sparse array")
    return getattr(scipy.sparse, name)


def _matrix(name: Any, parts: list[Any], shape: Any) -> Any:
    """Return a sparse array, after making sure that its indices stay within it: SciPy's products do not look."""
    matrix = _kind(name)(tuple(parts), shape=shape)
    if matrix.format in ("csr", "csc", "bsr"):
        matrix.check_format(full_check=True)
    return matrix


WRITTEN[Constant] = _write_constant
READ["sparse"] = _read_constant
WRITTEN[Pattern] = _write_pattern
READ["pattern"] = _read_pattern
