"""Linear equations, inverses and determinants.

Their derivatives follow from d(A⁻¹) = -A⁻¹ dA A⁻¹ and d det A = det A · tr(A⁻¹ dA): M. B. Giles, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation", 2008, sections 2.2.3 and 2.2.4.
"""

from typing import Any

import numpy as np
import scipy.linalg

from chainrule.graph.node import Array
from chainrule.rules.kinds import General, unbroadcast
from chainrule.rules.matrices import conjugated, transposed
from chainrule.rules.operands import operand
from chainrule.scipy.linalg.reading import as_read, in_columns, known, triangle, turned

# Equations of any matrix


def _solve(a: Array, b: Array, *, lower: bool, check_finite: bool, assume_a: str | None, transposed: bool) -> Array:
    kind = known(assume_a=assume_a)
    return scipy.linalg.solve(a, b, lower, check_finite=check_finite, transposed=transposed, **kind)


def _solve_other_way(a: Array, g: Array, options: dict[str, Any]) -> Array:
    """Solve with the transpose of the matrix that an equation was solved with."""
    if options["transposed"]:
        return SOLVE(a, g, **{**options, "transposed": False})
    return SOLVE(transposed(a), g, **{**options, "assume_a": turned(options["assume_a"])})


def _solve_pull_a(g: Array, x: Array, a: Array, b: Array, **options: Any) -> Array:
    w = _solve_other_way(a, g, options)
    left, right = (x, w) if options["transposed"] else (w, x)
    return unbroadcast(-np.matmul(left, transposed(right)), a.shape)


def _solve_push_a(t: Array, x: Array, a: Array, b: Array, **options: Any) -> Array:
    return SOLVE(a, -np.matmul(transposed(t) if options["transposed"] else t, x), **options)


SOLVE: General = General(
    "solve",
    _solve,
    (_solve_pull_a, lambda g, x, a, b, **options: unbroadcast(_solve_other_way(a, g, options), b.shape)),
    (_solve_push_a, lambda t, x, a, b, **options: SOLVE(a, t, **options)),
)


def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Array:
    """Solve a x = b, as `scipy.linalg.solve` does.

    Parameters
    ----------
    a : array_like (..., n, n)
    b : array_like (n,) or (..., n, k)
    lower : bool
        Which triangle is read, where `assume_a` says that a is symmetric, Hermitian or positive definite.
    overwrite_a, overwrite_b : bool
        Not heeded.
    check_finite : bool
        Whether to refuse infinite entries.
    assume_a : str, optional
        What kind of matrix a is. The derivative by entries that are then not read is zero.
    transposed : bool
        Whether to solve aᵀ x = b.

    Returns
    -------
    array of b's shape, with a's leading axes

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda b: solve(np.diag([2.0, 4.0]), b).sum())(np.ones(2))
    array([0.5 , 0.25])
    """
    a, b = np.atleast_2d(operand(a)), np.atleast_1d(operand(b))
    if a.size == 1 and b.shape[-2:][0] != 1:  # SciPy takes a single number for a multiple of the identity
        return b / np.reshape(a, ())
    a = as_read(a, assume_a, lower)
    options = {"lower": lower, "check_finite": check_finite, "assume_a": assume_a, "transposed": transposed}
    return in_columns(lambda b: SOLVE(a, b, **options), b)


# Equations of a triangular matrix


def _triangular_pull_a(g: Array, x: Array, a: Array, b: Array, *, trans: int, **options: Any) -> Array:
    w = TRIANGULAR(a, g, trans=1 - trans, **options)
    left, right = (x, w) if trans else (w, x)
    return unbroadcast(-np.matmul(left, transposed(right)), a.shape)


def _triangular_push_a(t: Array, x: Array, a: Array, b: Array, *, trans: int, **options: Any) -> Array:
    return TRIANGULAR(a, -np.matmul(transposed(t) if trans else t, x), trans=trans, **options)


TRIANGULAR: General = General(
    "solve_triangular",
    scipy.linalg.solve_triangular,
    (
        _triangular_pull_a,
        lambda g, x, a, b, *, trans, **options: unbroadcast(TRIANGULAR(a, g, trans=1 - trans, **options), b.shape),
    ),
    (_triangular_push_a, lambda t, x, a, b, **options: TRIANGULAR(a, t, **options)),
)


