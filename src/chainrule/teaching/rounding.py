# ruff: noqa: E741  (l is the paper's index of a layer)
"""How far rounding may put a right backward pass off: bounds that are carried along, forward and backward."""

from typing import NamedTuple

import numpy as np

from chainrule.teaching.passes import Array, Pass


class Precision(NamedTuple):
    """What a backward pass was computed in.

    Attributes
    ----------
    relative : float
        To this, sums are held equal, measured by the size of their terms. It is far above rounding, and far below what
        a mistake makes: a small number that was added against a division by zero is none.
    unit : float
        Some units in the last place: what a step of the forward pass is rounded by.
    """

    relative: float
    unit: float


DOUBLE = Precision(1e-7, 1e-13)
SINGLE = Precision(2e-4, 2e-6)


class Rounding:
    """Bounds of the rounding in a backward pass at the points of p.

    Attributes
    ----------
    z, a : list of arrays of shape (P, n_l, m)
        How far z^l and a^l may be off; counted as in `Pass`.
    """

    def __init__(self, p: Pass, precision: Precision) -> None:
        self.p, self.precision = p, precision
        self.z, self.a = [np.empty(0)], [np.zeros_like(p.a[0])]
        for l in range(1, p.L + 1):
            W, b = np.abs(p.W[l]), np.abs(p.b[l])[..., np.newaxis]
            self.z.append(W @ self.a[l - 1] + precision.unit * (W @ np.abs(p.a[l - 1]) + b))
            self.a.append(np.abs(p.slopes[l]) * self.z[l] + precision.unit * np.abs(p.a[l]))

    def of_delta(self, l: int, above: Array | None, above_doubt: Array | None) -> Array:
        """Return how far δ^l may be off, (P, n_l, m), given δ^(l+1) and how far that may be off."""
        p, relative = self.p, self.precision.relative
        if above is None or above_doubt is None or l == p.L:
            terms, terms_doubt = np.abs(p.a[l]) + np.abs(p.y), self.a[l]
            if p.cost != "quadratic":  # σ' cancels
                return np.asarray(terms_doubt + relative * terms)
        else:
            W = np.abs(p.W[l + 1]).mT
            terms, terms_doubt = W @ np.abs(above), W @ above_doubt
        # σ' is σ'(z) ± |σ''| dz, and no σ'' is larger than 1; near σ = 1 it is 1 − σ that is rounded.
        slope, slope_doubt = np.abs(p.slopes[l]), self.z[l] + self.precision.unit
        return np.asarray((relative * terms + terms_doubt) * slope + terms * slope_doubt)

    def of_gradient(self, quantity: str, l: int, delta: Array, delta_doubt: Array) -> Array:
        """Return how far ∂C/∂W^l ("dW") or ∂C/∂b^l ("db") may be off, given δ^l and how far that may be off."""
        terms, doubt = np.abs(delta), delta_doubt + self.precision.relative * np.abs(delta)
        if quantity == "db":
            return self.p.by_biases(l, doubt)
        return np.asarray((doubt @ np.abs(self.p.a[l - 1]).mT + terms @ self.a[l - 1].mT) / self.p.m)

    def at_a_corner(self) -> Array:
        """Say of each point, (P,), whether some z is 0 to within rounding, where σ is relu.

        Then any number from 0 to 1 is right for σ'.
        """
        p = self.p
        found = np.zeros(len(p.y), bool)
        if p.activation == "relu":
            for l in range(1, p.L + 1):
                found |= np.any(np.abs(p.z[l]) <= self.z[l], axis=(1, 2))
        return found


def same(given: Array, right: Array, doubt: Array) -> bool:
    """Say whether numbers agree to within what rounding may have put them off."""
    if given.shape != right.shape:
        return False
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.abs(given - right) <= doubt + 1e-300))
