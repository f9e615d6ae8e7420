"""What the tests of data sets share: the real MNIST, and small files like MNIST's."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

IdxWriter = Callable[[Path, NDArray[np.uint8]], Path]


@pytest.fixture(scope="session")
def real_mnist() -> Path:
    """The folder of the real MNIST, which the environment names."""
    folder = os.environ.get("CHAINRULE_MNIST")
    if folder:
        return Path(folder)
    reason = "CHAINRULE_MNIST does not name a folder with MNIST's four IDX files"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    """Write an array as an IDX file, by the format's description."""
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


@pytest.fixture
def write_idx() -> IdxWriter:
    def write(path: Path, array: NDArray[np.uint8]) -> Path:
        path.write_bytes(idx_bytes(array))
        return path

    return write


@pytest.fixture
def small_mnist(tmp_path: Path, write_idx: IdxWriter) -> Path:
    """A folder of 12 training and 4 test images, made up."""
    folder = tmp_path / "small"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part, count in (("train", 12), ("t10k", 4)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = rng.integers(0, 10, count, dtype=np.uint8)
        write_idx(folder / f"{part}-images-idx3-ubyte", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte", labels)
    return folder
