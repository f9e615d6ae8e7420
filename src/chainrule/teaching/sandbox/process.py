"""A student's process, seen from the side that checks: it is begun, asked, held to its limits, and ended."""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from chainrule.errors import InputError
from chainrule.teaching.sandbox import guest, walls, wire

# The process gets packages without their __init__, so that it loads nothing of chainrule but what it runs.
_BEGIN = """
import sys, types
for name in ("chainrule", "chainrule.teaching", "chainrule.teaching.sandbox"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [sys.argv[1] + "/" + name.replace(".", "/")]
from chainrule.teaching.sandbox import guest
guest.main()
"""
_GRACE = 1.0  # seconds more, in which the process itself may say where it stands, and end
_MOMENT = 0.1
_PRINTED = 20_000  # bytes that are kept of what it prints
_LARGEST_SOURCE = 2**20


@dataclass(frozen=True)
class Limits:
    """What a student's file may take.

    Attributes
    ----------
    seconds : float
        In all, from its loading to the last call.
    memory : int
        Bytes, beyond what Python and NumPy take.
    """

    seconds: float = 10.0
    memory: int = 512 * 2**20

    def __post_init__(self) -> None:
        if not 0.1 <= self.seconds <= 3600:
            raise InputError(f"the time limit is {self.seconds:g} seconds; give from 0.1 to 3600.")
        if not 2**24 <= self.memory <= 2**40:
            raise InputError(f"the memory limit is {self.memory / 2**20:g} MB; give from 16 MB to 1,048,576 MB.")


class StudentError(Exception):
    """What a student's function raised; told, not handed on."""


