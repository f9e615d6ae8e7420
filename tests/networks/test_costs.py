import numpy as np
import pytest

from chainrule import grad
from chainrule.networks.activations import ACTIVATIONS, sigmoid
from chainrule.networks.costs import COSTS


def example(seed=0, m=4, n=3):
    random = np.random.default_rng(seed)
    return random.normal(size=(m, n)), random.uniform(size=(m, n))


def test_quadratic_is_half_the_squared_distance():
    z, y = example()
    a = sigmoid(z)
    C = COSTS["quadratic"].terms(z, a, y).sum(axis=-1)
    np.testing.assert_allclose(C, [0.5 * np.linalg.norm(d) ** 2 for d in a - y], rtol=1e-14)


def test_cross_entropy_is_its_textbook_formula():
    z, y = example()
    a = sigmoid(z)
    textbook = -(y * np.log(a) + (1 - y) * np.log(1 - a))
    np.testing.assert_allclose(COSTS["cross_entropy"].terms(z, a, y), textbook, rtol=1e-13)


def test_cross_entropy_is_finite_where_its_logarithms_are_not():
    z = np.array([-1000.0, 1000.0, -1000.0, 1000.0])
    y = np.array([0.0, 1.0, 1.0, 0.0])
    np.testing.assert_array_equal(COSTS["cross_entropy"].terms(z, sigmoid(z), y), [0, 0, 1000, 1000])


@pytest.mark.parametrize("name", COSTS)
def test_derivative_and_delta_are_those_of_the_engine(name):
    cost = COSTS[name]
    z, y = example()
    a = sigmoid(z)
    dC_dz = grad(lambda z: np.sum(cost.terms(z, sigmoid(z), y)))(z)
    slope = ACTIVATIONS["sigmoid"].derivative(z, a)
    np.testing.assert_allclose(cost.delta(a, y, slope), dC_dz, rtol=1e-12)
    np.testing.assert_allclose(cost.derivative(a, y) * slope, dC_dz, rtol=1e-12)
