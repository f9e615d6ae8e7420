# ruff: noqa: E741  (l is the paper's index of a layer)
"""One backward pass of a network, with every quantity that right and mistaken formulas are made of.

Examples stand as columns: δ^l has the shape (n_l, m) and is that of each example's own cost, not divided by m. The
gradients are those of the mean cost (Amayed, "A Guided Derivation of Backpropagation Algorithm", IV.4).

Several points, each with weights and examples of its own, are gone through at once: they are the first axis, P, of
every array. A formula is then held against all of them together, and what fits one of them by coincidence is not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.networks.activations import ACTIVATIONS
from chainrule.networks.costs import COSTS

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pass:
    """A forward pass, and what a backward pass takes from it. Lists count as the paper does: ``W[l]`` is W^l.

    Attributes
    ----------
    W, b, z, a, slopes : list of arrays
        ``W[1]``…, of shape (P, n_l, n_{l-1}); ``b[1]``… (P, n_l); ``z[1]``…, ``a[0]``… and σ'(z^l), ``slopes[1]``…
        (P, n_l, m).
    y : array of shape (P, n_L, m)
    activation, cost : str
    """

    W: list[Array]
    b: list[Array]
    z: list[Array]
    a: list[Array]
    slopes: list[Array]
    y: Array
    activation: str
    cost: str

    @property
    def L(self) -> int:  # noqa: N802  (the paper's letter)
        """The number of layers with weights."""
        return len(self.W) - 1

    @property
    def m(self) -> int:
        """The number of examples."""
        return int(self.y.shape[-1])

    def slope_at(self, z: Array) -> Array:
        """Return σ' of another array than z^l."""
        sigma = ACTIVATIONS[self.activation]
        return np.asarray(sigma.derivative(z, sigma.function(z)), np.float64)

    def first_delta(self) -> Array:
        """Return δ^L = ∂C/∂a^L ⊙ σ'(z^L)."""
        return np.asarray(COSTS[self.cost].delta(self.a[self.L], self.y, self.slopes[self.L]))

    def delta(self, l: int, above: Array | None) -> Array:
        """Return δ^l = (W^(l+1))ᵀ δ^(l+1) ⊙ σ'(z^l), from the δ^(l+1) that was handed on."""
        if above is None or l == self.L:
            return self.first_delta()
        return np.asarray((self.W[l + 1].mT @ above) * self.slopes[l])

    def by_weights(self, l: int, delta: Array) -> Array:
        """Return ∂C/∂W^l = δ^l (a^(l-1))ᵀ, the mean over the examples."""
        return np.asarray(delta @ self.a[l - 1].mT / self.m)

    def by_biases(self, l: int, delta: Array) -> Array:
        """Return ∂C/∂b^l = δ^l, the mean over the examples."""
        return np.asarray(delta.sum(axis=-1) / self.m)


def forward(W: Sequence[Array], b: Sequence[Array], x: Array, y: Array, activation: str, cost: str) -> Pass:
    """Go forward in double precision.

    Parameters
    ----------
    W, b : sequence of arrays
        W^1… of shape (P, n_l, n_{l-1}), b^1… (P, n_l).
    x, y : array
        (P, n_0, m) and (P, n_L, m): the examples as columns.
    activation, cost : str
    """
    sigma = ACTIVATIONS[activation]
    none = np.empty(0)  # lists count from 1
    weights = [none, *(np.asarray(w, np.float64) for w in W)]
    biases = [none, *(np.asarray(v, np.float64) for v in b)]
    z, a, slopes = [none], [np.asarray(x, np.float64)], [none]
    for l in range(1, len(weights)):
        z.append(weights[l] @ a[l - 1] + biases[l][..., np.newaxis])
        a.append(np.asarray(sigma.function(z[l])))
        slopes.append(np.asarray(sigma.derivative(z[l], a[l]), np.float64))
    return Pass(weights, biases, z, a, slopes, np.asarray(y, np.float64), activation, cost)
