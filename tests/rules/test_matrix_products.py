"""Products of vectors and matrices beyond matmul, against central differences."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.numerics import assert_derivatives

import chainrule.rules.matrix_products  # noqa: F401  (enters its rules)
from chainrule import grad, vjp
from chainrule.graph.table import TABLE

KINDS = [float, complex]
linalg: Any = np.linalg  # whose types leave some arguments out


def random(*shape, kind=float, seed=0):
    generator = np.random.default_rng((seed, *shape))
    x = generator.normal(size=shape)
    return x + 1j * generator.normal(size=shape) if kind is complex else x


TWO: dict[str, Any] = {
    "kron": (np.kron, (2, 3), (3, 2)),
    "kron, vectors": (np.kron, (2,), (3,)),
    "kron, fewer axes on the left": (np.kron, (2,), (2, 3, 2)),
    "kron, fewer axes on the right": (np.kron, (2, 1, 3), (2,)),
    "kron, numbers": (np.kron, (), (2, 3)),
    "kron, empty": (np.kron, (0, 2), (3,)),
    "cross": (np.cross, (3,), (3,)),
    "cross, broadcast": (np.cross, (4, 1, 3), (2, 3)),
    "cross, axis": (lambda a, b: np.cross(a, b, axis=0), (3, 2), (3, 2)),
    "cross, axes": (lambda a, b: np.cross(a, b, axisa=0, axisb=1, axisc=0), (3, 2, 4), (2, 3, 4)),
    "linalg.cross": (lambda a, b: np.linalg.cross(a, b, axis=0), (3, 2), (3, 1)),
    "vdot": (np.vdot, (3,), (3,)),
    "vdot, matrices": (np.vdot, (2, 3), (3, 2)),
    "vdot, numbers": (np.vdot, (), ()),
    "linalg.vecdot": (np.linalg.vecdot, (2, 3), (3,)),
    "linalg.vecdot, axis": (lambda a, b: linalg.vecdot(a, b, axis=0), (3, 2), (3, 2)),
    "linalg.outer": (np.linalg.outer, (2,), (3,)),
    "linalg.matmul": (np.linalg.matmul, (2, 3), (3, 2)),
    "linalg.tensordot": (lambda a, b: np.linalg.tensordot(a, b, axes=1), (2, 3), (3, 2)),
    "multi_dot, two": (lambda a, b: np.linalg.multi_dot([a, b]), (2, 3), (3, 2)),
    "multi_dot, two vectors": (lambda a, b: np.linalg.multi_dot([a, b]), (3,), (3,)),
}
if hasattr(np, "vecdot"):
    TWO |= {
        "vecdot": (np.vecdot, (3,), (3,)),
        "vecdot, broadcast": (np.vecdot, (4, 1, 3), (2, 3)),
        "vecdot, axis": (lambda a, b: TABLE[np.vecdot](a, b, axis=0), (3, 2), (3, 2)),
        "vecdot, keepdims": (lambda a, b: TABLE[np.vecdot](a, b, axis=0, keepdims=True), (3, 2, 4), (3, 2, 4)),
    }
if hasattr(np, "matvec"):
    TWO |= {
        "matvec": (np.matvec, (2, 3), (3,)),
        "matvec, broadcast": (np.matvec, (4, 1, 2, 3), (2, 3)),
        "vecmat": (np.vecmat, (2,), (2, 3)),
        "vecmat, broadcast": (np.vecmat, (2, 3), (4, 1, 3, 2)),
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TWO)
def test_product_of_two(name, kind):
    f, left, right = TWO[name]
    assert_derivatives(f, random(*left, kind=kind), random(*right, kind=kind, seed=1))


@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
@pytest.mark.parametrize(("left", "right"), [((2,), (2,)), ((4, 2), (2,)), ((4, 2), (3,)), ((3,), (4, 2))])
def test_cross_products_in_the_plane(left, right):
    assert_derivatives(np.cross, random(*left), random(*right, seed=1))


CHAINS = [
    ((2, 3), (3, 4), (4, 2)),
    ((5, 1), (1, 5), (5, 2)),
    ((3,), (3, 4), (4, 2)),
    ((2, 3), (3, 4), (4,)),
    ((3,), (3, 4), (4,)),
    ((2, 3), (3, 4), (4, 1), (1, 3)),
    ((3,), (3, 2), (2, 4), (4, 3), (3,)),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shapes", CHAINS)
def test_product_of_many(shapes, kind):
    arrays = [random(*shape, kind=kind, seed=i) for i, shape in enumerate(shapes)]
    assert_derivatives(lambda *xs: np.linalg.multi_dot(xs), *arrays, order=1 if len(shapes) > 3 else 2)


def test_one_matrix_in_several_places_of_a_product():
    assert_derivatives(lambda a: np.linalg.multi_dot([a, a.T, np.eye(2, 3), a[0]]), random(2, 3))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [*range(-5, 10), 13])
def test_matrix_power(n, kind):
    a = random(2, 2, 2, kind=kind) / 2 + np.eye(2)
    assert_derivatives(lambda a: np.linalg.matrix_power(a, n) + 0 * a, a, order=1 if abs(n) > 3 else 2, rtol=1e-4)


def test_the_zeroth_power_is_the_identity():
    np.testing.assert_array_equal(vjp(lambda a: np.linalg.matrix_power(a, 0), np.ones((2, 3, 3)))[0], [np.eye(3)] * 2)
    with pytest.raises(TypeError):
        grad(lambda a: np.sum(np.linalg.matrix_power(a, 0.5)))(np.eye(2))  # type: ignore[arg-type]  # on purpose


ONE: dict[str, Any] = {
    "linalg.trace": lambda x: np.linalg.trace(x),
    "linalg.trace, offset": lambda x: np.linalg.trace(x, offset=1),
    "linalg.trace, dtype": lambda x: np.linalg.trace(x, dtype=np.complex128),
    "linalg.diagonal": lambda x: np.linalg.diagonal(x),
    "linalg.diagonal, offset": lambda x: np.linalg.diagonal(x, offset=-1),
    "linalg.matrix_transpose": lambda x: np.linalg.matrix_transpose(x),
    "matrix_transpose": lambda x: np.matrix_transpose(x),
}


@pytest.mark.parametrize("name", ONE)
def test_second_names(name):
    assert_derivatives(ONE[name], random(2, 3, 4))


@settings(max_examples=25)
@given(left=st.lists(st.integers(0, 3), max_size=3), right=st.lists(st.integers(0, 3), max_size=3))
def test_kronecker_products_of_any_shapes(left, right):
    assert_derivatives(np.kron, random(*left), random(*right, seed=1), order=1)


def test_float32_stays_float32():
    a = random(3, 3).astype(np.float32)
    products: list[Any] = [np.kron, np.cross, np.vdot, np.linalg.vecdot, lambda a, b: np.linalg.multi_dot([a, b, a])]
    for f in products:
        value, pullback = vjp(f, a, a)
        assert {x.dtype for x in (value, *pullback(np.ones_like(value)))} == {np.dtype(np.float32)}


def test_real_by_complex():
    a, b = random(3), random(3, kind=complex)
    for f in (np.vdot, np.linalg.vecdot, np.cross, np.kron):
        assert_derivatives(f, a, b)
        assert_derivatives(f, b, a)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="two vectors"):
        grad(lambda x: np.sum(np.linalg.outer(x, x)))(np.ones((2, 2)))
    with pytest.raises(ValueError, match="3 components"):
        grad(lambda x: np.sum(np.linalg.cross(x, x)))(np.ones(2))
