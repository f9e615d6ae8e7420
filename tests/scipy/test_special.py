"""The functions of SciPy's special ones that are no ufuncs: values, both orders, and the edges of logsumexp."""

import math

import numpy as np
import pytest
import scipy.special as sp
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import RecordingError, grad, jacobian, vjp
from chainrule.scipy import special

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(2, 3, 4))
Z = X + 1j * RANDOM.normal(size=X.shape)
B = RANDOM.normal(size=(3, 1))
POSITIVE = np.array([0.3, 1.1, 2.6])

CASES = {
    "logsumexp": (special.logsumexp, X),
    "logsumexp axis": (lambda x: special.logsumexp(x, axis=1), X),
    "logsumexp axes": (lambda x: special.logsumexp(x, axis=(0, -1), keepdims=True), X),
    "logsumexp keepdims": (lambda x: special.logsumexp(x, keepdims=True), X),
    "logsumexp 0-d": (special.logsumexp, np.float64(0.7)),
    "logsumexp weights": (lambda x, b: special.logsumexp(x, 1, b), X, abs(B)),
    "logsumexp weights alone": (lambda b: special.logsumexp(X, b=b), abs(B)),
    "logsumexp sign": (lambda x, b: special.logsumexp(x, 1, b, return_sign=True)[0], X, B),
    "logsumexp complex": (lambda x: special.logsumexp(x, 1), Z),
    "softmax": (special.softmax, X),
    "softmax axis": (lambda x: special.softmax(x, axis=1), X),
    "softmax axes": (lambda x: special.softmax(x, axis=(0, 2)), X),
    "log_softmax": (special.log_softmax, X),
    "log_softmax axis": (lambda x: special.log_softmax(x, axis=-1), X),
    "polygamma 0": (lambda x: special.polygamma(0, x), POSITIVE),
    "polygamma": (lambda x: special.polygamma(np.array([[1], [3]]), x), POSITIVE),
    "multigammaln": (lambda a: special.multigammaln(a, 3), POSITIVE + 1),
}
ORDERS = np.array([[0], [1], [4]])
for _name in ("spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"):
    _f = getattr(special, _name)
    CASES[_name] = (lambda z, f=_f: f(ORDERS, z), POSITIVE)
    CASES[f"{_name} derivative"] = (lambda z, f=_f: f(ORDERS, z, derivative=True), POSITIVE)
    CASES[f"{_name} complex"] = (lambda z, f=_f: f(2, z), np.array([0.4 + 0.3j, 1.6 - 1.1j]))


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name):
    f, *operands = CASES[name]
    assert_derivatives(f, *operands)


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
@given(data=st.data())
def test_values_are_scipys(name, data):
    x = data.draw(arrays(shape=data.draw(st.sampled_from([(3,), (2, 4), (1, 2, 3)]))))
    axis = data.draw(st.sampled_from([None, 0, -1]))
    mine, scipys = getattr(special, name), getattr(sp, name)
    np.testing.assert_array_equal(mine(x, axis=axis), scipys(x, axis=axis))
    np.testing.assert_array_equal(vjp(lambda x: mine(x, axis=axis), x)[0], scipys(x, axis=axis))


def test_lists_are_taken():
    assert special.logsumexp([1, 2], b=[1, 0]) == 1
    assert grad(lambda x: special.logsumexp([x, 2.0]))(2.0) == 0.5


def test_entries_of_minus_infinity_add_nothing():
    x = np.array([0.0, -np.inf, 0.0])
    np.testing.assert_array_equal(grad(special.logsumexp)(x), [0.5, 0, 0.5])
    np.testing.assert_array_equal(grad(special.logsumexp)(np.full(2, -np.inf)), [0, 0])
    np.testing.assert_array_equal(jacobian(special.softmax)(x)[0], [0.25, 0, -0.25])
    np.testing.assert_array_equal(grad(lambda x: special.log_softmax(x)[0])(x), [0.5, 0, -0.5])
    second = jacobian(grad(special.logsumexp))(x)
    np.testing.assert_array_equal(second, [[0.25, 0, -0.25], [0, 0, 0], [-0.25, 0, 0.25]])


def test_large_entries_do_not_overflow():
    np.testing.assert_array_equal(grad(special.logsumexp)(np.array([1000.0, 1000.0])), [0.5, 0.5])


def test_an_entry_of_weight_zero_counts_for_nothing():
    x, b = np.array([1.0, np.inf, 1.0]), np.array([1.0, 0.0, 3.0])
    np.testing.assert_allclose(grad(lambda x: special.logsumexp(x, b=b))(x), [0.25, 0, 0.75])


def test_a_negative_sum_with_its_sign():
    x, b = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    logarithm, sign = special.logsumexp(x, b=b, return_sign=True)
    assert (logarithm, sign) == sp.logsumexp(x, b=b, return_sign=True)
    slope = grad(lambda x: math.prod(special.logsumexp(x, b=b, return_sign=True)))(x)
    np.testing.assert_allclose(slope, -b * np.exp(x) / np.sum(b * np.exp(x)))


def test_a_complex_sum_with_its_phase_is_refused():
    with pytest.raises(RecordingError, match="leave that out"):
        special.logsumexp(Z, return_sign=True)


def test_orders_are_not_differentiated_by():
    with pytest.raises(RecordingError, match="polygamma by its operand n"):
        grad(lambda n: special.polygamma(n, 1.5))(1.0)
    with pytest.raises(RecordingError, match="spherical_jn by its operand n"):
        grad(lambda n: special.spherical_jn(n, 1.5))(1.0)


def test_a_spherical_bessel_function_at_zero():
    assert grad(lambda z: special.spherical_jn(1, z))(0.0) == pytest.approx(1 / 3)
    assert grad(grad(lambda z: special.spherical_jn(0, z)))(0.0) == pytest.approx(-1 / 3)


def test_float32_stays_float32():
    x = X.astype(np.float32)
    for f in (special.logsumexp, special.softmax, special.log_softmax):
        value, pullback = vjp(f, x)
        assert value.dtype == pullback(np.ones_like(value))[0].dtype == np.float32
