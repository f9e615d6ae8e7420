"""A person's own Python file: run as Python runs a script, and searched for a function and a point to call it at."""

import contextlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from chainrule import disk
from chainrule.errors import ChainruleError, InputError
from chainrule.graph.blame import line_of

Call = tuple[tuple[Any, ...], dict[str, Any]]


def split_name(file: str) -> tuple[Path, str]:
    """Part a file's name from the name of a function in it.

    Examples
    --------
    >>> path, function = split_name("mine.py:backward")
    >>> path.name, function
    ('mine.py', 'backward')
    """
    found = re.fullmatch(r"(.*\.py):([^\W\d]\w*)", file)
    return (Path(found[1]), found[2]) if found else (Path(file), "")


def suggestion(name: str, names: Iterable[str]) -> str:
    """End a sentence: with the nearest name, whatever its case, as a question; where none is near, with its dot.

    Examples
    --------
    >>> suggestion("cots", ["cost", "point"]), suggestion("w", ["W", "b"]), suggestion("f", ["cost"])
    ('; did you mean cost?', '; did you mean W?', '.')
    """
    by_case = {known.lower(): known for known in names}
    near = get_close_matches(name.lower(), by_case, n=1)
    return f"; did you mean {by_case[near[0]]}?" if near else "."


class OwnFiles:
    """The files that a command was given, each run once. What they print goes to standard error."""

    def __init__(self) -> None:
        self._modules: dict[Path, ModuleType] = {}

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Let the files import what lies beside them, and keep what they print out of the answer."""
        path = sys.path[:]
        with contextlib.redirect_stdout(sys.stderr):
            try:
                yield
            finally:
                sys.path[:] = path
                for module in self._modules.values():
                    sys.modules.pop(module.__name__, None)

    def find(self, path: Path, name: str, what: str) -> Any:
        """Return what a file calls so.

        Parameters
        ----------
        path : path
            The file; it is run when first asked for.
        name : str
        what : str
            What is sought, for the error.

        Raises
        ------
        InputError
            The file cannot be read or run, or has nothing of that name.
        """
        module = self._modules.get(path) or self._run(path)
        if name in vars(module):
            return vars(module)[name]
        own = [key for key, value in vars(module).items() if not key.startswith("_") and _is_own(value, module)]
        there = f"it has {', '.join(own)}" if own else "it has nothing of its own"
        if not name:
            raise InputError(f"say which {what} of {path}, as {path}:{own[0] if own else what}; {there}.")
        raise InputError(f"{path} has no {what} {name}; {there}{suggestion(name, own)}")

    def _run(self, path: Path) -> ModuleType:
        try:
            source = path.read_bytes()
        except OSError as error:
            others = [other.name for other in path.parent.glob("*.py")] if path.parent.is_dir() else []
            raise InputError(f"{path} cannot be read: {disk.reason(error)}{suggestion(path.name, others)}") from None
        whole = str(path.resolve())
        # Under its whole path it stands in no other module's way; dataclasses want it registered.
        module = self._modules[path] = sys.modules[whole] = ModuleType(whole)
        module.__file__ = whole
        sys.path.insert(0, str(path.resolve().parent))
        with telling(f"{path} cannot be run"):
            # Executing it is what the person asked for: it is their own program.
            exec(compile(source, whole, "exec", dont_inherit=True), vars(module))  # noqa: S102
        return module


def _is_own(value: Any, module: ModuleType) -> bool:
    """Say whether the file made something itself: what it imported is not meant."""
    return not isinstance(value, ModuleType) and getattr(value, "__module__", module.__name__) == module.__name__


@contextlib.contextmanager
def telling(failure: str) -> Iterator[None]:
    """Tell what a person's own code raises in a sentence, with the line of theirs that it passed through last.

    Raises
    ------
    InputError
        In place of whatever was raised; chainrule's own errors and Ctrl-C go on.
    """
    try:
        yield
    except ChainruleError:
        raise
    except (Exception, SystemExit) as error:
        line = line_of(error)
        where = f"in {line}, " if line else ""
        raised = type(error).__name__
        if isinstance(error, SyntaxError):
            where = f"in {Path(error.filename or '').name}, line {error.lineno}: `{(error.text or '').strip()}`, "
            error = SyntaxError(error.msg)
        raise InputError(f"{failure}: {where}{raised}{f': {error}' if str(error) else ''}.") from error


def call_at(point: Any) -> Call:
    """Return the arguments that a point stands for: a dict by name, a tuple by position, all else as the only one.

    A function is called, and gives the point.

    Examples
    --------
    >>> call_at({"x": 2.0}), call_at((2.0, 3.0)), call_at(lambda: 2.0)
    (((), {'x': 2.0}), ((2.0, 3.0), {}), ((2.0,), {}))
    """
    if callable(point):
        with telling("the point cannot be computed"):
            point = point()
    if isinstance(point, dict) and all(isinstance(name, str) for name in point):
        return (), point
    return (point if isinstance(point, tuple) else (point,)), {}


def bound(f: Callable[..., Any], called: str, call: Call) -> inspect.BoundArguments:
    """Bind a point to the parameters of a function.

    Parameters
    ----------
    f : callable
    called : str
        What the function is called.
    call : tuple
        Positional and keyword arguments.

    Raises
    ------
    InputError
        The point lacks an argument, or has one too many.
    """
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        raise InputError(f"{called} is no function that can be derived; write one in Python.") from None
    try:
        return signature.bind(*call[0], **call[1])
    except TypeError as error:
        names = list(signature.parameters)
        takes = f"{called} takes {', '.join(names) or 'nothing'}"
        beyond = [name for name in call[1] if name not in names]
        missing = _missing(signature, call)
        if beyond:
            raise InputError(
                f"the point has {', '.join(beyond)}, but {takes}{suggestion(beyond[0], missing or names)}"
            ) from None
        if missing:
            raise InputError(f"the point lacks {', '.join(missing)}: {takes}.") from None
        raise InputError(f"the point does not fit: {takes}, and Python says {error}.") from None


def _missing(signature: inspect.Signature, call: Call) -> list[str]:
    """Name the parameters without a default that a point gives nothing for."""
    needed = [
        p.name
        for p in signature.parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    return [name for name in needed[len(call[0]) :] if name not in call[1]]
