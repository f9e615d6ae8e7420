"""What is said where native code cannot be had, and NumPy does what it can instead."""

import sys
import warnings
from types import FrameType

from chainrule.errors import NativeCodeWarning

_said: set[str] = set()


def say_once() -> None:
    """Say that llvmlite is not installed, at the line outside of chainrule that asks; once in a process."""
    if _said:
        return
    _said.add("llvmlite")
    warnings.warn(
        "llvmlite is not installed, so nothing is compiled to native code: NumPy does the same, step by step and more "
        "slowly. For speed, run `pip install llvmlite`.",
        NativeCodeWarning,
        stacklevel=_depth(),
    )


def _depth() -> int:
    """Count the calls from `say_once` to the first line outside of chainrule."""
    frame: FrameType | None = sys._getframe(1)
    depth = 1
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "chainrule":
        frame, depth = frame.f_back, depth + 1
    return depth
