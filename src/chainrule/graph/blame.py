"""Where in the user's own code a thing happened: the file, the line's number and its text, for errors that teach."""

import linecache
import sys
import sysconfig
from pathlib import Path
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
    frame = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OWN) and not file.startswith(_LIBRARIES):
            return Line(file, frame.f_lineno, linecache.getline(file, frame.f_lineno).strip())
        frame = frame.f_back  # type: ignore[assignment]
    return None


def at_user_line() -> str:
    """Say where the user's code is now, as the opening of an error: ``"In train.py, line 7: `y = float(x)`: "``."""
    line = user_line()
    return f"In {line}: " if line else ""
