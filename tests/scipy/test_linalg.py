"""SciPy's linear algebra: values bit for bit, both directions and orders, batches, complex matrices, structure."""

from typing import Any

import numpy as np
import pytest
import scipy.linalg as sl
from tests.numerics import assert_derivatives

from chainrule import InputError, grad, jvp, vjp
from chainrule.scipy import linalg

RANDOM = np.random.default_rng(5)


def normal(*shape, complex_=False):
    real = RANDOM.normal(size=shape)
    return real + 1j * RANDOM.normal(size=shape) if complex_ else real


def away_from_singular(*shape, complex_=False):
    return normal(*shape, complex_=complex_) + 3 * np.eye(shape[-1])


def positive(*shape, complex_=False):
    a = normal(*shape, complex_=complex_)
    return a @ np.swapaxes(a.conj(), -1, -2) + np.eye(shape[-1])


A, AC, AB = away_from_singular(3, 3), away_from_singular(3, 3, complex_=True), away_from_singular(2, 3, 3)
P, PC, PB = positive(3, 3), positive(3, 3, complex_=True), positive(2, 3, 3)
v, b, bc, bb = normal(3), normal(3, 2), normal(3, 2, complex_=True), normal(2, 3, 2)


def lu_solved(a, b, trans=0, module=linalg):
    return module.lu_solve(module.lu_factor(a), b, trans)


def cho_solved(a, b, lower=False, module=linalg):
    return module.cho_solve(module.cho_factor(a, lower), b)


