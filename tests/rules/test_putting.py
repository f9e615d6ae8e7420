"""NumPy's functions that write into an array, against central differences."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import RecordingError, grad

random = np.random.default_rng(37)
A = random.normal(size=(3, 4))
V = random.normal(size=5)
S = np.float64(0.7)


def writing(write):
    """A function that writes into a copy of its first argument, and returns it."""

    def f(x, *arguments):
        y = x * 1.0
        write(y, *arguments)
        return y

    return f


FUNCTIONS = {
    "put": (writing(lambda y, v: np.put(y, [0, -2, 5], v)), A, V),
    "put, wrap": (writing(lambda y, v: np.put(y, [0, 13, -14], v, mode="wrap")), A, V),
    "put, clip": (writing(lambda y, v: np.put(y, [[99], [-3]], v, mode="clip")), A, V),
    "put, repeated": (writing(lambda y, v: np.put(y, range(7), v)), A, V[:2]),
    "copyto": (writing(lambda y, v: np.copyto(y, v, where=A > 0)), A, V[:4]),
    "place": (writing(lambda y, v: np.place(y, A > 0, v)), A, V[:2]),
    "place, found": (writing(lambda y: np.place(y, y > 0, [1.0, 2.0])), A),
    "putmask": (writing(lambda y, v: np.putmask(y, A > 0, v)), A, A[::-1] ** 2),
    "putmask, repeated": (writing(lambda y, v: np.putmask(y, y > 0, v)), A, V),
    "put_along_axis": (writing(lambda y, v: np.put_along_axis(y, np.argsort(A, 1)[:, :2], v, 1)), A, A[:, :1]),
    "put_along_axis, found": (writing(lambda y: np.put_along_axis(y, np.argmax(y, 0)[None], 9.0, 0)), A),
    "put_along_axis, all": (writing(lambda y, v: np.put_along_axis(y, np.array([2, 7]), v, None)), A, V[:2]),
    "fill_diagonal": (writing(lambda y, v: np.fill_diagonal(y, v)), A, S),
    "fill_diagonal, tall": (writing(lambda y, v: np.fill_diagonal(y, v)), random.normal(size=(7, 2)), V),
    "fill_diagonal, wrapped": (writing(lambda y, v: np.fill_diagonal(y, v, wrap=True)), random.normal(size=(7, 2)), V),
    "fill_diagonal, cube": (writing(lambda y, v: np.fill_diagonal(y, v)), random.normal(size=(3, 3, 3)), V[:2]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


@pytest.mark.parametrize(
    "write",
    [
        lambda y, v: np.put(y, [0], v),
        lambda y, v: np.place(y, y < 9, v),
        lambda y, v: np.putmask(y, v < 9, v),
        lambda y, v: np.put_along_axis(y, np.array([0]), v, 0),
    ],
)
def test_a_traced_value_does_not_go_into_a_plain_array(write):
    with pytest.raises(RecordingError, match="plain array"):
        grad(lambda v: write(np.zeros(1), v) or np.sum(v))(np.ones(1))


def test_wrong_arguments():
    for f, error, words in (
        (lambda y: np.put(y, [99], 1.0), IndexError, "out of bounds"),
        (lambda y: np.fill_diagonal(y[0], 1.0), ValueError, "2-d"),
        (lambda y: np.fill_diagonal(np.stack([y, y]), 1.0), ValueError, "equal length"),
    ):
        with pytest.raises(error, match=words):
            grad(lambda x: np.sum(f(x * 1.0) or x))(A)  # noqa: B023
