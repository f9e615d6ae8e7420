"""Linear equations, inverses, least squares and determinants.

References
----------
M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008.
G. H. Golub, V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
separate", SIAM Journal on Numerical Analysis 10, 1973.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array, Parts
from chainrule.graph.tracer import Tracer, value_of
from chainrule.rules.decompositions import singular_change, singular_slope
from chainrule.rules.kinds import General, unbroadcast
from chainrule.rules.matrices import adjoint, conjugated, folded, mirrored, summed, transposed
from chainrule.rules.operands import operand
from chainrule.rules.table import flat, spells

SlogdetResult = type(np.linalg.slogdet(np.ones((1, 1))))

# Equations. Of x = A⁻¹ b: dx = A⁻¹ (db - dA x).


def _as_columns(v: Array, b: Array) -> Array:
    """Make a column of what belongs to a right-hand side that is one vector."""
    return v[..., None] if b.ndim == 1 else v


def _as_given(v: Array, b: Array) -> Array:
    return v[..., 0] if b.ndim == 1 else v


def _to_right_hand_sides(g: Array, a: Array, b: Array) -> Array:
    return np.linalg.solve(transposed(a), _as_columns(g, b))


SOLVE = General(
    "solve",
    np.linalg.solve,
    (
        lambda g, x, a, b: unbroadcast(-(_to_right_hand_sides(g, a, b) @ transposed(_as_columns(x, b))), a.shape),
        lambda g, x, a, b: unbroadcast(_as_given(_to_right_hand_sides(g, a, b), b), b.shape),
    ),
    (
        lambda t, x, a, b: -_as_given(np.linalg.solve(a, t @ _as_columns(x, b)), b),
        lambda t, x, a, b: np.linalg.solve(a, t),
    ),
)
INV = General(
    "inv",
    np.linalg.inv,
    (lambda g, y, a: -(transposed(y) @ g @ transposed(y)),),
    (lambda t, y, a: -(y @ t @ y),),
)


@spells(np.linalg.solve)
def _solve(a: Array, b: Array) -> Array:
    return SOLVE(operand(a), operand(b))


@spells(np.linalg.inv)
def _inv(a: Array) -> Array:
    return INV(a)


@spells(np.linalg.tensorsolve)
def _tensorsolve(a: Array, b: Array, axes: Sequence[int] | None = None) -> Array:
    a, b = operand(a), operand(b)
    if axes is not None:
        order = list(range(a.ndim))
        for axis in axes:
            order.remove(axis)
            order.append(axis)
        a = np.transpose(a, order)
    shape = a.shape[b.ndim :] if a.ndim > b.ndim else a.shape
    if a.size != (unknowns := int(np.prod(shape, dtype=int))) ** 2:
        raise np.linalg.LinAlgError(
            f"tensorsolve takes as many equations as unknowns, and came with {a.size} coefficients for {unknowns} "
            "unknowns; give a of shape b.shape + x.shape."
        )
    return np.reshape(SOLVE(np.reshape(a, (unknowns, unknowns)), np.ravel(b)), shape)


@spells(np.linalg.tensorinv)
def _tensorinv(a: Array, ind: int = 2) -> Array:
    if ind <= 0:
        raise ValueError(f"tensorinv takes a positive number of axes, and ind is {ind}.")
    columns = int(np.prod(a.shape[ind:], dtype=int))
    return np.reshape(INV(np.reshape(a, (columns, -1))), a.shape[ind:] + a.shape[:ind])


# The pseudo-inverse P, where the rank stays: dP = -P dA P + P Pᴴ dAᴴ (1 - A P) + (1 - P A) dAᴴ Pᴴ P.


def _pinv_pullback(g: Array, p: Array, a: Array, **parameters: Any) -> Array:
    a = mirrored(a) if parameters["hermitian"] else a
    g = transposed(g)
    left, right = g @ p, p @ g
    by_adjoint = (left - a @ (p @ left)) @ adjoint(p) + adjoint(p) @ (right - right @ p @ a)
    found = conjugated(by_adjoint) - transposed(p @ left)
    return folded(found) if parameters["hermitian"] else found


def _pinv_pushforward(t: Array, p: Array, a: Array, **parameters: Any) -> Array:
    a, t = (mirrored(a), mirrored(t)) if parameters["hermitian"] else (a, t)
    left, right = p @ (adjoint(p) @ adjoint(t)), adjoint(t) @ adjoint(p) @ p
    return left - left @ a @ p + right - p @ (a @ right) - p @ t @ p


PINV = General("pinv", lambda a, **parameters: np.linalg.pinv(a, **parameters), (_pinv_pullback,), (_pinv_pushforward,))


@spells(np.linalg.pinv)
def _pinv(a: Array, rcond: Any = None, hermitian: bool = False, **rtol: Any) -> Array:
    return PINV(a, rcond=rcond, hermitian=hermitian, **rtol)


# Least squares, of full rank: x = P b, with residuals r = b - A x, and Σ|r|² where there are more equations than
# unknowns and A has full rank; its derivative needs no dx, since r is orthogonal to the columns of A.


def _lstsq_parts(x: Array, a: Array, b: Array, rcond: float) -> tuple[Array, Array, Array]:
    x = _as_columns(x, b)
    return x, _as_columns(b, b) - a @ x, np.linalg.pinv(a, rcond)


def _lstsq_pullback_a(g: Parts, y: Any, a: Array, b: Array, rcond: float) -> Array:
    x, r, p = _lstsq_parts(y[0], a, b, rcond)
    to_x = _as_columns(g[0], b)
    back, row = transposed(p) @ to_x, transposed(to_x)
    rest = row - (row @ p) @ a
    by_adjoint = r @ row @ p @ adjoint(p) + adjoint(p) @ x @ rest
    found = conjugated(by_adjoint) - back @ transposed(x) + singular_slope(a, y[3], g[3])
    return found - 2 * (g[1] * conjugated(r)) @ transposed(x) if y[1].size else found


def _lstsq_pullback_b(g: Parts, y: Any, a: Array, b: Array, rcond: float) -> Array:
    _, r, p = _lstsq_parts(y[0], a, b, rcond)
    found = transposed(p) @ _as_columns(g[0], b)
    return _as_given(found + 2 * (g[1] * conjugated(r)) if y[1].size else found, b)


def _lstsq_pushforward_a(t: Array, y: Any, a: Array, b: Array, rcond: float) -> Parts:
    x, r, p = _lstsq_parts(y[0], a, b, rcond)
    turned = adjoint(t) @ (adjoint(p) @ x)
    to_x = p @ (adjoint(p) @ (adjoint(t) @ r)) + turned - p @ (a @ turned) - p @ (t @ x)
    return Parts((_as_given(to_x, b), _to_residuals(-(t @ x), r, y), _unmoved(y), singular_change(t, a, y[3])))


def _lstsq_pushforward_b(t: Array, y: Any, a: Array, b: Array, rcond: float) -> Parts:
    _, r, p = _lstsq_parts(y[0], a, b, rcond)
    t = _as_columns(t, b)
    return Parts((_as_given(p @ t, b), _to_residuals(t, r, y), _unmoved(y), np.zeros(y[3].shape, y[3].dtype)))


def _to_residuals(t: Array, r: Array, y: Any) -> Array:
    change = 2 * np.sum(np.real(conjugated(r) * t), axis=0)
    return change if y[1].size else np.zeros(y[1].shape, y[1].dtype)


def _unmoved(y: Any) -> Any:
    return np.zeros((), y[2].dtype)[()]  # the rank is a whole number


LSTSQ = General(
    "lstsq",
    lambda a, b, rcond: np.linalg.lstsq(a, b, rcond),
    (_lstsq_pullback_a, _lstsq_pullback_b),
    (_lstsq_pushforward_a, _lstsq_pushforward_b),
)


@spells(np.linalg.lstsq)
def _lstsq(a: Array, b: Array, rcond: float | None = None) -> tuple[Array, Array, int, Array]:
    a, b = operand(a), operand(b)
    eps = float(np.finfo(np.float64).eps)  # NumPy computes in double precision whatever the type
    if rcond is None:
        rcond = eps * max(a.shape)
    elif rcond < 0:  # LAPACK's way to say: as small as can be told from 0
        rcond = eps
    x, residuals, rank, s = LSTSQ(a, b, rcond=rcond)
    rank = value_of(rank)
    if type(a) is Tracer and rank < min(a.shape):
        raise RecordingError(
            f"{at_user_line()}np.linalg.lstsq is differentiated by a matrix of shape {a.shape} and rank {rank}, at "
            f"which the solution jumps; give one of full rank, {min(a.shape)}, or add a multiple of the identity."
        )
    return x, residuals, rank, s


# Determinants. d det A = Σ C ⊙ dA with the cofactors C = det A · A⁻ᵀ, which a singular matrix has too.


def _cofactors(a: Any) -> Any:
    y = np.linalg.det(a)
    if np.all(y):
        return y[..., None, None] * transposed(np.linalg.inv(a))
    # A = U S Vᴴ has the cofactors det(U Vᴴ) · conj(U D Vᴴ), with D the cofactors of S.
    u, s, vh = np.linalg.svd(a)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(axis=-1)
    unit = np.linalg.det(u) * np.linalg.det(vh)
    return unit[..., None, None] * conjugated((u * others[..., None, :]) @ vh)


def _cofactors_change(v: Array, c: Array, a: Array) -> Array:
    # Symmetric, as the second derivative of the determinant is: so it is its own transpose.
    inverse = transposed(np.linalg.inv(a))
    return summed(inverse * v) * c - c @ transposed(v) @ inverse


COFACTORS = General("cofactors", _cofactors, (_cofactors_change,), (_cofactors_change,))
DET = General(
    "det",
    np.linalg.det,
    (lambda g, y, a: g[..., None, None] * COFACTORS(a),),
    (lambda t, y, a: np.sum(COFACTORS(a) * t, axis=(-2, -1)),),
)


@spells(np.linalg.det)
def _det(a: Array) -> Array:
    return DET(a)


# Of log det A the derivative is A⁻ᵀ; its real part is the absolute value's logarithm, its imaginary part the sign's
# angle.


def _slogdet_pullback(g: Parts, y: Any, a: Array) -> Array:
    to_log = g[1]
    if a.dtype.kind == "c":
        to_log = to_log + np.imag(g[0] * y[0]) * 1j
    return to_log[..., None, None] * transposed(np.linalg.inv(a))


def _slogdet_pushforward(t: Array, y: Any, a: Array) -> Parts:
    change = np.sum(transposed(np.linalg.inv(a)) * t, axis=(-2, -1))
    turn = y[0] * (np.imag(change) * 1j) if a.dtype.kind == "c" else np.zeros(y[0].shape, y[0].dtype)[()]
    return Parts((turn, np.real(change)))


SLOGDET = General("slogdet", lambda a: tuple(np.linalg.slogdet(a)), (_slogdet_pullback,), (_slogdet_pushforward,))


@spells(np.linalg.slogdet)
def _slogdet(a: Array) -> Any:
    return SlogdetResult(*SLOGDET(a))


flat(np.linalg.matrix_rank)
