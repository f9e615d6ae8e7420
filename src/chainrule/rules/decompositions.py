"""Matrix decompositions: Cholesky, QR, eigenvalues and eigenvectors, singular values and vectors.

Where NumPy reads one triangle only (`eigh`, `eigvalsh`, `cholesky`, ``hermitian=True``), the other one's derivative is
zero. The phase of complex eigenvectors of `eigh` and singular vectors is free, so only functions that do not depend on
it have a derivative: backward the others are refused, forward the phase is taken to stay (vᴴ dv is real). That of `eig`
is NumPy's (norm 1, the largest entry real), as that of `qr` is (R's diagonal real), and followed.

Equal eigenvalues (or singular values) share the cotangents of each other. Their vectors may be turned among each
other, so that of what depends on these no derivative can be had from the vectors: it comes out as NaN. So does what
depends on an eigenvalue whose eigenvector is met by another one's (the matrix is defective), and on the QR
decomposition of a matrix without full rank. All else stays finite.

References
----------
M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008.
I. Murray, "Differentiation of the Cholesky decomposition", arXiv:1602.07527, 2016.
S. F. Walter, L. Lehmann, "Algorithmic differentiation of linear algebra functions", arXiv:1001.1654, 2010.
J. Townsend, "Differentiating the singular value decomposition", 2016.
Z. Wan, S. Zhang, "Automatic differentiation for complex valued SVD", arXiv:1909.02659, 2019.
C. Boeddeker et al., "On the computation of complex-valued gradients", arXiv:1701.00392, 2017.
"""

from typing import Any, NoReturn

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array, Parts
from chainrule.graph.tracer import value_of
from chainrule.rules.kinds import Flat, General, Linear
from chainrule.rules.matrices import (
    INVERSE,
    SHARES,
    adjoint,
    applied,
    conjugated,
    diagonal,
    diagonal_matrix,
    folded,
    inverse_and_known,
    mirrored,
    over_columns,
    over_gaps,
    over_known,
    strict_triangle,
    tolerance,
    transposed,
)
from chainrule.rules.operands import settled
from chainrule.rules.table import spells

_ONE = np.ones((1, 1))
QRResult, EighResult, EigResult, SVDResult = map(
    type, (np.linalg.qr(_ONE), np.linalg.eigh(_ONE), np.linalg.eig(_ONE), np.linalg.svd(_ONE))
)


def _refuse(what: str, instead: str) -> NoReturn:
    raise RecordingError(f"{at_user_line()}{what}; {instead}.")


def _with_fixed_phase(x: Any, turned: Any, function: str) -> Any:
    rounding = float(np.finfo(turned.dtype).eps) ** 0.5 * np.max(np.abs(turned), initial=1)
    if np.any(np.abs(np.imag(diagonal(turned))) > rounding):
        _refuse(
            f"the result depends on the phase of the complex vectors that {function} gives, which is free, so that "
            "there is no derivative",
            "use what does not depend on it, such as np.abs(v) or (v * w) @ v.conj().T",
        )
    return x


WITH_FIXED_PHASE = Linear("with fixed phase", _with_fixed_phase, lambda g, y, x, turned, function: g, None)


def _refusing_free_phase(x: Array, turned: Array, function: str) -> Array:
    """Return x, but refuse cotangents of vectors that change with their phase: that have a part along i v.

    turned is vᴴ g.
    """
    return WITH_FIXED_PHASE(x, turned, function=function) if turned.dtype.kind == "c" else x


# Cholesky: A = L Lᴴ. With Φ for the lower triangle, its diagonal halved: dL = L Φ(L⁻¹ dA L⁻ᴴ).


def _half_lower(x: Array) -> Array:
    n = x.shape[-1]
    return x * strict_triangle(n) + 0.5 * (x * np.eye(n, dtype=bool))


