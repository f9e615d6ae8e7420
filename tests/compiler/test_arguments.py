"""What two calls must have in common to share a program, and what may differ."""

import dataclasses
import enum
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest

from chainrule import InputError
from chainrule.compiler.arguments import check_numeric, filled, is_data, is_setting, stand_in, take_apart, typed
from chainrule.networks.activations import sigmoid

Pair = namedtuple("Pair", "x y")
Color = enum.Enum("Color", "RED BLUE")


@dataclasses.dataclass
class Parts:
    x: Any
    y: Any
    made: Any = dataclasses.field(init=False, default=None)


@dataclasses.dataclass(frozen=True)
class Setting:
    size: int = 3


class Unhashable:
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other):
        return True


def key_of(tree):
    key: list[Any] = []
    take_apart(tree, key, [])
    return key


def leaves_of(tree):
    leaves: list[Any] = []
    take_apart(tree, [], leaves)
    return leaves


X = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X, X + 1),
        (X, X[::-1]),
        (X, np.asfortranarray(X)),
        (1.5, 2.5),
        (1j, 2.0 + 1j),
        (np.float32(1), np.float32(2)),
        ([1.0, X], [2.0, X]),
        ({"a": X, "n": 3}, {"a": X + 1, "n": 3}),
        (Pair(1.0, X), Pair(2.0, X)),
        (Parts(X, "s"), Parts(X + 1, "s")),
        (slice(1, None), slice(1, None)),
        (np.dtype("f4"), np.dtype(np.float32)),
    ],
)
def test_calls_that_share_a_program(one, other):
    assert key_of(one) == key_of(other)
    assert hash(tuple(key_of(one))) == hash(tuple(key_of(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X, X.T),
        (X, X.astype(np.float32)),
        (X, X.astype(">f8")),
        (X, X[None]),
        (1.0, 1),
        (1, 2),
        (1, True),
        (0, False),
        (1.0, 1j),
        (1.0, np.float64(1)),
        (np.float64(1), np.array(1.0)),
        (np.float64(1), np.float32(1)),
        ([1.0], (1.0,)),
        ([1.0], [1.0, 1.0]),
        ([[1.0], 1.0], [[1.0, 1.0]]),
        ((1.0, 2.0), Pair(1.0, 2.0)),
        ({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}),
        ({"a": 1.0}, OrderedDict(a=1.0)),
        ({"a": 1.0}, {"b": 1.0}),
        ({1: 1.0}, {"1": 1.0}),
        ("a", "b"),
        ("a", b"a"),
        (None, "None"),
        (np.sin, np.cos),
        (Color.RED, Color.BLUE),
        (slice(1), slice(2)),
        (np.float32, np.float64),
        (range(2), range(3)),
        (..., None),
        (Parts(1.0, 2), Parts(1.0, 3)),
        (Parts(1.0, 2.0), Pair(1.0, 2.0)),
    ],
)
def test_calls_that_do_not(one, other):
    assert key_of(one) != key_of(other)


def test_a_program_is_found_by_the_place_of_an_array_too():
    assert key_of([X, None]) != key_of([None, X])
    assert key_of({"a": X, "b": 1}) != key_of({"a": 1, "b": X})


def test_leaves_come_in_the_order_of_the_structure():
    tree = {"b": [1.0, (2j, "name")], "a": Parts(np.float32(3), {"n": 7, "x": X}), "m": np.memmap}
    assert [str(x) for x in leaves_of(tree)[:3]] == ["1.0", "2j", "3.0"]
    assert leaves_of(tree)[3] is X
    assert [is_data(x) for x in (1.0, 1j, X, np.int64(1), 1, True, "a", None)] == [True] * 4 + [False] * 4
    other = filled(tree, ["p", "q", "r", "s"])
    assert other["b"] == ["p", ("q", "name")]
    assert (other["a"].x, other["a"].y) == ("r", {"n": 7, "x": "s"})


def test_an_array_in_a_file_is_an_array(tmp_path):
    mapped = np.memmap(tmp_path / "x", np.float64, "w+", shape=(2, 3))
    assert key_of(mapped) == key_of(X)
    assert type(leaves_of(mapped)[0]) is np.ndarray


@pytest.mark.parametrize(
    "x",
    [None, 3, True, "s", b"s", ..., np.sin, np.mean, sigmoid, len, np, float, Color.RED, slice(3), range(2), Setting()],
)
def test_settings(x):
    assert is_setting(x)


@pytest.mark.parametrize("x", [[1], {1}, X, np.float64(1).reshape(1), Unhashable(), object(), bytearray(b"s")])
def test_what_is_no_setting(x):
    assert not is_setting(x)


def test_numbers_take_the_type_of_the_arrays_they_go_with():
    def types(*leaves):
        return [str(x.dtype) for x in typed(list(leaves))]

    assert types(1.0, 1j) == ["float64", "complex128"]
    assert types(1.0, np.float32(1)) == ["float32", "float32"]
    assert types(1j, np.float32(1)) == ["complex64", "float32"]
    assert types(1.0, np.float32(1), np.ones(1)) == ["float64", "float32", "float64"]
    assert types(1.0, np.complex64(1)) == ["float32", "complex64"]
    assert types(1.0, np.arange(2)) == ["float64", "int64"]
    (native,) = typed([X.astype(">f8")])
    assert native.dtype.isnative
    assert np.array_equal(native, X)


@pytest.mark.parametrize("x", [np.array(["a"]), np.array([None]), np.array("2020-01-01", np.datetime64), np.str_("a")])
def test_other_things_than_numbers_are_refused(x):
    with pytest.raises(InputError, match=str(np.asarray(x).dtype).replace("[", r"\[")):
        check_numeric(x)


def test_a_stand_in_has_no_memory():
    stand = stand_in((X, np.float32(2), "s"))
    assert (stand[0].shape, stand[0].dtype, stand[0].strides) == (X.shape, X.dtype, (0, 0))
    assert stand[1:] == (np.float32(2), "s")
