"""Numbers taken apart against central differences."""

import numpy as np
from tests.numerics import assert_derivatives

from chainrule import grad, vjp

X = np.array([-2.3, -0.4, 0.3, 1.7, 9.6])


def test_two_results():
    assert_derivatives(lambda x: np.modf(x)[0] * 2 + np.modf(x)[1], X)
    assert_derivatives(lambda x: np.frexp(x)[0] * 2 + np.frexp(x)[1], X)
    assert_derivatives(lambda x, y: np.divmod(x, y)[1] * 2 + np.divmod(x, y)[0], X, X[::-1] + 0.01)
    assert_derivatives(lambda x: np.ldexp(*np.frexp(x)), X)


def test_scaling_by_powers_of_two():
    assert_derivatives(lambda x: np.ldexp(x, [[1], [-2]]), X)
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.ldexp(1.0, np.argsort(x))) * 1.0)(X), np.zeros(5))


def test_the_next_number():
    np.testing.assert_array_equal(vjp(np.nextafter, X, np.float64(1.0))[0], np.nextafter(X, 1.0))
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.nextafter(x, [[0.0], [1.0]])))(X), np.full(5, 2.0))
    np.testing.assert_array_equal(grad(lambda y: np.sum(np.nextafter(X, y)))(X), np.zeros(5))


def test_what_a_step_is_at_its_edge():
    np.testing.assert_array_equal(grad(lambda h: np.sum(np.heaviside(np.array([-1.0, 0.0, 0.0, 2.0]), h)))(0.5), 2)
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.heaviside(x, 0.5)))(X), np.zeros(5))
