"""Writing a derivation to a file, in the format that the file's ending says."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.disk import write_whole
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.derivation.derivation import Derivation


def _text(derivation: "Derivation") -> str:
    return str(derivation) + "\n"


def _png(derivation: "Derivation") -> bytes:
    from chainrule.derivation.drawing import png

    return png(derivation)


FORMATS: dict[str, Callable[["Derivation"], str | bytes]] = {
    ".html": lambda derivation: derivation.to_html(),
    ".md": lambda derivation: derivation.to_markdown(),
    ".tex": lambda derivation: derivation.to_latex(),
    ".json": lambda derivation: derivation.to_json(),
    ".py": lambda derivation: derivation.to_python(),
    ".svg": lambda derivation: derivation.to_svg(),
    ".png": _png,
    ".txt": _text,
}


def encoded(derivation: "Derivation", ending: str) -> bytes:
    """Write a derivation in the format of an ending, as the bytes of a file."""
    found = FORMATS[ending](derivation)
    return found.encode("utf-8") if isinstance(found, str) else found


def save(derivation: "Derivation", path: Path) -> None:
    """Write a derivation to a file, whole or not at all.

    Raises
    ------
    InputError
        The ending is not one of `FORMATS`, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise InputError(
            f"{path} ends in {path.suffix or 'nothing'}, which says no format; end it in one of {', '.join(FORMATS)}."
        )
    write_whole(path, encoded(derivation, ending), InputError)
