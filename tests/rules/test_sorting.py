"""Sorted and distinct entries against central differences; what equal entries share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import grad, jacobian, vjp

random = np.random.default_rng(17)
A = random.normal(size=(2, 3, 4))
B = random.normal(size=(3, 5))
V = random.normal(size=6)
C = V + 1j * V[::-1]

FUNCTIONS = {
    "sort": (lambda x: np.sort(x), A),
    "sort, axis": (lambda x: np.sort(x, axis=1, kind="stable"), A),
    "sort, all": (lambda x: np.sort(x, axis=None), A),
    "sort, complex": (lambda x: np.sort(x), C),
    "sort_complex": (lambda x: np.sort_complex(x), V),
    "partition": (lambda x: np.partition(x, 2, axis=-2), A),
    "partition, several": (lambda x: np.partition(x, [1, 3]), B),
    "partition, all": (lambda x: np.partition(x, 5, axis=None), A),
    "unique": (lambda x: np.unique(np.round(x * 0) + x), B),
    "unique, equals": (lambda x: np.unique(np.concatenate([x, x])), V),
    "unique, rows": (lambda x: np.unique(np.concatenate([x, x[:, ::-1]], axis=1), axis=-1), B),
    "unique, complex": (lambda x: np.unique(np.concatenate([x, x])), C),
    "unique, counts": (lambda x: np.multiply(*np.unique(np.tile(x, 2), return_counts=True)), V),
    "unique_values": (lambda x: np.unique_values(x), np.sort(V)),
    "unique_all": (lambda x: np.unique_all(x).values, B),
    "unique_counts": (lambda x: np.unique_counts(np.tile(x, 2)).values, B),
    "unique_inverse": (lambda x: np.unique_inverse(x).values, B),
    "union1d": (lambda x, y: np.union1d(x, y), V[:3], B),
    "setdiff1d": (lambda x: np.setdiff1d(x, [V[1], 7.0]), np.delete(V, 1)),
    "setxor1d": (lambda x: np.setxor1d(np.concatenate([x, x[:2]]), x[1:] * 1.0), V),
    "setxor1d, distinct": (lambda x, y: np.setxor1d(x, y, assume_unique=True), V, B[0]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


@given(data=st.data())
def test_sorts_of_any_shape(data):
    x = data.draw(arrays(shape=data.draw(st.sampled_from([(1,), (4,), (2, 3), (3, 0), (2, 1, 3)]))))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    assert_derivatives(lambda x: np.sort(x, axis=axis), x)
    assert_derivatives(lambda x: np.unique(x), x, order=1)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=6), st.integers(0, 5))
def test_equal_entries_share(values, k):
    """The least sorted entry is the minimum, and is shared as the minimum is; the same for every group of equals."""
    x, k = np.array(values), k % len(values)
    matrix = jacobian(np.sort)(x)
    equal = x == np.sort(x)[k]
    np.testing.assert_allclose(matrix[k], equal / equal.sum())
    np.testing.assert_allclose(matrix[0], grad(np.min)(x))
    np.testing.assert_allclose(matrix.sum(axis=0), np.ones(len(x)))
    np.testing.assert_allclose(jacobian(lambda x: np.partition(x, k))(x).sum(axis=0), np.ones(len(x)))
    np.testing.assert_allclose(jacobian(np.unique)(x), [(x == v) / np.sum(x == v) for v in np.unique(x)])


def test_types():
    x = np.linspace(0, 1, 6, dtype=np.float32)
    for f in (np.sort, np.unique):
        value, pull = vjp(f, x)
        assert value.dtype == f(x).dtype
        assert pull(np.ones(np.shape(value)))[0].dtype == np.float32


def test_missing_values_come_last():
    x = np.array([3.0, np.nan, 1.0])
    np.testing.assert_array_equal(vjp(np.sort, x)[1](np.array([1.0, 2.0, 5.0]))[0], [2, 5, 1])
