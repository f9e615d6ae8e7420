"""The activations a = σ(z) of the paper's section II.1, each with its derivative σ'(z)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chainrule.compiler.lowering.table import lowers
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Value
from chainrule.graph.node import Array, Node
from chainrule.rules import primitive


# Far to the left exp(-z) overflows to infinity, and 1 / (1 + infinity) is the right limit.
@primitive(partials=lambda z, a: a * (1 - a))
@np.errstate(over="ignore")
def sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + exp(-z)), between 0 and 1."""
    a = np.exp(-z)
    a += 1
    return np.reciprocal(a)


@primitive(partials=lambda z, a: a > 0)
def relu(z: Array) -> Array:
    """Return the larger of z and 0; the derivative at the corner is taken to be 0."""
    return np.maximum(z, 0)


@lowers(sigmoid)
def _sigmoid(builder: Builder, node: Node, z: Value) -> Value:
    return builder.map("expit", z, dtype=z.dtype)


@lowers(relu)
def _relu(builder: Builder, node: Node, z: Value) -> Value:
    return builder.map("maximum", z, builder.constant(np.zeros((), z.dtype)), dtype=z.dtype)


@dataclass(frozen=True)
class Activation:
    """A function σ applied to every entry of z, with its derivative.

    Attributes
    ----------
    name : str
        What `Network(activation=...)` calls it.
    function : callable
        σ: z -> a, an array of the same shape.
    derivative : callable
        σ'(z) as ``derivative(z, a)``, from z or from a = σ(z), whichever makes it cheaper.
    """

    name: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("sigmoid", sigmoid, lambda z, a: a * (1 - a)),
        Activation("tanh", np.tanh, lambda z, a: 1 - a * a),
        Activation("relu", relu, lambda z, a: (a > 0).astype(a.dtype)),
        Activation("identity", lambda z: z, lambda z, a: np.ones_like(a)),
    )
}
