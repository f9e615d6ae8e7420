"""Hostile pickles: none of them runs anything, and each is refused in a sentence."""

import builtins
import copyreg
import os
import pickle
import pickletools
import struct

import numpy as np
import pytest

from chainrule.interop.restricted_pickle import MOST_INSTRUCTIONS, RefusedPickleError, load


class Call:
    """Pickles as a call of a function: what a hostile pickle is made of."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class WithState:
    def __init__(self, function, arguments, state):
        self.parts = function, arguments, state

    def __reduce__(self):
        return self.parts


@pytest.fixture
def marker(tmp_path):
    """Where a hostile pickle that ran would leave its mark."""
    return tmp_path / "it-ran"


def assert_refused(data, marker, sentence):
    with pytest.raises(RefusedPickleError, match=sentence):
        load(data)
    assert not marker.exists()


def test_the_marker_works(marker):
    """The hostile pickles of this file are real: without the restriction they do run."""
    pickle.loads(pickle.dumps(Call(os.system, f"touch {marker}")))
    assert marker.exists()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [[x]], lambda x: {"weights": [x]}, lambda x: (1, {2: [x]})])
def test_calls_of_strange_functions(marker, protocol, wrap):
    for call, name in (
        (Call(os.system, f"touch {marker}"), "system"),
        (Call(builtins.eval, f"open({str(marker)!r}, 'w')"), "eval"),
        (Call(builtins.exec, f"open({str(marker)!r}, 'w')"), "exec"),
        (Call(open, str(marker), "w"), "open"),
        (Call(getattr, np.ndarray, "tofile"), "getattr"),
        (Call(np.load, str(marker)), "load"),
        (Call(np.save, str(marker), 0), "save"),
    ):
        assert_refused(
            pickle.dumps(wrap(call), protocol), marker, rf"holds \S*{name}\S*, which is not part of an array"
        )


@pytest.mark.parametrize(
    "name",
    ["posix system", "os system", "numpy load", "numpy ndarray.tofile", "numpy.core.multiarray scalar", "numpy f"],
)
def test_bare_names(marker, name):
    module, _, attribute = name.partition(" ")
    assert_refused(b"c" + module.encode() + b"\n" + attribute.encode() + b"\n.", marker, "is not part of an array")


def test_names_with_control_characters_are_spelt_out(marker):
    with pytest.raises(RefusedPickleError) as caught:
        load(b"cos\n\x1b[2Jsystem" + b"m" * 500 + b"\n.")
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


def array_state(dtype="f8", shape=(2,), data=b"\0" * 16, order="<", fortran=False, version=1):
    """The five parts of an array's state, with a real numpy.dtype for a name and the rest as given."""
    return (version, shape, DType(dtype, order), fortran, data)


class DType:
    """Pickles as a numpy.dtype of any name and byte order."""

    def __init__(self, name, order):
        self.parts = np.dtype, (name, False, True), (3, order, None, None, None, -1, -1, 0)

    def __reduce__(self):
        return self.parts


def array(**changes):
    reconstruct = np.zeros(1).__reduce__()[0]
    return WithState(reconstruct, (np.ndarray, (0,), b"b"), array_state(**changes))


def test_the_forged_array_is_a_real_one():
    np.testing.assert_array_equal(load(pickle.dumps(array(data=struct.pack("<2d", 1.5, -2)))), [1.5, -2])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dtype": "O"}, "only float32 and float64"),
        ({"dtype": "i8"}, "only float32 and float64"),
        ({"dtype": "V8"}, "only float32 and float64"),
        ({"dtype": "f2"}, "only float32 and float64"),
        ({"dtype": ["f8"]}, "only float32 and float64"),
        ({"order": "!"}, "unknown type"),
        ({"shape": (3,)}, r"shape \(3,\) in 16 bytes"),
        ({"shape": (1 << 62,)}, "in 16 bytes"),
        ({"shape": (1 << 40, 1 << 40)}, "in 16 bytes"),
        ({"shape": (-2,)}, r"the shape \(-2,\)"),
        ({"shape": (-1, -2)}, "the shape"),
        ({"shape": (0, 2), "data": b""}, "the shape"),
        ({"shape": (), "data": b"\0" * 8}, "the shape"),
        ({"shape": (1, 1, 2)}, "the shape"),
        ({"shape": (2.0,)}, "the shape"),
        ({"shape": [2]}, "the shape"),
        ({"shape": (True, 2)}, "the shape"),
        ({"data": b"\0" * 15}, "in 15 bytes"),
        ({"data": ["a", "list"]}, "not plain bytes"),
        ({"data": None}, "not plain bytes"),
    ],
)
def test_arrays_that_are_not_what_they_say(marker, changes, sentence):
    assert_refused(pickle.dumps(array(**changes)), marker, sentence)


