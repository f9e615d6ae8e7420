import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import InputError
from chainrule.descent.checks import finite, is_finite, learning_rate, whole_number


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3)])
def test_whole_numbers(value):
    number = whole_number(value, "n", at_least=3)
    assert number == 3
    assert type(number) is int


@pytest.mark.parametrize("value", [2, 3.0, "3", None, True, np.True_, np.array([3])])
def test_other_things_are_no_whole_numbers(value):
    with pytest.raises(InputError, match=r"n is .*give an integer of at least 3"):
        whole_number(value, "n", at_least=3)


@pytest.mark.parametrize("eta", [3, 0.1, np.float32(0.5)])
def test_learning_rates(eta):
    assert learning_rate(eta) == float(eta)
    assert type(learning_rate(eta)) is float


@given(
    shape=st.lists(st.integers(1, 5), max_size=3),
    where=st.integers(0, 10**6),
    what=st.sampled_from([np.nan, np.inf, -np.inf]),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_one_bad_entry_anywhere_is_found_and_named(shape, where, what, dtype):
    array = np.full(shape, np.finfo(dtype).max, dtype=dtype)
    assert is_finite(array)
    assert finite(array, "x") is array
    index = np.unravel_index(where % array.size, array.shape)
    array[index] = what
    assert not is_finite(array)
    place = f"[{', '.join(str(int(i)) for i in index)}]" if shape else ""
    with pytest.raises(InputError) as caught:
        finite(array, "x")
    assert str(caught.value).startswith(f"x{place} is {what}; every entry must be a finite number")


def test_infinities_that_cancel_are_found():
    assert not is_finite(np.array([np.inf, -np.inf]))


def test_nothing_is_finite():
    assert is_finite(np.zeros((0, 3)))