def _cholesky_pullback(g: Array, y: Array, a: Array, upper: bool) -> Array:
    lower, g = (adjoint(y), adjoint(g)) if upper else (y, g)
    inverse = np.linalg.inv(lower)
    inner = transposed(inverse) @ _half_lower(transposed(lower) @ g) @ conjugated(inverse)
    return folded(inner, upper)


def _cholesky_pushforward(t: Array, y: Array, a: Array, upper: bool) -> Array:
    lower = adjoint(y) if upper else y
    inverse = np.linalg.inv(lower)
    change = lower @ _half_lower(inverse @ mirrored(t, upper) @ adjoint(inverse))
    return adjoint(change) if upper else change


CHOLESKY = General(
    "cholesky",
    lambda a, upper: np.linalg.cholesky(a, upper=upper),
    (_cholesky_pullback,),
    (_cholesky_pushforward,),
)


@spells(np.linalg.cholesky)
def _cholesky(a: Array, /, *, upper: bool = False) -> Array:
    return CHOLESKY(a, upper=upper)


# QR: A = Q R with R's diagonal real. M = Qᴴ dA R⁻¹ is the sum of the skew-Hermitian Qᴴ dQ and the upper triangular
# dR R⁻¹, which parts them. Of a wide matrix [A₁ A₂], A₁ = Q R₁ is decomposed and R₂ = Qᴴ A₂ follows.


def _upper_part(m: Array) -> Array:
    below = m * strict_triangle(m.shape[-1])
    return m - below + adjoint(below) - _imaginary_diagonal(m)


def _imaginary_diagonal(m: Array) -> Array:
    return diagonal_matrix(np.imag(diagonal(m))) * 1j if m.dtype.kind == "c" else 0


def _upper_part_adjoint(m: Array) -> Array:
    above = m * strict_triangle(m.shape[-1], upper=True)
    return above + adjoint(above) + diagonal_matrix(np.real(diagonal(m)))


def _inverse_of_r(r: Array) -> Array:
    """Invert each triangle; where one has a 0 on its diagonal, Q is not determined: NaN."""
    size = np.abs(diagonal(r))
    known = np.all(settled(size > tolerance(size)), axis=-1, keepdims=True)
    return over_known(INVERSE(r), known[..., None])


def _qr_pullback(g: Parts, y: Any, a: Array, mode: str) -> Array:
    (q, r), (to_q, to_r) = y, map(conjugated, g)
    m, n = a.shape[-2:]
    if m < n:
        to_q = to_q + a[..., m:] @ adjoint(to_r[..., m:])
        wide = q @ to_r[..., m:]
        r, to_r = r[..., :m], to_r[..., :m]
    inner = _upper_part_adjoint(to_r @ adjoint(r) - adjoint(q) @ to_q)
    found = (to_q + q @ inner) @ adjoint(_inverse_of_r(r))
    return conjugated(np.concatenate([found, wide], axis=-1) if m < n else found)


def _qr_pushforward(t: Array, y: Any, a: Array, mode: str) -> Parts:
    q, r = y
    m, n = a.shape[-2:]
    k = min(m, n)
    scaled = t[..., :k] @ _inverse_of_r(r[..., :k])
    inner = _upper_part(adjoint(q) @ scaled)
    to_q, to_r = scaled - q @ inner, inner @ r[..., :k]
    if m < n:
        to_r = np.concatenate([to_r, adjoint(to_q) @ a[..., m:] + adjoint(q) @ t[..., m:]], axis=-1)
    return Parts((to_q, to_r))


QR = General("qr", lambda a, mode: tuple(np.linalg.qr(a, mode)), (_qr_pullback,), (_qr_pushforward,))


@spells(np.linalg.qr)
def _qr(a: Array, mode: str = "reduced") -> Any:
    if mode == "complete" and a.shape[-2] > a.shape[-1]:
        _refuse(
            f"np.linalg.qr with mode='complete' of matrices of shape {a.shape[-2:]} has columns in Q that the matrix "
            "does not determine, and so no derivative",
            "leave mode away for the reduced decomposition",
        )
    if mode not in ("reduced", "complete", "r"):
        _refuse(f"np.linalg.qr with mode={mode!r} has no derivative", "use mode='reduced' or mode='r'")
    q, r = QR(a, mode="reduced" if mode == "r" else mode)
    return r if mode == "r" else QRResult(q, r)


