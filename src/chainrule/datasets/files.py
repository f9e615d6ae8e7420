"""What all readers of files here ask of a path before they open it."""

import os
from pathlib import Path
from typing import Literal

from chainrule.errors import DataError, InputError

# What a signature says that takes a path.
FilePath = str | os.PathLike[str]


def as_path(path: FilePath, what: str) -> Path:
    """Take a path as users give it, and refuse what is none."""
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"The path of {what} is a string or a pathlib.Path, not {path!r}.")
    return Path(path)


def kind_of(path: Path) -> Literal["file", "folder", "nothing"]:
    """Look up what is at a path, and refuse a path that cannot be looked up at all."""
    try:
        if path.is_dir():
            return "folder"
        return "file" if path.exists() else "nothing"
    except OSError as error:  # too long a name, or a folder on the way that may not be entered
        raise DataError(f"The path {path} cannot be looked up: {error.strerror}.") from error


def existing_file(path: FilePath, what: str) -> Path:
    """Take the path of a file that is to be read, and refuse what is missing or a folder."""
    file = as_path(path, what)
    kind = kind_of(file)
    if kind == "folder":
        raise DataError(f"{file} is a folder, and {what} is expected: give the path of the file itself.")
    if kind == "nothing":
        raise DataError(f"{file} does not exist: {what} is expected there.")
    return file
