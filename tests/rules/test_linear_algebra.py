"""Equations, inverses, least squares and determinants, against central differences."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.numerics import assert_derivatives

import chainrule.rules.linear_algebra  # noqa: F401  (enters its rules)
from chainrule import RecordingError, grad, jacobian, jvp, vjp

KINDS = [float, complex]
linalg: Any = np.linalg  # whose types leave some arguments out


def random(*shape, kind=float, seed=0):
    generator = np.random.default_rng((seed, *shape))
    x = generator.normal(size=shape)
    return x + 1j * generator.normal(size=shape) if kind is complex else x


def regular(*shape, kind=float, seed=0):
    """Matrices far from singular ones."""
    return random(*shape, kind=kind, seed=seed) + 3 * np.eye(shape[-1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((1, 1), (1,)),
        ((2, 3, 3), (3,)),
        ((2, 3, 3), (3, 2)),
        ((2, 3, 3), (2, 3, 1)),
        ((3, 3), (2, 3, 2)),
        ((2, 1, 3, 3), (4, 3, 1)),
        ((3, 3), (3, 0)),
        ((0, 3, 3), (3,)),
        ((0, 0), (0,)),
    ],
)
def test_solve(a, b, kind):
    assert_derivatives(np.linalg.solve, regular(*a, kind=kind), random(*b, kind=kind), rtol=1e-4)


def test_solve_with_a_plain_operand_and_a_list():
    a, b = regular(2, 2), random(2)
    assert_derivatives(lambda a: np.linalg.solve(a, b), a)
    assert_derivatives(lambda b: np.linalg.solve([[2.0, 1.0], [0.0, 3.0]], b), b)
    assert_derivatives(lambda a: np.linalg.solve(a, [1, 2]), a)
    assert_derivatives(lambda a: np.linalg.solve(a, b * 1j), a)


ONE_MATRIX: dict[str, Any] = {
    "inv": (np.linalg.inv, (3, 3)),
    "inv, stack": (np.linalg.inv, (2, 2, 3, 3)),
    "inv, empty": (np.linalg.inv, (0, 0)),
    "pinv": (np.linalg.pinv, (3, 3)),
    "pinv, tall": (np.linalg.pinv, (4, 2)),
    "pinv, wide stack": (np.linalg.pinv, (2, 2, 3)),
    "pinv, rtol": (lambda a: np.linalg.pinv(a, rtol=1e-10), (3, 2)),
    "pinv, rtol None": (lambda a: linalg.pinv(a, rtol=None), (3, 2)),
    "pinv, rcond": (lambda a: np.linalg.pinv(a, 1e-10), (3, 2)),
    "pinv, hermitian": (lambda a: np.linalg.pinv(a, hermitian=True), (3, 3)),
    "pinv, empty": (np.linalg.pinv, (0, 2)),
    "det": (np.linalg.det, (3, 3)),
    "det, one by one": (np.linalg.det, (1, 1)),
    "det, stack": (np.linalg.det, (2, 2, 2)),
    "det, empty": (np.linalg.det, (0, 0)),
    "logarithm of det": (lambda a: np.linalg.slogdet(a).logabsdet, (3, 3)),
    "sign of det": (lambda a: np.linalg.slogdet(a).sign, (3, 3)),
    "slogdet, stack": (lambda a: np.linalg.slogdet(a)[0] * np.linalg.slogdet(a)[1], (2, 3, 3)),
    "tensorinv": (np.linalg.tensorinv, (2, 3, 3, 2)),
    "tensorinv, ind": (lambda a: np.linalg.tensorinv(a, ind=1), (6, 3, 2)),
    "tensorsolve": (lambda a: np.linalg.tensorsolve(a, np.ones((2, 3))), (2, 3, 6)),
    "tensorsolve, axes": (lambda a: np.linalg.tensorsolve(a, np.ones((2, 3)), axes=(0,)), (6, 2, 3)),
    "tensorsolve, right-hand side": (lambda b: np.linalg.tensorsolve(regular(6, 6).reshape(2, 3, 6), b), (2, 3)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ONE_MATRIX)
def test_function(name, kind):
    f, shape = ONE_MATRIX[name]
    x = random(*shape, kind=kind)
    n = int(np.sqrt(x.size))
    if shape[-1] == shape[-2]:
        x = x + 3 * np.eye(shape[-1])
    elif name.startswith("tensor") and n * n == x.size:
        x = x + 3 * np.eye(n).reshape(shape)
    assert_derivatives(f, x, rtol=1e-4)


LEAST_SQUARES: dict[str, Any] = {
    "solution": lambda a, b: np.linalg.lstsq(a, b)[0],
    "residuals": lambda a, b: np.linalg.lstsq(a, b)[1],
    "solution, least rcond": lambda a, b: np.linalg.lstsq(a, b, rcond=-1)[0],
    "singular values": lambda a, b: np.linalg.lstsq(a, b, rcond=1e-9)[3] * np.abs(b.sum()),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LEAST_SQUARES)
@pytest.mark.parametrize(
    ("a", "b"), [((4, 2), (4,)), ((4, 2), (4, 3)), ((3, 3), (3, 2)), ((2, 4), (2,)), ((4, 2), (4, 0))]
)
def test_least_squares(a, b, name, kind):
    if 0 in b and name == "residuals":
        return  # of no right-hand side NumPy gives residuals of no columns, which have no derivative to compare
    assert_derivatives(LEAST_SQUARES[name], random(*a, kind=kind), random(*b, kind=kind), rtol=1e-4)


def test_least_squares_gives_all_that_numpy_gives():
    def f(a):
        x, residuals, rank, s = np.linalg.lstsq(a, np.ones(3), rcond=None)
        assert type(rank) is np.int32
        assert rank == 2
        return x.sum() + residuals.sum() + s.sum()

    assert_derivatives(f, random(3, 2))


def test_least_squares_of_a_matrix_without_full_rank_are_refused_by_it_only():
    flat = np.outer([1.0, 2.0, 3.0], [1.0, 1.0])
    with pytest.raises(RecordingError, match="rank 1"):
        grad(lambda a: np.sum(np.linalg.lstsq(a, np.ones(3))[0]))(flat)
    assert_derivatives(lambda b: np.linalg.lstsq(flat, b)[0], random(3))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rank", [2, 1, 0])
def test_the_determinant_of_a_singular_matrix(rank, kind):
    left, right = random(3, rank, kind=kind), random(rank, 3, kind=kind, seed=1)
    # The least of the singular values is rounded to something, or to 0; both ways the cofactors are the same.
    exact = np.zeros((3, 3), kind)
    exact[:rank, :rank] = np.diag(np.arange(rank) + 1.5)
    for a in (left @ right, exact):
        assert_derivatives(np.linalg.det, a, order=1)
    assert_derivatives(np.linalg.det, np.stack([exact, regular(3, 3, kind=kind)]), order=1)


def test_cofactors_of_a_singular_matrix():
    np.testing.assert_allclose(grad(np.linalg.det)(np.diag([2.0, 3.0, 0.0])), np.diag([0.0, 0.0, 6.0]))
    np.testing.assert_allclose(grad(np.linalg.det)(np.array([[1.0, 2.0], [2.0, 4.0]])), [[4, -2], [-2, 1]], atol=1e-12)
    np.testing.assert_array_equal(grad(np.linalg.det)(np.zeros((1, 1))), [[1]])


def test_a_second_derivative_of_det_at_a_singular_matrix_says_so():
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        grad(lambda a: np.sum(grad(np.linalg.det)(a) ** 2))(np.zeros((3, 3)))


def test_named_results_stay_named():
    def f(a):
        result = np.linalg.slogdet(a)
        assert type(result) is type(np.linalg.slogdet(np.eye(2)))
        return result.logabsdet

    np.testing.assert_allclose(grad(f)(np.diag([2.0, 4.0])), np.diag([0.5, 0.25]))


def test_the_rank_is_a_step():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_array_equal(grad(lambda a: np.sum(a * np.linalg.matrix_rank(a)))(a), np.ones((2, 2)))
    np.testing.assert_array_equal(grad(lambda a: np.sum(a * np.linalg.matrix_rank(a, rtol=1e-3)))(a), np.ones((2, 2)))


@settings(max_examples=25)
@given(n=st.integers(1, 4), batch=st.sampled_from([(), (2,), (1, 3)]), seed=st.integers(0, 99))
def test_inverses_undo_themselves(n, batch, seed):
    a = regular(*batch, n, n, seed=seed) + n * np.eye(n)
    there_and_back = jacobian(lambda a: np.linalg.inv(np.linalg.inv(a)))(a)
    np.testing.assert_allclose(there_and_back.reshape(a.size, a.size), np.eye(a.size), atol=1e-8)


FLOAT32: dict[str, Any] = {
    "solve": lambda a: np.linalg.solve(a, a),
    "inv": np.linalg.inv,
    "pinv": np.linalg.pinv,
    "det": np.linalg.det,
    "slogdet": lambda a: np.linalg.slogdet(a)[1],
    "lstsq": lambda a: np.linalg.lstsq(a[:, :2], a[:, 2])[0],
    "residuals": lambda a: np.linalg.lstsq(a[:, :2], a[:, 2])[1],
    "tensorinv": lambda a: np.linalg.tensorinv(a, ind=1),
}


@pytest.mark.parametrize("name", FLOAT32)
def test_float32_stays_float32(name):
    f, a = FLOAT32[name], regular(3, 3).astype(np.float32)
    value, pullback = vjp(f, a)
    _, pushed = jvp(f, (a,), (a,))
    assert {value.dtype, pushed.dtype, pullback(np.ones_like(value))[0].dtype} == {np.dtype(np.float32)}


def test_matrices_that_are_not_contiguous():
    a, b = regular(3, 6, 6)[::-1, ::2, ::2], random(3, 4).T[::2]
    assert_derivatives(lambda a: np.linalg.inv(a.transpose(0, 2, 1)), a)
    assert_derivatives(lambda a, b: np.linalg.solve(a[0, :2, :2], b), a, b[:, ::2])


def test_numpy_refuses_what_it_refuses():
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        grad(lambda a: np.sum(np.linalg.inv(a)))(np.zeros((2, 2)))
    with pytest.raises(np.linalg.LinAlgError, match="square"):
        grad(lambda a: np.linalg.det(a))(np.zeros((2, 3)))
    with pytest.raises(np.linalg.LinAlgError, match="as many equations as unknowns"):
        grad(lambda a: np.sum(np.linalg.tensorsolve(a, np.ones(2))))(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="ind is 0"):
        grad(lambda a: np.sum(np.linalg.tensorinv(a, ind=0)))(np.eye(2))
