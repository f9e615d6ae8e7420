"""A network's derivation in the paper's language: layer by layer, from z^l and a^l to δ^l, and the update."""

# ruff: noqa: E741  (l is the paper's index of a layer)

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.derivation import Derivation, Names, Update, derive_named
from chainrule.document import Derivative, Equation, Product, Symbol, Total
from chainrule.graph.node import Array
from chainrule.graph.tracer import Recording, Tracer
from chainrule.networks.activations import Activation
from chainrule.networks.costs import Cost


def derivation_of(
    W: Sequence[Array],
    b: Sequence[Array],
    x: Array,
    y: Array,
    activation: Activation,
    cost: Cost,
    eta: float,
    *,
    full: bool,
) -> Derivation:
    """Derive the cost of an example, or the mean cost of a batch, by all weights and biases (IV.4).

    Parameters
    ----------
    W, b : list of arrays
        W^1..W^L of shape (n_l, n_{l-1}) and b^1..b^L of shape (n_l,).
    x, y : array
        An example (n_0,) and its target (n_L,), or a batch with one example a row; there the examples become columns.
    activation, cost : Activation, Cost
        σ and C.
    eta : float
        The learning rate of the update at the end.
    full : bool
        Whether to form every Jacobian and tensor.
    """
    L, batch = len(W), x.ndim > 1

    def network(names: Names, recording: Recording, W: list[Array], b: list[Array]) -> Array:
        def named(value: Any, text: str, cotangent: str = "") -> Any:
            names.call(value, text, recording)
            if cotangent and type(value) is Tracer:
                names.of_cotangents[value._node] = cotangent
            return value

        target = named(np.ascontiguousarray(y.T), "y")
        a = named(np.ascontiguousarray(x.T), "a^0")
        z = a
        for l in range(1, L + 1):
            column = b[l - 1][:, np.newaxis] if batch else b[l - 1]
            z = named(W[l - 1] @ a + column, f"z^{l}", f"delta^{l}")
            a = named(activation.function(z), f"a^{l}") if activation.name != "identity" else z
        C = cost.total(z, a, target)
        return named(C / len(x) if batch else C, "C")

    labels = [f"{letter}^{l}" for letter in "Wb" for l in range(1, L + 1)]
    found = derive_named(network, (list(W), list(b)), (0, 1), labels, full=full)
    layers = {q.key: int(q.symbol.above) for q in found.quantities if q.symbol.above.isdigit()}
    quantities = tuple(dataclasses.replace(q, layer=layers.get(q.key)) for q in found.quantities)
    result = next(q for q in quantities if q.key == found.result.key)
    return dataclasses.replace(
        found, name="the network", quantities=quantities, result=result, updates=_updates(found, eta)
    )


def _updates(derivation: Derivation, eta: float) -> tuple[Update, ...]:
    """Write W^l ← W^l − η ∂C/∂W^l for every parameter (II.3)."""
    C = derivation.result.symbol
    found = []
    for q in derivation.quantities:
        if q.wanted:
            change = Product((Symbol("eta"), Derivative(C, q.symbol)))
            formula = Equation((q.symbol, Total((q.symbol, change), (False, True))), ("←",))
            found.append(
                Update(q.key, formula, eta, q.value - q.value.dtype.type(eta) * derivation.step(q.key).cotangent)
            )
    return tuple(found)
