# ruff: noqa: E741  (l is the paper's index of a layer)
"""The mistakes that are known: each is one row that says how the mistaken step computes, and what to say of it.

To make another mistake known, add a row. Those that are likelier stand first: where two give the same numbers, the
first names them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from chainrule.teaching.passes import Array, Pass

Found = Iterator[Array | tuple[Array, Array]]
"""What a mistaken step gives: an array, or a pair (p, q) that stands for p − η q, with a learning rate η unknown."""


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A mistake in one quantity of one layer.

    Attributes
    ----------
    name, quantity, explanation : str
        As in a `Mistake`; in the explanation, {l} is the layer and {k} the one above it.
    compute : callable
        ``compute(pass, l, given)`` yields what the mistaken step may come to: for "delta", given is δ^(l+1) as it was
        handed on (None for l = L); for the others it is δ^l.
    """

    name: str
    quantity: str
    explanation: str
    compute: Callable[[Pass, int, Array | None], Found]


HYPOTHESES: list[Hypothesis] = []

Compute = Callable[[Pass, int, Array | None], Found]


def _mistake(name: str, quantity: str, explanation: str) -> Callable[[Compute], Compute]:
    def enter(compute: Compute) -> Compute:
        HYPOTHESES.append(Hypothesis(name, quantity, explanation, compute))
        return compute

    return enter


def _outer_derivative(p: Pass, l: int, above: Array | None) -> Array:
    """Return ∂C/∂a^l: what δ^l is before σ' comes to it."""
    if l < p.L:
        assert above is not None
        return np.asarray(p.W[l + 1].mT @ above)
    a, y = p.a[p.L], p.y
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(a - y if p.cost == "quadratic" else (a - y) / (a * (1 - a)))


# δ^l


@_mistake("target-minus-output", "delta", "δ^{l} has the wrong sign: it begins with a − y, and here y − a was taken.")
def _target_minus_output(p: Pass, l: int, above: Array | None) -> Found:
    if l == p.L:
        yield -p.delta(l, above)


@_mistake("sign", "delta", "δ^{l} has the wrong sign.")
def _sign(p: Pass, l: int, above: Array | None) -> Found:
    if l < p.L:
        yield -p.delta(l, above)


@_mistake(
    "sigma-prime-missing", "delta", "the factor σ'(z^{l}) is missing in δ^{l}: ∂C/∂z^{l} = ∂C/∂a^{l} ⊙ σ'(z^{l})."
)
def _slope_missing(p: Pass, l: int, above: Array | None) -> Found:
    yield _outer_derivative(p, l, above)


@_mistake(
    "cross-entropy-delta", "delta",
    "δ^{l} = a − y belongs to cross-entropy; with the quadratic cost the factor σ'(z^{l}) does not cancel.",
)  # fmt: skip
def _cross_entropy_delta(p: Pass, l: int, above: Array | None) -> Found:
    if l == p.L and p.cost == "quadratic":
        yield p.a[l] - p.y


@_mistake(
    "quadratic-delta", "delta",
    "δ^{l} = (a − y) ⊙ σ'(z^{l}) belongs to the quadratic cost; with cross-entropy σ' cancels, and a − y is left.",
)  # fmt: skip
def _quadratic_delta(p: Pass, l: int, above: Array | None) -> Found:
    if l == p.L and p.cost != "quadratic":
        yield (p.a[l] - p.y) * p.slopes[l]


@_mistake(
    "dC/da-as-delta", "delta",
    "∂C/∂a^{l} was handed on as δ^{l}; δ^{l} is ∂C/∂z^{l}, which has the factor σ'(z^{l}) as well.",
)  # fmt: skip
def _activation_derivative(p: Pass, l: int, above: Array | None) -> Found:
    yield _outer_derivative(p, l, above)
    if l < p.L:  # where the layer above was mistaken so too, σ' comes in one layer late
        assert above is not None
        yield p.W[l + 1].mT @ (above * p.slopes[l + 1])


@_mistake("sigma-prime-of-a", "delta", "σ' was taken at a^{l}; it is σ'(z^{l}).")
def _slope_of_a(p: Pass, l: int, above: Array | None) -> Found:
    outer = _outer_derivative(p, l, above)
    yield outer * p.slope_at(p.a[l])
    if p.activation in ("sigmoid", "tanh"):  # σ' written by σ's own value, of z in its place
        yield outer * (p.z[l] * (1 - p.z[l]) if p.activation == "sigmoid" else 1 - p.z[l] ** 2)


@_mistake("sigma-prime-wrong-layer", "delta", "σ' was taken at the z of another layer; in δ^{l} it is σ'(z^{l}).")
def _slope_of_another_layer(p: Pass, l: int, above: Array | None) -> Found:
    outer = _outer_derivative(p, l, above)
    for k in range(1, p.L + 1):
        if k != l and p.z[k].shape == outer.shape:
            yield outer * p.slopes[k]
    if l < p.L and above is not None:
        yield p.W[l + 1].mT @ (above * p.slopes[l + 1])
    if l > 1 and p.a[l - 1].shape == outer.shape:
        yield outer * p.slope_at(p.a[l - 1])


@_mistake("W-not-transposed", "delta", "W^{k} was used in place of its transpose: δ^{l} = (W^{k})ᵀ δ^{k} ⊙ σ'(z^{l}).")
def _not_transposed(p: Pass, l: int, above: Array | None) -> Found:
    if l < p.L and above is not None and p.W[l + 1].shape[-1] == p.W[l + 1].shape[-2]:
        yield (p.W[l + 1] @ above) * p.slopes[l]


