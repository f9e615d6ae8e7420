"""Equations with a sparse matrix, as in `scipy.sparse.linalg`."""

from typing import Any

import scipy.sparse
import scipy.sparse.linalg

from chainrule.errors import InputError
from chainrule.graph.node import Array
from chainrule.rules.kinds import General
from chainrule.rules.operands import operand
from chainrule.scipy.sparse import SparseArray
from chainrule.scipy.sparse.patterns import DATA_MATMUL, Pattern

__all__ = ["spsolve"]


def _spsolve(data: Array, b: Array, *, pattern: Pattern, **options: Any) -> Array:
    return scipy.sparse.linalg.spsolve(pattern.matrix(data), b, **options)


def _other_way(data: Array, g: Array, *, pattern: Pattern, **options: Any) -> Array:
    return SPSOLVE(data, g, pattern=pattern.T, **options)


def _pull_data(g: Array, x: Array, data: Array, b: Array, **options: Any) -> Array:
    return -options["pattern"].taken(_other_way(data, g, **options), x)


def _push_data(t: Array, x: Array, data: Array, b: Array, **options: Any) -> Array:
    return SPSOLVE(data, -DATA_MATMUL(t, x, pattern=options["pattern"]), **options)


SPSOLVE: General = General(
    "spsolve",
    _spsolve,
    (_pull_data, lambda g, x, data, b, **options: _other_way(data, g, **options)),
    (_push_data, lambda t, x, data, b, **options: SPSOLVE(data, t, **options)),
)


def spsolve(A: Any, b: Any, permc_spec: str | None = None, use_umfpack: bool = True) -> Array:
    """Solve A x = b, as `scipy.sparse.linalg.spsolve` does.

    Parameters
    ----------
    A : sparse array (n, n)
        By rows or by columns: SciPy's own, or one of `chainrule.scipy.sparse` with traced entries. The derivative is
        by its entries, not by the zeros between them.
    b : array_like (n,) or (n, k)
    permc_spec, use_umfpack
        As for SciPy's.

    Returns
    -------
    array (n,) or (n, k)

    Raises
    ------
    InputError
        A is no sparse array by rows or by columns.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> from chainrule.scipy.sparse import csr_array
    >>> diagonal = lambda d: csr_array((d, [0, 1], [0, 1, 2]))
    >>> grad(lambda d: spsolve(diagonal(d), np.ones(2)).sum())(np.array([1.0, 2.0]))
    array([-1.  , -0.25])
    """
    b = operand(b)
    if b.ndim == 2 and b.shape[1] == 1:  # SciPy returns a single column as a vector
        b = b.reshape(-1)
    if getattr(A, "format", None) in ("csr", "csc"):
        data, pattern = A.data, Pattern.of(A)
    elif isinstance(A, SparseArray) and A.pattern.kind is not scipy.sparse.coo_array:
        data, pattern = A.data, A.pattern
    else:
        raise InputError(
            f"spsolve takes a sparse array by rows or by columns, and {type(A).__name__} came; make it with csr_array, "
            "or turn a constant one into that with A.tocsr()."
        )
    return SPSOLVE(data, b, pattern=pattern, permc_spec=permc_spec, use_umfpack=use_umfpack)