# Each as a function of the module, chainrule.scipy.linalg or scipy.linalg, and the arrays.
CASES: dict[str, tuple[Any, ...]] = {
    "solve": (lambda m, a, b: m.solve(a, b), A, b),
    "solve vector": (lambda m, a, b: m.solve(a, b), A, v),
    "solve complex": (lambda m, a, b: m.solve(a, b), AC, bc),
    "solve complex, real right side": (lambda m, a, b: m.solve(a, b), AC, b),
    "solve transposed": (lambda m, a, b: m.solve(a, b, transposed=True), A, b),
    "solve batch": (lambda m, a, b: m.solve(a, b), AB, bb),
    "solve batch, one right side": (lambda m, a, b: m.solve(a, b), AB, b),
    "solve batch, one matrix": (lambda m, a, b: m.solve(a, b), A, bb),
    "solve batch, one vector": (lambda m, a, b: m.solve(a, b), AB, v),
    "solve number": (lambda m, a, b: m.solve(a, b), np.array([[2.0]]), v),
    "solve_triangular": (lambda m, a, b: m.solve_triangular(a, b), A, b),
    "solve_triangular vector": (lambda m, a, b: m.solve_triangular(a, b, lower=True), A, v),
    "solve_triangular transposed": (lambda m, a, b: m.solve_triangular(a, b, "T"), A, b),
    "solve_triangular conjugated": (lambda m, a, b: m.solve_triangular(a, b, "C", lower=True), AC, bc),
    "solve_triangular unit": (lambda m, a, b: m.solve_triangular(a, b, 1, True, True), AC, bc),
    "solve_triangular batch": (lambda m, a, b: m.solve_triangular(a, b), AB, b),
    "inv": (lambda m, a: m.inv(a), A),
    "inv complex": (lambda m, a: m.inv(a), AC),
    "inv batch": (lambda m, a: m.inv(a), AB),
    "det": (lambda m, a: m.det(a), A),
    "det complex": (lambda m, a: m.det(a), AC),
    "det batch": (lambda m, a: m.det(a), AB),
    "lu_factor": (lambda m, a: m.lu_factor(a)[0], normal(3, 3)),
    "lu_factor complex": (lambda m, a: m.lu_factor(a)[0], normal(3, 3, complex_=True)),
    "lu_factor batch": (lambda m, a: m.lu_factor(a)[0], normal(2, 3, 3)),
    "lu_solve": (lambda m, a, b: lu_solved(a, b, module=m), normal(3, 3), b),
    "lu_solve vector, transposed": (lambda m, a, b: lu_solved(a, b, 1, m), normal(3, 3), v),
    "lu_solve conjugated": (lambda m, a, b: lu_solved(a, b, 2, m), normal(3, 3, complex_=True), bc),
    "lu_solve batch": (lambda m, a, b: lu_solved(a, b, module=m), normal(2, 3, 3), b),
    "cholesky": (lambda m, a: m.cholesky(a), P),
    "cholesky lower": (lambda m, a: m.cholesky(a, lower=True), P),
    "cholesky complex": (lambda m, a: m.cholesky(a), PC),
    "cholesky complex, lower": (lambda m, a: m.cholesky(a, lower=True), PC),
    "cholesky batch": (lambda m, a: m.cholesky(a), PB),
    "cho_factor": (lambda m, a: m.cho_factor(a)[0], P),
    "cho_factor lower": (lambda m, a: m.cho_factor(a, lower=True)[0], PC),
    "cho_solve": (lambda m, a, b: cho_solved(a, b, module=m), P, b),
    "cho_solve lower": (lambda m, a, b: cho_solved(a, b, True, m), P, v),
    "cho_solve complex": (lambda m, a, b: cho_solved(a, b, module=m), PC, bc),
    "cho_solve complex, lower": (lambda m, a, b: cho_solved(a, b, True, m), PC, bc),
    "solve_sylvester": (lambda m, a, b, q: m.solve_sylvester(a, b, q), A, away_from_singular(2, 2), b),
    "solve_sylvester complex": (
        lambda m, a, b, q: m.solve_sylvester(a, b, q), AC, away_from_singular(2, 2, complex_=True), bc,
    ),
    "solve_sylvester batch": (lambda m, a, b, q: m.solve_sylvester(a, b, q), AB, away_from_singular(2, 2), b),
    "solve_continuous_lyapunov": (lambda m, a, q: m.solve_continuous_lyapunov(a, q), A, normal(3, 3)),
    "solve_continuous_lyapunov complex": (
        lambda m, a, q: m.solve_continuous_lyapunov(a, q), AC, normal(3, 3, complex_=True),
    ),
    "solve_discrete_lyapunov": (lambda m, a, q: m.solve_discrete_lyapunov(a, q), A / 7, normal(3, 3)),
    "solve_discrete_lyapunov bilinear": (
        lambda m, a, q: m.solve_discrete_lyapunov(a, q, "bilinear"), AC / 7, normal(3, 3, complex_=True),
    ),
    "expm": (lambda m, a: m.expm(a), normal(3, 3)),
    "expm large": (lambda m, a: m.expm(a), 3 * normal(2, 2)),
    "expm complex": (lambda m, a: m.expm(a), normal(3, 3, complex_=True)),
    "expm batch": (lambda m, a: m.expm(a), normal(2, 2, 2)),
    "expm triangular": (lambda m, a: m.expm(np.triu(a)), normal(3, 3)),
    "expm 1x1": (lambda m, a: m.expm(a), np.array([[0.7]])),
    "logm": (lambda m, a: m.logm(a), A),
    "logm complex": (lambda m, a: m.logm(a), AC),
    "sqrtm": (lambda m, a: m.sqrtm(a), A),
    "sqrtm complex": (lambda m, a: m.sqrtm(a), AC),
    "sqrtm batch": (lambda m, a: m.sqrtm(a), AB),
    **{
        f"{name}{kind}": (lambda m, a, name=name: getattr(m, name)(a), array)
        for name in ("cosm", "sinm", "tanm", "coshm", "sinhm", "tanhm")
        for kind, array in (("", 0.3 * normal(2, 2)), (" complex", 0.3 * normal(2, 2, complex_=True)))
    },
    "block_diag": (lambda m, x, y, z: m.block_diag(x, y, z), normal(2, 3), np.float64(1.3), normal(2)),
    "block_diag batch": (lambda m, x, y: m.block_diag(x, y), normal(2, 1, 3), normal(2, 2)),
    "toeplitz": (lambda m, c: m.toeplitz(c), normal(3, complex_=True)),
    "toeplitz two": (lambda m, c, r: m.toeplitz(c, r), normal(3), normal(4)),
    "circulant": (lambda m, c: m.circulant(c), normal(3)),
    "hankel": (lambda m, c: m.hankel(c), normal(3)),
    "hankel two": (lambda m, c, r: m.hankel(c, r), normal(3), normal(2)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_are_scipys(name):
    f, *arrays = CASES[name]
    found, expected = f(linalg, *arrays), f(sl, *arrays)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name):
    f, *arrays = CASES[name]
    assert_derivatives(lambda *arrays: f(linalg, *arrays), *arrays)


STRUCTURES = {
    "general": (A, AC),
    "diagonal": (A, AC),
    "tridiagonal": (A, AC),
    "banded": (A, AC),
    "upper triangular": (A, AC),
    "lower triangular": (A, AC),
    "sym": (P, AC),
    "her": (P, PC),
    "pos": (P, PC),
}


HALVES = [
    (kind, lower) for kind in STRUCTURES for lower in ([False, True] if kind in ("sym", "her", "pos") else [False])
]


@pytest.mark.parametrize(("kind", "lower"), HALVES)
@pytest.mark.parametrize("complex_", [False, True])
def test_entries_that_are_not_read_have_no_derivative(kind, complex_, lower):
    a, right = STRUCTURES[kind][complex_], bc if complex_ else b

    def solve(a, b):
        return linalg.solve(a, b, lower, assume_a=kind)

    np.testing.assert_array_equal(solve(a, right), sl.solve(a, right, lower, assume_a=kind))
    assert_derivatives(solve, a, right)
    if kind not in ("tridiagonal", "banded"):
        if kind == "diagonal":  # else SciPy returns what stands beside the diagonal
            a = np.diag(np.diag(a))
        np.testing.assert_array_equal(linalg.inv(a, assume_a=kind, lower=lower), sl.inv(a, assume_a=kind, lower=lower))
        assert_derivatives(lambda a: linalg.inv(a, assume_a=kind, lower=lower), a)


def test_an_unknown_kind_of_matrix_is_named():
    with pytest.raises(InputError, match="assume_a='square' is no kind"):
        linalg.solve(A, b, assume_a="square")


def test_a_singular_matrix_has_a_gradient_of_its_determinant():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(grad(linalg.det)(a), [[4, -2], [-2, 1]], atol=1e-14)
    np.testing.assert_array_equal(grad(linalg.det)(np.zeros((3, 3))), np.zeros((3, 3)))


def test_a_root_that_is_complex():
    a = np.array([[-1.0, 0.5], [0.3, -2.0]])
    assert_derivatives(linalg.sqrtm, a)
    assert vjp(linalg.sqrtm, a)[0].dtype == np.complex128


def test_the_derivative_of_the_exponential_keeps_its_digits_for_directions_of_any_size():
    a, e = 0.5 * normal(3, 3), normal(3, 3)
    for size in (1e-12, 1.0, 1e12):
        found = jvp(linalg.expm, (a,), (size * e,))[1]
        np.testing.assert_allclose(found, size * sl.expm_frechet(a, e, compute_expm=False), rtol=1e-12, atol=0)
    np.testing.assert_array_equal(jvp(linalg.expm, (a,), (0 * e,))[1], 0 * e)
    np.testing.assert_array_equal(jvp(linalg.expm, (0 * a,), (e,))[1], e)


def test_lists_and_empty_arguments_are_taken():
    np.testing.assert_array_equal(linalg.block_diag(), sl.block_diag())
    np.testing.assert_array_equal(linalg.block_diag([1, 2], 3), sl.block_diag([1, 2], 3))
    np.testing.assert_array_equal(linalg.toeplitz([1, 2]), sl.toeplitz([1, 2]))
    np.testing.assert_array_equal(linalg.solve([[2, 0], [0, 4]], [2, 4]), [1, 1])
    assert grad(lambda x: linalg.det([[x, 1.0], [2.0, 3.0]]))(5.0) == pytest.approx(3)


def test_float32_stays_float32():
    for name in (
        "solve",
        "solve_triangular",
        "inv",
        "cholesky",
        "expm",
        "sqrtm",
        "solve_sylvester",
        "lu_solve",
    ):
        f, *arrays = CASES[name]
        arrays = [x.astype(np.float32) for x in arrays]
        value, pullback = vjp(lambda *arrays, f=f: f(linalg, *arrays), *arrays)
        assert value.dtype == f(sl, *arrays).dtype
        assert {g.dtype for g in pullback(np.ones_like(value))} == {np.dtype(np.float32)}, name