# Hermitian eigenvalues: A = V diag(w) Vᴴ. With M = Vᴴ dA V: dw = diag M, dV = V (M / gaps).


def _eigh_pullback(g: Parts, y: Any, a: Array, uplo: Any) -> Array:
    (w, v), (to_w, to_v) = y, map(conjugated, g)
    turned = adjoint(v) @ to_v
    turned = _refusing_free_phase(turned, turned, "np.linalg.eigh")
    inner = diagonal_matrix(applied(transposed(SHARES(w, w)), to_w)) + over_gaps(turned, w)
    return folded(conjugated(v @ inner @ adjoint(v)), uplo == "U")


def _eigh_pushforward(t: Array, y: Any, a: Array, uplo: Any) -> Parts:
    w, v = y
    inner = adjoint(v) @ mirrored(t, uplo == "U") @ v
    return Parts((applied(SHARES(w, w), np.real(diagonal(inner))), v @ over_gaps(inner, w)))


def _eigvalsh_pullback(g: Array, y: Array, a: Array, uplo: Any) -> Array:
    w, v = np.linalg.eigh(a, uplo)
    return folded(conjugated(v @ (applied(transposed(SHARES(y, w)), g)[..., None] * adjoint(v))), uplo == "U")


def _eigvalsh_pushforward(t: Array, y: Array, a: Array, uplo: Any) -> Array:
    w, v = np.linalg.eigh(a, uplo)
    return applied(SHARES(y, w), np.real(diagonal(adjoint(v) @ mirrored(t, uplo == "U") @ v)))


EIGH = General("eigh", lambda a, uplo: tuple(np.linalg.eigh(a, uplo)), (_eigh_pullback,), (_eigh_pushforward,))
EIGVALSH = General(
    "eigvalsh", lambda a, uplo: np.linalg.eigvalsh(a, uplo), (_eigvalsh_pullback,), (_eigvalsh_pushforward,)
)


@spells(np.linalg.eigh)
def _eigh(a: Array, UPLO: str = "L") -> Any:
    return EighResult(*EIGH(a, uplo=UPLO.upper()))


@spells(np.linalg.eigvalsh)
def _eigvalsh(a: Array, UPLO: str = "L") -> Array:
    return EIGVALSH(a, uplo=UPLO.upper())


# Any eigenvalues: A V = V diag(w). With M = V⁻¹ dA V: dw = diag M, dV = V (M / gaps) but for the eigenvectors' norm and
# phase, which stay: each is 1 in norm, and its largest entry is real.


def _real_entries(v: Any) -> Any:
    if not v.size:
        return np.zeros(v.shape, bool)
    size = np.abs(v) * np.where(v.imag == 0, 2, 1)
    return size.argmax(axis=-2)[..., None, :] == np.arange(v.shape[-1])[:, None]


REAL_ENTRIES = Flat("real entries", _real_entries)


def _eigenvectors_kept(u: Array, v: Array) -> Array:
    along = np.real(np.sum(conjugated(v) * u, axis=-2, keepdims=True))
    if v.dtype.kind == "c":
        real = REAL_ENTRIES(v)
        turned = np.imag(np.sum(u * real, axis=-2, keepdims=True))
        along = along + turned / np.real(np.sum(v * real, axis=-2, keepdims=True)) * 1j
    return u - v * along


def _eigenvectors_kept_adjoint(g: Array, v: Array) -> Array:
    along = np.sum(conjugated(v) * g, axis=-2, keepdims=True)
    kept = g - v * np.real(along)
    if v.dtype.kind == "c":
        real = REAL_ENTRIES(v)
        kept = kept - real * (np.imag(along) / np.real(np.sum(v * real, axis=-2, keepdims=True)) * 1j)
    return kept


