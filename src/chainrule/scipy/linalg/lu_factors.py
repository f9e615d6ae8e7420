"""Factorisation into a lower and an upper triangle, P A = L U with a permutation P of rows, and its equations.

From P dA = dL U + L dU follows L⁻¹ P dA U⁻¹ = L⁻¹ dL + dU U⁻¹, a strictly lower and an upper triangle.
"""

from typing import Any

import numpy as np
import scipy.linalg

from chainrule.graph.node import Array, Parts
from chainrule.rules.kinds import Flat, General, unbroadcast
from chainrule.rules.matrices import conjugated, transposed
from chainrule.rules.operands import operand
from chainrule.scipy.linalg.reading import in_columns, triangle
from chainrule.scipy.linalg.solving import solve_triangular


def _rows(pivots: Any) -> Any:
    """Return P as a matrix: the identity, with row i exchanged for row pivots[i], one after the other."""
    order = np.broadcast_to(np.arange(pivots.shape[-1]), pivots.shape).copy()
    for at in np.ndindex(pivots.shape[:-1]):
        for i, j in enumerate(pivots[at]):
            order[*at, [i, j]] = order[*at, [j, i]]
    return np.eye(pivots.shape[-1])[order].astype(bool)


ROWS = Flat("rows", _rows)


def _halves(lu: Array) -> tuple[Array, Array]:
    return triangle(lu, lower=True, strict=True) + np.eye(lu.shape[-1], dtype=bool), triangle(lu, lower=False)


def _lower(lu: Array, b: Array, trans: int) -> Array:
    return solve_triangular(lu, b, trans, lower=True, unit_diagonal=True)


def _upper(lu: Array, b: Array, trans: int) -> Array:
    return solve_triangular(lu, b, trans)


def _lu_pull(g: Parts, y: tuple[Array, Array], a: Array, **_: Any) -> Array:
    lu, pivots = y
    lower, upper = _halves(lu)
    below = np.matmul(transposed(lower), triangle(g[0], lower=True, strict=True))
    above = np.matmul(triangle(g[0], lower=False), transposed(upper))
    inner = triangle(below, lower=True, strict=True) + triangle(above, lower=False)
    outer = _lower(lu, transposed(_upper(lu, transposed(inner), 0)), 1)
    return np.matmul(transposed(ROWS(pivots)), outer)


def _lu_push(t: Array, y: tuple[Array, Array], a: Array, **_: Any) -> Parts:
    lu, pivots = y
    lower, upper = _halves(lu)
    inner = _lower(lu, np.matmul(ROWS(pivots), t), 0)
    inner = transposed(_upper(lu, transposed(inner), 1))
    change = np.matmul(lower, triangle(inner, lower=True, strict=True)) + np.matmul(triangle(inner, lower=False), upper)
    return Parts((change, np.zeros(pivots.shape)))


LU_FACTOR: General = General(
    "lu_factor",
    lambda a, **options: tuple(scipy.linalg.lu_factor(a, **options)),  # of a batch, SciPy makes a list
    (_lu_pull,),
    (_lu_push,),
)


def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Array, Array]:
    """Factor matrices for `lu_solve`, as `scipy.linalg.lu_factor` does.

    Parameters
    ----------
    a : array_like (..., n, n)
        Square, and not singular where it is differentiated by.
    overwrite_a : bool
        Not heeded.
    check_finite : bool
        Whether to refuse infinite entries.

    Returns
    -------
    lu : array (..., n, n)
        The upper triangle, and below it the lower one without its diagonal of ones.
    piv : array of int (..., n)
        With which row each was exchanged, from the first to the last.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda a: lu_factor(a)[0][1, 1])(np.array([[4.0, 2.0], [1.0, 3.0]]))
    array([[ 0.125, -0.25 ],
           [-0.5  ,  1.   ]])
    """
    lu, piv = LU_FACTOR(operand(a), check_finite=check_finite)
    return lu, piv


def _lu_solve(lu: Array, b: Array, piv: Array, *, trans: int, check_finite: bool) -> Array:
    return scipy.linalg.lu_solve((lu, piv), b, trans, check_finite=check_finite)


def _lu_solve_pull_lu(g: Array, x: Array, lu: Array, b: Array, piv: Array, *, trans: int, **options: Any) -> Array:
    w = LU_SOLVE(lu, g, piv, trans=1 - trans, **options)
    left, right = (x, w) if trans else (w, x)
    by_rows = -np.matmul(np.matmul(ROWS(piv), left), transposed(right))
    lower, upper = _halves(lu)
    below = triangle(np.matmul(by_rows, transposed(upper)), lower=True, strict=True)
    return unbroadcast(below + triangle(np.matmul(transposed(lower), by_rows), lower=False), lu.shape)


def _lu_solve_push_lu(t: Array, x: Array, lu: Array, b: Array, piv: Array, *, trans: int, **options: Any) -> Array:
    lower, upper = _halves(lu)
    change = np.matmul(triangle(t, lower=True, strict=True), upper) + np.matmul(lower, triangle(t, lower=False))
    change = np.matmul(transposed(ROWS(piv)), change)
    return LU_SOLVE(lu, -np.matmul(transposed(change) if trans else change, x), piv, trans=trans, **options)


def _lu_solve_pull_b(g: Array, x: Array, lu: Array, b: Array, piv: Array, *, trans: int, **options: Any) -> Array:
    return unbroadcast(LU_SOLVE(lu, g, piv, trans=1 - trans, **options), b.shape)


def _lu_solve_push_b(t: Array, x: Array, lu: Array, b: Array, piv: Array, **options: Any) -> Array:
    return LU_SOLVE(lu, t, piv, **options)


LU_SOLVE: General = General(
    "lu_solve", _lu_solve, (_lu_solve_pull_lu, _lu_solve_pull_b, None), (_lu_solve_push_lu, _lu_solve_push_b, None)
)


def lu_solve(
    lu_and_piv: tuple[Any, Any], b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Array:
    """Solve a x = b with the factors of a, as `scipy.linalg.lu_solve` does.

    Parameters
    ----------
    lu_and_piv : pair of arrays
        What `lu_factor` returned.
    b : array_like (n,) or (..., n, k)
    trans : {0, 1, 2}
        Whether to solve with a, with aᵀ, or with its conjugate.
    overwrite_b : bool
        Not heeded.
    check_finite : bool
        Whether to refuse infinite entries.

    Returns
    -------
    array of b's shape, with a's leading axes

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> a = np.array([[4.0, 2.0], [1.0, 3.0]])
    >>> grad(lambda b: lu_solve(lu_factor(a), b)[0])(np.ones(2))
    array([ 0.3, -0.2])
    """
    lu, piv, b = operand(lu_and_piv[0]), operand(lu_and_piv[1]), operand(b)
    if trans == 2:
        lu, trans = conjugated(lu), 1
    return in_columns(lambda b: LU_SOLVE(lu, b, piv, trans=trans, check_finite=check_finite), b)
