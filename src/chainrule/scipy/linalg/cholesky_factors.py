"""Cholesky's factorisation, A = L Lᴴ or Uᴴ U, and equations solved with its factor.

I. Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527, section 3: with Φ taking the lower
triangle and half of the diagonal, dL = L Φ(L⁻¹ dA L⁻ᴴ). It is linear over the complex numbers too, where A is
Hermitian: its rule is applied after the triangle that is read has been mirrored.
"""

from typing import Any

import numpy as np
import scipy.linalg

from chainrule.graph.node import Array
from chainrule.rules.kinds import General, unbroadcast
from chainrule.rules.matrices import adjoint, conjugated, transposed
from chainrule.rules.operands import operand
from chainrule.scipy.linalg.reading import hermitian, in_columns, triangle
from chainrule.scipy.linalg.solving import solve_triangular


def _half(x: Array, lower: bool) -> Array:
    """Take a triangle, with half of the diagonal: Φ. It is its own transpose."""
    return triangle(x, lower) - np.where(np.eye(x.shape[-1], dtype=bool), 0.5 * x, 0)


def _divided(x: Array, c: Array, lower: bool, trans: int) -> Array:
    """Return x c⁻¹, or x c⁻ᵀ for trans = 1."""
    return transposed(solve_triangular(c, transposed(x), 1 - trans, lower))


def _push(t: Array, c: Array, a: Array, *, lower: bool, **_: Any) -> Array:
    if lower:
        return np.matmul(c, _half(_divided(solve_triangular(c, t, 0, lower), conjugated(c), lower, 1), lower))
    return np.matmul(_half(_divided(solve_triangular(c, t, 2, lower), c, lower, 0), lower), c)


def _pull(g: Array, c: Array, a: Array, *, lower: bool, **_: Any) -> Array:
    if lower:
        inner = _half(np.matmul(transposed(c), g), lower)
        return _divided(solve_triangular(c, inner, 1, lower), conjugated(c), lower, 0)
    inner = _half(np.matmul(g, transposed(c)), lower)
    return _divided(solve_triangular(conjugated(c), inner, 0, lower), c, lower, 1)


CHOLESKY: General = General("cholesky", scipy.linalg.cholesky, (_pull,), (_push,))


def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """Factor positive definite matrices, as `scipy.linalg.cholesky` does.

    Parameters
    ----------
    a : array_like (..., n, n)
        One triangle of it is read; the derivative by the other entries is zero.
    lower : bool
        Whether the lower triangle is read and returned.
    overwrite_a : bool
        Not heeded.
    check_finite : bool
        Whether to refuse infinite entries.

    Returns
    -------
    array (..., n, n)
        L with L Lᴴ = a, or U with Uᴴ U = a.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda a: cholesky(a)[0, 1])(np.array([[4.0, 2.0], [2.0, 3.0]]))
    array([[-0.125,  0.5  ],
           [ 0.   ,  0.   ]])
    """
    return CHOLESKY(hermitian(operand(a), lower), lower=lower, check_finite=check_finite)


def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Array, bool]:
    """Factor positive definite matrices for `cho_solve`, as `scipy.linalg.cho_factor` does.

    Parameters
    ----------
    a, lower, overwrite_a, check_finite
        As for `cholesky`.

    Returns
    -------
    c : array (..., n, n)
        The factor in one triangle, and in the other what a has there.
    lower : bool
        As it was given.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda b: cho_solve(cho_factor(4 * np.eye(2)), b)[0])(np.ones(2))
    array([0.25, 0.  ])
    """
    a = operand(a)
    factor = cholesky(a, lower, check_finite=check_finite)
    read = np.tri(a.shape[-1], dtype=bool) if lower else np.tri(a.shape[-1], dtype=bool).T
    return np.where(read, factor, a), lower


def _solve(c: Array, b: Array, *, lower: bool, check_finite: bool) -> Array:
    return scipy.linalg.cho_solve((c, lower), b, check_finite=check_finite)


def _solve_transposed(c: Array, g: Array, options: dict[str, Any]) -> Array:
    return conjugated(CHO_SOLVE(c, conjugated(g), **options))


def _solve_pull_c(g: Array, x: Array, c: Array, b: Array, **options: Any) -> Array:
    # With w = A⁻ᵀ g, the cotangent of L is -w (Lᴴ x)ᵀ - conj(x) (Lᴴ conj(w))ᵀ, and that of U = Lᴴ its adjoint.
    w = _solve_transposed(c, g, options)
    factor = c if options["lower"] else adjoint(c)
    turned = adjoint(factor)
    by_l = np.matmul(w, transposed(np.matmul(turned, x)))
    by_l = by_l + np.matmul(conjugated(x), transposed(np.matmul(turned, conjugated(w))))
    return unbroadcast(-by_l if options["lower"] else -adjoint(by_l), c.shape)


def _solve_push_c(t: Array, x: Array, c: Array, b: Array, **options: Any) -> Array:
    lower, change = (c, t) if options["lower"] else (adjoint(c), adjoint(t))
    by_a = np.matmul(change, np.matmul(adjoint(lower), x)) + np.matmul(lower, np.matmul(adjoint(change), x))
    return CHO_SOLVE(c, -by_a, **options)


def _solve_pull_b(g: Array, x: Array, c: Array, b: Array, **options: Any) -> Array:
    return unbroadcast(_solve_transposed(c, g, options), b.shape)


def _solve_push_b(t: Array, x: Array, c: Array, b: Array, **options: Any) -> Array:
    return CHO_SOLVE(c, t, **options)


CHO_SOLVE: General = General("cho_solve", _solve, (_solve_pull_c, _solve_pull_b), (_solve_push_c, _solve_push_b))


def cho_solve(c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Array:
    """Solve a x = b with the factor of a, as `scipy.linalg.cho_solve` does.

    Parameters
    ----------
    c_and_lower : pair of array (..., n, n) and bool
        What `cho_factor` returned.
    b : array_like (n,) or (..., n, k)
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
    >>> grad(lambda c: cho_solve((c, True), np.ones(2))[0])(2 * np.eye(2))[:, 0]
    array([-0.25 , -0.125])
    """
    c, lower = c_and_lower
    c = triangle(operand(c), lower)
    return in_columns(lambda b: CHO_SOLVE(c, b, lower=lower, check_finite=check_finite), operand(b))
