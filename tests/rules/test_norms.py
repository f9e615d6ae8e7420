"""Norms of vectors and matrices, and condition numbers, against central differences."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.numerics import assert_derivatives

import chainrule.rules.linear_algebra
import chainrule.rules.norms  # noqa: F401  (enters the rules)
from chainrule import grad, vjp

KINDS = [float, complex]
X = np.random.default_rng(3).normal(size=(2, 3, 4))
Z = X + 1j * np.random.default_rng(4).normal(size=X.shape)
linalg: Any = np.linalg  # whose types leave some arguments out
norm = linalg.norm

NORMS: dict[str, Any] = {
    "of all": lambda x: norm(x),
    "of all, keepdims": lambda x: norm(x, keepdims=True),
    "of a vector": lambda x: norm(x[0, 0]),
    "of a number": lambda x: norm(x[0, 0, 0]),
    "2 of a vector": lambda x: norm(x[0, 0], 2),
    **{
        f"{p} of a vector": lambda x, p=p: norm(x[0, 0], p)
        for p in (1, 3, 2.5, 0.5, -1, -2.5, np.inf, -np.inf, 0, np.float64(3), -2)
    },
    **{f"{p} along an axis": lambda x, p=p: norm(x, p, axis=1) for p in (None, 1, 2, 3, -1, np.inf, -np.inf, 0)},
    **{f"{p}, keepdims": lambda x, p=p: norm(x, p, axis=-1, keepdims=True) for p in (None, 1, 3, np.inf)},
    "along a tuple of one": lambda x: norm(x, axis=(0,)),
    **{
        f"{p} of a matrix": lambda x, p=p: norm(x[0], p)
        for p in (None, "fro", "f", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    },
    **{
        f"{p} of matrices, axes {axes}": lambda x, p=p, axes=axes: norm(x, p, axis=axes)
        for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
        for axes in ((0, 2), (-1, 0), (2, 1))
    },
    **{f"{p} of matrices, keepdims": lambda x, p=p: norm(x, p, (1, 0), True) for p in (None, "nuc", 1, 2, -np.inf)},
    "matrix_norm": lambda x: np.linalg.matrix_norm(x),
    "matrix_norm, order": lambda x: np.linalg.matrix_norm(x, ord="nuc", keepdims=True),
    "vector_norm": lambda x: linalg.vector_norm(x),
    "vector_norm, keepdims": lambda x: linalg.vector_norm(x, keepdims=True, ord=3),
    "vector_norm, axis": lambda x: linalg.vector_norm(x, axis=1, ord=1),
    "vector_norm, axes": lambda x: linalg.vector_norm(x, axis=(2, 0), ord=np.inf),
    "vector_norm, axes, keepdims": lambda x: linalg.vector_norm(x, axis=(-1, 0), keepdims=True),
    "cond": lambda x: np.linalg.cond(x),
    "cond, square": lambda x: np.linalg.cond(x[0, :3, :3]),
    **{
        f"cond, {p}": lambda x, p=p: np.linalg.cond(x[:, :2, :2], p)
        for p in (2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc")
    },
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NORMS)
def test_function(name, kind):
    assert_derivatives(NORMS[name], Z if kind is complex else X, rtol=1e-4, order=2 if kind is float else 1)


@settings(max_examples=40)
@given(
    data=st.data(),
    shape=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    p=st.sampled_from([None, 1, 2, 3, 1.5, -1, np.inf, -np.inf]),
)
def test_norms_of_vectors_along_any_axis(data, shape, p):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = np.random.default_rng(len(shape)).uniform(0.5, 2, size=shape)
    assert_derivatives(lambda x: norm(x, p, axis=axis), x, order=1)


@pytest.mark.parametrize("p", [None, 1, 2, 3, 1.5, 0.5, np.inf, -np.inf, 0])
@pytest.mark.parametrize("kind", KINDS)
def test_a_vector_of_zeros_has_no_slope(p, kind):
    x = np.zeros((2, 3), kind)
    np.testing.assert_array_equal(grad(lambda x: np.sum(norm(x, p, axis=1)))(x), x)
    np.testing.assert_array_equal(grad(lambda x: norm(x, p))(x[0]), x[0])


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_a_negative_order_with_an_entry_of_zero_has_no_slope():
    np.testing.assert_array_equal(grad(lambda x: norm(x, -1))(np.array([0.0, 2.0])), [0, 0])


@pytest.mark.parametrize("p", [None, "fro", "nuc", 1, 2, np.inf])
@pytest.mark.parametrize("kind", KINDS)
def test_a_matrix_of_zeros_has_no_slope(p, kind):
    x = np.zeros((2, 3), kind)
    np.testing.assert_array_equal(grad(lambda x: norm(x, p))(x), x)


def test_a_second_derivative_beside_a_row_of_zeros_is_finite():
    def f(x):
        return np.sum(norm(x, axis=1) ** 3)

    assert np.isfinite(grad(lambda x: np.sum(grad(f)(x)))(np.array([[0.0, 0.0], [1.0, 2.0]]))).all()


def test_some_entries_of_zero():
    assert_derivatives(lambda x: norm(x, 3), np.array([0.0, 2.0, -1.0]))
    np.testing.assert_array_equal(grad(lambda x: norm(x, 1))(np.array([0.0, 2.0, -1.0])), [0, 1, -1])


def test_equal_extremes_share():
    np.testing.assert_array_equal(grad(lambda x: norm(x, np.inf))(np.array([-3.0, 1.0, 3.0])), [-0.5, 0, 0.5])
    np.testing.assert_array_equal(
        grad(lambda x: norm(x, 1))(np.array([[1.0, 2.0], [1.0, 0.0]])), [[0.5, 0.5], [0.5, 0]]
    )
    np.testing.assert_allclose(grad(lambda x: norm(x, 2))(np.diag([3.0, 1.0, 3.0])), np.diag([0.5, 0, 0.5]))
    np.testing.assert_allclose(grad(lambda x: norm(x, "nuc"))(np.eye(3)), np.eye(3))
    np.testing.assert_allclose(grad(np.linalg.cond)(np.eye(3)), np.zeros((3, 3)), atol=1e-12)


def test_a_nuclear_norm_below_full_rank():
    np.testing.assert_allclose(grad(lambda x: norm(x, "nuc"))(np.diag([3.0, 0.0])), np.diag([1.0, 0.0]))


def test_empty_matrices():
    for p in ("fro", "nuc", 1, 2, np.inf):
        assert_derivatives(lambda x, p=p: norm(x, p, axis=(1, 2)), np.zeros((2, 0, 3)), order=1)
        assert_derivatives(lambda x, p=p: norm(x, p, axis=(1, 2)), np.zeros((0, 2, 3)), order=1)


@pytest.mark.parametrize("p", [None, 1, -2, "nuc", np.inf, "fro"])
def test_large_matrices_give_numpys_own_value(p):
    x = np.random.default_rng(0).normal(size=(70, 50)).T[::-1]
    value, pullback = vjp(lambda x: norm(x, p), x)
    assert value == norm(x, p)
    assert np.sum(pullback(1.0)[0] * x) == pytest.approx(value)  # a norm is homogeneous


def test_float32_stays_float32():
    x = X[0, :, :3].astype(np.float32)
    for p in (None, "nuc", 1, -2, 2, np.inf):
        assert grad(lambda x, p=p: norm(x, p))(x).dtype == np.float32
        assert grad(lambda x, p=p: np.linalg.cond(x, p))(x).dtype == np.float32
    for p in (1, 3, 2.5, np.inf, 0, np.float64(3)):
        assert grad(lambda x, p=p: np.sum(norm(x, p, axis=0)))(x).dtype == np.float32


def test_numpy_refuses_what_it_refuses():
    with pytest.raises(ValueError, match="Invalid norm order"):
        grad(lambda x: norm(x, "nuc"))(np.ones(3))
    with pytest.raises(ValueError, match="Improper number"):
        grad(lambda x: norm(x, 1))(np.ones((2, 2, 2)))
