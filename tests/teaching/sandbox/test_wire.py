import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from chainrule.teaching.sandbox import wire

numbers = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=20)
arrays = npst.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_]), npst.array_shapes(min_dims=0, min_side=0)
)
values = st.recursive(
    numbers | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text("abcδ ½", max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
).filter(lambda value: depth(value) <= 6)


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list | tuple) else 0


def there_and_back(value):
    stream = io.BytesIO()
    wire.send(stream, value)
    stream.seek(0)
    return wire.receive(stream)


def same(one, other):
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and (one.dtype, one.shape) == (other.dtype, other.shape)
            and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
        )
    if isinstance(one, dict):
        return type(other) is dict and one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or one != one)


@given(values)
def test_values_come_back_as_they_went(value):
    assert same(value, there_and_back(value))


def test_arrays_in_any_layout():
    array = np.arange(24.0).reshape(2, 3, 4)[::-1, :, ::2].T
    np.testing.assert_array_equal(there_and_back(array), array)


def test_what_comes_can_be_written_to():
    there_and_back(np.zeros(3))[0] = 1


def test_a_list_within_itself():
    own: list[object] = []
    own.append(own)
    assert isinstance(there_and_back(own), list)


def framed(data):
    return io.BytesIO(len(data).to_bytes(8, "big") + data)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"[1, 2]",
        b"{}",
        b'{"list": 3}',
        b'{"pickle": "x"}',
        b'{"list": [], "tuple": []}',
        b'{"array": ["<f8", [2], "AAAAAAAAAAA="]}',
        b'{"array": ["O", [1], "AAAAAAAAAAA="]}',
        b'{"array": ["<f8", [-1], ""]}',
        b'{"array": ["<f8", [1e9], ""]}',
        b'{"array": ["<f8", [1], "!"]}',
        b'{"array": ["no dtype", [1], ""]}',
        json.dumps({"list": [9**999]}).encode() * 20,
        b'{"list": [' * 50 + b"]}" * 50,
        b"[" * 100_000,
        b"9" * 10_000,
    ],
)
def test_what_is_no_message_is_refused(message):
    with pytest.raises(wire.WireError):
        wire.receive(framed(message))


def test_what_says_it_is_huge_is_not_waited_for():
    with pytest.raises(wire.WireError, match="too large"):
        wire.receive(io.BytesIO(b"\xff" * 8))


@pytest.mark.parametrize("name", ["a\0b", "\x1b[2J", "\ud800", "x" * 10_000])
def test_names_that_come_are_harmless(name):
    for message in ({"other": name}, {"dict": [[name, 1]]}):
        value = wire.receive(framed(json.dumps(message).encode()))
        words = next(iter(value)) if isinstance(value, dict) else type(value).__name__
        assert words.isprintable()
        assert len(words.encode()) <= 1000


def test_an_end_is_an_end():
    for data in (b"", b"\0\0\0", (5).to_bytes(8, "big") + b"abc"):
        with pytest.raises(EOFError):
            wire.receive(io.BytesIO(data))


def test_what_is_too_large_is_not_sent(monkeypatch):
    monkeypatch.setattr(wire, "LARGEST", 1000)
    with pytest.raises(wire.WireError, match="at most 1,000"):
        there_and_back(np.zeros(200))
    with pytest.raises(wire.WireError, match="at most 1,000"):
        there_and_back("x" * 2000)
