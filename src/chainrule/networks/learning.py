"""What a network's training goes down: its mean cost over a mini-batch, with the gradient."""

import functools
from collections.abc import Callable, Sequence

import numpy as np

from chainrule.compiler import compile as compiled
from chainrule.compiler.compiled import Compiled
from chainrule.differentiation import value_and_grad
from chainrule.graph.node import Array
from chainrule.networks import formulas
from chainrule.networks.activations import Activation
from chainrule.networks.costs import Cost

MeanCost = Callable[[Sequence[Array], Sequence[Array], Array, Array], Array]


@functools.cache
def mean_cost(activation: Activation, cost: Cost) -> MeanCost:
    """Return C of weights, biases, examples and targets, in ordinary NumPy: what is differentiated.

    Parameters
    ----------
    activation, cost : Activation, Cost
        σ and C.

    Returns
    -------
    callable
        ``mean_cost(W, b, x, y)``: the cost of an example, or the mean over a batch with one example a row.
    """

    def mean_cost(W: Sequence[Array], b: Sequence[Array], x: Array, y: Array) -> Array:
        z, a = formulas.forward(W, b, x, activation)
        examples = 1 if x.ndim == 1 else len(x)
        return np.sum(cost.terms(z[-1], a[-1], y)) / examples

    return mean_cost


@functools.cache
def cost_and_gradient(activation: Activation, cost: Cost) -> Compiled:
    """Return C and its gradient by W^1..W^L and b^1..b^L in one list, for `chainrule.descent.gradient_descent`.

    It is one function for all networks of this kind: what is compiled for it serves every network of the same sizes.

    Parameters
    ----------
    activation, cost : Activation, Cost
        σ and C.
    """
    C = mean_cost(activation, cost)

    def mean_cost_of(theta: list[Array], x: Array, y: Array) -> Array:
        L = len(theta) // 2
        return C(theta[:L], theta[L:], x, y)

    return compiled(value_and_grad(mean_cost_of))
