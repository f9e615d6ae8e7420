"""Files on disk: written whole or not at all, and what keeps one from being written, in a sentence."""

import os
import secrets
import shutil
from pathlib import Path

from chainrule.errors import ChainruleError

PathLike = str | os.PathLike[str]


def check_writable(path: PathLike, refusal: type[ChainruleError]) -> None:
    """Make sure that a file can be written to a path. What is there is left as it is; nothing is left behind.

    Parameters
    ----------
    path : str or path
        Where the file is to be.
    refusal : type
        The error to raise.

    Raises
    ------
    refusal
        If the path is a folder or another thing that is no file, if its folder is missing, or if one may not write.
    """
    target = _target(path, refusal)
    temporary = _beside(target)
    try:
        temporary.touch(exist_ok=False)
        temporary.unlink()
    except OSError as error:
        raise _unwritable(path, error, refusal) from None


def write_whole(path: PathLike, data: bytes, refusal: type[ChainruleError]) -> None:
    """Write a file in one step: readers see the old file or the new one, never a part of it.

    Parameters
    ----------
    path : str or path
        Where to write; an existing file is replaced.
    data : bytes
        What it is to hold.
    refusal : type
        The error to raise.

    Raises
    ------
    refusal
        If it cannot be written. What was there before is then still there.
    """
    target = _target(path, refusal)
    temporary = _beside(target)
    try:
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error, refusal) from None


def reason(error: Exception) -> str:
    """Say in words why the system refused.

    Examples
    --------
    >>> reason(FileNotFoundError(2, "No such file or directory"))
    'no such file or directory'
    """
    return (getattr(error, "strerror", None) or str(error)).lower()


def _target(path: PathLike, refusal: type[ChainruleError]) -> Path:
    """Follow links to the file that is to be replaced, and make sure that it can be."""
    try:
        target = Path(path).resolve()
        obstacle = _obstacle(target)
    except (OSError, RuntimeError, ValueError) as error:
        raise _unwritable(path, error, refusal) from None
    if obstacle:
        raise refusal(f"{path} {obstacle}")
    return target


def _obstacle(target: Path) -> str | None:
    if target.is_dir():
        return "is a folder; give the name of a file in it."
    if not target.parent.is_dir():
        return f"cannot be written: there is no folder {target.parent}; create it first."
    if not target.exists():
        return None
    if not target.is_file():
        return "is not an ordinary file; give another name."
    writable = os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    return None if writable else "is write-protected; give another name, or allow writing."


def _beside(target: Path) -> Path:
    """Name a file in the same folder, so that it can take the target's place in one step."""
    return target.with_name(f".chainrule-{secrets.token_hex(8)}.tmp")


def _unwritable(path: PathLike, error: Exception, refusal: type[ChainruleError]) -> ChainruleError:
    return refusal(f"{path} cannot be written: {reason(error)}; give another path.")
