"""What the derivatives of linear algebra are written with: on the last two axes, of arrays and of tracers alike.

Cotangents are those of reverse mode: g stands for v ↦ Re(Σ g v). Matrix identities are handier with conj(g), of which
Re⟨conj(g), v⟩ is the usual inner product of complex matrices; real matrices make no difference.
"""

from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.rules.kinds import Flat, General
from chainrule.rules.operands import settled


def transposed(x: Array) -> Array:
    """Transpose each matrix."""
    return np.swapaxes(x, -1, -2)


def conjugated(x: Array) -> Array:
    """Conjugate a complex array; give a real one back as it is."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def adjoint(x: Array) -> Array:
    """Transpose and conjugate each matrix."""
    return conjugated(transposed(x))


def diagonal(x: Array) -> Array:
    """Take each matrix's diagonal."""
    return np.diagonal(x, axis1=-2, axis2=-1)


def diagonal_matrix(v: Array) -> Array:
    """Make a matrix of each diagonal."""
    return v[..., None] * np.eye(v.shape[-1], dtype=bool)


def strict_triangle(n: int, upper: bool = False) -> Any:
    """Return True below the diagonal (or above it), and False elsewhere."""
    below = np.tri(n, k=-1, dtype=bool)
    return below.T if upper else below


def applied(matrix: Array, v: Array) -> Array:
    """Multiply each matrix by its vector."""
    return np.matmul(matrix, v[..., None])[..., 0]


def summed(x: Array) -> Array:
    """Sum each matrix's entries, and keep its axes."""
    return np.sum(x, axis=(-2, -1), keepdims=True)


# Hermitian matrices of which one triangle is read, as LAPACK does.


def mirrored(x: Array, upper: bool = False) -> Array:
    """Make each matrix Hermitian: its lower (or upper) triangle, mirrored; the diagonal's real part."""
    triangle = x * strict_triangle(x.shape[-1], upper)
    return triangle + adjoint(triangle) + diagonal_matrix(np.real(diagonal(x)))


def folded(g: Array, upper: bool = False) -> Array:
    """Carry the cotangent of a mirrored matrix back to the triangle that was read: the transpose of mirroring."""
    return (g + adjoint(g)) * strict_triangle(g.shape[-1], upper) + diagonal_matrix(np.real(diagonal(g)))


# Spectra. Eigenvalues that agree to rounding are taken for equal.


def tolerance(w: Array) -> Array:
    """Return how far apart values of each spectrum may lie by rounding alone."""
    return 8 * float(np.finfo(w.dtype).eps) * np.sum(np.abs(w), axis=-1, keepdims=True)


def _quotient(x: Any, d: Any) -> Any:
    zero = d == 0
    return np.where(zero & (x != 0), np.nan, x / np.where(zero, 1, d))


# x / d with 0/0 = 0. By eigenvectors of equal eigenvalues, which may be turned among each other, a derivative is known
# only where nothing depends on them (x is 0). Elsewhere it comes out as NaN, rather than finite and wrong.
QUOTIENT: General = General(
    "quotient",
    _quotient,
    (lambda g, y, x, d: QUOTIENT(g, d), lambda g, y, x, d: -g * QUOTIENT(y, d)),
    (lambda t, y, x, d: QUOTIENT(t, d), lambda t, y, x, d: -t * QUOTIENT(y, d)),
)


def over_gaps(x: Array, w: Array) -> Array:
    """Divide the entries beside the diagonal by w_j - w_i, with 0/0 = 0; the diagonal becomes 0."""
    difference = w[..., None, :] - w[..., :, None]
    gaps = difference * (np.abs(difference) > tolerance(w)[..., None])
    on_diagonal = np.eye(x.shape[-1], dtype=bool)
    return QUOTIENT(x * ~on_diagonal, np.broadcast_to(gaps + on_diagonal, x.shape))


def over_known(x: Array, known: Any) -> Array:
    """Give NaN for the entries that are not known, but for those that are 0, on which nothing depends."""
    return QUOTIENT(x, np.astype(np.broadcast_to(known, x.shape), x.real.dtype))


def _inverse(x: Any) -> Any:
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        if x.ndim == 2:
            return np.full(x.shape, np.nan, x.dtype)
        return np.stack([_inverse(each) for each in x])


# Of a singular matrix, among others, NaN.
INVERSE: General = General(
    "inverse",
    _inverse,
    (lambda g, y, x: -transposed(y) @ g @ transposed(y),),
    (lambda t, y, x: -y @ t @ y,),
)


def inverse_and_known(v: Array) -> tuple[Array, Any]:
    """Return the left eigenvectors, and which of them are not orthogonal to the right ones: of others, no derivative.

    The size of a left eigenvector is the condition of the eigenvalue: how fast it changes with the matrix.
    """
    inverse = INVERSE(v)
    size = np.max(np.abs(settled(inverse)), axis=-1, initial=0)
    return inverse, size < 1 / (8 * max(1, inverse.shape[-1]) * float(np.finfo(inverse.dtype).eps))


def over_columns(x: Array, s: Array) -> Array:
    """Divide column j by s_j, with 0/0 = 0."""
    return QUOTIENT(x, np.broadcast_to((s * (s > tolerance(s)))[..., None, :], x.shape))


def _shares(w: Any, known: Any) -> Any:
    distance = np.abs(w[..., :, None] - known[..., None, :])
    nearest = np.min(distance, axis=-1, keepdims=True, initial=np.inf)
    equal = (distance <= nearest + tolerance(known)[..., None]).astype(distance.dtype)
    return equal / np.sum(equal, axis=-1, keepdims=True)


# Which of the eigenvalues `known` each of w is, as a matrix of ones and zeros; equal ones share, as equal extremes do.
SHARES = Flat("shares", _shares)
