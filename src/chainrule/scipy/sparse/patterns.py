"""Where the entries of a sparse array stand, and products that are linear in these and in the other factor."""

import functools
from typing import Any

import numpy as np
import scipy.sparse

from chainrule.graph.node import Array
from chainrule.rules.kinds import Linear, Multilinear


class Pattern:
    """The places of a sparse array's entries, in one of SciPy's formats.

    Attributes
    ----------
    kind : class
        `scipy.sparse.csr_array`, `csc_array` or `coo_array`.
    places : tuple of arrays
        What tells the places in that format: (indices, indptr), or (coords,).
    shape : pair of int
    """

    def __init__(self, kind: Any, places: tuple[Any, ...], shape: tuple[int, int]) -> None:
        self.kind = kind
        self.places = places
        self.shape = shape

    @classmethod
    def of(cls, matrix: Any) -> "Pattern":
        """Return the pattern of one of SciPy's arrays."""
        if matrix.format == "coo":
            return cls(scipy.sparse.coo_array, ((matrix.row, matrix.col),), matrix.shape)
        kind = scipy.sparse.csr_array if matrix.format == "csr" else scipy.sparse.csc_array
        return cls(kind, (matrix.indices, matrix.indptr), matrix.shape)

    def matrix(self, data: Any) -> Any:
        """Return SciPy's array with these entries."""
        return self.kind((data, *self.places), shape=self.shape)

    @functools.cached_property
    def T(self) -> "Pattern":  # noqa: N802
        """The pattern of the transpose, of which the entries are in the same order."""
        kinds = {scipy.sparse.csr_array: scipy.sparse.csc_array, scipy.sparse.csc_array: scipy.sparse.csr_array}
        places = self.places if self.kind in kinds else (self.places[0][::-1],)
        return Pattern(kinds.get(self.kind, self.kind), places, self.shape[::-1])

    @functools.cached_property
    def rows_and_columns(self) -> tuple[Any, Any]:
        """The row and the column of each entry."""
        if len(self.places) == 1:
            rows, columns = self.places[0]
            return rows, columns
        indices, starts = self.places
        lines = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        return (lines, indices) if self.kind is scipy.sparse.csr_array else (indices, lines)

    def taken(self, left: Array, right: Array) -> Array:
        """Return the entries at these places of left · rightᵀ, with nothing computed elsewhere."""
        rows, columns = self.rows_and_columns
        products = left[rows] * right[columns]
        return products if products.ndim == 1 else np.sum(products, axis=-1)

    def __str__(self) -> str:
        return f"{self.kind.__name__} {self.shape}"


def _with_rows(g: Array, x: Array, pattern: Pattern) -> Array:
    # SciPy drops the axis of a single row of an array of coordinates.
    return np.reshape(g, (pattern.shape[0], *x.shape[1:]))


def _by_factor(g: Array, y: Array, data: Array, x: Array, pattern: Pattern) -> Array:
    return np.reshape(DATA_MATMUL(data, _with_rows(g, x, pattern), pattern=pattern.T), x.shape)


DATA_MATMUL: Multilinear = Multilinear(
    "sparse_matmul",
    lambda data, x, pattern: pattern.matrix(data) @ x,
    lambda g, y, data, x, pattern: pattern.taken(_with_rows(g, x, pattern), x),
    _by_factor,
)
TOARRAY = Linear(
    "toarray",
    lambda data, pattern: pattern.matrix(data).toarray(),
    lambda g, y, data, pattern: g[pattern.rows_and_columns],
)
