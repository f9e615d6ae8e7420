"""IDX, the file format of MNIST: a type, the lengths of the axes, then the numbers.

Reference: the format's description on MNIST's own page, "The MNIST database of handwritten digits"
(Y. LeCun, C. Cortes, C. Burges), section "File formats".
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets.files import FilePath, existing_file
from chainrule.errors import DataError

# The third byte of a file says the type of its numbers; all are written with the highest byte first.
_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: FilePath) -> NDArray[Any]:
    """Read one IDX file, gzipped or not (its first bytes tell, not its name).

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    ndarray
        The numbers in the file's own shape and type (MNIST: uint8; images (m, 28, 28), labels (m,)),
        in this machine's byte order. It is read-only where it is a view of the file's bytes.

    Raises
    ------
    DataError
        If the file is missing or unreadable, is no IDX file, or has fewer or more bytes than its header says.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "three-labels")
    >>> path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    11
    >>> read_idx(path)
    array([7, 2, 1], dtype=uint8)
    >>> folder.cleanup()
    """
    file = existing_file(path, "an IDX file")
    data = _unpacked(file)
    dtype, shape, start = _header(file, data)
    wanted = start + math.prod(shape) * dtype.itemsize
    if len(data) != wanted:
        fault = "cut short" if len(data) < wanted else "too long"
        raise DataError(
            f"{file} is {fault}: its header promises {wanted:,} bytes for shape {shape}, and it has {len(data):,}; "
            "get the file again."
        )
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _unpacked(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            packed = stream.read(2) == _GZIP_MAGIC
            stream.seek(0)
            if not packed:
                return stream.read()
            with gzip.open(stream) as unzipped:
                return unzipped.read()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{file} is a damaged gzip file ({error}): get the file again.") from error
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}.") from error


def _header(file: Path, data: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Read the type, the shape and where the numbers start."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _DTYPES or data[3] == 0:
        begins = data[:4].hex(" ") or "nothing"
        raise DataError(
            f"{file} is not an IDX file: it begins with {begins}, where two zero bytes, "
            "a type from 08 to 0e and the number of axes are expected."
        )
    axes, start = data[3], 4 + 4 * data[3]
    if len(data) < start:
        raise DataError(f"{file} is cut short within its header of {start} bytes: get the file again.")
    lengths = np.frombuffer(data, ">u4", count=axes, offset=4)
    return np.dtype(_DTYPES[data[2]]), tuple(int(length) for length in lengths), start
