"""Matrix decompositions, against central differences.

Real factors are compared as they are. The phases of complex eigenvectors and singular vectors are free: there,
functions are compared that do not depend on them.
"""

from typing import Any

import numpy as np
import pytest
from tests.numerics import assert_derivatives

import chainrule.rules.linear_algebra  # noqa: F401  (enters the rules)
from chainrule import RecordingError, grad, jacobian, jvp, vjp
from chainrule.rules.matrices import folded, mirrored

KINDS = [float, complex]


def random(*shape, kind=float, seed=0):
    generator = np.random.default_rng((seed, *shape))
    x = generator.normal(size=shape)
    return x + 1j * generator.normal(size=shape) if kind is complex else x


def positive(*shape, kind=float):
    a = random(*shape, kind=kind)
    return a @ a.conj().swapaxes(-1, -2) + np.eye(shape[-1])


def apart(*shape, kind=float):
    """Hermitian matrices with eigenvalues that lie apart."""
    q = np.linalg.qr(random(*shape, kind=kind))[0]
    return (q * np.arange(-1.0, shape[-1] - 1)) @ q.conj().swapaxes(-1, -2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 3, 3), (0, 0), (0, 2, 2)])
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(shape, upper, kind):
    assert_derivatives(lambda a: np.linalg.cholesky(a, upper=upper), positive(*shape, kind=kind), rtol=1e-4)


def test_cholesky_reads_one_triangle():
    x = grad(lambda a: np.sum(np.linalg.cholesky(a)))(positive(3, 3))
    np.testing.assert_array_equal(x, np.tril(x))
    x = grad(lambda a: np.sum(np.linalg.cholesky(a, upper=True)))(positive(3, 3))
    np.testing.assert_array_equal(x, np.triu(x))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 3), (4, 2), (2, 4), (2, 3, 2), (2, 2, 3), (3, 1), (1, 3), (0, 0), (2, 0)]
)
@pytest.mark.parametrize("part", ["Q", "R", "r"])
def test_qr(shape, part, kind):
    def f(a):
        return np.linalg.qr(a, mode="r") if part == "r" else getattr(np.linalg.qr(a), part)

    assert_derivatives(f, random(*shape, kind=kind), rtol=1e-4)


def test_a_complete_qr_is_known_where_the_matrix_determines_it():
    for shape in [(3, 3), (2, 3)]:
        assert_derivatives(lambda a: np.linalg.qr(a, mode="complete").Q, random(*shape))
    with pytest.raises(RecordingError, match="reduced"):
        grad(lambda a: np.sum(np.linalg.qr(a, mode="complete").R))(random(3, 2))
    with pytest.raises(RecordingError, match="mode='raw'"):
        grad(lambda a: np.sum(np.linalg.qr(a, mode="raw")[0]))(random(3, 2))