def solve_triangular(
    a: Any,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Array:
    """Solve a x = b with a triangular matrix, as `scipy.linalg.solve_triangular` does.

    Parameters
    ----------
    a : array_like (..., n, n)
        One triangle of it is read; the derivative by the other entries is zero.
    b : array_like (n,) or (..., n, k)
    trans : {0, 1, 2, 'N', 'T', 'C'}
        Whether to solve with a, with aᵀ, or with its conjugate.
    lower : bool
        Which triangle is read.
    unit_diagonal : bool
        Whether the diagonal is taken for ones, and not read.
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
    >>> grad(lambda a: solve_triangular(a, np.array([0.0, 1.0]))[0])(np.eye(2))[0, 1]
    np.float64(-1.0)
    """
    a, b = operand(a), operand(b)
    way = {"N": 0, "T": 1, "C": 2}.get(trans, trans) if isinstance(trans, str) else trans
    if way == 2:
        a, way = conjugated(a), 1
    a = triangle(a, lower, strict=unit_diagonal)
    options = {"trans": way, "lower": lower, "unit_diagonal": unit_diagonal, "check_finite": check_finite}
    return in_columns(lambda b: TRIANGULAR(a, b, **options), b)


# Inverse and determinant


def _inv(a: Array, *, check_finite: bool, assume_a: str | None, lower: bool) -> Array:
    kind = known(assume_a=assume_a, lower=lower or None)
    return scipy.linalg.inv(a, check_finite=check_finite, **kind)


INV: General = General(
    "inv",
    _inv,
    (lambda g, y, a, **_: -np.matmul(transposed(y), np.matmul(g, transposed(y))),),
    (lambda t, y, a, **_: -np.matmul(y, np.matmul(t, y)),),
)


def inv(
    a: Any,
    overwrite_a: bool = False,
    check_finite: bool = True,
    *,
    assume_a: str | None = None,
    lower: bool = False,
) -> Array:
    """Invert matrices, as `scipy.linalg.inv` does.

    Parameters
    ----------
    a : array_like (..., n, n)
    overwrite_a : bool
        Not heeded.
    check_finite : bool
        Whether to refuse infinite entries.
    assume_a : str, optional
        What kind of matrix a is. The derivative by entries that are then not read is zero.
    lower : bool
        Which triangle is read of a symmetric, Hermitian or positive definite matrix.

    Returns
    -------
    array of a's shape

    Examples
    --------
    >>> from chainrule import grad
    >>> float(grad(lambda a: inv([[a, 0.0], [0.0, 1.0]])[0, 0])(2.0))
    -0.25
    """
    a = as_read(operand(a), assume_a, lower)
    return INV(a, check_finite=check_finite, assume_a=assume_a, lower=lower)


def _cofactors(a: Any) -> Any:
    """Compute det(A) A⁻ᵀ, which exists for singular matrices too: by singular values, each left out once."""
    u, s, v = np.linalg.svd(a)
    others = np.prod(np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]), axis=-1)
    turn = np.linalg.det(u) * np.linalg.det(v)
    return turn[..., None, None] * np.matmul(u.conj() * others[..., None, :], v.conj())


def _cofactors_push(t: Array, y: Array, a: Array) -> Array:
    inverse = transposed(INV(a, check_finite=True, assume_a=None, lower=False))
    trace = np.sum(inverse * t, axis=(-2, -1), keepdims=True)
    return y * trace - np.matmul(y, np.matmul(transposed(t), inverse))


def _cofactors_pull(g: Array, y: Array, a: Array) -> Array:
    inverse = transposed(INV(a, check_finite=True, assume_a=None, lower=False))
    share = np.sum(g * y, axis=(-2, -1), keepdims=True)
    return inverse * share - np.matmul(inverse, np.matmul(transposed(g), y))


COFACTORS: General = General("cofactors", _cofactors, (_cofactors_pull,), (_cofactors_push,))
DET: General = General(
    "det",
    scipy.linalg.det,
    (lambda g, y, a, **_: g[..., None, None] * COFACTORS(a),),
    (lambda t, y, a, **_: np.sum(t * COFACTORS(a), axis=(-2, -1)),),
)


def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Array:
    """Compute determinants, as `scipy.linalg.det` does.

    Parameters
    ----------
    a : array_like (..., n, n)
        The first derivative exists for singular matrices too.
    overwrite_a : bool
        Not heeded.
    check_finite : bool
        Whether to refuse infinite entries.

    Returns
    -------
    array (...)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> np.round(grad(det)(np.array([[1.0, 2.0], [3.0, 4.0]])), 12)
    array([[ 4., -3.],
           [-2.,  1.]])
    """
    return DET(operand(a), check_finite=check_finite)
