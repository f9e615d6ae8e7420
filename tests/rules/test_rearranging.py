"""Entries repeated, inserted, left out and turned, and arrays reshaped, against central differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import grad, jacobian

random = np.random.default_rng(11)
A = random.normal(size=(2, 3, 4))
B = random.normal(size=(2, 3))
V = random.normal(size=5)
C = V + 1j * V[::-1]


FUNCTIONS = {
    "repeat": (lambda x: np.repeat(x, 3, axis=1), A),
    "repeat, all": (lambda x: x.repeat(2), A),
    "repeat, counts": (lambda x: np.repeat(x, [1, 0, 3], axis=-2), A),
    "repeat, complex": (lambda x: np.repeat(x, [2, 0, 1, 1, 3]), C),
    "repeat, number": (lambda x: np.repeat(x, 3), np.float64(0.5)),
    "tile": (lambda x: np.tile(x, 3), A),
    "tile, several": (lambda x: np.tile(x, (2, 1, 1, 2)), A),
    "tile, fewer": (lambda x: np.tile(x, [2, 3]), A),
    "tile, number": (lambda x: np.tile(x, 2), np.float64(0.5)),
    "tile, none": (lambda x: np.tile(x, 0), V),
    "resize": (lambda x: np.resize(x, (4, 5)), B),
    "resize, smaller": (lambda x: np.resize(x, 4), B),
    "insert": (lambda x, v: np.insert(x, 1, v, axis=1), B, np.array([0.3, 0.4])),
    "insert, several": (lambda x, v: np.insert(x, [0, 2, 2], v, axis=1), B, np.array([0.3, 0.4, 0.5])),
    "insert, flat": (lambda x: np.insert(x, slice(0, 2), 1.5), B),
    "insert, number": (lambda x, v: np.insert(x, 2, v), V, np.float64(0.4)),
    "delete": (lambda x: np.delete(x, 1, axis=2), A),
    "delete, several": (lambda x: np.delete(x, [0, 2], axis=1), A),
    "delete, mask": (lambda x: np.delete(x, np.array([True, False, False, True, True])), V),
    "delete, slice": (lambda x: np.delete(x, slice(None, None, 2)), B),
    "append": (lambda x, y: np.append(x, y, axis=1), B, B[:, :1]),
    "append, flat": (lambda x: np.append(x, [1.0, 2.0]), B),
    "trim_zeros": (lambda x: np.trim_zeros(np.concatenate([np.zeros(2), x, np.zeros(1)])), V),
    "trim_zeros, front": (lambda x: np.trim_zeros(np.concatenate([np.zeros(2), x, np.zeros(1)]), "f"), V),
    "trim_zeros, nothing left": (lambda x: np.trim_zeros(x * 0), V),
    "trim_zeros, matrix": (lambda x: np.trim_zeros(np.pad(x, 1), axis=0), B),
    "diag, of a row": (lambda x: np.diag(x, -1), V),
    "diag, of a matrix": (lambda x: np.diag(x, 1), B),
    "diagflat": (lambda x: np.diagflat(x, 2), B),
    "tril": (lambda x: np.tril(x, 1), A),
    "triu": (lambda x: np.triu(x, -1), A),
    "triu, row": (lambda x: np.triu(x), V),
    "rot90": (lambda x: np.rot90(x), B),
    "rot90, back": (lambda x: np.rot90(x, -1, axes=(2, 0)), A),
    "rot90, twice": (lambda x: np.rot90(x, 2, (1, 2)), A),
    "rot90, not": (lambda x: np.rot90(x, 4), B),
    "fliplr": (lambda x: np.fliplr(x), A),
    "flipud": (lambda x: np.flipud(x), A),
    "rollaxis": (lambda x: np.rollaxis(x, 2), A),
    "rollaxis, behind": (lambda x: np.rollaxis(x, 0, 3), A),
    "rollaxis, negative": (lambda x: np.rollaxis(x, -1, -2), A),
    "matrix_transpose": (lambda x: np.matrix_transpose(x), A),
    "roll, list": (lambda x: np.roll(x, [1, -1], axis=[0, 2]), A),
    "reshape, F": (lambda x: np.reshape(x, (4, -1), order="F"), A),
    "reshape, A": (lambda x: np.reshape(x, (4, -1), order="A"), A),
    "reshape, A of a transpose": (lambda x: np.reshape(x.T, (4, -1), order="A"), A),
    "reshape, copied": (lambda x: np.reshape(x, -1, copy=True), A),
    "ravel, F": (lambda x: np.ravel(x, order="F"), A),
    "ravel, A": (lambda x: np.ravel(x.T, order="A"), A),
    "ravel, K": (lambda x: np.ravel(np.transpose(x, (1, 2, 0)), order="K"), A),
    "ravel, K backward": (lambda x: np.ravel(x.T[::-1, :, ::-1], order="K"), A),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


@given(data=st.data())
def test_any_shape(data):
    x = data.draw(arrays())
    assert_derivatives(lambda x: np.tile(x, (2, 3)), x, order=1)
    assert_derivatives(lambda x: np.repeat(x, 2), x, order=1)
    assert_derivatives(lambda x: np.ravel(x, order="F"), x, order=1)
    assert_derivatives(lambda x: np.atleast_3d(x), x, order=1)
    if x.ndim:
        axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
        counts = data.draw(st.lists(st.integers(0, 3), min_size=x.shape[axis], max_size=x.shape[axis]))
        assert_derivatives(lambda x: np.repeat(x, counts, axis=axis), x, order=1)
        assert_derivatives(lambda x: np.concatenate(np.array_split(x, 3, axis=axis)[::-1], axis=axis), x, order=1)


def test_what_numpy_copies_is_a_copy_and_what_it_views_is_a_view():
    def written(make):
        def f(x):
            x = x * 1.0
            y = make(x)
            y[...] = 0.0
            return np.sum(x)

        return grad(f)(B)

    for copy in (lambda x: np.tile(x, 1), lambda x: np.repeat(x, 1, axis=0), np.block, lambda x: np.delete(x, [])):
        np.testing.assert_array_equal(written(copy), np.ones(B.shape))
    for view in (np.rot90, np.fliplr, np.atleast_3d, lambda x: np.split(x, 1)[0]):
        np.testing.assert_array_equal(written(view), np.zeros(B.shape))


def test_the_jacobian_of_a_repetition_says_where_each_entry_went():
    np.testing.assert_array_equal(
        jacobian(lambda x: np.repeat(x, [2, 0, 1]))(np.ones(3)), [[1, 0, 0]] * 2 + [[0, 0, 1]]
    )


@pytest.mark.parametrize(
    ("f", "x", "words"),
    [
        (lambda x: np.rot90(x, axes=(0, 0)), B, "different"),
        (lambda x: np.rollaxis(x, 0, 7), B, "out of bounds"),
        (lambda x: np.repeat(x, 2, axis=4), B, "out of bounds"),
    ],
)
def test_wrong_arguments(f, x, words):
    with pytest.raises(ValueError, match=words):
        grad(lambda x: np.sum(f(x)))(x)
