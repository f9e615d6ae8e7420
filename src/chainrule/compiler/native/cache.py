"""Object code kept on disk, so that a process need not compile what another one has compiled before.

Each file holds the object code of one program's functions, and is named by a hash of all that it depends on: what is to
be computed, this machine, LLVM, and the source of what emits the code. So nothing in the cache is ever out of date; the
files that were not used for longest go when there are too many. A file that is damaged is made anew. Where the folder
cannot be written, nothing is kept, and nothing fails.

Object code is run, so a file counts only where it and its folder belong to the user, and nobody else may write to them.
"""

import contextlib
import functools
import hashlib
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

from chainrule.compiler.native.engine import Code, host, load

SIZE = 256 * 2**20
"""Bytes of all files together, at most."""

_HEAD = b"chainrule object code 1\n"
_OFF = ("", "0", "off", "no")
_AN_HOUR = 3_600


def folder() -> Path | None:
    """Return the folder of the cache, or None where it is switched off.

    The environment variable ``CHAINRULE_CACHE`` names another folder, or switches the cache off by ``off``. If it is
    not set, the folder is ``chainrule`` in the user's folder for caches.

    Examples
    --------
    >>> folder() == Path(os.environ["CHAINRULE_CACHE"])
    True
    """
    named = os.environ.get("CHAINRULE_CACHE")
    if named is not None:
        return None if named.strip().lower() in _OFF else Path(named)
    try:
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "chainrule" / "cache"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "chainrule"
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chainrule"
    except RuntimeError:  # nobody's home
        return None


def cached(works: str, make: Callable[[], Code]) -> Code:
    """Return code from the cache, or make it and keep it there.

    Parameters
    ----------
    works : str
        What the code computes, written so that different works are written differently.
    make : callable
        Compiles it.

    Returns
    -------
    Code
    """
    place = folder()
    try:
        emitters = _emitters()
    except OSError:  # installed without its source
        return make()
    if place is None:
        return make()
    path = place / hashlib.sha256("\n".join([emitters, host(), works]).encode()).hexdigest()
    found = _read(path)
    if found is not None:
        try:
            code = load(found)
        except (ValueError, RuntimeError, KeyError):  # no object code, though its checksum is right
            pass
        else:
            _touch(path)
            return code
    code = make()
    _write(path, code.object_code)
    return code


@functools.cache
def _emitters() -> str:
    """Return a hash of the source of whatever decides what code is emitted."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in [*sorted(here.glob("*.py")), here.parent / "plan.py", here.parent / "scalars.py"]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> bytes | None:
    """Return what a file of the cache holds, or None: there is none, it is damaged, or it may be another's."""
    try:
        if not _is_ours(path.parent.stat()):
            return None
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                return None
            data = file.read()
    except OSError:
        return None
    head, checksum, code = data[: len(_HEAD)], data[len(_HEAD) : len(_HEAD) + 32], data[len(_HEAD) + 32 :]
    return code if head == _HEAD and checksum == hashlib.sha256(code).digest() else None


def _is_ours(status: os.stat_result) -> bool:
    """Say whether a file or folder belongs to the user, and nobody else may write to it."""
    if not hasattr(os, "getuid"):  # where the user's folder is closed to others by itself
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _write(path: Path, code: bytes) -> None:
    """Write a file in one step, so that who reads it at the same time sees all of it or nothing."""
    temporary = path.with_name(f"{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(path.parent.stat()):
            return
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(_HEAD + hashlib.sha256(code).digest() + code)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _make_room(path.parent)
    except OSError:
        pass


def _touch(path: Path) -> None:
    """Note that a file was used."""
    with contextlib.suppress(OSError):
        os.utime(path)


def _make_room(place: Path) -> None:
    """Remove the files that were not used for longest until the others fit, and what a crash has left half written."""
    files = []
    for path in place.iterdir():
        try:
            status = path.stat()
        except FileNotFoundError:  # another process was faster
            continue
        if path.suffix == ".tmp" and status.st_mtime < time.time() - _AN_HOUR:
            path.unlink(missing_ok=True)
        elif len(path.name) == 64:
            files.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= SIZE:
            break
        path.unlink(missing_ok=True)
        total -= size