SHAPES = [(1, 1), (3, 3), (2, 3, 3), (0, 0), (0, 2, 2)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("uplo", ["L", "u"])
def test_hermitian_eigenvalues(shape, uplo, kind):
    a = apart(*shape, kind=kind) if 0 not in shape else np.zeros(shape, kind)
    # The triangle that is not read may hold anything.
    a = a + 7 * (np.triu(np.ones(shape), 1) if uplo == "L" else np.tril(np.ones(shape), -1))
    assert_derivatives(lambda a: np.linalg.eigvalsh(a, uplo), a, rtol=1e-4)
    assert_derivatives(lambda a: np.linalg.eigh(a, UPLO=uplo).eigenvalues, a, rtol=1e-4)


def _signed(v):
    """Give real eigenvectors the sign that makes their first entry positive: LAPACK's may jump."""
    return v * np.sign(v[..., :1, :])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("uplo", ["L", "U"])
def test_hermitian_eigenvectors(shape, uplo, kind):
    def functions_of_the_matrix(a):
        w, v = np.linalg.eigh(a, uplo)
        return (v * np.sin(w)[..., None, :]) @ np.swapaxes(v.conj(), -1, -2)

    def sizes(a):
        return np.abs(np.linalg.eigh(a, uplo)[1])

    a = apart(*shape, kind=kind) if 0 not in shape else np.zeros(shape, kind)
    assert_derivatives(functions_of_the_matrix, a, rtol=1e-4)
    assert_derivatives(sizes, a, rtol=1e-4)
    if kind is float:
        assert_derivatives(lambda a: _signed(np.linalg.eigh(a, uplo)[1]), a, rtol=1e-4)


EIG: dict[str, Any] = {
    "real": np.array([[2.0, 1.0, 0.0], [0.3, -1.0, 0.5], [0.2, 0.1, 4.0]]),
    "real, complex eigenvalues": np.array([[0.3, -1.0, 0.2], [1.4, 0.5, 0.1], [0.2, -0.6, 4.0]]),
    "complex": random(3, 3, kind=complex),
    "stack": np.stack([random(2, 2) + np.diag([3, 0]), random(2, 2, seed=1) + np.diag([0, 4])]),
    "stack, complex": random(2, 3, 3, kind=complex),
    "number": np.array([[2.5]]),
    "number, complex": np.array([[2.5 + 1j]]),
    "empty": np.zeros((0, 0)),
    "empty, complex": np.zeros((0, 0), complex),
    "empty stack": np.zeros((0, 2, 2)),
}
OF_EIG: dict[str, Any] = {
    "eigvals": np.linalg.eigvals,
    "eigenvalues": lambda a: np.linalg.eig(a).eigenvalues,
    "eigenvectors": lambda a: np.linalg.eig(a).eigenvectors,
    "function of the matrix": lambda a: _sine(*np.linalg.eig(a)),
}


def _sine(w, v):
    return (v * np.sin(w)[..., None, :]) @ np.linalg.inv(v)


@pytest.mark.parametrize("matrix", EIG)
@pytest.mark.parametrize("name", OF_EIG)
def test_eigenvalues(name, matrix):
    assert_derivatives(OF_EIG[name], EIG[matrix], rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (4, 2), (2, 4), (2, 3, 2), (3, 1), (1, 3), (0, 0), (0, 2), (2, 0)])
def test_singular_values(shape, kind):
    a = random(*shape, kind=kind)
    assert_derivatives(np.linalg.svdvals, a, rtol=1e-4)
    assert_derivatives(lambda a: np.linalg.svd(a, compute_uv=False), a, rtol=1e-4)
    assert_derivatives(lambda a: np.linalg.svd(a, full_matrices=False).S, a, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (4, 2), (2, 4), (2, 3, 2), (2, 2, 3), (3, 1), (0, 2)])