def _eig_pullback(g: Parts, y: Any, a: Array) -> Array:
    (w, v), (to_w, to_v) = y, map(conjugated, g)
    inner = over_gaps(adjoint(v) @ _eigenvectors_kept_adjoint(to_v, v), conjugated(w))
    inner = inner + diagonal_matrix(applied(transposed(SHARES(w, w)), to_w))
    inverse, known = inverse_and_known(v)
    inner = over_known(inner, known[..., None, :] & known[..., :, None])
    return conjugated(adjoint(inverse) @ inner @ adjoint(v))


def _eig_pushforward(t: Array, y: Any, a: Array) -> Parts:
    w, v = y
    inverse, known = inverse_and_known(v)
    inner = over_known(inverse @ t @ v, known[..., None, :] & known[..., :, None])
    return Parts((_each_shares(SHARES(w, w), diagonal(inner)), _eigenvectors_kept(v @ over_gaps(inner, w), v)))


def _each_shares(shares: Array, x: Array) -> Array:
    """Apply the shares, so that a NaN is shared by no others than it has a share with."""
    return np.sum(np.where(shares == 0, 0, shares * x[..., None, :]), axis=-1)


def _eigvals_pullback(g: Array, y: Array, a: Array) -> Array:
    w, v = np.linalg.eig(a)
    inverse, known = inverse_and_known(v)
    weights = over_known(applied(transposed(SHARES(y, w)), g), known)
    return transposed(v @ (weights[..., None] * inverse))


def _eigvals_pushforward(t: Array, y: Array, a: Array) -> Array:
    w, v = np.linalg.eig(a)
    inverse, known = inverse_and_known(v)
    return _each_shares(SHARES(y, w), over_known(diagonal(inverse @ t @ v), known))


EIG = General("eig", lambda a: tuple(np.linalg.eig(a)), (_eig_pullback,), (_eig_pushforward,))
EIGVALS = General("eigvals", np.linalg.eigvals, (_eigvals_pullback,), (_eigvals_pushforward,))


def _may_turn_complex(a: Array) -> Array:
    """Return a matrix whose values say whether its eigenvalues are real or complex numbers, if it is a real one."""
    if a.dtype.kind != "c":
        value_of(a)
    return a


@spells(np.linalg.eig)
def _eig(a: Array) -> Any:
    return EigResult(*EIG(_may_turn_complex(a)))


@spells(np.linalg.eigvals)
def _eigvals(a: Array) -> Array:
    return EIGVALS(_may_turn_complex(a))


# Singular values: A = U diag(s) Vᴴ. With P = Uᴴ dA V: ds = Re diag P, and U and V turn by what P leaves over.


def _svd_pullback(g: Parts, y: Any, a: Array, full_matrices: bool, hermitian: bool) -> Array:
    (u, s, vh), (to_u, to_s, to_vh) = y, map(conjugated, g)
    v, to_v = adjoint(vh), adjoint(to_vh)
    turned_u, turned_v = adjoint(u) @ to_u, adjoint(v) @ to_v
    turned_u = _refusing_free_phase(turned_u, turned_u + turned_v, "np.linalg.svd")
    by_u, by_v = _over_square_gaps(turned_u, s), _over_square_gaps(turned_v, s)
    inner = diagonal_matrix(applied(transposed(SHARES(s, s)), to_s))
    inner = inner + (by_u + adjoint(by_u)) * s[..., None, :] + s[..., :, None] * (by_v + adjoint(by_v))
    if u.dtype.kind == "c":
        inner = inner + 0.5 * over_columns(_imaginary_diagonal(turned_u - turned_v), s)
    found = u @ inner @ vh
    if u.shape[-2] > u.shape[-1]:
        found = found + over_columns(to_u - u @ turned_u, s) @ vh
    if v.shape[-2] > v.shape[-1]:
        found = found + u @ adjoint(over_columns(to_v - v @ turned_v, s))
    found = conjugated(found)
    return folded(found) if hermitian else found


