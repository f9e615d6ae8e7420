"""Arrays split, joined and laid out as grids, against central differences."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import grad

random = np.random.default_rng(47)
A = random.normal(size=(2, 3, 4))
B = random.normal(size=(2, 3))
V = random.normal(size=5)
SQUARE = random.normal(size=(3, 3))


def total(parts):
    """One number for each of several parts, so that none can be mistaken for another."""
    return np.stack([np.sum(part**2) * (k + 1) for k, part in enumerate(parts)])


FUNCTIONS = {
    "array_split": (lambda x: total(np.array_split(x, 3, axis=2)), A),
    "array_split, places": (lambda x: total(np.array_split(x, [1, 3])), V),
    "split": (lambda x: total(np.split(x, 2, axis=-1)), A),
    "hsplit": (lambda x: total(np.hsplit(x, 3)), A),
    "hsplit, row": (lambda x: total(np.hsplit(x, [2])), V),
    "vsplit": (lambda x: total(np.vsplit(x, 2)), A),
    "dsplit": (lambda x: total(np.dsplit(x, [1])), A),
    "unstack": (lambda x: total(np.unstack(x, axis=1)), A),
    "concat": (lambda x, y: np.concat([x, y], axis=-1), A, A[:, :, :1]),
    "concatenate, lists": (lambda x: np.concatenate([[1.0, 2.0], x]), V),
    "concatenate, dtype": (lambda x: np.concatenate([x, x], dtype=np.complex128), V),
    "stack, number": (lambda x: np.stack([x[0], 1.5, x[1]]), V),
    "column_stack": (lambda x, y: np.column_stack([x, y, x]), V, random.normal(size=(5, 2))),
    "dstack": (lambda x: np.dstack([x, x**2]), B),
    "dstack, rows": (lambda x: np.dstack((x, 2 * x)), V),
    "block": (lambda x, y: np.block([[x, y], [y.T, np.eye(2)]]), SQUARE, B.T),
    "block, row": (lambda x: np.block([x, 1.5, x]), V),
    "block, one": (lambda x: np.block(x), V),
    "atleast_1d": (lambda x: np.atleast_1d(x), np.float64(0.5)),
    "atleast_2d": (lambda x: np.atleast_2d(x), V),
    "atleast_3d": (lambda x: np.atleast_3d(x), B),
    "atleast_3d, several": (lambda x, y: total(np.atleast_3d(x, y, x[0])), V, A),
    "broadcast_arrays": (lambda x, y: total(np.broadcast_arrays(x, y)), V[:3], B),
    "meshgrid": (lambda x, y: total(np.meshgrid(x, y, x)), V, V[:2]),
    "meshgrid, ij": (lambda x, y: total(np.meshgrid(x, y, indexing="ij", sparse=True)), V, V[:2]),
    "meshgrid, views": (lambda x: total(np.meshgrid(x, [1.0, 2.0], copy=False)), V),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: np.array_split(x, 0)[0], "larger than 0"),
        (lambda x: np.split(x, 2)[0], "equal division"),
        (lambda x: np.vsplit(x, 1)[0], "dimensions"),
        (lambda x: np.block([[x], x]), "equally deep"),
        (lambda x: np.meshgrid(x, indexing="yx")[0], "indexing"),  # type: ignore[call-overload]
    ],
)
def test_wrong_arguments(f, words):
    with pytest.raises(ValueError, match=words):
        grad(lambda x: np.sum(f(x)))(V)
