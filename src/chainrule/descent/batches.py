"""The examples of an epoch, shuffled and cut into mini-batches."""

from collections.abc import Iterator, Sequence

import numpy as np

from chainrule.descent.checks import Array
from chainrule.errors import InputError

# Rows are gathered for about so many examples at a time: one large gather is several times faster than many small
# ones, and what it gathered is still in the processor's cache when its step comes.
EXAMPLES_GATHERED = 500


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


def mini_batches(
    data: Sequence[Array], examples: int, batch_size: int, *, seed: tuple[int, int]
) -> Iterator[tuple[int, Sequence[Array]]]:
    """Go through all examples once, in an order drawn from the seed.

    Parameters
    ----------
    data : sequence of arrays
        One example a row each.
    examples : int
        Their number of rows.
    batch_size : int
        Rows in a mini-batch. With all of them there is nothing to shuffle and the data come as they are.
    seed : (int, int)
        The training's seed and the number of the epoch.

    Yields
    ------
    size : int
        The rows of this mini-batch: `batch_size`, or fewer in the last one.
    mini_batch : list of arrays
        Those rows of each array.

    Examples
    --------
    >>> x = np.arange(5)
    >>> [(size, batch.tolist()) for size, (batch,) in mini_batches([x], 5, 2, seed=(0, 1))]
    [(2, [1, 4]), (2, [3, 0]), (1, [2])]
    """
    if batch_size == examples:
        yield examples, data
        return
    order = np.random.default_rng(seed).permutation(examples)
    gathered = batch_size * max(1, EXAMPLES_GATHERED // batch_size)
    for start in range(0, examples, gathered):
        rows = order[start : start + gathered]
        block = [array.take(rows, axis=0) for array in data]
        for at in range(0, len(rows), batch_size):
            yield min(batch_size, len(rows) - at), [array[at : at + batch_size] for array in block]