@_mistake("wrong-layer-W", "delta", "the weights of another layer were used: δ^{l} comes from δ^{k} by W^{k}.")
def _weights_of_another_layer(p: Pass, l: int, above: Array | None) -> Found:
    if l == p.L or above is None:
        return
    for k in range(1, p.L + 1):
        if k != l + 1:
            if p.W[k].shape == p.W[l + 1].shape:
                yield (p.W[k].mT @ above) * p.slopes[l]
            if p.W[k].shape == p.W[l + 1].mT.shape:
                yield (p.W[k] @ above) * p.slopes[l]


@_mistake(
    "update-before-gradient", "delta",
    "W^{k} was updated before δ^{l} was computed from it; find all gradients first, then change the weights.",
)  # fmt: skip
def _updated_too_soon(p: Pass, l: int, above: Array | None) -> Found:
    if l < p.L and above is not None:
        slope = p.slopes[l]
        yield (p.W[l + 1].mT @ above) * slope, (p.by_weights(l + 1, above).mT @ above) * slope


@_mistake("factor-2", "delta", "δ^{l} is twice what it should be; ½‖a − y‖² has the derivative a − y, without a 2.")
def _twice(p: Pass, l: int, above: Array | None) -> Found:
    yield 2 * p.delta(l, above)


@_mistake("factor-half", "delta", "δ^{l} is half of what it should be; the ½ of ½‖a − y‖² cancels the 2.")
def _half(p: Pass, l: int, above: Array | None) -> Found:
    yield 0.5 * p.delta(l, above)


@_mistake("mean-for-sum", "delta", "δ^{l} is divided by the number of examples once too often.")
def _divided(p: Pass, l: int, above: Array | None) -> Found:
    if p.m > 1:
        yield p.delta(l, above) / p.m


@_mistake("sum-for-mean", "delta", "δ^{l} is multiplied by the number of examples; C is the mean of their costs.")
def _multiplied(p: Pass, l: int, above: Array | None) -> Found:
    if p.m > 1:
        yield p.delta(l, above) * p.m


# ∂C/∂W^l


def _needed(delta: Array | None) -> Array:
    assert delta is not None
    return delta


@_mistake("transposed", "dW", "∂C/∂W^{l} is transposed: it is δ^{l} (a^(l−1))ᵀ, of the shape of W^{l}.")
def _transposed(p: Pass, l: int, delta: Array | None) -> Found:
    yield p.by_weights(l, _needed(delta)).mT


@_mistake("wrong-layer-activation", "dW", "the activation of another layer was used: ∂C/∂W^{l} = δ^{l} (a^(l−1))ᵀ.")
def _another_activation(p: Pass, l: int, delta: Array | None) -> Found:
    for k in range(p.L + 1):
        if k != l - 1:
            yield _needed(delta) @ p.a[k].mT / p.m


@_mistake("z-for-a", "dW", "z^(l−1) was used in place of a^(l−1): ∂C/∂W^{l} = δ^{l} (a^(l−1))ᵀ.")
def _before_activation(p: Pass, l: int, delta: Array | None) -> Found:
    if l > 1:
        yield _needed(delta) @ p.z[l - 1].mT / p.m


# ∂C/∂b^l


@_mistake("bias-not-summed", "db", "∂C/∂b^{l} was not summed over the examples of the batch.")
def _not_summed(p: Pass, l: int, delta: Array | None) -> Found:
    if p.m > 1:
        for columns in (_needed(delta), _needed(delta) / p.m):
            yield columns
            yield columns.mT


@_mistake("bias-times-activation", "db", "∂C/∂b^{l} was multiplied by an activation; it is δ^{l} itself.")
def _times_activation(p: Pass, l: int, delta: Array | None) -> Found:
    delta = _needed(delta)
    for k in range(p.L + 1):
        if p.a[k].shape == delta.shape:
            yield (delta * p.a[k]).sum(axis=-1) / p.m
        yield delta @ p.a[k].mT / p.m
    yield np.sum(delta * np.sum(p.a[l - 1], axis=-2, keepdims=True), axis=-1) / p.m


def _scaled(quantity: str, right: Callable[[Pass, int, Array], Array], written: str) -> None:
    """Enter what the gradients have in common: a sign, a factor, a sum for a mean."""

    def scale(factor: Callable[[Pass], float]) -> Compute:
        def compute(p: Pass, l: int, delta: Array | None) -> Found:
            if factor(p) != 1:
                yield factor(p) * right(p, l, _needed(delta))

        return compute

    rows: list[tuple[str, str, Callable[[Pass], float]]] = [
        ("sign", f"{written} has the wrong sign.", lambda p: -1),
        (
            "sum-for-mean",
            f"{written} is the sum over the examples; C is their mean, so it is divided by m.",
            lambda p: p.m,
        ),
        ("mean-for-sum", f"{written} is divided by the number of examples once too often.", lambda p: 1 / p.m),
        ("factor-2", f"{written} is twice what it should be.", lambda p: 2),
        ("factor-half", f"{written} is half of what it should be.", lambda p: 0.5),
    ]
    for name, explanation, factor in rows:
        HYPOTHESES.append(Hypothesis(name, quantity, explanation, scale(factor)))


_scaled("dW", Pass.by_weights, "∂C/∂W^{l}")
_scaled("db", Pass.by_biases, "∂C/∂b^{l}")


def of(quantity: str) -> list[Hypothesis]:
    """Return the known mistakes in one quantity."""
    return [one for one in HYPOTHESES if one.quantity == quantity]
