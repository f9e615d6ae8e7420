"""The cache of object code: found again, never trusted, never in the way."""

import ctypes
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chainrule.compiler.native import cache, engine
from chainrule.compiler.native.engine import compile_module

TWICE = "define i64 @twice(i64 %n) { %r = add i64 %n, %n ret i64 %r }"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A cache of the test's own; the folder is made when it is first written."""
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Compiler:
    """Compiles a function, and counts how often it was asked to."""

    def __init__(self, text=TWICE):
        self.count = 0
        self.text = text

    def __call__(self):
        self.count += 1
        return compile_module(self.text)


def call(code):
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address("twice"))(21)


def test_code_is_compiled_once(place):
    make = Compiler()
    for _ in range(3):
        assert call(cache.cached("twice", make)) == 42
    assert make.count == 1
    assert call(cache.cached("other", make)) == 42
    assert make.count == 2
    assert len(list(place.iterdir())) == 2
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["machine", "emitters"])
def test_code_of_another_machine_or_emitter_is_not_found(place, monkeypatch, what):
    make = Compiler()
    cache.cached("twice", make)
    monkeypatch.setattr(cache, "host" if what == "machine" else "_emitters", lambda: "another")
    cache.cached("twice", make)
    assert make.count == 2


def test_the_source_of_the_emitters_is_in_the_key(tmp_path, monkeypatch):
    native = tmp_path / "native"
    native.mkdir()
    monkeypatch.setattr(cache, "__file__", str(native / "cache.py"))
    hashes = set()
    for path in (native / "kernels.py", tmp_path / "plan.py", tmp_path / "scalars.py"):
        for other in (native / "kernels.py", tmp_path / "plan.py", tmp_path / "scalars.py"):
            other.write_text("")
        hashes.add(cache._emitters.__wrapped__())
        path.write_text("changed")
        hashes.add(cache._emitters.__wrapped__())
    assert len(hashes) == 4


def damaged(data):
    return {
        "empty": b"",
        "cut": data[:-1],
        "turned": data[:-1] + bytes([data[-1] ^ 1]),
        "foreign": b"something else",
        "another version": data.replace(b"code 1", b"code 0", 1),
    }


@pytest.mark.parametrize("kind", ["empty", "cut", "turned", "foreign", "another version"])
def test_a_damaged_file_is_made_anew(place, kind):
    make = Compiler()
    cache.cached("twice", make)
    (path,) = place.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damaged(whole)[kind])
    assert call(cache.cached("twice", make)) == 42
    assert make.count == 2
    assert path.read_bytes() == whole


def test_what_is_no_object_code_is_made_anew_even_if_its_checksum_is_right(place):
    make = Compiler()
    cache.cached("twice", make)
    (path,) = place.iterdir()
    cache._write(path, b"no object code")
    assert call(cache.cached("twice", make)) == 42
    assert make.count == 2


@pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")
@pytest.mark.parametrize("what", ["file", "folder", "link"])
def test_what_others_may_write_is_not_run(place, what):
    make = Compiler()
    cache.cached("twice", make)
    (path,) = place.iterdir()
    if what == "file":
        path.chmod(0o666)
    elif what == "folder":
        place.chmod(0o777)
    else:
        path.rename(place / "elsewhere")
        path.symlink_to(place / "elsewhere")
    cache.cached("twice", make)
    assert make.count == 2


@pytest.mark.skipif(os.name != "posix", reason="owners are POSIX's")
def test_what_another_owns_is_not_run(place, monkeypatch):
    make = Compiler()
    cache.cached("twice", make)
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    cache.cached("twice", make)
    assert make.count == 2


@pytest.mark.parametrize("kind", ["a file", "below a file", "full"])
def test_a_folder_that_cannot_be_written_is_done_without(place, kind, monkeypatch):
    if kind == "full":

        def no_space(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", no_space)
    else:
        place.write_text("in the way")
        if kind == "below a file":
            monkeypatch.setenv("CHAINRULE_CACHE", str(place / "cache"))
    make = Compiler()
    for _ in range(2):
        assert call(cache.cached("twice", make)) == 42
    assert make.count == 2
    assert place.is_file() or list(place.iterdir()) == []


@pytest.mark.parametrize("word", ["", "0", "off", "OFF", "no"])
def test_it_can_be_switched_off(tmp_path, monkeypatch, word):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHAINRULE_CACHE", word)
    make = Compiler()
    for _ in range(2):
        cache.cached("twice", make)
    assert make.count == 2
    assert list(tmp_path.iterdir()) == []


def test_it_lies_in_the_users_folder_for_caches(tmp_path, monkeypatch):
    monkeypatch.delenv("CHAINRULE_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "chainrule"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.folder() == tmp_path / ".cache" / "chainrule"


def test_the_oldest_files_make_room(place, monkeypatch):
    make = Compiler()
    for works in "abc":
        cache.cached(works, make)
    first, second, third = sorted(place.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    now = time.time()
    for age, path in ((30, first), (20, second), (10, third)):
        os.utime(path, (now - age, now - age))
    (place / "half.tmp").write_text("a crash")
    os.utime(place / "half.tmp", (now - 7_200, now - 7_200))
    cache.cached("a", make)  # used, and so the newest
    monkeypatch.setattr(cache, "SIZE", 3 * first.stat().st_size)
    cache.cached("d", make)
    assert make.count == 4
    assert second not in place.iterdir()
    assert {first, third} < set(place.iterdir())
    assert len(list(place.iterdir())) == 3


SCRIPT = """
import sys
import numpy as np
from chainrule import compile, value_and_grad
from chainrule.compiler.native import engine
counts = []
simplify = engine._simplify
engine._simplify = lambda *args: (counts.append(1), simplify(*args))
for n in range(2, 12):
    f = compile(value_and_grad(lambda x: np.sum(np.exp(-x * x) * np.arange(1.0, n + 1))))
    value, gradient = f(np.linspace(0, 1, n))
    print(value.hex(), gradient.tobytes().hex())
print(len(counts), file=sys.stderr)
"""


def test_processes_that_run_at_once_share_it(place):
    def start():
        return subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    outputs = [process.communicate() for process in [start(), start()]]
    third = start().communicate()
    assert len({out for out, _ in [*outputs, third]}) == 1
    assert len(outputs[0][0].splitlines()) == 10
    assert int(outputs[0][1]) > 0
    assert int(third[1]) == 0  # nothing was compiled
    assert all(len(path.name) == 64 for path in place.iterdir())
    assert engine.available()