@pytest.mark.parametrize("protocol", range(6))
def test_object_arrays(marker, protocol):
    data = pickle.dumps(np.array([Call(os.system, f"touch {marker}"), 1], dtype=object), protocol)
    assert_refused(data, marker, "holds")


@pytest.mark.parametrize(
    "value",
    [np.array([1, 2]), np.float64(3.0), np.array(["a"]), np.zeros(2, dtype=[("a", "f8")]), np.zeros(()), {1}, 1j],
)
def test_honest_data_of_other_kinds_are_refused_too(marker, value):
    assert_refused(pickle.dumps(value), marker, "holds")


# GLOBAL numpy ndarray; GLOBAL numpy dtype; the dtype called with 'f8'.
NDARRAY, DTYPE = b"cnumpy\nndarray\n", b"cnumpy\ndtype\n"
F8 = DTYPE + b"(\x8c\x02f8tR"
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        # BUILD on a stand-in of a function or class, by a dict of attributes and by the pair that sets slots
        (RECONSTRUCT + b"}\x8c\x08__call__I1\nsb.", "tries to change"),
        (RECONSTRUCT + b"N}\x8c\x09__class__I1\ns\x86b.", "tries to change"),
        (NDARRAY + b"}\x8c\x01aI1\nsb.", "tries to change"),
        (DTYPE + b"}\x8c\x01aI1\nsb.", "tries to change"),
        # BUILD on plain data
        (b"}}\x8c\x01aI1\nsb.", "damaged"),
        (b"]N}\x8c\x06appendI1\ns\x86b.", "damaged"),
        # REDUCE on plain data, on an array, on a type
        (b"\x8c\x04eval(tR.", "damaged"),
        (NDARRAY + b"(tR.", "damaged"),
        (F8 + b"(tR.", "damaged"),
        # stand-ins where they do not belong
        (RECONSTRUCT + b"(I0\ntR.", "not NumPy's"),
        (RECONSTRUCT + b"(" + DTYPE + b"tR.", "not NumPy's"),
        (RECONSTRUCT + b"(" + NDARRAY + b"tR.", "unfinished array"),
        (RECONSTRUCT + b"(" + NDARRAY + b"tR(I1\n(I1\ntI7\nI00\nC\x08\0\0\0\0\0\0\0\0tb.", "without a type"),
        (NDARRAY + b".", "unfinished"),
        (F8 + b".", "unfinished"),
        (b"(l" + NDARRAY + b"a.", "unfinished"),
        # bytes in a spelling that could name any codec
        (b"c_codecs\nencode\n(\x8c\x01a\x8c\x05rot13tR.", "unknown spelling"),
        (b"c_codecs\nencode\n(I1\n\x8c\x06latin1tR.", "unknown spelling"),
        # extension registry, persistent ids, objects of classes, out-of-band buffers
        (b"\x82\x01.", "instruction EXT1"),
        (b"\x83\x01\x00.", "instruction EXT2"),
        (b"\x84\x01\x00\x00\x00.", "instruction EXT4"),
        (b"Pid\n.", "instruction PERSID"),
        (b"\x8c\x02idQ.", "instruction BINPERSID"),
        (b"(ios\nsystem\n.", "instruction INST"),
        (b"(" + NDARRAY + b"o.", "instruction OBJ"),
        (NDARRAY + b")\x81.", "instruction NEWOBJ"),
        (NDARRAY + b")}\x92.", "instruction NEWOBJ_EX"),
        (b"\x97.", "instruction NEXT_BUFFER"),
        # memory, by a huge index and by a claim of many bytes
        (b"Nr\xff\xff\xff\x7f.", "memory of 2147483647 objects"),
        (b"Np4000000000\n.", "memory of 4000000000 objects"),
        (b"\x8e" + struct.pack("<Q", 1 << 60) + b"abc.", "damaged"),
        (b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + b"N.", "damaged"),
        (b"\x80\x63N.", "damaged"),
        # a stack that is empty, a list that holds itself
        (b".", "damaged"),
        (b"tR.", "damaged"),
        (b"]q\x00h\x00a.", "damaged"),
    ],
)
def test_forged_programs(marker, program, sentence):
    assert_refused(program, marker, sentence)


