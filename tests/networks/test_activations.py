import math

import numpy as np
import pytest

from chainrule import grad
from chainrule.networks.activations import ACTIVATIONS, relu, sigmoid


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_is_right_to_rounding_from_end_to_end(dtype):
    z = np.linspace(-30, 30, 601, dtype=dtype)
    expected = [1 / (1 + math.exp(-float(t))) for t in z]
    a = sigmoid(z)
    assert a.dtype == dtype
    np.testing.assert_allclose(a, expected, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sigmoid_has_its_limits_and_no_warning(dtype):
    np.testing.assert_array_equal(sigmoid(np.array([-np.inf, -1e30, 0, 1e30, np.inf], dtype)), [0, 0, 0.5, 1, 1])


def test_sigmoid_passes_nan_on():
    assert np.isnan(sigmoid(np.array([np.nan]))).all()


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_derivative_is_that_of_the_engine_and_of_central_differences(activation):
    z = np.array([-30.0, -1.7, -0.2, 0.3, 2.5, 30.0])
    a = activation.function(z)
    slope = activation.derivative(z, a)
    assert slope.dtype == z.dtype
    np.testing.assert_allclose(slope, grad(lambda z: np.sum(activation.function(z)))(z), rtol=1e-14)
    h = 1e-6
    differences = (activation.function(z + h) - activation.function(z - h)) / (2 * h)
    np.testing.assert_allclose(slope, differences, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_float32_stays_float32_and_the_input_stays_as_it_was(activation):
    z = np.array([[-1.5, 0.5], [0.0, 2.0]], dtype="float32")
    before = z.copy()
    a = activation.function(z)
    assert a.dtype == activation.derivative(z, a).dtype == "float32"
    np.testing.assert_array_equal(z, before)


def test_the_corner_of_relu_is_flat_in_both_ways():
    z = np.zeros(1)
    assert ACTIVATIONS["relu"].derivative(z, relu(z)) == grad(lambda z: np.sum(relu(z)))(z) == 0


def test_second_derivative_of_the_sigmoid():
    def curvature(z):
        return grad(lambda t: grad(sigmoid)(t))(z)

    a = 1 / (1 + math.exp(-0.7))
    assert curvature(0.7) == pytest.approx(a * (1 - a) * (1 - 2 * a), rel=1e-13)
