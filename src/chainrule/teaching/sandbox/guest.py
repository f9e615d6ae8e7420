"""What runs in the student's process: it puts the walls into force, loads the file, and answers calls.

Started by `process`; standard library and NumPy alone. Whatever it says is only data to the other side, since the
student's code could say it in its place.
"""

import ctypes
import faulthandler
import os
import signal
import sys
import traceback
from pathlib import Path
from types import CodeType, ModuleType
from typing import IO, Any

import numpy as np

from chainrule.teaching.sandbox import wire

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

FUNCTIONS = ("my_backprop", "backprop")

_LARGEST_FILE = 16 * 2**20
_NETWORK = "the network is off while a file is checked"
_PROCESSES = "other programs and processes cannot be started while a file is checked"
_REFUSED = {
    "socket.": _NETWORK,
    "subprocess.Popen": _PROCESSES,
    "os.system": _PROCESSES,
    "os.exec": _PROCESSES,
    "os.fork": _PROCESSES,
    "os.posix_spawn": _PROCESSES,
    "os.spawn": _PROCESSES,
    "os.startfile": _PROCESSES,
    "pty.spawn": _PROCESSES,
    "os.kill": "signals cannot be sent while a file is checked",
}


class Refusal(Exception):  # noqa: N818
    """What keeps a file from being checked, in a sentence."""


def main() -> None:
    """Answer the messages that come on standard input, on standard output, until there are no more."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What the student's code reads is empty, and what it prints comes to the other side as words, not as answers.
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    order = wire.receive(inbox)
    faulthandler.dump_traceback_later(order["seconds"], exit=True, file=2)
    raised = raise_walls(order)
    for name in [name for name in sys.modules if name.partition(".")[0] == "chainrule"]:
        del sys.modules[name]
    try:
        function = load(order)
    except BaseException as error:  # noqa: BLE001  (sys.exit too is told)
        wire.send(outbox, {"error": told(error, order["file"])})
        return
    wire.send(outbox, {"name": function.__name__, "doc": str(function.__doc__ or ""), "walls": raised})
    while True:
        try:
            arguments = wire.receive(inbox)
        except EOFError:
            return
        answer(outbox, function, arguments, order["file"])


def answer(outbox: IO[bytes], function: Any, arguments: list[Any], file: str) -> None:
    """Call the function and send what it returns, with its first two arguments where it has changed them."""
    given = [*arguments[0]], [*arguments[1]]
    before = [[array.copy() for array in arrays] for arrays in given]
    try:
        with np.errstate(all="ignore"):
            found = function(given[0], given[1], *arguments[2:])
        same = all(map(unchanged, given, before))
        wire.send(outbox, {"found": found, "given": None if same else given})
    except BaseException as error:  # noqa: BLE001
        wire.send(outbox, {"error": told(error, file)})


def unchanged(now: list[Any], before: list[Any]) -> bool:
    """Whether a list holds the same numbers as before."""
    pairs = zip(now, before, strict=False)
    return len(now) == len(before) and all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)


def load(order: dict[str, Any]) -> Any:
    """Run the student's file, and find the function in it."""
    file = order["file"]
    sys.path.append(str(Path(file).parent))
    # Registered, as dataclasses ask for it.
    module = sys.modules["student"] = ModuleType("student")
    module.__file__ = file
    code: CodeType = compile(order["source"], file, "exec", dont_inherit=True)
    exec(code, module.__dict__)  # noqa: S102  (this is what the process is for)
    names = [order["function"]] if order["function"] else FUNCTIONS
    for name in names:
        if callable(found := getattr(module, name, None)):
            return found
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == "student"]
    there = f"it has {', '.join(own)}" if own else "it has no function at all"
    raise Refusal(f"there is no function {' or '.join(names)} in {Path(file).name}; {there}.")


def told(error: BaseException, file: str) -> dict[str, Any]:
    """Say what was raised, and at which line of the student's file."""
    lines = [step for step in traceback.extract_tb(error.__traceback__) if step.filename == file]
    line = lines[-1].lineno if lines else None
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    return {"type": type(error).__name__, "words": words[:500], "line": line}


def raise_walls(order: dict[str, Any]) -> list[str]:
    """Put limits and walls into force, those that this system has; return their names."""
    raised = ["time", *limit(order["seconds"], order["memory"])]
    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if library is not None:
        library.prctl(1, signal.SIGKILL)  # to end with the process that began this one
        library.prctl(38, 1, 0, 0, 0)  # no right is ever gained; the two walls ask for that
        raised += ["files"] * restrict_files(library, order["readable"], order["writable"])
        raised += ["network", "processes"] * filter_calls(library, order["filter"])
    sys.addaudithook(refuse)
    return raised


def limit(seconds: float, memory: int) -> list[str]:
    """Limit computing time, memory beyond what Python takes, and what is written."""
    if resource is None:
        return []
    before = 0
    if sys.platform == "linux":
        before = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    limits = [
        (resource.RLIMIT_CPU, int(seconds) + 2),
        (resource.RLIMIT_AS, before + memory),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_CORE, 0),
    ]
    held = []
    for kind, most in limits:
        try:
            resource.setrlimit(kind, (most, most))
            held.append(kind)
        except (ValueError, OSError):  # a lower one holds already, or this system has none
            continue
    return ["memory"] if sys.platform == "linux" and resource.RLIMIT_AS in held else []


def filter_calls(library: Any, program: str) -> bool:
    """Have the system refuse the calls that a filter names (seccomp)."""
    data = bytes.fromhex(program)
    steps = ctypes.create_string_buffer(data, len(data))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))

    whole = Program(len(data) // 8, ctypes.addressof(steps))
    return bool(data and library.prctl(22, 2, ctypes.byref(whole), 0, 0) == 0)


def restrict_files(library: Any, readable: list[str], writable: str) -> bool:
    """Have the system refuse all files but these (Landlock)."""
    create, add, restrict = 444, 445, 446  # system calls, with these numbers on every processor
    version = library.syscall(create, None, 0, 1)
    if version < 1:
        return False
    everything = (1 << {1: 13, 2: 14}.get(version, 15)) - 1
    handled = ctypes.c_uint64(everything)
    rules = library.syscall(create, ctypes.byref(handled), 8, 0)
    if rules < 0:
        return False
    read_file, write_file, read_folder = 1 << 2, 1 << 1, 1 << 3
    rights = [(path, read_file | (read_folder if Path(path).is_dir() else 0)) for path in readable]
    rights += [(os.devnull, read_file | write_file), (writable, everything)]
    for path, right in rights:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = right.to_bytes(8, sys.byteorder) + descriptor.to_bytes(4, sys.byteorder)
        library.syscall(add, rules, 1, rule, 0)
        os.close(descriptor)
    held = library.syscall(restrict, rules, 0)
    os.close(rules)
    return bool(held == 0)


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what a backward pass has no need of, with a sentence (a hook for Python's audit events)."""
    if event == "import" and arguments[0].partition(".")[0] == "chainrule":
        raise ImportError("chainrule is not to be had while a file is checked; write the backward pass yourself")
    for name, words in _REFUSED.items():
        if event.startswith(name):
            raise PermissionError(words)
