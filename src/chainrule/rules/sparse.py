"""Products of SciPy's sparse arrays with traced ones: ``A @ x``, ``A.dot(x)`` and ``x @ A``, for a constant A.

This module is loaded when a sparse array first meets a traced one (see `chainrule.graph.table.LATE`). For sparse
arrays whose own entries are traced, see `chainrule.scipy.sparse`.
"""

import copy
from typing import Any

import numpy as np
from scipy.sparse import issparse

from chainrule.graph.node import Array
from chainrule.graph.tracer import Tracer
from chainrule.rules.kinds import Linear
from chainrule.rules.table import spells


class Constant:
    """A sparse array as a parameter of a node: written by its type and shape, not by its entries."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    @property
    def T(self) -> "Constant":  # noqa: N802
        """The transpose; of an array of one axis, which is a row to SciPy, the column."""
        return Constant(self.matrix.T if self.matrix.ndim > 1 else self.matrix.reshape(1, -1).T)

    def __str__(self) -> str:
        return f"{type(self.matrix).__name__} {self.matrix.shape}"


def _transpose(g: Array, y: Array, x: Array, A: Constant) -> Array:
    # SciPy drops the axis of a single row, of an array of coordinates and of one axis.
    rows = A.matrix.shape[0] if A.matrix.ndim > 1 else 1
    return np.reshape(SPARSE_MATMUL(np.reshape(g, (rows, *x.shape[1:])), A=A.T), x.shape)


SPARSE_MATMUL: Linear = Linear("sparse_matmul", lambda x, A: A.matrix @ x, _transpose)


@spells(Tracer.__rmatmul__)
def _from_left(x: Array, A: Any) -> Array:
    return SPARSE_MATMUL(x, A=Constant(_kept(A, x))) if issparse(A) else NotImplemented


@spells(Tracer.__matmul__)
def _from_right(x: Array, A: Any) -> Array:
    # SciPy computes x A as (Aᵀ xᵀ)ᵀ, too.
    return np.transpose(SPARSE_MATMUL(np.transpose(x), A=Constant(_kept(A, x)).T)) if issparse(A) else NotImplemented


def _kept(A: Any, x: Array) -> Any:
    """Return a sparse array's value of now, which the derivative will need even if the user's code changes it later.

    As for a plain array, its arrays cannot be changed until the function has run.
    """
    if A.format in ("lil", "dok"):  # made of lists, or a dict, which cannot be kept from changing
        return A.copy()
    kept = copy.copy(A)
    while type(x) is Tracer:
        keep = x._recording.keep
        for name, part in vars(A).items():
            if type(part) is np.ndarray:
                setattr(kept, name, keep(part))
            elif type(part) is tuple and any(type(each) is np.ndarray for each in part):
                setattr(kept, name, tuple(map(keep, part)))
        x = x._node.value
    return kept