def test_an_extension_code_that_is_registered_and_cached(marker):
    """The unpickler serves these from a cache, past find_class."""
    copyreg.add_extension("os", "system", 177)
    try:
        with pytest.raises(EOFError):
            pickle.loads(b"\x82\xb1")  # warms the cache
        assert_refused(b"\x82\xb1(X" + struct.pack("<I", 5) + b"false" + b"tR.", marker, "instruction EXT1")
    finally:
        copyreg.remove_extension("os", "system", 177)


def test_a_program_too_long_for_a_network(marker):
    # A tuple nested so deep, used as a key, would exhaust the machine's stack in a plain unpickler.
    assert_refused(b"}N" + b"\x85" * (MOST_INSTRUCTIONS + 1) + b"I1\ns.", marker, "more than 10000 instructions")
    assert_refused(b"]" + b"Na" * MOST_INSTRUCTIONS + b".", marker, "more than 10000 instructions")


def test_every_truncation_is_refused(marker):
    whole = pickle.dumps({"sizes": [2, 1], "weights": [np.ones((1, 2))], "biases": [np.ones((1, 1))]}, 4)
    for length in range(len(whole)):
        assert_refused(whole[:length], marker, "is no pickle, or a damaged one")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 100, b"PK\x03\x04", b"\x89PNG\r\n\x1a\n"])
def test_files_that_are_no_pickle(marker, content):
    assert_refused(content, marker, "damaged|instruction")


def honest():
    random = np.random.default_rng(0)
    return {
        "plain": random.normal(size=(3, 4)),
        "fortran": np.asfortranarray(random.normal(size=(3, 4))),
        "strided": random.normal(size=(6, 4))[::2],
        "vector": random.normal(size=5).astype("float32"),
        "big-endian": random.normal(size=(2, 3)).astype(">f8"),
        "again": [1, 2.5, -(10**30), "text", "größe", b"bytes", None, True, (1, (2, 3)), {"a": [False]}],
    }


@pytest.mark.parametrize("protocol", range(6))
def test_honest_pickles_of_every_protocol(protocol):
    value = honest()
    value["twice"] = [value["plain"], value["plain"]]
    found = load(pickle.dumps(value, protocol))
    assert list(found) == list(value)
    assert found.pop("again") == value.pop("again")
    for ours, theirs in zip(found.pop("twice"), value.pop("twice"), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for name, expected in value.items():
        np.testing.assert_array_equal(found[name], expected)
        assert found[name].dtype == expected.dtype.newbyteorder("=")
        assert found[name].flags.writeable
        assert found[name].flags.c_contiguous


@pytest.mark.parametrize("protocol", range(5))
def test_pickles_of_older_numpys(protocol):
    """NumPy 1 kept its functions in numpy.core."""
    old, new = b"numpy._core.multiarray", b"numpy.core.multiarray"
    data = pickle.dumps(honest()["plain"], protocol)
    older = data.replace(b"\x8c" + bytes([len(old)]) + old, b"\x8c" + bytes([len(new)]) + new).replace(old, new)
    if older.startswith(b"\x80\x04\x95"):  # the frame has become one byte shorter
        older = older[:3] + struct.pack("<Q", struct.unpack("<Q", older[3:11])[0] - 1) + older[11:]
    assert b"numpy.core" in older
    assert b"numpy._core" not in older
    assert any(op.name == "STOP" for op, _, _ in pickletools.genops(older))
    np.testing.assert_array_equal(load(older), honest()["plain"])
