"""Files that are not as they were written: each is refused with a sentence, or does what it did."""

import dataclasses
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.compiler.files.varied import CASES, cost

from chainrule import ProgramFileError, value_and_grad
from chainrule.compiler import Program
from chainrule.compiler.files.files import VERSION
from chainrule.compiler.program import program_of


@pytest.fixture
def path(tmp_path):
    return tmp_path / "function.program"


@pytest.fixture
def saved(path):
    """A file with a program in it."""
    program_of(value_and_grad(cost), (np.eye(2), np.array([0.5, -0.5]), np.zeros(2)), native=False).save(path)
    return path


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ProgramFileError, match="nowhere cannot be read: no such file or directory; check the path"):
        Program.load(tmp_path / "nowhere")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x04\x95cos\nsystem\n.", b"a text\n" * 40])
def test_other_files_are_refused(path, data):
    path.write_bytes(data)
    with pytest.raises(ProgramFileError, match="is not a program file, or is damaged"):
        Program.load(path)


def test_other_archives_are_refused(path):
    np.savez(path, a=np.ones(2))
    with pytest.raises(ProgramFileError, match="not a program file"):
        Program.load(f"{path}.npz")


def changed(path, change, **replaced):
    """Write a file again, with a change in its text, and other arrays."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = json.loads(parts["program.json"])
    change(text)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in {**parts, **replaced, "program.json": json.dumps(text)}.items():
            archive.writestr(name, part)
    return path


def test_other_formats_and_versions_are_named(saved):
    changed(saved, lambda text: text.update(version=VERSION + 1))
    with pytest.raises(
        ProgramFileError, match=f"version {VERSION + 1} of the format and this chainrule reads {VERSION}"
    ):
        Program.load(saved)
    changed(saved, lambda text: text.update(format="another"))
    with pytest.raises(ProgramFileError, match="is not a program of chainrule's; give"):
        Program.load(saved)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_truncated_file_is_refused(saved, data):
    whole = saved.read_bytes()
    path = saved.with_name("part")
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(ProgramFileError, match="damaged"):
        Program.load(path, native=False)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_is_refused_or_changes_nothing(saved, data):
    whole = bytearray(saved.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path = saved.with_name("changed")
    path.write_bytes(whole)
    try:
        found = Program.load(path, native=False)
    except ProgramFileError:
        return
    expected = Program.load(saved, native=False)
    assert dataclasses.replace(found.plan, constants=()) == dataclasses.replace(expected.plan, constants=())
    assert [x.tobytes() for x in found.plan.constants] == [x.tobytes() for x in expected.plan.constants]
    assert (repr(found), str(found.graph)) == (repr(expected), str(expected.graph))


def places_in(text, path=()):
    """Every place in a text of JSON."""
    yield path
    parts = text.items() if isinstance(text, dict) else enumerate(text) if isinstance(text, list) else ()
    for key, part in parts:
        yield from places_in(part, (*path, key))


OTHERS: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        8,
        2**40,
        2**62,
        2**70,
        1.5,
        "x",
        "add",
        "where",
        "scratch",
        "output",
        "<f4",
        "|O",
        [],
        {},
        [1],
    ]
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_text_is_refused_or_can_be_looked_at(path, data):
    case = data.draw(st.sampled_from(CASES))
    program_of(case.function, case.arguments, native=False).save(path)
    room = data.draw(st.sampled_from(["plan", "arguments", "returned", "graph", "names", "arrays", "name"]))
    other = data.draw(OTHERS)

    def change(text):
        way: tuple[Any, ...] = (room, *data.draw(st.sampled_from([*places_in(text[room])])))
        for key in way[:-1]:
            text = text[key]
        text[way[-1]] = other

    changed(path, change)
    try:
        found = Program.load(path, native=False)
    except ProgramFileError:
        return
    assert found.source.startswith(found.name)
    assert repr(found).startswith("<program")
    assert str(found.graph)
    assert found.flops >= 0


def test_a_class_that_comes_from_no_one_is_not_made(saved):
    def change(text):
        text["returned"] = {"object": ["subprocess.Popen", [["args", {"list": ["false"]}]]]}

    with pytest.raises(ProgramFileError, match=r"subprocess.Popen, and a file holds no classes"):
        Program.load(changed(saved, change), native=False)


@pytest.mark.parametrize(
    "name", ["os.system", "chainrule.cli.app.main", "chainrule.rules.shapes.spells", "builtins.eval"]
)
def test_only_rules_are_called(saved, name):
    step = {
        "Call": {
            "name": "f",
            "function": {"rule": [name]},
            "operands": [],
            "parameters": [],
            "results": [],
            "several": True,
        }
    }
    with pytest.raises(ProgramFileError, match=r"written by chainrule .* and cannot be read by this one \(there is no"):
        Program.load(changed(saved, lambda text: text["plan"]["Plan"]["steps"].append(step)), native=False)


def test_no_arrays_of_objects_are_read(saved, tmp_path):
    np.save(tmp_path / "objects.npy", np.array([print], object), allow_pickle=True)
    objects = (tmp_path / "objects.npy").read_bytes()
    with pytest.raises(ProgramFileError, match="allow_pickle=False"):
        Program.load(changed(saved, lambda text: text.update(arrays=1), **{"arrays/0.npy": objects}))


def test_a_packed_part_is_refused_before_it_is_unpacked(saved):
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arrays/9.npy", bytes(10_000_000))
    with pytest.raises(ProgramFileError, match="larger than the whole"):
        Program.load(saved)
