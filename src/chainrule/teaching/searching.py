# ruff: noqa: E741  (l is the paper's index of a layer)
"""Finding the mistakes: the fewest, one step of the backward pass after the other, from the last layer to the first.

What a layer should hold is computed from what the layer above handed on, right or wrong; so a mistake is found where it
is made, and what merely follows from it is right. Where δ was not given, it is inferred: every known way to δ^l, right
or mistaken, is tried against the gradients that were.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from chainrule.teaching.answers import Answer
from chainrule.teaching.hypotheses import of
from chainrule.teaching.naming import Difference, settled
from chainrule.teaching.passes import Array, Pass
from chainrule.teaching.reports import Mistake, formula
from chainrule.teaching.rounding import Precision, Rounding, same

PRICES = {"unrecognised": 3.5, "wrong-shape": 4.0, "not-finite": 4.0, "broadcasting": 1.5}
"""What a mistake counts for that no formula explains, against 1 for one whose numbers are known."""

MARGIN = 1.0
"""An explanation is followed if it costs so much more than the cheapest: a layer below may turn the order."""

STATES = 24
"""How many explanations are followed at once."""


@dataclass(frozen=True, eq=False)
class State:
    """An explanation of the layers above: the δ that they handed on, the mistakes, and what they count for.

    Attributes
    ----------
    above : array of shape (P, n_l, m), or None
    doubt : array of shape (P, n_l, m), or None
        How far rounding may have put δ off what was handed on in truth: where δ was inferred, it adds up.
    """

    above: Array | None = None
    doubt: Array | None = None
    mistakes: tuple[Mistake, ...] = ()
    price: float = 0.0


class Draft(NamedTuple):
    """A state with one layer more, of which some gradients are wrong that are not named yet."""

    state: State
    wrong: list[Difference]

    @property
    def least(self) -> float:
        """What it will cost at least."""
        return self.state.price + len(self.wrong)


def mistakes_in(p: Pass, answer: Answer, precision: Precision) -> State:
    """Return the cheapest explanation of an answer: no mistakes, where it is right.

    Parameters
    ----------
    p : Pass
        The forward pass, at several points, that the answer belongs to.
    answer : Answer
        At the same points.
    precision : Precision
        What the answer was computed in.
    """
    search = _Search(p, answer, precision)
    states = [State()]
    for l in range(p.L, 0, -1):
        states = search.following(l, states)
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


def _with_mistake(state: State, mistake: Mistake) -> State:
    price = state.price + PRICES.get(mistake.name, 1.0)
    return replace(state, mistakes=(*state.mistakes, mistake), price=price)


class _Search:
    def __init__(self, p: Pass, answer: Answer, precision: Precision) -> None:
        self.p, self.answer, self.precision = p, answer, precision
        self.rounding = Rounding(p, precision)

    def following(self, l: int, states: list[State]) -> list[State]:
        """Explain one layer more: the cheapest ways to do so, the cheapest first."""
        if self.answer.delta is not None:
            return self._settled(l, [self._checked(l, state) for state in states])
        steps = [step for state in states for step in self._inferred(l, state)]
        found = self._settled(l, steps)
        if found[0].price >= states[0].price + PRICES["unrecognised"]:
            steps += [step for state in states for step in self._solved(l, state)]
            found = self._settled(l, steps)
        return found

    def _settled(self, l: int, steps: list[State]) -> list[State]:
        """Name the gradients that are wrong after each step; steps that will cost too much are let go unnamed."""
        drafts = [Draft(step, list(self._wrong_gradients(l, step))) for step in steps]
        found: list[State] = []
        cheapest = np.inf
        for draft in sorted(drafts, key=lambda draft: draft.least):
            if draft.least > cheapest + MARGIN:
                break
            state = draft.state
            for difference in draft.wrong:
                state = _with_mistake(state, difference.named(state.above, self.precision))
            found.append(state)
            cheapest = min(cheapest, state.price)
        found = [state for state in found if state.price <= cheapest + MARGIN]
        return sorted(found, key=lambda state: state.price)[:STATES]

    def _checked(self, l: int, state: State) -> State:
        """Hold the δ^l that was given against what the layer above handed on; what was given is handed on in turn."""
        assert self.answer.delta is not None
        given, right, doubt = self.answer.delta[l - 1], self.p.delta(l, state.above), self._doubt(l, state)
        handed_on = replace(state, above=given if given.shape == right.shape else right, doubt=np.zeros_like(right))
        if same(given, right, doubt):
            return handed_on
        difference = Difference(self.p, "delta", l, given, right, doubt)
        return _with_mistake(handed_on, difference.named(state.above, self.precision))

    def _inferred(self, l: int, state: State) -> Iterator[State]:
        """Give every known way to a δ^l that may have been handed on; the gradients will tell which it was."""
        right, doubt = self.p.delta(l, state.above), self._doubt(l, state)
        yield replace(state, above=right, doubt=doubt)
        products = self._products(l)
        for hypothesis in of("delta"):
            for result in hypothesis.compute(self.p, l, state.above):
                if isinstance(result, tuple) and not products:
                    continue
                delta = settled(result, *products[0]) if isinstance(result, tuple) else result
                if delta is None or delta.shape != right.shape or same(delta, right, doubt):
                    continue
                words = hypothesis.explanation.format(l=l, k=l + 1)
                mistake = Mistake(hypothesis.name, l, "delta", words, (), formula("delta", l, self.p.L))
                handed_on = replace(state, above=delta, doubt=self._wider(doubt, delta))
                yield _with_mistake(handed_on, mistake)

    def _solved(self, l: int, state: State) -> Iterator[State]:
        """Give the δ^l that the gradients were made from by the right formulas, where they tell it."""
        products = self._products(l)
        if not products:
            return
        given, source = (np.concatenate(parts, axis=-1) for parts in zip(*products, strict=True))
        if self.p.m > source.shape[-1] or not np.all(np.isfinite(given)):
            return
        delta, right = given @ np.linalg.pinv(source), self.p.delta(l, state.above)
        doubt = self._wider(self._doubt(l, state), delta)
        mistake = Difference(self.p, "delta", l, delta, right, doubt).unknown()
        yield _with_mistake(replace(state, above=delta, doubt=doubt), mistake)

    def _wrong_gradients(self, l: int, state: State) -> Iterator[Difference]:
        """Hold the gradients against the δ^l that they are made from."""
        assert state.above is not None
        assert state.doubt is not None
        for quantity, gradients, formula_of in (
            ("dW", self.answer.dW, self.p.by_weights),
            ("db", self.answer.db, self.p.by_biases),
        ):
            if gradients is not None:
                right = formula_of(l, state.above)
                doubt = self.rounding.of_gradient(quantity, l, state.above, state.doubt)
                if not same(gradients[l - 1], right, doubt):
                    yield Difference(self.p, quantity, l, gradients[l - 1], right, doubt)

    def _products(self, l: int) -> list[tuple[Array, Array]]:
        """Return the gradients of layer l that are δ^l times something known, each with that."""
        p, products = self.p, []
        if self.answer.dW is not None and self.answer.dW[l - 1].shape == p.W[l].shape:
            products.append((self.answer.dW[l - 1], p.a[l - 1].mT / p.m))
        if self.answer.db is not None and self.answer.db[l - 1].shape == p.b[l].shape:
            products.append((self.answer.db[l - 1][..., np.newaxis], np.full((len(p.y), p.m, 1), 1 / p.m)))
        return products

    def _doubt(self, l: int, state: State) -> Array:
        return self.rounding.of_delta(l, state.above, state.doubt)

    def _wider(self, doubt: Array, delta: Array) -> Array:
        return np.maximum(doubt, self.precision.relative * np.abs(delta))
