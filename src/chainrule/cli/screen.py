"""Where the commands print: standard output for answers, standard error for what went wrong."""

import sys

from rich import get_console
from rich.console import Console
from rich.text import Text

from chainrule.cli.show import Glyphs, glyphs_for

WIDEST = 100  # columns; longer lines are hard to read, however wide the terminal


def width() -> int:
    """Give the columns to draw in: the terminal's, or 80 where there is none."""
    return min(get_console().width, WIDEST)


def glyphs() -> Glyphs:
    """Choose the characters that standard output can write."""
    return glyphs_for(sys.stdout.encoding or "utf-8")


def shades() -> bool:
    """Say whether standard output is a terminal that can show shades of grey."""
    return get_console().color_system in ("256", "truecolor") and is_live()


def is_live() -> bool:
    """Say whether standard output is a terminal on which a line can be drawn anew."""
    return sys.stdout.isatty() and not get_console().is_dumb_terminal


def say(*lines: str | Text, style: str = "") -> None:
    """Print lines, never broken inside, so that a path or a command in them can be copied.

    What standard output cannot write (a file's name in another alphabet, say) is written as its code.
    """
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines or ("",):
        if isinstance(line, str):
            line = Text(line.encode(encoding, "backslashreplace").decode(encoding), style=style)
        # The console is rich's own, above whose bottom line a progress bar lets others print.
        get_console().print(line, soft_wrap=True)


def complain(sentence: str) -> None:
    """Print a sentence to standard error, on one line however long, so that it can be searched for."""
    message = Text.assemble(("Error: ", "bold red"), " ".join(sentence.split()))
    Console(stderr=True, highlight=False).print(message, soft_wrap=True)
