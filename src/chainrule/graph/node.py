"""What a recorded function is made of: nodes, each one application of a rule; and what a rule must be able to do.

A recorded function is the nested composition C(f_L(…f_1(W)…)) of the paper's section I, taken apart: every f is a
`Node`, and what is known of an f, whatever it is applied to, is a `Rule`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""An ndarray, a NumPy scalar, or a tracer that stands for one while a function is being recorded."""


class Rule:
    """All that is known of one primitive: how it is computed, and its local derivative.

    The kinds of rule (`chainrule.rules.kinds`) derive both directions from the one piece of mathematics that is
    peculiar to a primitive: its partial derivatives, or its transpose.

    Parameters
    ----------
    name : str
        The primitive's name, as NumPy or the user spells it.
    function : callable
        Computes the primitive: ``function(*operands, **parameters)``. Operands are the arrays that a derivative may
        be taken by; parameters are everything else (axes, shapes, flags).
    """

    __slots__ = ("function", "name")

    write_back: Callable[..., Any] | None = None
    """Where the result may share the first operand's memory, as a slice does: ``write_back(operand, result, …)`` gives
    that operand with the result put back in its place. None: the result has memory of its own."""

    pullbacks_of_all: Callable[..., Sequence[Array]] | None = None
    """Where the operands may be very many, and are handed parts of the cotangent: ``pullbacks_of_all(cotangent, node)``
    gives what `pullback` gives for each of them, for the price of one. None: `pullback` is called for each."""

    pushforward_of_all: Callable[..., Array] | None = None
    """Likewise ``pushforward_of_all(tangents, node)``, with the tangents by the numbers of the operands, gives the sum
    of what `pushforward` gives for each."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function

    def sample(self, *operands: Array, **parameters: Any) -> Any:
        """Give a value of the result's shape and type, where no more is asked: by a recording for all values."""
        return self.function(*operands, **parameters)

    def pullback(self, i: int, cotangent: Array, node: "Node") -> Array | None:
        """Carry the cotangent of the node's value back to operand i: (∂value/∂operand_i)ᵀ · cotangent.

        None says that the derivative by operand i is zero wherever it exists. Where the result is one part of many,
        it comes as `Collected`.
        """
        raise TypeError(f"the rule of {self.name} states no derivative")

    def pushforward(self, i: int, tangent: Array, node: "Node") -> Array | None:
        """Carry a tangent of operand i forward to the node's value: ∂value/∂operand_i · tangent, or None for zero."""
        raise TypeError(f"the rule of {self.name} states no derivative")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} rule {self.name}>"


class Node:
    """One application of a rule in a recorded function.

    Attributes
    ----------
    rule : Rule
        What was applied.
    operands : tuple
        What it was applied to: a `Node` where the operand was itself recorded, else the constant.
    values : tuple
        The operands' values when the node was recorded.
    parameters : mapping
        The rest of the arguments: axes, shapes, flags.
    value : array
        The result. While a derivative is itself being recorded, it is a tracer of that outer recording.
    """

    __slots__ = ("operands", "parameters", "rule", "value", "values")

    def __init__(
        self,
        rule: Rule,
        operands: tuple[Any, ...],
        values: tuple[Array, ...],
        parameters: Mapping[str, Any],
        value: Array,
    ) -> None:
        self.rule = rule
        self.operands = operands
        self.values = values
        self.parameters = parameters
        self.value = value

    def __repr__(self) -> str:
        return f"<node {self.rule.name} {getattr(self.value, 'shape', ())}>"


class Parts(tuple[Any, ...]):
    """The cotangent, or the tangent, of a node whose value is several arrays: one for each of them."""

    __slots__ = ()
    dtype = np.dtype(object)  # neither real nor complex: its parts are

    def __add__(self, other: "Parts") -> "Parts":  # type: ignore[override]  # a sum of vectors
        return Parts(a + b for a, b in zip(self, other, strict=True))


class Collected:
    """A cotangent or a tangent in the making: what arrives for it, one by one, and is put together only once.

    To give each of n parts zeros all around it, and to add these up, would cost n².
    """

    __slots__ = ()
    dtype: Any

    def add(self, other: Any) -> None:
        """Add what arrives later: of the same kind, or whole. The other must be in no further use."""
        raise NotImplementedError

    def whole(self, value: Any) -> Any:
        """Put the parts together: the cotangent or the tangent of a value."""
        raise NotImplementedError


class Shares(dict[int, Any], Collected):
    """The cotangent or the tangent of a node whose value is several arrays: by its place, each that is not zero."""

    __slots__ = ()
    dtype = np.dtype(object)

    def add(self, other: "Shares") -> None:
        """Add the shares that arrive later, each to the one in its place."""
        for k, share in other.items():
            self[k] = self[k] + share if k in self else share

    def whole(self, value: Any) -> Any:
        """Fill up with zeros what a rule takes as one tuple; a bundle's shares stay as they are."""
        if type(value) is not tuple:
            return self
        return Parts(self[k] if k in self else np.zeros(x.shape, x.dtype) for k, x in enumerate(value))


def added(known: Any, contribution: Any) -> Any:
    """Return the sum of what arrived for a node until now and of what arrives now."""
    if isinstance(known, Collected):
        known.add(contribution)
        return known
    if isinstance(contribution, Collected):
        contribution.add(known)
        return contribution
    return known + contribution


def whole(v: Any, value: Any) -> Any:
    """Return the cotangent or the tangent of a value, put together where it is still in the making."""
    return v.whole(value) if isinstance(v, Collected) else v


def lent(v: Any) -> Any:
    """Return an array of the user's as one that cannot be written into, nor can any view of it; or v, if it is none."""
    if not isinstance(v, np.ndarray):
        return v
    view = v.view()
    view.flags.writeable = False
    return view


class Item(Rule):
    """One of the arrays that a rule with several results gives: ``value[k]``."""

    __slots__ = ("k",)

    def __init__(self, k: int) -> None:
        super().__init__(f"item {k}", lambda values: values[k])
        self.k = k

    def pullback(self, i: int, cotangent: Array, node: "Node") -> Shares:
        """Give the cotangent its place among the arrays."""
        return Shares({self.k: cotangent})

    def pushforward(self, i: int, tangent: Array, node: "Node") -> Array:
        """Take the part of the tangent that belongs to this array."""
        return tangent[self.k]
