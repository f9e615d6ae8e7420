import platform
import struct
import sys
from pathlib import Path

import pytest

from chainrule.teaching.sandbox import walls

ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
X86, ARM, OTHER = 0xC000003E, 0xC00000B7, 0x40000003


def run(program, number, architecture=X86, arguments=(0,) * 6):
    """Run a filter as the kernel does, on one system call."""
    shown = struct.pack("<IIQ6Q", number, architecture, 0, *arguments)
    steps, at, held = list(struct.iter_unpack("HBBI", program)), 0, 0
    while True:
        code, yes, no, value = steps[at]
        at += 1
        match code:
            case 0x20:
                held = int.from_bytes(shown[value : value + 4], "little")
            case 0x15:
                at += yes if held == value else no
            case 0x35:
                at += yes if held >= value else no
            case 0x45:
                at += yes if held & value else no
            case 0x06:
                return value


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    return request.param


def test_the_network_programs_and_processes_are_refused(machine):
    program = walls.filter_program(42)
    architecture, calls = {
        # socket, connect, execve, ptrace, io_uring_setup, unshare
        "x86_64": (X86, (41, 42, 59, 101, 425, 272)),
        "aarch64": (ARM, (198, 203, 221, 117, 425, 97)),
    }[machine]
    for number in calls:
        assert run(program, number, architecture) == EPERM
    for number in (0, 1, 3, 9, 202):  # read, write, close, mmap, futex on x86_64; harmless ones on aarch64
        assert run(program, number, architecture) == ALLOW
    assert run(program, 435, architecture) == ENOSYS


def test_calls_by_another_door_are_refused(machine):
    program = walls.filter_program(42)
    assert run(program, 1, OTHER) == EPERM
    assert run(program, 0x40000001, {"x86_64": X86, "aarch64": ARM}[machine]) == EPERM


def test_signals_to_itself_threads_and_questions_are_allowed(machine):
    program = walls.filter_program(42)
    architecture, kill, clone, limits = {"x86_64": (X86, 62, 56, 302), "aarch64": (ARM, 129, 220, 261)}[machine]
    assert run(program, kill, architecture, (42, 9, 0, 0, 0, 0)) == ALLOW
    assert run(program, kill, architecture, (41, 9, 0, 0, 0, 0)) == EPERM
    assert run(program, clone, architecture, (0x3D0F00, 0, 0, 0, 0, 0)) == ALLOW
    assert run(program, clone, architecture, (0x1200011, 0, 0, 0, 0, 0)) == EPERM
    assert run(program, limits, architecture, (0, 9, 0, 1000, 0, 0)) == ALLOW
    assert run(program, limits, architecture, (0, 9, 1000, 0, 0, 0)) == EPERM


@pytest.mark.parametrize(("system", "processor"), [("darwin", "arm64"), ("win32", "AMD64"), ("linux", "riscv64")])
def test_elsewhere_there_is_no_filter(monkeypatch, system, processor):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    assert walls.filter_program(42) == b""


def test_the_folder_and_python_may_be_read(tmp_path):
    paths = walls.readable(tmp_path)
    assert str(tmp_path.resolve()) in paths
    assert str(Path(sys.prefix).resolve()) in paths
    assert "/" not in paths
