"""Network files: safetensors with the architecture in the metadata, written whole or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import disk
from chainrule.descent.checks import is_finite
from chainrule.disk import PathLike
from chainrule.errors import NetworkFileError
from chainrule.graph.node import Array
from chainrule.networks.parameters import expected_shapes

FORMAT = "chainrule-network"
VERSION = "1"


def check_writable(path: PathLike) -> None:
    """Make sure that a network can be written to a path, before a long training and not after it.

    Parameters
    ----------
    path : str or path
        Where the file is to be. A file that is there already is left as it is; nothing is left behind.

    Raises
    ------
    NetworkFileError
        If the path is a folder or another thing that is no file, if its folder is missing, or if one may not write.
    """
    disk.check_writable(path, NetworkFileError)


def write(path: PathLike, tensors: Mapping[str, Array], architecture: Mapping[str, Any]) -> None:
    """Write a network file in one step: readers see the old file or the new one, never a part of it.

    Parameters
    ----------
    path : str or path
        Where to write; an existing file is replaced.
    tensors : mapping of str to array
        The arrays by name: W1, b1, W2, b2, ...
    architecture : mapping
        What `read` is to give back; must be JSON.

    Raises
    ------
    NetworkFileError
        If it cannot be written. What was there before is then still there.
    """
    from safetensors.numpy import save

    metadata = {"format": FORMAT, "version": VERSION, "architecture": json.dumps(dict(architecture))}
    data = save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, metadata)
    disk.write_whole(path, data, NetworkFileError)


def read(path: PathLike) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read a network file and check that its arrays are those of its architecture.

    Parameters
    ----------
    path : str or path
        A file that `write` has written.

    Returns
    -------
    tensors : dict of str to array
        The arrays by name, finite, of the shapes and the dtype that the architecture says.
    architecture : dict
        As it was given to `write`.

    Raises
    ------
    NetworkFileError
        If the file is missing, unreadable, damaged, not a network of chainrule's, or of a later version.
    """
    metadata, tensors = _read_safetensors(path)
    if metadata.get("format") != FORMAT:
        raise NetworkFileError(
            f"{path} holds safetensors, but not a network of chainrule's; give a file written by Network.save."
        )
    if metadata.get("version") != VERSION:
        raise NetworkFileError(
            f"{path} is of version {metadata.get('version')} of the format and this chainrule reads {VERSION}; "
            "upgrade chainrule, or write the file anew."
        )
    try:
        architecture = json.loads(metadata["architecture"])
        sizes, dtype = [int(n) for n in architecture["sizes"]], architecture["dtype"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise NetworkFileError(f"{path} is damaged: its architecture cannot be read; write the file anew.") from None
    expected = expected_shapes(sizes)
    if set(tensors) != set(expected):
        odd = ", ".join(sorted(set(tensors) ^ set(expected)))
        raise NetworkFileError(f"{path} does not fit its architecture {sizes}: missing or unexpected are {odd}.")
    for name, shape in expected.items():
        tensor = tensors[name]
        if tensor.shape != shape or tensor.dtype != dtype:
            raise NetworkFileError(
                f"{path} does not fit its architecture {sizes}: {name} is {tensor.dtype} {tensor.shape}, "
                f"expected {dtype} {shape}."
            )
        if not is_finite(tensor):
            raise NetworkFileError(f"{path} is damaged: {name} holds NaN or infinity; use another copy of the file.")
    return tensors, architecture


def _read_safetensors(path: PathLike) -> tuple[dict[str, str], dict[str, Array]]:
    from safetensors import SafetensorError, safe_open

    try:
        # The library's own message for a missing file does not say which.
        with Path(path).open("rb"):
            pass
        with safe_open(path, framework="numpy") as file:
            # Copies, because what safetensors gives may be a read-only view of the file.
            return file.metadata() or {}, {name: np.array(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise NetworkFileError(f"{path} cannot be read: {disk.reason(error)}; check the path.") from None
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NetworkFileError(
            f"{path} is not a network file, or is damaged ({error}); give a file written by Network.save."
        ) from None