class Student:
    """A function in a student's file, which runs in a process of its own.

    Parameters
    ----------
    path : path
        The file.
    function : str
        The function's name; "" for `my_backprop` or `backprop`, whichever there is.
    limits : Limits

    Attributes
    ----------
    name, doc : str
        The function's name and docstring.
    walls : tuple of str
        What this system holds back: some of "time", "memory", "files", "network", "processes".
    failure : str
        What ended the process, or kept the file from being loaded, in a sentence; "" where nothing did.
    printed : str
        The beginning of what it printed, once it has ended.

    Raises
    ------
    InputError
        If the file cannot be read.

    Notes
    -----
    Everything that comes from the process may be made up by the student's code, and is no more than an answer that is
    checked. What the walls hold, and what they do not, is told in the guide "Exercises and their marking".
    """

    def __init__(self, path: Path, function: str = "", limits: Limits | None = None) -> None:
        self.path, self.limits = path, limits or Limits()
        self.source = _source(path)
        self.name, self.doc, self.failure, self.printed = function, "", "", ""
        self.walls: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        """Begin the process and load the file; whether that went well, `failure` says."""
        self._home = tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True)
        home = str(Path(self._home.name).resolve())
        root = str(Path(guest.__file__).parents[3])
        self._process = subprocess.Popen(  # noqa: S603  (Python itself, with our own program)
            [sys.executable, "-I", "-B", "-c", _BEGIN, root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=home,
            env=_environment(home),
            start_new_session=os.name == "posix",
        )
        assert self._process.stdout
        assert self._process.stderr
        self._messages: queue.Queue[Any] = queue.Queue()
        self._words = bytearray()
        self._threads = [
            threading.Thread(target=_hear, args=(self._process.stdout, self._messages), daemon=True),
            threading.Thread(target=_keep, args=(self._process.stderr, self._words), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self._deadline = monotonic() + self.limits.seconds
        answer = self._ask(
            {
                "source": self.source,
                "file": str(self.path.resolve()),
                "function": self.name,
                "seconds": self.limits.seconds,
                "memory": self.limits.memory,
                "filter": walls.filter_program(self._process.pid).hex(),
                "readable": walls.readable(self.path.resolve().parent),
                "writable": home,
            }
        )
        if answer is None:
            return self
        if "error" in answer:
            self._stop()
            self.failure = self._told(answer["error"], loading=True)
        else:
            self.name, self.doc, self.walls = wire.shown(answer["name"]), answer["doc"], tuple(answer["walls"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process, and all that it may have begun."""
        self._stop()

    def __call__(self, weights: list[Any], biases: list[Any], x: Any, y: Any) -> Any:
        """Call the function in its process.

        Parameters
        ----------
        weights, biases : list of arrays
            Where the function changes them, they are changed here too.
        x, y : array

        Returns
        -------
        object
            What the function returned: numbers, arrays, lists, tuples and dicts of them. For anything else stands an
            object of a type of that name.

        Raises
        ------
        StudentError
            The function raised an error, or its process has ended. The class bears the name of what was raised.
        """
        if self.failure:
            raise StudentError(self.failure)
        answer = self._ask([weights, biases, x, y])
        if answer is None:
            raise StudentError(self.failure)
        if "error" in answer:
            error = answer["error"]
            raise type(wire.shown(error["type"]), (StudentError,), {})(self._told(error))
        _copy_changes(answer.get("given"), (weights, biases))
        return answer.get("found")

    def _ask(self, message: Any) -> dict[str, Any] | None:
        """Send a message and wait for its answer; None where the process has ended, or had to be."""
        assert self._process.stdin
        answer = None
        with contextlib.suppress(OSError):  # it has ended; why, is told below
            wire.send(self._process.stdin, message)
        with contextlib.suppress(queue.Empty):
            answer = self._messages.get(timeout=max(self._deadline + _GRACE - monotonic(), 0))
        if isinstance(answer, dict) and _is_answer(answer):
            return answer
        if monotonic() >= self._deadline:
            self._stop()
            self.failure = (
                f"it did not come to an end within {self.limits.seconds:g} seconds{self._last_line()}; "
                "is there a loop that never ends?"
            )
        elif answer is None:
            # Whoever closes the channel is given a moment to end, so that the exit code is its own.
            sleep(_MOMENT)
            self._stop()
            self.failure = f"it ended its own process {_way(self._process.returncode)}; a function must return."
        else:
            self._stop()
            self.failure = "its process sent what is no answer; leave the process's own channels alone."
        return None

    def _told(self, error: dict[str, Any], *, loading: bool = False) -> str:
        """Say what the student's code raised."""
        kind, words, line = wire.shown(error["type"]), wire.shown(error["words"]), error["line"]
        place = self._place(line)
        if kind == "Refusal":
            return words
        if kind.endswith("MemoryError"):
            return f"it asked for more memory than the {self.limits.memory / 2**20:g} MB it may have{place}"
        if kind in ("SystemExit", "KeyboardInterrupt"):
            words = "a file that is checked must not end its process, as sys.exit does"
        if not loading:
            return f"{words}{place}"
        if kind in ("SyntaxError", "IndentationError", "TabError"):
            return f"the file is no Python: {words}{place}"
        return f"loading the file raised {kind}: {words}{place}"

    def _place(self, line: object) -> str:
        lines = self.source.splitlines()
        if not isinstance(line, int) or not 1 <= line <= len(lines):
            return ""
        return f" ({self.path.name}, line {line}: `{wire.shown(lines[line - 1].strip()[:100])}`)"

    def _last_line(self) -> str:
        """Say which line was running when the time was over, as the process itself told."""
        trace = self._words.decode("utf-8", "replace").rpartition("Timeout (")[2]
        found = re.search(rf'File "{re.escape(str(self.path.resolve()))}", line (\d+)', trace)
        return self._place(int(found[1])) if found else ""

    def _stop(self) -> None:
        """End the process and its children, and hear it out."""
        process = self._process
        assert process.stdin
        if process.returncode is None:  # once it has been waited for, its number may be another's
            if os.name == "posix":
                with contextlib.suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
        with contextlib.suppress(OSError):
            process.stdin.close()
        for thread in self._threads:
            thread.join(_GRACE)
        self.printed = wire.shown(self._words.decode("utf-8", "replace").partition("Timeout (0:")[0].strip())
        self._home.cleanup()


def _source(path: Path) -> str:
    if path.suffix != ".py":
        raise InputError(f"{path} is no Python file; give a file that ends in .py, with the function in it.")
    try:
        if path.stat().st_size > _LARGEST_SOURCE:
            raise InputError(f"{path} has more than {_LARGEST_SOURCE:,} bytes; give a file with the function alone.")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8; save it as such.") from None


def _environment(home: str) -> dict[str, str]:
    """Give a process nothing of this one's environment but what the system cannot do without."""
    own = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    one_thread = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM")}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": home, "TMPDIR": home, "TEMP": home} | one_thread | own


def _hear(stream: IO[bytes], messages: "queue.Queue[Any]") -> None:
    """Put messages into a queue, as they come; at the end, what ended them."""
    with stream:
        while True:
            try:
                messages.put(wire.receive(stream))
            except EOFError:
                messages.put(None)
                return
            except wire.WireError as error:
                messages.put(error)
                return


def _keep(stream: IO[bytes], words: bytearray) -> None:
    """Keep the beginning and the end of what is printed, and let the rest go by."""
    with stream:
        while piece := os.read(stream.fileno(), 65536):
            words += piece
            del words[_PRINTED : max(len(words) - _PRINTED, _PRINTED)]


def _is_answer(answer: dict[str, Any]) -> bool:
    """Whether a message has the form of one of the three that `guest` sends."""
    match answer:
        case {"error": {"type": str(kind), "words": str(words), "line": int() | None}}:
            return len(kind) <= 100 and len(words) <= 1000
        case {"name": str(name), "doc": str(), "walls": [*walls]}:
            return len(name) <= 100 and set(walls) <= {"time", "memory", "files", "network", "processes"}
        case {"found": _, "given": _}:
            return True
    return False


def _copy_changes(given: object, ours: Iterable[list[Any]]) -> None:
    """Let what the function did to its weights and biases be seen here, where they are arrays as before."""
    if not isinstance(given, tuple | list) or len(given) != 2:
        return
    for theirs, own in zip(given, ours, strict=True):
        if not isinstance(theirs, list):
            continue
        for i, (new, old) in enumerate(zip(theirs, own, strict=False)):
            if not isinstance(new, np.ndarray) or not np.array_equal(new, old, equal_nan=True):
                own[i] = new
        own[len(own) :] = theirs[len(own) :]
        del own[len(theirs) :]


def _way(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"by {signal.Signals(-code).name}"
    return f"by signal {-code}"
