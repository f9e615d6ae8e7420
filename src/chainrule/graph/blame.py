"""Where in the user's own code a thing happened: the file, the line's number and its text, for errors that teach."""

import linecache
import sys
import sysconfig
from pathlib import Path
from types import FrameType
from typing import NamedTuple

_OWN = str(Path(__file__).resolve().parents[1])
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


class Line(NamedTuple):
    """A line of the user's source."""

    file: str
    number: int
    text: str

    def __str__(self) -> str:
        place = f"{Path(self.file).name}, line {self.number}"
        return f"{place}: `{self.text}`" if self.text else place


def user_line() -> Line | None:
    """Find the innermost line now running that is neither chainrule's nor an installed library's.

    Returns
    -------
    Line or None
        None when no such line exists: chainrule was called by a library.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return None if frame is None else _line(frame.f_code.co_filename, frame.f_lineno)


def line_of(error: BaseException) -> Line | None:
    """Find the innermost of the user's lines that an error passed through."""
    found, step = None, error.__traceback__
    while step is not None:
        if is_users(step.tb_frame.f_code.co_filename):
            found = _line(step.tb_frame.f_code.co_filename, step.tb_lineno)
        step = step.tb_next
    return found


def is_users(file: str) -> bool:
    """Say whether a file is the user's own: neither chainrule's nor an installed library's."""
    return not file.startswith(_OWN) and not file.startswith(_LIBRARIES)


def _line(file: str, number: int) -> Line:
    return Line(file, number, linecache.getline(file, number).strip())


def within_library(name: str) -> bool:
    """Say whether a library's code runs between the user's line and chainrule's."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith((_OWN, *_LIBRARIES)):
        if frame.f_globals.get("__name__", "").split(".")[0] == name:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def at_user_line() -> str:
    """Say where the user's code is now, as the opening of an error: ``"In train.py, line 7: `y = float(x)`: "``."""
    line = user_line()
    return f"In {line}: " if line else ""
