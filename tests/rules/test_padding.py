"""`np.pad` in every mode against central differences, widths larger than the array among them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import RecordingError, grad

random = np.random.default_rng(29)
A = random.normal(size=(3, 4))
C = A + 1j * A[::-1]
S = np.float64(0.7)
OPTIONS: dict[str, Any] = {
    "constant": [{}, {"constant_values": ((1.0, 2.0), (3.0, 4.0))}],
    "edge": [{}],
    "empty": [],
    "linear_ramp": [{}, {"end_values": ((1.0, 2.0), (3.0, 4.0))}],
    "maximum": [{}, {"stat_length": 2}],
    "mean": [{}, {"stat_length": ((1, 2), (3, 9))}],
    "median": [{}, {"stat_length": 3}],
    "minimum": [{}, {"stat_length": (2, 1)}],
    "reflect": [{}, {"reflect_type": "odd"}],
    "symmetric": [{}, {"reflect_type": "odd"}],
    "wrap": [{}],
}
CASES = [(mode, options) for mode, each in OPTIONS.items() for options in each]


@pytest.mark.parametrize(("mode", "options"), CASES)
@pytest.mark.parametrize("widths", [2, (1, 2), ((0, 2), (3, 0)), ((7, 5), (1, 11)), 0])
def test_modes(mode, options, widths):
    assert_derivatives(lambda x: np.pad(x, widths, mode, **options), A)


@pytest.mark.parametrize(
    ("mode", "options"), [case for case in CASES if case[0] not in ("maximum", "minimum", "median")]
)
def test_complex_numbers(mode, options):
    assert_derivatives(lambda x: np.pad(x, 3, mode, **options), C, order=1)


@given(data=st.data())
def test_any_shape(data):
    x = data.draw(arrays(shape=data.draw(st.sampled_from([(), (1,), (5,), (2, 1), (2, 3, 2)]))))
    widths = data.draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=x.ndim, max_size=x.ndim))
    mode = data.draw(st.sampled_from(["constant", "edge", "wrap", "mean", "reflect", "linear_ramp"]))
    assert_derivatives(lambda x: np.pad(x, widths or 0, mode), x, order=1)


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.2.0", reason="NumPy takes no dict of widths yet")
def test_widths_by_axis():
    assert_derivatives(lambda x: np.pad(x, {-1: (1, 2)}), A)


def test_what_is_padded_with_may_be_traced():
    assert_derivatives(lambda x, v: np.pad(x, (1, 2), constant_values=v), A, S)
    assert_derivatives(lambda x, v: np.pad(x, 2, "linear_ramp", end_values=[v, x[0, 0]]), A, S)


def test_empty_padding_is_a_constant():
    value = grad(lambda x: np.sum(np.pad(x, 1, "empty")[1:-1, 1:-1] ** 2))(A)
    np.testing.assert_array_equal(value, 2 * A)


def test_wrong_arguments():
    with pytest.raises(RecordingError, match=r"np\.concatenate"):
        grad(lambda x: np.sum(np.pad(x, 1, lambda *_: None)))(A)
    with pytest.raises(ValueError, match="unsupported keyword"):
        grad(lambda x: np.sum(np.pad(x, 1, "edge", end_values=0)))(A)
    with pytest.raises(ValueError, match="not supported"):
        grad(lambda x: np.sum(np.pad(x, 1, "mirror")))(A)  # type: ignore[call-overload]