def test_singular_vectors(shape, kind):
    a = random(*shape, kind=kind)

    def function_of_the_matrix(a):
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return (u * np.sin(s)[..., None, :]) @ vh

    assert_derivatives(function_of_the_matrix, a, rtol=1e-4)
    for part in ("U", "Vh"):
        assert_derivatives(
            lambda a, part=part: np.abs(getattr(np.linalg.svd(a, full_matrices=False), part)), a, rtol=1e-4
        )
        if kind is float:
            assert_derivatives(lambda a, part=part: getattr(np.linalg.svd(a, full_matrices=False), part), a, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_singular_values_of_a_hermitian_matrix(kind):
    a = apart(3, 3, kind=kind) * [[1, 9, 9], [1, 1, 9], [1, 1, 1]] + 0.3 * np.eye(3)
    assert_derivatives(lambda a: np.linalg.svd(a, compute_uv=False, hermitian=True), a, rtol=1e-4)
    assert_derivatives(lambda a: np.linalg.svd(a, hermitian=True).S, a, rtol=1e-4)
    assert_derivatives(lambda a: np.abs(np.linalg.svd(a, hermitian=True).U), a, rtol=1e-4)
    assert_derivatives(lambda a: _joined(*np.linalg.svd(a, hermitian=True)), a, rtol=1e-4)


def _joined(u, s, vh):
    return (u * s**2) @ vh


def test_full_singular_matrices_are_refused_unless_square():
    assert_derivatives(lambda a: np.linalg.svd(a).U, random(3, 3), rtol=1e-4)
    with pytest.raises(RecordingError, match="full_matrices=False"):
        grad(lambda a: np.sum(np.linalg.svd(a).S))(random(3, 2))


def test_named_results_stay_named():
    def f(a):
        for function in (np.linalg.qr, np.linalg.eigh, np.linalg.eig, np.linalg.svd):
            assert type(function(a)) is type(function(np.eye(2)))
        return np.sum(np.linalg.svd(a).S)

    grad(f)(np.diag([1.0, 2.0]))


# Equal eigenvalues


def turned(w, seed=0):
    q = np.linalg.qr(random(len(w), len(w), seed=seed))[0]
    return (q * np.array(w)) @ q.T


TWICE = turned([1.0, 3.0, 3.0, 7.0])


@pytest.mark.parametrize("a", [TWICE, np.diag([1.0, 3.0, 3.0, 7.0]), np.eye(4)])
def test_sums_over_equal_eigenvalues_have_their_derivative(a):
    expected = np.linalg.inv(a)
    for w in (
        np.linalg.eigvalsh,
        np.linalg.eigvals,
        np.linalg.svdvals,
        lambda a: np.linalg.eigh(a)[0],
        lambda a: np.linalg.eig(a)[0],
        lambda a: np.linalg.svd(a).S,
    ):
        found = grad(lambda a, w=w: np.sum(np.log(w((a + a.T) / 2))))(a)
        np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("a", [TWICE, np.diag([1.0, 3.0, 3.0, 7.0])])
def test_vectors_of_other_eigenvalues_have_their_derivative(a):
    def simple(a):
        v = np.linalg.eigh(a)[1]
        return v[:, 0] * v[0, 0] + v[:, 3] * v[1, 3]

    def largest(a):
        u, s, vh = np.linalg.svd(a)
        return s[0] * np.outer(u[:, 0], vh[0])

    assert_derivatives(simple, a, order=1)
    assert_derivatives(largest, a, order=1)


def test_equal_eigenvalues_share_the_cotangents_of_each_other():
    half = np.diag([0.0, 0.5, 0.5, 0.0])
    np.testing.assert_allclose(jacobian(np.linalg.eigvalsh)(np.diag([1.0, 3.0, 3.0, 7.0]))[1], half)
    np.testing.assert_allclose(jacobian(np.linalg.svdvals)(np.diag([1.0, 3.0, 3.0, 7.0]))[2], half)


def test_what_depends_on_vectors_of_equal_eigenvalues_is_nan_rather_than_wrong():
    # The true derivative of the identity is 1; by the eigenvectors it cannot be had.
    def rebuilt(a):
        w, v = np.linalg.eigh(a)
        return (v * w) @ v.T

    assert np.isnan(grad(lambda a: np.sum(rebuilt(a)))(np.eye(3))).any()
    assert np.isnan(jvp(rebuilt, (np.eye(3),), (np.ones((3, 3)),))[1]).any()


SKEW = random(3, 3, kind=complex)
HERMITIAN = apart(3, 3, kind=complex)


@pytest.mark.parametrize(
    ("f", "a"),
    [
        (lambda a: np.sum(np.linalg.eigh(a).eigenvectors.real), HERMITIAN),
        (lambda a: np.abs(np.linalg.eigh(a).eigenvectors[0, 0] + 1j), HERMITIAN),
        (lambda a: np.sum(np.angle(np.linalg.eigh(a, "U").eigenvectors)), HERMITIAN),
        (lambda a: np.sum(np.linalg.svd(a).U.imag), SKEW),
        (lambda a: np.sum(np.linalg.svd(a[:2], full_matrices=False).Vh.real), SKEW),
        (lambda a: np.linalg.svd(np.stack([a, a.T])).U[1, 0, 0].real, SKEW),
    ],
)
def test_what_depends_on_a_free_phase_is_refused(f, a):
    with pytest.raises(RecordingError, match=r"depends on the phase .* np.linalg.(eigh|svd) .* np.abs\(v\)"):
        grad(f)(a)
    with pytest.raises(RecordingError, match="depends on the phase"):
        grad(lambda x: np.sum(np.abs(grad(f)(a * x))))(1.0)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_what_does_not_depend_on_a_free_phase_is_not_refused(scale):
    """Rounding is not taken for such a dependence, whatever the size of the numbers."""
    h, a = HERMITIAN * scale, SKEW * scale

    def by_eigh(a):
        w, v = np.linalg.eigh(a)
        return np.sum(np.abs((v * w**2) @ v.conj().T) ** 2 / scale) + np.sum(np.abs(v) ** 4)

    def by_svd(a):
        u, s, vh = np.linalg.svd(a)
        return np.sum(np.abs((u * s**2) @ vh) ** 2 / scale) + np.sum(np.abs(u) ** 4)

    for f, at in ((by_eigh, h), (by_svd, a)):
        assert np.isfinite(grad(f)(at)).all()
        assert np.isfinite(grad(lambda x, f=f, at=at: np.sum(np.abs(grad(f)(at * x))))(1.0))


JORDAN = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 5.0]])


