"""What a recorded function is made of: nodes, each one application of a rule; and what a rule must be able to do.

A recorded function is the nested composition C(f_L(…f_1(W)…)) of the paper's section I, taken apart: every f is a
`Node`, and what is known of an f, whatever it is applied to, is a `Rule`.
"""

from collections.abc import Callable, Mapping
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

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function

    def sample(self, *operands: Array, **parameters: Any) -> Any:
        """Give a value of the result's shape and type, where no more is asked: by a recording for all values."""
        return self.function(*operands, **parameters)

    def pullback(self, i: int, cotangent: Array, node: "Node") -> Array | None:
        """Carry the cotangent of the node's value back to operand i: (∂value/∂operand_i)ᵀ · cotangent.

        None says that the derivative by operand i is zero wherever it exists.
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


class Item(Rule):
    """One of the arrays that a rule with several results gives: ``value[k]``."""

    __slots__ = ("k",)

    def __init__(self, k: int) -> None:
        super().__init__(f"item {k}", lambda values: values[k])
        self.k = k

    def pullback(self, i: int, cotangent: Array, node: "Node") -> Parts:
        """Give the cotangent its place among zeros for the other arrays."""
        return Parts(cotangent if k == self.k else np.zeros(x.shape, x.dtype) for k, x in enumerate(node.values[0]))

    def pushforward(self, i: int, tangent: Array, node: "Node") -> Array:
        """Take the part of the tangent that belongs to this array."""
        return tangent[self.k]