def _svd_pushforward(t: Array, y: Any, a: Array, full_matrices: bool, hermitian: bool) -> Parts:
    u, s, vh = y
    v = adjoint(vh)
    if hermitian:
        t = mirrored(t)
    inner = adjoint(u) @ t @ v
    scaled_columns, scaled_rows = inner * s[..., None, :], s[..., :, None] * inner
    turn_u = _over_square_gaps(scaled_columns + adjoint(scaled_columns), s)
    turn_v = _over_square_gaps(scaled_rows + adjoint(scaled_rows), s)
    null = s <= tolerance(s)
    undetermined = over_gaps(inner * (null[..., None, :] & null[..., :, None]), s)
    turn_u, turn_v = turn_u + undetermined, turn_v + undetermined
    if u.dtype.kind == "c":
        phase = 0.5 * over_columns(_imaginary_diagonal(inner), s)
        turn_u, turn_v = turn_u + phase, turn_v - phase
    to_u, to_v = u @ turn_u, v @ turn_v
    if u.shape[-2] > u.shape[-1]:
        to_u = to_u + over_columns(t @ v - u @ inner, s)
    if v.shape[-2] > v.shape[-1]:
        to_v = to_v + over_columns(adjoint(t) @ u - v @ adjoint(inner), s)
    return Parts((to_u, applied(SHARES(s, s), np.real(diagonal(inner))), adjoint(to_v)))


def _over_square_gaps(x: Array, s: Array) -> Array:
    """Divide by s_j² - s_i², as its two factors."""
    total = s[..., None, :] + s[..., :, None]
    return over_gaps(x, s) / (total + (total == 0))


SVD = General(
    "svd",
    lambda a, full_matrices, hermitian: tuple(np.linalg.svd(a, full_matrices, hermitian=hermitian)),
    (_svd_pullback,),
    (_svd_pushforward,),
)


def singular_slope(a: Array, s: Array, weights: Array, hermitian: bool = False) -> Array:
    """Return the cotangent of a, given those of its singular values s.

    A singular value of 0 has a corner there, and no slope: the mean of its sides.
    """
    u, known, vh = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
    weights = applied(transposed(SHARES(s, known)), weights) * (known > tolerance(known))
    found = conjugated((u * weights[..., None, :]) @ vh)
    return folded(found) if hermitian else found


def singular_change(t: Array, a: Array, s: Array, hermitian: bool = False) -> Array:
    """Return the tangent of the singular values s of a."""
    u, known, vh = np.linalg.svd(a, full_matrices=False, hermitian=hermitian)
    inner = adjoint(u) @ (mirrored(t) if hermitian else t) @ adjoint(vh)
    return applied(SHARES(s, known), np.real(diagonal(inner)) * (known > tolerance(known)))


SVDVALS = General(
    "svdvals",
    lambda a, hermitian: np.linalg.svd(a, compute_uv=False, hermitian=hermitian),
    (lambda g, y, a, hermitian: singular_slope(a, y, g, hermitian),),
    (lambda t, y, a, hermitian: singular_change(t, a, y, hermitian),),
)


@spells(np.linalg.svd)
def _svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if not compute_uv:
        return SVDVALS(a, hermitian=hermitian)
    if full_matrices and a.shape[-2] != a.shape[-1]:
        _refuse(
            f"np.linalg.svd of matrices of shape {a.shape[-2:]} has, with full_matrices=True, singular vectors that "
            "the matrix does not determine, and so no derivative",
            "write np.linalg.svd(a, full_matrices=False), or with compute_uv=False for the singular values alone",
        )
    return SVDResult(*SVD(a, full_matrices=full_matrices, hermitian=hermitian))


@spells(np.linalg.svdvals)
def _svdvals(x: Array, /) -> Array:
    return SVDVALS(x, hermitian=False)
