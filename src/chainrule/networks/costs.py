"""The costs C(a^L, y), each with ∂C/∂a^L and with δ^L = ∂C/∂z^L, where the backward pass begins."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chainrule.graph.node import Array


@dataclass(frozen=True)
class Cost:
    """How far an output a^L = σ(z^L) is from the target y: a sum over the output units.

    Attributes
    ----------
    name : str
        What `Network(cost=...)` calls it.
    terms : callable
        ``terms(z, a, y)`` gives what each output unit adds to C, in an array of a's shape: C is their sum over the
        last axis. It takes z as well as a, because the logarithm of an a that was rounded to 0 or 1 is lost.
    derivative : callable
        ∂C/∂a^L as ``derivative(a, y)``.
    delta : callable
        δ^L = ∂C/∂z^L as ``delta(a, y, slope)``, where slope is σ'(z^L).
    total : callable
        ``total(z, a, y)`` gives C itself, as a formula is written: what a network's derivation shows.
    activation : str or None
        The only activation that this cost is defined for; None for all.

    References
    ----------
    The quadratic cost and its derivatives: Amayed, "A Guided Derivation of Backpropagation Algorithm", II.2 and IV.4.
    Cross-entropy: Nielsen, "Neural Networks and Deep Learning", chapter 3.
    """

    name: str
    terms: Callable[[Array, Array, Array], Array]
    derivative: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array, Array], Array]
    total: Callable[[Array, Array, Array], Array]
    activation: str | None = None


def _quadratic_terms(z: Array, a: Array, y: Array) -> Array:
    # C = ½ ‖a - y‖²
    error = a - y
    return 0.5 * error * error


def _cross_entropy_terms(z: Array, a: Array, y: Array) -> Array:
    # C = -Σ y log a + (1 - y) log(1 - a), with a = σ(z) put in: log(1 + e^z) - y z, which is finite for every z.
    return np.logaddexp(0, z) - y * z


COSTS = {
    cost.name: cost
    for cost in (
        Cost(
            "quadratic",
            terms=_quadratic_terms,
            derivative=lambda a, y: a - y,
            delta=lambda a, y, slope: (a - y) * slope,
            total=lambda z, a, y: 0.5 * np.sum((a - y) ** 2),
        ),
        Cost(
            "cross_entropy",
            terms=_cross_entropy_terms,
            derivative=lambda a, y: (a - y) / (a * (1 - a)),
            # The slope σ'(z) = a (1 - a) is the denominator of ∂C/∂a and cancels.
            delta=lambda a, y, slope: a - y,
            total=lambda z, a, y: np.sum(np.logaddexp(0, z) - y * z),
            activation="sigmoid",
        ),
    )
}
