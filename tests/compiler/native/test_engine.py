import ctypes
import gc
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("llvmlite")

from chainrule.compiler.native import engine

TWICE = "define i64 @twice(i64 %n) { %r = add i64 %n, %n ret i64 %r }"
SINE = "declare double @sin(double)\ndefine double @f(double %x) { %r = call double @sin(double %x) ret double %r }"


def call(code, name, number):
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address(name))(number)


def test_code_can_be_loaded_again():
    code = engine.compile_module(TWICE)
    again = engine.load(code.object_code)
    del code
    gc.collect()
    assert call(again, "twice", 4) == 8
    assert engine.load(again.object_code).object_code == again.object_code


def test_code_of_one_process_runs_in_another():
    code = engine.compile_module(SINE).object_code
    script = (
        "import ctypes, sys\n"
        "from chainrule.compiler.native.engine import load\n"
        "code = load(sys.stdin.buffer.read())\n"
        "print(ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(code.address('f'))(1.0))"
    )
    done = subprocess.run([sys.executable, "-c", script], input=code, capture_output=True, check=True)
    assert done.stdout.decode().startswith("0.84147098480789")
    assert done.stderr == b""


def test_modules_of_the_same_names_live_side_by_side():
    codes = [engine.compile_module(f"define i64 @f(i64 %n) {{ ret i64 {number} }}") for number in range(3)]
    assert [call(code, "f", 0) for code in codes] == [0, 1, 2]


def test_variables_and_functions_have_addresses_but_not_what_is_internal():
    text = "@word = global i64 5\ndefine internal i64 @hidden() { ret i64 3 }\n" + TWICE
    code = engine.compile_module(text)
    assert ctypes.c_int64.from_address(code.address("word")).value == 5
    with pytest.raises(KeyError, match="hidden"):
        code.address("hidden")


@pytest.mark.parametrize("text", ["nonsense", "define i64 @f() { ret i32 0 }"])
def test_text_that_llvm_refuses(text):
    with pytest.raises(RuntimeError):
        engine.compile_module(text)


def test_a_symbol_that_is_not_there_is_named():
    with pytest.raises(RuntimeError, match="no_such_thing"):
        engine.compile_module("declare void @no_such_thing()\ndefine void @f() { call void @no_such_thing() ret void }")


@pytest.mark.parametrize("code", [b"", b"nonsense", b'{"imports": [], "exports": ["f"]}\nnonsense'])
def test_bytes_that_are_no_code(code):
    with pytest.raises((ValueError, RuntimeError)):
        engine.load(code)


def test_threads_compile_at_the_same_time():
    found = {}

    def work(number):
        code = engine.compile_module(f"define i64 @f(i64 %n) {{ %r = add i64 %n, {number} ret i64 %r }}")
        found[number] = call(code, "f", 1000)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: 1000 + number for number in range(20)}


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="counts the pieces of memory that Linux lists")
def test_dropped_code_gives_its_memory_back():
    code = engine.compile_module(TWICE).object_code

    def pieces():
        gc.collect()
        return len(Path("/proc/self/maps").read_text().splitlines())

    engine.load(code)
    before = pieces()
    kept = [engine.load(code) for _ in range(50)]
    held = pieces()
    del kept
    assert held >= before + 20
    assert pieces() <= before + 5


def test_the_description_of_the_host_is_stable():
    assert engine.host() == engine.host()
    assert "LLVM" in engine.host()


def test_llvmlite_is_not_imported_before_it_is_needed():
    script = (
        "import sys, chainrule.compiler.native.engine as engine; engine.available(); print('llvmlite' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]
