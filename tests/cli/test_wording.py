import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.cli import wording


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.00 %"), (0.9346, "93.46 %"), (9_499 / 10_000, "94.99 %"), (1.0, "100.00 %")]
)
def test_percent(share, text):
    assert wording.percent(share) == text


@given(st.integers(1, 10**7), st.data())
def test_percent_says_100_only_of_a_whole(m, data):
    right = data.draw(st.integers(0, m))
    assert (wording.percent(right / m) == "100.00 %") == (right == m)


@given(st.integers(0, 10**12))
def test_count_can_be_read_back(number):
    assert int(wording.count(number).replace(",", "")) == number


def test_count_of_something():
    assert wording.count(1, "step") == "1 step"
    assert wording.count(0, "step") == "0 steps"
    assert wording.count(2000, "mini-batch", "mini-batches") == "2,000 mini-batches"


@given(st.floats(1e-30, 1e30))
def test_cost_is_short_and_close(value):
    text = wording.cost(value)
    assert len(text) <= 8
    assert math.isclose(float(text), value, rel_tol=0.06)


@pytest.mark.parametrize(("value", "text"), [(0.0, "0.0000"), (math.nan, "nan"), (math.inf, "inf"), (0.5, "0.5000")])
def test_cost_of_special_values(value, text):
    assert wording.cost(value) == text


@given(st.floats(1, 1e9))
def test_rate_keeps_three_digits(speed):
    shown = float(wording.rate(speed).replace(",", ""))
    assert math.isclose(shown, speed, rel_tol=0.006) or abs(shown - speed) <= 0.5001


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 s"),
        (0.996, "1.00 s"),
        (9.04, "9.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (119.6, "2 min 00 s"),
        (3599.6, "1 h 00 min"),
        (86_400, "24 h 00 min"),
    ],
)
def test_duration(seconds, text):
    assert wording.duration(seconds) == text


def test_parameters_are_all_weights_and_biases():
    assert wording.parameters([784, 30, 10]) == 784 * 30 + 30 + 30 * 10 + 10
    assert wording.parameters([2, 1]) == 3
