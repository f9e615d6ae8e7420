"""Sine over argument and I_0 against central differences, near 0 and far from it."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import elementwise_grad, grad

X = np.array([-2.3, -0.4, 0.3, 1.7, 9.6])


@pytest.mark.parametrize("f", [np.sinc, np.i0], ids=lambda f: f.__name__)
def test_entire_functions(f):
    for x in (X / 2, np.array([0.0, 1e-9, 0.999, 1.0, -1.001]), np.float64(0.3)):
        assert_derivatives(lambda x: f(x), x, order=3)
    assert elementwise_grad(f)(X.astype(np.float32)).dtype == np.float32


def test_derivatives_of_sinc_at_zero():
    """By the series of sin πx / πx the n-th one is (−1)^(n/2) π^n / (n + 1) for even n, and 0 for odd n."""
    f = np.sinc
    for n in range(7):
        expected = 0 if n % 2 else (-1) ** (n // 2) * np.pi**n / (n + 1)
        np.testing.assert_allclose(f(0.0), expected, atol=1e-12)
        f = grad(f)
