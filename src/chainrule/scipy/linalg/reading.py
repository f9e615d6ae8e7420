"""Which entries of a matrix a LAPACK routine reads, and what it takes the others for.

A routine for symmetric matrices reads one triangle and takes the other for its mirror image. So does its derivative:
the matrix is first made what the routine takes it for, by operations that are followed, and the routine's rule may
then be that of any matrix. The routine reads the same entries as before, and gives the same value.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.graph.node import Array
from chainrule.rules.matrices import conjugated, transposed


def triangle(a: Array, lower: bool, strict: bool = False) -> Array:
    """Return a with zeros outside of one triangle; `strict`: on the diagonal too."""
    rows, columns = a.shape[-2:]
    mask = np.tri(rows, columns, -strict, dtype=bool) if lower else ~np.tri(rows, columns, strict - 1, dtype=bool)
    return np.where(mask, a, 0)


def _diagonal(a: Array) -> Array:
    return np.where(np.eye(a.shape[-1], dtype=bool), a, 0)


def symmetric(a: Array, lower: bool) -> Array:
    """Mirror one triangle of each matrix."""
    half = triangle(a, lower, strict=True)
    return half + transposed(half) + _diagonal(a)


def hermitian(a: Array, lower: bool) -> Array:
    """Mirror one triangle of each matrix, conjugated; of the diagonal take the real part."""
    if a.dtype.kind != "c":
        return symmetric(a, lower)
    half = triangle(a, lower, strict=True)
    return half + conjugated(transposed(half)) + _diagonal(np.real(a))


def _tridiagonal(a: Array, lower: bool) -> Array:
    near = np.tri(a.shape[-1], k=1, dtype=bool) & ~np.tri(a.shape[-1], k=-2, dtype=bool)
    return np.where(near, a, 0)


_READERS: dict[str | None, Callable[[Array, bool], Array]] = {
    **dict.fromkeys((None, "gen", "general", "banded"), lambda a, lower: a),
    "diagonal": lambda a, lower: _diagonal(a),
    "tridiagonal": _tridiagonal,
    "upper triangular": lambda a, lower: triangle(a, lower=False),
    "lower triangular": lambda a, lower: triangle(a, lower=True),
    **dict.fromkeys(("sym", "symmetric"), symmetric),
    **dict.fromkeys(("her", "hermitian", "pos", "positive definite"), hermitian),
}
_TURNED = {"upper triangular": "lower triangular", "lower triangular": "upper triangular"}


def as_read(a: Array, assume_a: str | None, lower: bool) -> Array:
    """Return each matrix as SciPy takes it that is told by ``assume_a=`` and ``lower=`` what it is."""
    if assume_a not in _READERS:
        known = ", ".join(repr(name) for name in _READERS if name)
        raise InputError(f"assume_a={assume_a!r} is no kind of matrix that SciPy knows; it is one of {known}.")
    return _READERS[assume_a](a, lower)


def turned(assume_a: str | None) -> str | None:
    """Return the kind of the transpose of a matrix of a kind."""
    return _TURNED.get(assume_a or "", assume_a)


def in_columns(solver: Callable[[Array], Array], b: Array) -> Array:
    """Apply a solver, which takes right sides as the columns of a matrix, to a matrix or to a single vector."""
    return solver(b[:, None])[..., 0] if b.ndim == 1 else solver(b)


def known(**parameters: Any) -> dict[str, Any]:
    """Leave out what is not given, for versions of SciPy that do not have it yet."""
    return {name: value for name, value in parameters.items() if value is not None}
