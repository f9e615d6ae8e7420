"""Several arrays as the value of one node, for steps that take or give many of them.

A `Bundle` is such a value; its cotangent or tangent is a `Shares`, which holds only the arrays that anything arrived
for. So an array that is taken apart into n rows, or put together from them, costs n and not n² on the way back: no
row's cotangent is ever padded with zeros to the size of the whole.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.graph import as_array
from chainrule.graph.node import Array, Node, Shares
from chainrule.graph.tracer import sample_of
from chainrule.rules.kinds import Primitive


class Bundle(tuple[Any, ...]):
    """Several arrays, of any shapes, that are the value of one node."""

    __slots__ = ()
    dtype = np.dtype(object)  # neither real nor complex: its arrays are

    @property
    def shape(self) -> tuple[int, ...]:
        """How many arrays there are."""
        return (len(self),)

    def __array__(self, *_: Any, **__: Any) -> Any:
        return np.empty((), object)  # to those who look for numbers: none here, the arrays have nodes of their own


class _Gather(Primitive):
    """Arrays made into a bundle."""

    def pullback(self, i: int, cotangent: Shares, node: Node) -> Array | None:
        return cotangent.get(i)

    def pushforward(self, i: int, tangent: Array, node: Node) -> Shares:
        return Shares({i: tangent})


class _Item(Primitive):
    """One array of a bundle."""

    def pullback(self, i: int, cotangent: Array, node: Node) -> Shares:
        return Shares({node.parameters["index"]: cotangent})

    def pushforward(self, i: int, tangent: Shares, node: Node) -> Array | None:
        return tangent.get(node.parameters["index"])


class _Apart(Primitive):
    """An array taken apart along its first axis; what is put together from the pieces is the transpose."""

    def __init__(self, name: str, function: Callable[..., Any], together: Callable[[Sequence[Array]], Array]) -> None:
        super().__init__(name, function)
        self.together = together

    def pullback(self, i: int, cotangent: Shares, node: Node) -> Array:
        return self.together(_filled(cotangent, sample_of(node.value)))

    def pushforward(self, i: int, tangent: Array, node: Node) -> Shares:
        return Shares(enumerate(items(self(tangent, **node.parameters))))


class _Together(Primitive):
    """An array put together from a bundle along its first axis; its transpose takes it apart again."""

    def __init__(
        self, name: str, function: Callable[..., Any], apart: Callable[[Array, Sequence[Array]], list[Array]]
    ) -> None:
        super().__init__(name, function)
        self.apart = apart

    def pullback(self, i: int, cotangent: Array, node: Node) -> Shares:
        return Shares(enumerate(self.apart(cotangent, sample_of(node.values[0]))))

    def pushforward(self, i: int, tangent: Shares, node: Node) -> Array:
        return self(gathered(_filled(tangent, sample_of(node.values[0]))))


def _filled(shares: Shares, bundle: Bundle) -> list[Array]:
    """Return the shares in the order of the bundle, with zeros for what did not arrive."""
    return [shares[k] if k in shares else np.zeros(np.shape(x), np.result_type(x)) for k, x in enumerate(bundle)]


def _sliced(x: Array, sizes: tuple[int, ...]) -> Bundle:
    return Bundle(np.split(x, np.cumsum(sizes)[:-1]))


GATHER = _Gather("gather", lambda *arrays: Bundle(arrays))
ITEM = _Item("item", lambda bundle, index: bundle[index])
UNSTACK = _Apart("unstack", lambda x: Bundle(x[i] for i in range(len(x))), lambda arrays: stacked(arrays))
STACK = _Together("stack", np.stack, lambda x, like: rows(x))
SPLIT = _Apart("split", _sliced, lambda arrays: joined(arrays))
JOIN = _Together("join", np.concatenate, lambda x, like: pieces(x, [len(part) for part in like]))


def gathered(arrays: Sequence[Array]) -> Any:
    """Make a bundle of arrays."""
    return GATHER(*(as_array(x) for x in arrays))


def items(bundle: Any) -> list[Array]:
    """Return the arrays of a bundle."""
    return [ITEM(bundle, index=i) for i in range(len(bundle))]


def rows(x: Array) -> list[Array]:
    """Return the rows of an array: x[0], x[1] and so on.

    Examples
    --------
    >>> rows(np.array([[1.0, 2.0], [3.0, 4.0]]))
    [array([1., 2.]), array([3., 4.])]
    """
    return items(UNSTACK(x))


def stacked(arrays: Sequence[Array]) -> Array:
    """Return an array with the given ones, of one shape, as its rows: the transpose of `rows`."""
    return STACK(gathered(arrays))


def pieces(x: Array, sizes: Sequence[int]) -> list[Array]:
    """Return consecutive slices of an array, of so many rows each.

    Examples
    --------
    >>> pieces(np.array([1.0, 2.0, 3.0]), [2, 1])
    [array([1., 2.]), array([3.])]
    """
    return items(SPLIT(x, sizes=tuple(sizes)))


def joined(arrays: Sequence[Array]) -> Array:
    """Return the given arrays one after the other: the transpose of `pieces`."""
    return JOIN(gathered(arrays))
