"""The examples of an epoch: their order, and the mini-batches that are taken of them."""

from collections.abc import Sequence

import numpy as np

from chainrule.descent.checks import Array
from chainrule.errors import InputError


def examples_in(data: Sequence[Array]) -> int:
    """Count the examples that all arrays agree on; without data, a step stands for one.

    Parameters
    ----------
    data : sequence of arrays
        One example a row each.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If the arrays have different numbers of rows, or none.
    """
    if not data:
        return 1
    counts = [len(array) for array in data]
    if len(set(counts)) > 1:
        raise InputError(f"the data arrays have {', '.join(map(str, counts))} rows; give one row an example in each.")
    if counts[0] == 0:
        raise InputError("the data have no rows; give at least one example.")
    return counts[0]


def order_of(examples: int, batch_size: int, *, seed: tuple[int, int]) -> Array:
    """Return the order in which an epoch goes through the examples, drawn from the seed.

    Parameters
    ----------
    examples, batch_size : int
        The rows of the data and of a mini-batch. Where these are all, there is nothing to shuffle.
    seed : (int, int)
        The training's seed and the number of the epoch.

    Returns
    -------
    array of int, shape (examples,)

    Examples
    --------
    >>> order_of(5, 2, seed=(0, 1))
    array([1, 4, 3, 0, 2])
    """
    return np.arange(examples) if batch_size == examples else np.random.default_rng(seed).permutation(examples)


def mini_batch(data: Sequence[Array], rows: Array, examples: int) -> list[Array]:
    """Return some rows of each array: an array with all rows comes as it is.

    Parameters
    ----------
    data : sequence of arrays
        One example a row each.
    rows : array of int
        The numbers of the rows.
    examples : int
        How many rows the arrays have.

    Returns
    -------
    list of arrays
    """
    return list(data) if len(rows) == examples else [array[rows] for array in data]
