# ruff: noqa: E741  (l is the paper's index of a layer)
"""Naming what is wrong in one quantity of one layer: by the known mistakes that give its numbers, or by its shape."""

from dataclasses import dataclass

import numpy as np

from chainrule.document import Expression
from chainrule.teaching.hypotheses import Hypothesis, of
from chainrule.teaching.passes import Array, Pass
from chainrule.teaching.reports import Mistake, formula
from chainrule.teaching.rounding import Precision, same

WRITTEN = {"delta": "δ^{l}", "dW": "∂C/∂W^{l}", "db": "∂C/∂b^{l}"}


@dataclass(frozen=True, eq=False)
class Difference:
    """A quantity of layer l that is not what it should be.

    Attributes
    ----------
    p : Pass
    quantity : str
        "delta", "dW" or "db".
    l : int
    given, right : array
        The first axis is that of the points.
    doubt : array
        How far rounding may put what is right off; of its shape.
    """

    p: Pass
    quantity: str
    l: int
    given: Array
    right: Array
    doubt: Array

    def named(self, handed_on: Array | None, precision: Precision) -> Mistake:
        """Name the mistake: handed_on is δ^(l+1) for "delta", and δ^l for a gradient."""
        fitting = [one for one in of(self.quantity) if self._fits(one, handed_on, precision)]
        return self.known(fitting) if fitting else self.unknown()

    def _fits(self, hypothesis: Hypothesis, handed_on: Array | None, precision: Precision) -> bool:
        # The terms of the mistaken sum are not known, so it is measured by the largest doubt at its point.
        widest = np.max(self.doubt, axis=tuple(range(1, self.doubt.ndim)), initial=0)
        for result in hypothesis.compute(self.p, self.l, handed_on):
            found = settled(result, self.given)
            if found is not None and found.shape == self.given.shape:
                doubt = widest.reshape(-1, *[1] * (found.ndim - 1)) + precision.relative * np.abs(found)
                if same(self.given, found, doubt):
                    return True
        return False

    def known(self, fitting: list[Hypothesis]) -> Mistake:
        """Name the mistake by the first hypothesis that fits, and mention the others."""
        first, *others = fitting
        also = tuple(other.name for other in others)
        words = first.explanation.format(l=self.l, k=self.l + 1)
        return Mistake(first.name, self.l, self.quantity, words, also, self._formula(), *self._shown())

    def unknown(self) -> Mistake:
        """Say what is wrong where no formula explains it: a shape, a NaN, or only that it is wrong."""
        given, right = self._shown()
        written = WRITTEN[self.quantity].format(l=self.l)
        if given.shape == right.shape:
            if np.all(np.isfinite(given)):
                name, words = "unrecognised", f"{written} is wrong, and none of the known mistakes gives these numbers."
            else:
                name, words = "not-finite", f"{written} holds NaN or infinity."
        else:
            name, words = "wrong-shape", f"{written} has shape {given.shape}, and should have {self._asked(right)}"
            if self._all_pairs(given):
                name = "broadcasting"
                words += ": a vector met a column, and NumPy made a matrix of all pairs of them"
            words += "."
        return Mistake(name, self.l, self.quantity, words, (), self._formula(), given, right)

    def _all_pairs(self, given: Array) -> bool:
        n = self.p.b[self.l].shape[-1]
        if self.quantity == "dW":
            return n > 1 and given.ndim == 2 and given.shape[0] == n * n
        return n > 1 and given.shape == (n, n)

    def _asked(self, right: Array) -> str:
        if self.quantity == "delta" and right.shape[1] == 1:
            return f"({right.shape[0]},) or {right.shape}"
        return f"{right.shape}"

    def _formula(self) -> Expression:
        return formula(self.quantity, self.l, self.p.L)

    def _shown(self) -> tuple[Array, Array]:
        """Return what was given and what is right at the first point where they differ."""
        given, right, doubt = self.given, self.right, self.doubt
        if given.shape != right.shape:
            return given[0], right[0]
        point = next((i for i in range(len(right)) if not same(given[i], right[i], doubt[i])), 0)
        return given[point], right[point]


def settled(result: Array | tuple[Array, Array], given: Array, source: Array | None = None) -> Array | None:
    """Return what a mistaken step came to; of p − η q, with the η that fits best what was given.

    Parameters
    ----------
    result : array, or pair of arrays
        As a hypothesis computes it.
    given, source : array
        What was given: the step itself, or its product with source.
    """
    if not isinstance(result, tuple):
        return result
    p, q = result if source is None else (part @ source for part in result)
    if given.shape != p.shape or not np.all(np.isfinite(given)):
        return None
    denominator = float(np.sum(q * q))
    eta = float(np.sum((p - given) * q)) / denominator if denominator else 0.0
    return result[0] - eta * result[1] if eta > 0 else None
