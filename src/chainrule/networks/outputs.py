"""What a network answers to whole data sets, which go through it block by block."""

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np

from chainrule.compiler import compile as compiled
from chainrule.compiler.compiled import Compiled
from chainrule.compiler.native import engine
from chainrule.graph.node import Array
from chainrule.networks import formulas
from chainrule.networks.activations import Activation

# A block has at most so many rows, to bound the memory that hidden layers take; and of large networks so few that it
# takes a small part of a second, for between two blocks Ctrl-C is heard.
ROWS_AT_A_TIME = 10_000
WEIGHTS_AT_A_TIME = 10**9

# From so many examples on, compiling takes less time than it saves.
WORTH_COMPILING = 100_000

Carry = Callable[[Sequence[Array], Sequence[Array], Array], Array]
"""From weights, biases and a block of examples to a^L."""


def carrier(activation: Activation, examples: int) -> Carry:
    """Make the function that carries blocks to the last layer.

    Parameters
    ----------
    activation : Activation
        σ.
    examples : int
        How many are to go through it, all in all: for many it is compiled.

    Returns
    -------
    callable
        ``carry(W, b, block)`` gives a^L of a block of examples.
    """
    carry = _carry(activation)
    return carry if examples >= WORTH_COMPILING and engine.available() else carry.__wrapped__


@functools.cache
def _carry(activation: Activation) -> Compiled:
    """Return one function for all networks of this kind: what is compiled for it serves every network."""

    def carry(W: Sequence[Array], b: Sequence[Array], x: Array) -> Array:
        return formulas.forward(W, b, x, activation).a[-1]

    return compiled(carry)


def outputs(carry: Carry, W: Sequence[Array], b: Sequence[Array], x: Array) -> Array:
    """Compute a^L of every row of x, without keeping the layers before it.

    Parameters
    ----------
    carry : callable
        As `carrier` makes it.
    W, b : list of arrays
        W^1..W^L and b^1..b^L.
    x : array of shape (m, n_0)
        The examples.

    Returns
    -------
    array of shape (m, n_L)
    """
    rows = max(1, min(ROWS_AT_A_TIME, WEIGHTS_AT_A_TIME // sum(layer.size for layer in W)))
    blocks = np.array_split(x, math.ceil(len(x) / rows))  # of one size, or of two, for each size is compiled apart
    return np.concatenate([carry(W, b, block) for block in blocks])