@pytest.mark.parametrize("a", [JORDAN, JORDAN + 0j, np.array([[0.0, 1.0], [0.0, 0.0]]), np.stack([JORDAN, np.eye(3)])])
def test_eigenvalues_of_a_matrix_without_a_basis_of_eigenvectors_are_nan_rather_than_wrong(a):
    # The trace of sin(A) has a derivative, cos(A)ᵀ; the two equal eigenvalues, of which it is made, have none.
    for f in (
        lambda a: np.linalg.eigvals(a)[..., 0],
        lambda a: np.sin(np.linalg.eig(a)[0]),
        lambda a: np.linalg.eig(a)[1],
    ):
        assert np.isnan(grad(lambda a, f=f: np.sum(f(a).real))(a)).any()
        assert np.isnan(jvp(f, (a,), (np.swapaxes(np.ones_like(a), -1, -2),))[1]).any()


def test_the_other_eigenvalues_of_such_a_matrix_have_their_derivative():
    for w in (np.linalg.eigvals, lambda a: np.linalg.eig(a).eigenvalues):
        np.testing.assert_allclose(grad(lambda a, w=w: w(a)[2].real)(JORDAN), np.diag([0.0, 0.0, 1.0]))
        assert jvp(lambda a, w=w: w(a)[2], (JORDAN,), (np.ones((3, 3)),))[1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    "a", [np.diag([1.0, 2.0, 0.0]), np.outer([1.0, 2, 3], [1.0, 0]), np.zeros((2, 3)), np.zeros((2, 2, 2))]
)
def test_qr_of_a_matrix_without_full_rank_is_nan(a):
    for part in (0, 1):
        assert np.isnan(grad(lambda a, part=part: np.sum(np.linalg.qr(a)[part]))(a)).any()
        assert np.isnan(jvp(lambda a, part=part: np.linalg.qr(a)[part], (a,), (np.ones(a.shape),))[1]).any()


def test_singular_vectors_that_the_matrix_does_not_determine_are_nan():
    a = np.diag([2.0, 0.0, 0.0])
    for part in (0, 2):
        change = jvp(lambda a, part=part: np.linalg.svd(a)[part], (a,), (random(3, 3),))[1]
        assert np.isnan(change).any()
        assert np.isfinite(change[:, 0] if part == 0 else change[0]).all()
        assert np.isnan(grad(lambda a, part=part: np.sum(np.linalg.svd(a)[part] * random(3, 3)))(a)).any()


def test_a_singular_value_of_zero_has_no_slope():
    np.testing.assert_array_equal(grad(lambda a: np.sum(np.linalg.svdvals(a)))(np.diag([2.0, 0.0])), np.diag([1, 0]))
    np.testing.assert_array_equal(grad(lambda a: np.sum(np.linalg.svdvals(a)))(np.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("upper", [False, True])
def test_folding_is_the_transpose_of_mirroring(upper):
    x, g = random(3, 3, kind=complex), random(3, 3, kind=complex, seed=1)
    assert np.sum(g * mirrored(x, upper)).real == pytest.approx(np.sum(folded(g, upper) * x).real)


FLOAT32: dict[str, Any] = {
    "cholesky": np.linalg.cholesky,
    "Q": lambda a: np.linalg.qr(a)[0],
    "R": lambda a: np.linalg.qr(a[:2])[1],
    "eigvalsh": np.linalg.eigvalsh,
    "eigh": lambda a: np.linalg.eigh(a)[1],
    "eigvals": np.linalg.eigvals,
    "eig": lambda a: np.linalg.eig(a)[1],
    "svdvals": np.linalg.svdvals,
    "U": lambda a: np.linalg.svd(a[:, :2], full_matrices=False)[0],
    "Vh": lambda a: np.linalg.svd(a[:2], full_matrices=False)[2],
}


@pytest.mark.parametrize("name", FLOAT32)
def test_float32_stays_float32(name):
    f, a = FLOAT32[name], positive(3, 3).astype(np.float32)
    value, pullback = vjp(f, a)
    _, pushed = jvp(f, (a,), (a,))
    hessian = grad(lambda a: np.sum(grad(lambda a: np.sum(f(a) ** 2))(a)))(a)
    assert {x.dtype for x in (value, pushed, pullback(np.ones_like(value))[0], hessian)} == {np.dtype(np.float32)}
