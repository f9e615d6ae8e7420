"""How numbers are written, and what is said of arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.document.making import ARRAYS

from chainrule.document.numbers import as_pictures, greatest, heat, summary, written, written_together


@given(st.floats(-1e308, 1e308))
def test_a_number_is_written_to_five_digits(value):
    assert float(written(value)) == pytest.approx(value, rel=5e-5, abs=0.0)


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=6), elements=st.floats(-1e12, 1e12)))
def test_numbers_together_are_right_to_five_digits_of_the_largest(array):
    strings = written_together(array)
    assert strings.shape == array.shape
    for string, value in zip(strings.ravel(), array.ravel(), strict=True):
        error = abs(float(string) - value)
        assert error <= max(5.001e-5 * greatest(array), 1e-300)
        assert error <= 0.051 * abs(value)  # and each shows two digits of its own
        assert not string.startswith("-0") or float(string) < 0


@given(hnp.arrays(np.float64, 5, elements=st.floats(1, 999)))
def test_points_are_aligned(array):
    assert len({len(string.partition(".")[2]) for string in written_together(array)}) == 1


@given(ARRAYS)
def test_every_array_has_a_summary(array):
    found = summary(array)
    assert found.shape == array.shape
    assert found.matrix.size == array.size
    assert sum(len(row) for part in found.slices for row in part.rows) in (0, array.size)
    assert found.is_whole or found.entries


def test_what_is_not_finite_is_named_first():
    array = np.ones((20, 20))
    array[3, 4], array[5, 6] = np.nan, -np.inf
    found = summary(array)
    assert found.not_finite == 2
    assert found.entries[:2] == (((3, 4), "nan"), ((5, 6), "-inf"))
    assert (found.smallest, found.largest) == ("1", "1")


def test_kinds_of_numbers():
    assert written_together(np.array([True, False])).tolist() == ["True", "False"]
    assert written_together(np.array([1, -20])).tolist() == ["1", "-20"]
    assert written_together(np.array([1 - 2j, 0.5j])).tolist() == ["1.0-2.0j", "0.0+0.5j"]
    assert written(np.float32(0.1)) == "0.1"
    assert written(np.complex128(2j)) == "0+2j"


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=30)), st.integers(1, 8))
def test_a_heat_map_keeps_the_largest_entry(matrix, room):
    levels = heat(matrix, room, room)
    assert levels.shape == (min(room, len(matrix)), min(room, matrix.shape[1]))
    finite = levels[np.isfinite(levels)]
    assert np.all(np.abs(finite) <= 1)
    if np.isfinite(matrix).all() and greatest(matrix) > 0:
        assert np.max(np.abs(levels)) == 1


def test_pictures_are_the_rows_with_the_largest_entries():
    array = np.diag([1.0, -5.0, 2.0, 0.0])
    assert [row for row, _ in as_pictures(array, (2, 2), 2)] == [1, 2]
    assert as_pictures(array[1], (2, 2), 2)[0][1].tolist() == [[0, -5], [0, 0]]
