from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.datasets import Dataset, Examples, one_hot
from chainrule.errors import DataError, InputError


def examples(m: int = 4, n: int = 3, classes: int = 10) -> Examples:
    return Examples(np.linspace(0, 1, m * n).reshape(m, n).astype(np.float32), np.arange(m) % classes, classes)


@given(st.lists(st.integers(0, 6), max_size=30))
def test_one_hot_has_its_only_one_at_the_label(labels: list[int]) -> None:
    y = one_hot(labels, classes=7)
    assert y.shape == (len(labels), 7)
    assert y.dtype == np.float32
    assert y.sum() == len(labels)
    assert y.argmax(axis=1).tolist() == labels


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint64])
def test_one_hot_takes_any_integers(kind: type[np.integer[Any]]) -> None:
    np.testing.assert_array_equal(one_hot(np.array([3, 1], dtype=kind), 4), [[0, 0, 0, 1], [0, 1, 0, 0]])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([1.0, 2.0], "came as float64, and integers are expected"),
        ([True, False], "came as bool"),
        (["1"], "integers are expected"),
        (3, r"shape \(\)"),
        ([[1, 2]], r"shape \(1, 2\)"),
        ([[1], [2, 3]], "not one row of integers"),
        ([0, 10], "Label 10 of example 1 is not one of the 10 classes 0 to 9"),
        ([0, 3, -1], "Label -1 of example 2"),
        (np.array([2**64 - 1], dtype=np.uint64), "Label 18446744073709551615"),
    ],
)
def test_labels_that_are_none_are_refused(labels: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        one_hot(labels)
    with pytest.raises(DataError, match=says):
        Examples(np.zeros((2, 2), dtype=np.float32), labels)


@pytest.mark.parametrize("classes", [0, -1, 2.0, True, "10", None])
def test_classes_is_a_positive_whole_number(classes: Any) -> None:
    with pytest.raises(InputError, match="a positive whole number is expected"):
        one_hot([0], classes)


@pytest.mark.parametrize(
    ("x", "says"),
    [
        ([[0.5, np.nan], [0, 0]], "NaN, first in example 0, number 1"),
        ([[0, 0], [0, np.inf]], "reach from 0 to inf"),
        ([[0, 0], [0, -0.01]], "reach from -0.01 to 0"),
        ([[0, 0], [0, 255]], "divide pixels of 0..255 by 255"),
        ([[1e300, 0], [0, 0]], "reach from 0 to 1e"),
        ([0.5, 0.5], r"shape \(2,\), and \(m, n_0\) is expected"),
        ([[0, 0]], "1 inputs but 2 labels"),
        ([[0], [0, 1]], "rows of equal length"),
        ([["a"], ["b"]], "real numbers in 0..1 are expected"),
        ([[1j], [0]], "complex128"),
    ],
)
def test_inputs_that_are_none_are_refused(x: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        Examples(x, np.array([0, 1]))


def test_examples_keep_float32_without_a_copy_and_convert_the_rest() -> None:
    x = np.zeros((2, 3), dtype=np.float32)
    assert Examples(x, np.array([0, 1])).x is x
    converted = Examples(x.astype(np.float64), np.array([0, 1], dtype=np.uint8))
    assert converted.x.dtype == np.float32
    assert converted.labels.dtype == np.int64


def test_targets_are_one_hot_and_made_once() -> None:
    some = examples()
    np.testing.assert_array_equal(some.y, one_hot(some.labels))
    assert some.y is some.y


@pytest.mark.parametrize("rows", [slice(1, 3), [1, 2], np.array([1, 2]), np.array([False, True, True, False])])
def test_rows_are_picked_with_their_labels(rows: Any) -> None:
    some = examples(classes=4)
    picked = some[rows]
    np.testing.assert_array_equal(picked.x, some.x[1:3])
    np.testing.assert_array_equal(picked.labels, [1, 2])
    assert (len(picked), picked.classes) == (2, 4)


def test_an_empty_pick_has_no_examples() -> None:
    assert len(examples()[4:]) == 0
    assert examples()[4:].y.shape == (0, 10)


@pytest.mark.parametrize("rows", [0, np.int64(1), (0, 1, 2, 9), [[0, 1]], np.zeros(9, dtype=bool), [0.5]])
def test_rows_that_are_none_are_refused(rows: Any) -> None:
    with pytest.raises(InputError):
        examples()[rows]


def test_a_dataset_has_parts_alike() -> None:
    data = Dataset("toy", examples(), None, examples(m=2))
    assert (data.name, len(data.train), data.validation, len(data.test)) == ("toy", 4, None, 2)
    with pytest.raises(DataError, match="test examples of 'toy' have 5 numbers an input and 10 classes"):
        Dataset("toy", examples(), None, examples(n=5))
    with pytest.raises(DataError, match="validation examples of 'toy' have 3 numbers an input and 4 classes"):
        Dataset("toy", examples(), examples(classes=4), examples())


def test_examples_are_shown_by_their_sizes() -> None:
    assert repr(examples()) == "Examples(m=4, n_0=3, classes=10)"
