"""The user's own names: which variable holds which result, and which line computed it.

While the function runs, Python itself tells of every line (`sys.settrace`); after each, the variables of the running
functions are looked at, and a result takes the name of the first variable that holds it. A variable of the function
that is derived goes before those of functions that it calls. So names need no source, and follow loops, tuples and
changes in place; a result that no variable ever held has no name.
"""

import ast
import functools
import linecache
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from chainrule.graph.blame import Line, is_users
from chainrule.graph.node import Node
from chainrule.graph.tracer import Recording, Tracer

_CONTAINER = 200  # of a longer list the entries are not looked through after every line


class Name(NamedTuple):
    """A variable that holds a result: how deep in calls, whether within a list or a dict, and what it is called.

    What follows a ``^`` in the text is a superscript, as of the layer's l in ``z^2``.
    """

    depth: int
    within: bool
    text: str


class Names:
    """What was found out about one recording.

    Attributes
    ----------
    of_nodes : dict
        The name of each node that a variable held.
    of_constants : dict
        By the identity of an array that depends on no argument: its name, and the array.
    lines : dict
        The line of the user's source that each node was computed on.
    of_cotangents : dict
        What ∂C/∂x of a node x is called, where it has a name of its own: δ.
    """

    def __init__(self) -> None:
        self.of_nodes: dict[Node, Name] = {}
        self.of_constants: dict[int, tuple[Name, Any]] = {}
        self.lines: dict[Node, Line] = {}
        self.of_cotangents: dict[Node, str] = {}

    def hold(self, value: Any, name: Name, recording: Recording) -> None:
        """Enter that a variable holds a value, if the value is one of the recording or an array of numbers."""
        if type(value) is Tracer:
            if value._recording is recording:
                known = self.of_nodes.get(value._node)
                if known is None or name[:2] < known[:2]:
                    self.of_nodes[value._node] = name
        elif isinstance(value, np.ndarray) or type(value) is float or isinstance(value, np.floating):
            self.of_constants.setdefault(id(value), (name, value))

    def call(self, value: Any, text: str, recording: Recording) -> None:
        """Give a value a name that goes before those that were found."""
        name = Name(-1, False, text)
        if isinstance(value, np.ndarray):
            self.of_constants[id(value)] = (name, value)
        else:
            self.hold(value, name, recording)

    def constant(self, value: Any) -> str:
        """Return the name of what depends on no argument; "" for none."""
        if (found := self.of_constants.get(id(value))) is not None:
            return found[0].text
        if isinstance(value, np.ndarray):  # a recording takes a copy of a view of small size
            for name, other in self.of_constants.values():
                if isinstance(other, np.ndarray) and other.base is not None and _same(value, other):
                    return name.text
        return ""


def _same(x: Any, y: Any) -> bool:
    return x.shape == y.shape and x.dtype == y.dtype and bool(np.array_equal(x, y))


class Watcher:
    """Runs a function and finds the names of what it computes.

    Parameters
    ----------
    recording : Recording
        The open recording that the function's results go into.
    names : Names
        Is filled.
    """

    def __init__(self, recording: Recording, names: Names) -> None:
        self.recording = recording
        self.names = names
        self.frames: list[list[Any]] = []  # of the user's functions that run: the frame, and its line of now
        self.seen = len(recording.nodes)
        self._statements: dict[tuple[str, int], Line] = {}

    def run(self, f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the function, watched; a debugger's own watching goes on afterwards."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return f(*args, **kwargs)
        finally:
            sys.settrace(before)
            self._mark()

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event != "call" or not is_users(frame.f_code.co_filename) or _is_made_up(frame):
            return None
        self._mark()
        self.frames.append([frame, frame.f_lineno])
        self._look(frame)
        return self._at

    def _at(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not self.frames or self.frames[-1][0] is not frame:  # a generator goes on, called from elsewhere
            return self._at
        self._mark()
        if event in ("line", "return"):
            self._look(frame)
        if event == "line":
            self.frames[-1][1] = frame.f_lineno
        elif event == "return":
            self.frames.pop()
        return self._at

    def _mark(self) -> None:
        """Note of the nodes since last time that they are of the line that runs."""
        nodes = self.recording.nodes
        if self.frames and len(nodes) > self.seen:
            frame, number = self.frames[-1]
            place = (frame.f_code.co_filename, number)
            line = self._statements.get(place) or self._statements.setdefault(place, statement(*place))
            for node in nodes[self.seen :]:
                self.names.lines[node] = line
        self.seen = len(nodes)

    def _look(self, frame: FrameType) -> None:
        depth = len(self.frames)
        for variable, value in frame.f_locals.items():
            if not variable.startswith((".", "__")):
                self.names.hold(value, Name(depth, False, variable), self.recording)
                for text, one in _entries(variable, value):
                    self.names.hold(one, Name(depth, True, text), self.recording)


def _is_made_up(frame: FrameType) -> bool:
    """Say whether a frame's code is what `namedtuple` has written, whose names are those of its fields."""
    return str(frame.f_globals.get("__name__", "")).startswith("namedtuple_")


def _entries(variable: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Give the entries of a list, tuple or dict that a variable holds, under names of their own: Ws[0] is Ws_0."""
    kind = type(value)
    if kind is list or kind is tuple:
        if len(value) <= _CONTAINER:
            yield from ((f"{variable}_{i}", one) for i, one in enumerate(value))
    elif kind is dict and len(value) <= _CONTAINER:
        for key, one in value.items():
            yield (key if isinstance(key, str) and key.isidentifier() else f"{variable}_{key}"), one


def statement(file: str, number: int) -> Line:
    """Return the statement that a line belongs to, in one line of text; of a compound one, its head."""
    text = linecache.getline(file, number).strip()
    inner = None
    for node in _statements("".join(linecache.getlines(file))):
        if node.lineno <= number <= _end(node) and (inner is None or node.lineno >= inner.lineno):
            inner = node
    if inner is not None and _end(inner) > inner.lineno:
        lines = [linecache.getline(file, n) for n in range(inner.lineno, _end(inner) + 1)]
        text = " ".join(part.strip() for part in textwrap.dedent("".join(lines)).splitlines())
        number = inner.lineno
    return Line(file, number, text)


@functools.lru_cache(maxsize=8)
def _statements(source: str) -> tuple[ast.stmt, ...]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with magic words, or no source at all
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _end(node: ast.stmt) -> int:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return int(max(node.lineno, body[0].lineno - 1))
    return int(node.end_lineno or node.lineno)
