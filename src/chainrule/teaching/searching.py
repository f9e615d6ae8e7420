# ruff: noqa: E741  (l is the paper's index of a layer)
"""Finding the mistakes: the fewest, one step of the backward pass after the other, from the last layer to the first.

What a layer should hold is computed from what the layer above handed on, right or wrong; so a mistake is found where it
is made, and what merely follows from it is right. Where δ was not given, it is inferred: every known way to δ^l, right
or mistaken, is tried against the gradients that were.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from chainrule.document import Call, Derivative, Equation, Expression, Product, Symbol, Total, Transposed
from chainrule.teaching.answers import Answer
from chainrule.teaching.hypotheses import of
from chainrule.teaching.passes import Array, Pass
from chainrule.teaching.reports import Mistake

UNRECOGNISED = 3.5
"""What a mistake that nothing explains counts for, against 1 for a known one."""

STATES = 24
"""How many explanations are followed at once."""


@dataclass(frozen=True, eq=False)
class State:
    """An explanation of the layers above: the δ that they handed on, the mistakes, and what they count for."""

    above: Array | None = None
    mistakes: tuple[Mistake, ...] = ()
    price: float = 0.0


def mistakes_in(p: Pass, answer: Answer, tolerance: float) -> State:
    """Return the cheapest explanation of an answer: no mistakes, where it is right.

    Parameters
    ----------
    p : Pass
        The forward pass that the answer belongs to.
    answer : Answer
    tolerance : float
        Relative, of rounding.
    """
    states = [State()]
    for l in range(p.L, 0, -1):
        following = [new for state in states for new in _layer(p, answer, l, state, tolerance)]
        following.sort(key=lambda state: state.price)
        states = [state for state in following if state.price <= following[0].price + 1][:STATES]
    best = min(states, key=lambda state: (state.price, _variety(state)))
    also = [state for state in states if state.price == best.price and state is not best]
    return replace(best, mistakes=tuple(_with_others(mistake, also) for mistake in best.mistakes))


def _variety(state: State) -> int:
    """Count the different names: one mistake made everywhere is likelier than several."""
    return len({mistake.name for mistake in state.mistakes})


def _with_others(mistake: Mistake, states: list[State]) -> Mistake:
    names = [
        other.name
        for state in states
        for other in state.mistakes
        if (other.layer, other.quantity) == (mistake.layer, mistake.quantity) and other.name != mistake.name
    ]
    return replace(mistake, also=tuple(dict.fromkeys((*mistake.also, *names))))


def _layer(p: Pass, answer: Answer, l: int, state: State, tolerance: float) -> Iterator[State]:
    """Explain one layer, given what was handed on to it."""
    for delta, found in _deltas(p, answer, l, state.above, tolerance):
        mistakes = [found] if found else []
        if answer.dW is not None:
            mistakes += _gradient(p, "dW", l, answer.dW[l - 1], delta, tolerance)
        if answer.db is not None:
            mistakes += _gradient(p, "db", l, answer.db[l - 1], delta, tolerance)
        price = sum(UNRECOGNISED if m.name in ("unrecognised", "wrong-shape") else 1.0 for m in mistakes)
        yield State(delta, (*state.mistakes, *mistakes), state.price + price)


def _deltas(
    p: Pass, answer: Answer, l: int, above: Array | None, tolerance: float
) -> list[tuple[Array, Mistake | None]]:
    """Return the δ^l that may have been handed on, each with the mistake that led to it."""
    right = p.delta(l, above)
    given = None if answer.delta is None else answer.delta[l - 1]
    observed = _observed(p, answer, l)
    found: list[tuple[Array, Mistake | None]] = []
    if given is None:
        found.append((right, None))
    elif same(given, right, _size(p, l, above), tolerance):
        return [(given, None)]
    for hypothesis in of("delta"):
        for result in hypothesis.compute(p, l, above):
            delta = _settled(result, given, observed)
            if delta is None or delta.shape != right.shape or same(delta, right, _size(p, l, above), tolerance):
                continue
            if given is None or same(given, delta, np.maximum(_size(p, l, above), np.abs(delta)), tolerance):
                words = hypothesis.explanation.format(l=l, k=l + 1)
                mistake = Mistake(hypothesis.name, l, "delta", words, (), formula("delta", l, p.L), given, right)
                found.append((delta if given is None else given, mistake))
    if given is None:
        return found
    if found:
        names = tuple(dict.fromkeys(m.name for _, m in found if m is not None))
        delta, first = found[0]
        assert first is not None
        return [(delta, replace(first, also=tuple(name for name in names if name != first.name)))]
    return [(given if given.shape == right.shape else right, _unknown("delta", l, given, right, p))]


def _settled(
    result: Array | tuple[Array, Array], given: Array | None, observed: tuple[Array, Array] | None
) -> Array | None:
    """Return what a mistaken step came to; of p − η q, with the η that fits what was given best."""
    if not isinstance(result, tuple):
        return result
    first, second = result
    if given is not None:
        target, p, q = given, first, second
    elif observed is not None:
        target, source = observed
        p, q = first @ source, second @ source
    else:
        return None
    if target.shape != p.shape:
        return None
    denominator = float(np.sum(q * q))
    eta = float(np.sum((p - target) * q)) / denominator if denominator else 0.0
    return first - eta * second if eta > 0 else None


def _observed(p: Pass, answer: Answer, l: int) -> tuple[Array, Array] | None:
    """Return a gradient of layer l that is δ^l times something known, and that."""
    if answer.dW is not None and answer.dW[l - 1].shape == (p.W[l].shape):
        return answer.dW[l - 1], p.a[l - 1].T / p.m
    if answer.db is not None and answer.db[l - 1].shape == p.b[l].shape:
        return answer.db[l - 1][:, np.newaxis], np.full((p.m, 1), 1 / p.m)
    return None


def _gradient(p: Pass, quantity: str, l: int, given: Array, delta: Array, tolerance: float) -> list[Mistake]:
    """Return the mistake in a gradient, given the δ^l that it is made from; none where it is right."""
    right = p.by_weights(l, delta) if quantity == "dW" else p.by_biases(l, delta)
    factor = np.abs(p.a[l - 1]).T if quantity == "dW" else np.ones((p.m, 1))
    size = np.abs(delta) @ factor / p.m
    size = size if quantity == "dW" else size[:, 0]
    if same(given, right, size, tolerance):
        return []
    names = []
    first: Mistake | None = None
    for hypothesis in of(quantity):
        for result in hypothesis.compute(p, l, delta):
            assert not isinstance(result, tuple)
            if same(given, result, np.maximum(np.max(size, initial=0), np.abs(result)), tolerance):
                names.append(hypothesis.name)
                words = hypothesis.explanation.format(l=l, k=l + 1)
                found = Mistake(hypothesis.name, l, quantity, words, (), formula(quantity, l, p.L), given, right)
                first = first or found
    if first is not None:
        return [replace(first, also=tuple(dict.fromkeys(name for name in names if name != first.name)))]
    return [_unknown(quantity, l, given, right, p)]


def _unknown(quantity: str, l: int, given: Array, right: Array, p: Pass) -> Mistake:
    n = p.b[l].size
    expected = formula(quantity, l, p.L)
    written = {"delta": f"δ^{l}", "dW": f"∂C/∂W^{l}", "db": f"∂C/∂b^{l}"}[quantity]
    if given.shape == right.shape:
        if not np.all(np.isfinite(given)):
            return Mistake("not-finite", l, quantity, f"{written} holds NaN or infinity.", (), expected, given, right)
        words = f"{written} is wrong, and none of the known mistakes gives these numbers."
        return Mistake("unrecognised", l, quantity, words, (), expected, given, right)
    shapes = f"{written} has shape {given.shape}, and should have {_asked(right, quantity)}"
    if quantity != "dW" and given.shape == (n, n) and n > 1:
        words = f"{shapes}: a vector ({n},) met a column ({n}, 1), and NumPy made a matrix of all pairs of them."
        return Mistake("broadcasting", l, quantity, words, (), expected, given, right)
    if quantity == "dW" and given.ndim == 2 and given.shape[0] == n * n and n > 1:
        words = f"{shapes}: a vector met a column, and NumPy made a matrix of all pairs of them."
        return Mistake("broadcasting", l, quantity, words, (), expected, given, right)
    return Mistake("wrong-shape", l, quantity, f"{shapes}.", (), expected, given, right)


def _asked(right: Array, quantity: str) -> str:
    if quantity == "delta" and right.shape[1] == 1:
        return f"({right.shape[0]},) or {right.shape}"
    return f"{right.shape}"


def _size(p: Pass, l: int, above: Array | None) -> Array:
    """Return how large the terms are that δ^l is the sum of: what rounding is measured by."""
    if above is None or l == p.L:
        scale = np.abs(p.a[p.L]) + np.abs(p.y)
        return np.asarray(scale * np.maximum(np.abs(p.slope(p.L)), 1e-3) if p.cost == "quadratic" else scale)
    return np.asarray((np.abs(p.W[l + 1]).T @ np.abs(above)) * np.abs(p.slope(l)))


def same(given: Array, right: Array, size: Array, tolerance: float) -> bool:
    """Say whether numbers agree to within rounding, measured by the size of what they were summed from."""
    if given.shape != right.shape:
        return False
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.abs(given - right) <= tolerance * (size + np.max(size, initial=0) * 0.1) + 1e-300))


def formula(quantity: str, l: int, L: int) -> Expression:
    """Write what should stand there (IV.4)."""
    delta, C = Symbol("delta", str(l)), Symbol("C")
    if quantity == "dW":
        right: Expression = Product((delta, Transposed(Symbol("a", str(l - 1)))))
        return Equation((Derivative(C, Symbol("W", str(l))), right), ("=",))
    if quantity == "db":
        return Equation((Derivative(C, Symbol("b", str(l))), delta), ("=",))
    slope = Call("sigma'", (Symbol("z", str(l)),))
    if l == L:
        return Equation((delta, Product((Derivative(C, Symbol("a", str(l))), slope), "⊙")), ("=",))
    carried = Product((Transposed(Symbol("W", str(l + 1))), Symbol("delta", str(l + 1))))
    return Equation((delta, Product((carried, slope), "⊙")), ("=",))


__all__ = ["State", "Total", "formula", "mistakes_in", "same"]
