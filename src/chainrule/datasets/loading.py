"""A data set by its name or its folder: what a command's ``--data`` takes."""

from chainrule.datasets.embedded_digits import digits
from chainrule.datasets.examples import Dataset
from chainrule.datasets.files import FilePath, as_path, kind_of
from chainrule.datasets.whole_mnist import mnist
from chainrule.errors import DataError


def load(name_or_path: FilePath) -> Dataset:
    """Give the data set of that name, or the one in that folder.

    Parameters
    ----------
    name_or_path : str or path-like
        ``"digits"`` for the 5,000 embedded ones, ``"mnist"`` for the download of all of MNIST, or
        the folder of four IDX files. A folder that has one of these names is given as ``./digits``.

    Returns
    -------
    Dataset
        As `digits` or `mnist` give it.

    Raises
    ------
    DataError
        If it is neither a known name nor a folder, or the data in it is not right.

    Examples
    --------
    >>> load("digits").test
    Examples(m=1000, n_0=784, classes=10)
    >>> load("didgits")
    Traceback (most recent call last):
        ...
    chainrule.errors.DataError: There is no data set 'didgits': give digits, mnist or a folder of IDX files.
    """
    if name_or_path == "digits":
        return digits()
    if name_or_path == "mnist":
        return mnist()
    folder = as_path(name_or_path, "a data set")
    if kind_of(folder) == "nothing":
        raise DataError(f"There is no data set {str(folder)!r}: give digits, mnist or a folder of IDX files.")
    return mnist(folder)
