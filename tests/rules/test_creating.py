"""Arrays made out of traced values, between them and in their likeness, against central differences."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import grad

random = np.random.default_rng(43)
V = random.normal(size=6)
C = V + 1j * V[::-1]
S = np.float64(0.7)

FUNCTIONS = {
    "linspace": (lambda a, b: np.linspace(a, b, 5), S, S + 2),
    "linspace, arrays": (lambda a, b: np.linspace(a, b, 4, axis=1, endpoint=False), V, np.float64(3)),
    "linspace, step": (lambda a: np.linspace(a, 2.0, 4, retstep=True)[1], S),
    "linspace, equal ends": (lambda a: np.linspace(a, 1.0, 4), np.float64(1.0)),
    "linspace, one": (lambda a: np.linspace(a, 2.0, 1), S),
    "linspace, none": (lambda a: np.linspace(a, 2.0, 0), S),
    "logspace": (lambda a, b: np.logspace(a, b, 4), S, S + 1),
    "logspace, base": (lambda a, base: np.logspace(a, 2.0, 3, base=base), V, np.abs(V) + 1),
    "geomspace": (lambda a, b: np.geomspace(a, b, 4), S, S + 2),
    "geomspace, negative": (lambda a: np.geomspace(a, -4.0, 5, axis=-1), -np.abs(V)),
    "geomspace, complex": (lambda a: np.geomspace(a, 2 + 1j, 3, endpoint=False), C[0]),
    "vander": (lambda x: np.vander(x, 4), V),
    "vander, increasing": (lambda x: np.vander(x, increasing=True), C),
    "vander, none": (lambda x: np.vander(x, 0), V),
    "full_like": (lambda x, v: np.full_like(x, v) * x, V, S),
    "full_like, shape": (lambda x: np.full_like(x, 2.0, shape=(2, 6)) * x, V),
    "array, like": (lambda x, y: np.array([[x[0], y], [1.0, x[1] * y]], like=x), V, S),
    "asarray, like": (lambda x: np.asarray([x, x**2], like=x) + np.asarray(x, dtype=complex, like=x), V),
    "array, axes": (lambda x: np.array(x, ndmin=3, like=x) * np.ascontiguousarray(x, like=x), V),
    "full, like": (lambda x, v: np.full((2, 6), v, like=x) * x + np.full(6, 1.0, like=x), V, S),
    "zeros, like": (lambda x: np.zeros(6, like=x) + np.eye(6, like=x) @ x + np.arange(6.0, like=x), V),
    "asanyarray": (lambda x: np.asanyarray([x[:2], x[2:4]], like=x), V),
    "contiguous": (lambda x: np.asfortranarray(x[0], like=x) * np.require(x[:, None], like=x), V),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="zero"):
        grad(lambda x: np.sum(np.geomspace(x * 0, 1.0)))(V)
    with pytest.raises(ValueError, match="one-dimensional"):
        grad(lambda x: np.sum(np.vander(x[None])))(V)
