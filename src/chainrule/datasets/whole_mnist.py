"""All 70,000 digits of MNIST: from its four IDX files, or downloaded once by scikit-learn."""

import hashlib
from http.client import HTTPException
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets.examples import Dataset, Examples
from chainrule.datasets.files import FilePath, as_path, kind_of
from chainrule.datasets.idx import read_idx
from chainrule.errors import DataError

_SIDE = 28
_TRAINING, _ALL = 60_000, 70_000

# The MD5 sums of MNIST's four files, unpacked, as they are published with the data set in many places.
_MD5 = {
    "train-images": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels": "a25bea736e30d166cdddb491f175f624",
    "t10k-images": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels": "27ae3e4e09519cfbb04c329615203637",
}

Pixels = NDArray[np.uint8]


def mnist(path: FilePath | None = None) -> Dataset:
    """Give all of MNIST: 50,000 examples to train on, 10,000 for validation, 10,000 to test on.

    Parameters
    ----------
    path : str or path-like, optional
        The folder of the four IDX files, gzipped or not, under their usual names
        (``train-images-idx3-ubyte.gz`` or ``train-images.idx3-ubyte.gz``, and so on).
        Any other 28 x 28 digits in such files will do too. Without it MNIST is downloaded
        from OpenML by scikit-learn, which keeps it in its cache (reading it takes
        some 20 seconds each time), and its MD5 sums are checked.

    Returns
    -------
    Dataset
        Pixels in 0..1 (28 x 28, row by row). Everything stays in the files' order; the last sixth of
        the training file is the validation set, which is 10,000 of MNIST's 60,000.

    Raises
    ------
    DataError
        If a file is missing, damaged or foreign, if images and labels do not fit together,
        or if the download fails.

    Examples
    --------
    >>> data = mnist("my/mnist")
    Traceback (most recent call last):
        ...
    chainrule.errors.DataError: my/mnist does not exist: give the folder of MNIST's four IDX files.
    """
    if path is None:
        return _dataset("mnist", *_downloaded())
    folder = as_path(path, "a folder of IDX files")
    kind = kind_of(folder)
    if kind != "folder":
        fault = "is not a folder" if kind == "file" else "does not exist"
        raise DataError(f"{folder} {fault}: give the folder of MNIST's four IDX files.")
    return _dataset(folder.resolve().name, *_pair(folder, "train"), *_pair(folder, "t10k"))


def _dataset(name: str, images: Pixels, labels: Pixels, test_images: Pixels, test_labels: Pixels) -> Dataset:
    # MNIST comes without a validation set; the last 10,000 of the 60,000 have long been used as one.
    kept = len(images) - len(images) // 6
    train, test = _examples(images, labels), _examples(test_images, test_labels)
    return Dataset(name, train[:kept], train[kept:] if kept < len(train) else None, test)


def _examples(images: Pixels, labels: Pixels) -> Examples:
    # Division, not multiplication by 1/255: it gives the float32 nearest to value/255, and 255 gives exactly 1.
    x = np.divide(images.reshape(len(images), _SIDE * _SIDE), np.float32(255))
    return Examples(x, labels.astype(np.int64))


def _pair(folder: Path, part: str) -> tuple[Pixels, Pixels]:
    """Read and check one part's images and labels."""
    images_file = _find(folder, f"{part}-images", "idx3-ubyte")
    labels_file = _find(folder, f"{part}-labels", "idx1-ubyte")
    images, labels = read_idx(images_file), read_idx(labels_file)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (_SIDE, _SIDE):
        raise DataError(
            f"{images_file} holds {images.dtype} of shape {images.shape}, "
            "and uint8 images of shape (m, 28, 28) are expected."
        )
    if labels.dtype != np.uint8 or labels.ndim != 1:
        raise DataError(
            f"{labels_file} holds {labels.dtype} of shape {labels.shape}, and uint8 labels of shape (m,) are expected."
        )
    if len(images) != len(labels):
        raise DataError(
            f"{images_file} has {len(images):,} images but {labels_file.name} has {len(labels):,} labels: "
            "these files do not belong together."
        )
    if len(images) == 0:
        raise DataError(f"{images_file} has no images in it: at least one is expected.")
    if labels.max() > 9:
        raise DataError(f"{labels_file} has a label {labels.max()}, and only the digits 0 to 9 are expected.")
    return images, labels


def _find(folder: Path, stem: str, kind: str) -> Path:
    names = [f"{stem}{joint}{kind}{packing}" for packing, joint in product(("", ".gz"), ("-", "."))]
    for name in names:
        if kind_of(folder / name) == "file":
            return folder / name
    raise DataError(f"{folder} has no file of {stem}: looked for {', '.join(names[:-1])} and {names[-1]}.")


def _downloaded() -> tuple[Pixels, Pixels, Pixels, Pixels]:
    try:
        from sklearn.datasets import fetch_openml
    except ImportError as error:
        raise DataError(
            "MNIST is downloaded by scikit-learn, which is not installed: "
            'pip install "chainrule[digits]", or give the folder of its files, mnist(path).'
        ) from error
    try:
        # liac-arff takes some 20 seconds, but needs no pandas; the parser by pandas fails (scikit-learn 1.9 with
        # pandas 3.1) where class labels are written as plain numbers.
        x, y = fetch_openml("mnist_784", version=1, as_frame=False, parser="liac-arff", return_X_y=True)
    except (OSError, HTTPException, ValueError) as error:
        cause = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise DataError(
            f"MNIST could not be downloaded from OpenML ({cause}): try again, or use mnist(path) "
            "with the folder of its files, or digits(), which needs no network."
        ) from error
    images, labels = _as_bytes(x, y)
    parts = (images[:_TRAINING], labels[:_TRAINING], images[_TRAINING:], labels[_TRAINING:])
    for (stem, md5), array in zip(_MD5.items(), parts, strict=True):
        if _md5_of_file(array) != md5:
            raise DataError(
                f"The MNIST that came from OpenML is not the original: the MD5 sum of its {stem} is wrong; "
                "delete scikit-learn's cache (sklearn.datasets.clear_data_home()) and try again."
            )
    return parts


def _as_bytes(x: Any, y: Any) -> tuple[Pixels, Pixels]:
    """Check what OpenML gave (pixels as floats or integers, labels as text) and turn it into bytes."""
    pixels = np.asarray(x)
    if pixels.shape != (_ALL, _SIDE * _SIDE) or np.shape(y) != (_ALL,):
        raise DataError(
            f"MNIST came from OpenML with shapes {pixels.shape} and {np.shape(y)}, "
            f"and {(_ALL, _SIDE * _SIDE)} and {(_ALL,)} are expected."
        )
    if pixels.dtype.kind not in "fiu" or not (pixels.min() >= 0 and pixels.max() <= 255):
        raise DataError("MNIST came from OpenML with pixels that are not numbers from 0 to 255.")
    try:
        labels = np.asarray(y).astype(np.int64)
    except ValueError as error:
        raise DataError("MNIST came from OpenML with labels that are not digits.") from error
    if labels.min() < 0 or labels.max() > 9:
        raise DataError("MNIST came from OpenML with labels that are not digits.")
    return pixels.astype(np.uint8).reshape(_ALL, _SIDE, _SIDE), labels.astype(np.uint8)


def _md5_of_file(array: Pixels) -> str:
    """Give the MD5 sum that the array would have as an IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    md5 = hashlib.md5(header, usedforsecurity=False)  # against accidents; the published sums are MD5
    md5.update(np.ascontiguousarray(array).data)
    return md5.hexdigest()
