"""Arrays that are filled entry by entry, in one memory: what is left of an old value that a write goes over.

A write makes a new value of an array. Where nothing else will ask for the old one, the new one is written into its
memory, and all that stays of the old value is its shape and its type, for which rules that move entries about ask.
So n writes into an array of n entries cost n, and not n².
"""

import sys
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from chainrule.graph.node import Array, Node, Rule


def _nothing() -> Any:
    """Stand in for a reference to nothing."""


class Overwritten:
    """The shape and the type of an array whose numbers are no longer kept.

    Attributes
    ----------
    memory : array or None
        Where its numbers are, as long as a write is to go over them.
    given : callable
        On the way back: the cotangent that was given to the write for itself alone, while it exists; else None.
    """

    __slots__ = ("dtype", "given", "memory", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any, memory: Any = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.memory = memory
        self.given: Callable[[], Any] = _nothing

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("these numbers were written over, and are no longer kept")


SHAPE_SUFFICES: set[Rule] = set()
"""Rules whose derivative asks for no more than the shape and the type of the array that they take a part or a view
of, their first operand. `chainrule.rules` fills it."""


def let_go(node: Node) -> Overwritten | None:
    """Put what is left of it in the place of a node's array, or return None: something else holds the array.

    What might ask for the numbers later, such as a node that has them for an operand, or a view, holds the array.
    """
    if sys.getrefcount(node.value) > 2:  # the node, and the call of getrefcount
        return None
    left = node.value = Overwritten(node.value.shape, node.value.dtype, node.value)
    return left


def read_apart(node: Node, array: Array) -> bool:
    """Keep a node that has taken a part of an array from holding that array; say whether the part is a view of it.

    Of a small part, this is a copy. The numbers of an array's larger half, or of what is not contiguous (since its
    copy would be), are held.
    """
    x = node.value
    shares = type(x) is np.ndarray and bool(np.may_share_memory(x, array))
    if shares and x.flags.c_contiguous and 2 * x.nbytes <= array.nbytes:
        node.value = x.copy()
    if node.rule in SHAPE_SUFFICES:
        node.values = (Overwritten(array.shape, array.dtype), *node.values[1:])
    return shares
