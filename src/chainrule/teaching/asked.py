# ruff: noqa: E741  (l is the paper's index of a layer)
"""The quantities that an exercise asks for, in the order in which a person computes them, each with its formula.

Of a mini-batch the examples stand as columns, and C is the mean of their costs, so that the formulas read as those of
one example (Amayed, "A Guided Derivation of Backpropagation Algorithm", II.1 and IV.4).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.document import (
    Call,
    Derivative,
    Equation,
    Expression,
    Fraction,
    Indexed,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Total,
    Transposed,
)
from chainrule.networks.activations import ACTIVATIONS
from chainrule.networks.costs import COSTS

Array = npt.NDArray[np.float64]
Values = Mapping[str, Array]
"""Numbers by name: what is given ("W_1", "b_1", "x", "y") and what is asked for ("z_1", "delta_2", …)."""


@dataclass(frozen=True, eq=False)
class Asked:
    """One quantity that is asked for.

    Attributes
    ----------
    label : str
        Stable: by it an answer is found again.
    part : str
        "Forward", "Backward" or "Update".
    symbol, formula : Expression
        What it is called, and what it is computed by.
    compute : callable
        ``compute(values)`` gives its numbers from those of the quantities in its formula.
    needs : tuple of str
        The labels of other quantities asked for in its formula.
    shape : tuple of int
    """

    label: str
    part: str
    symbol: Expression
    formula: Expression
    compute: Callable[[Values], Array]
    needs: tuple[str, ...]
    shape: tuple[int, ...]

    @property
    def equation(self) -> Equation:
        """The symbol with its formula."""
        return Equation((self.symbol, self.formula), ("=",))


def all_asked(sizes: Sequence[int], activation: str, cost: str, m: int | None, eta: float) -> list[Asked]:
    """List what an exercise asks for.

    Parameters
    ----------
    sizes : sequence of int
        n_0..n_L.
    activation, cost : str
    m : int or None
        The number of examples; None for one alone, whose vectors are flat.
    eta : float

    Returns
    -------
    list of Asked

    Examples
    --------
    >>> [asked.label for asked in all_asked([3, 2], "sigmoid", "quadratic", None, 0.5)]
    ['z_1', 'a_1', 'C', 'delta_1', 'dW_1', 'db_1', 'W_1_new', 'b_1_new']
    """
    L = len(sizes) - 1
    several = () if m is None else (m,)
    forward = [one for l in range(1, L + 1) for one in _forward(l, (sizes[l], *several), activation)]
    backward = [_output_delta(L, (sizes[L], *several), activation, cost)]
    for l in range(L, 0, -1):
        if l < L:
            backward.append(_hidden_delta(l, (sizes[l], *several), activation))
        backward += _gradients(l, sizes, batch=m is not None)
    updates = [one for l in range(1, L + 1) for one in _updates(l, sizes, eta)]
    return [*forward, _cost(L, cost, m), *backward, *updates]


def symbol(name: str, l: int) -> Symbol:
    """Name a quantity of a layer; a^0 is x."""
    return Symbol("x") if (name, l) == ("a", 0) else Symbol(name, above=str(l))


def _a(l: int) -> str:
    return f"a_{l}" if l else "x"


def _needed(*labels: str) -> tuple[str, ...]:
    return tuple(label for label in labels if label != "x")


def _forward(l: int, shape: tuple[int, ...], activation: str) -> list[Asked]:
    sigma = ACTIVATIONS[activation].function
    W, b, z, a = (symbol(name, l) for name in "Wbza")

    def affine(v: Values) -> Array:
        product = v[f"W_{l}"] @ v[_a(l - 1)]
        return product + (v[f"b_{l}"][:, np.newaxis] if product.ndim > 1 else v[f"b_{l}"])

    weighted = Total((Product((W, symbol("a", l - 1))), b), (False, False))
    return [
        Asked(f"z_{l}", "Forward", z, weighted, affine, _needed(_a(l - 1)), shape),
        Asked(
            f"a_{l}", "Forward", a, Call("sigma", (z,)), lambda v: np.asarray(sigma(v[f"z_{l}"])), (f"z_{l}",), shape
        ),
    ]


def _cost(L: int, cost: str, m: int | None) -> Asked:
    a, y = symbol("a", L), Symbol("y")
    if cost == "quadratic":
        formula: Expression = Product(
            (Fraction(Number(1), Number(2 * (m or 1))), Power(Norm(Total((a, y), (False, True))), Number(2)))
        )
    else:
        one = Number(1)
        logs = [Call("ln", (of,)) for of in (a, Total((one, a), (False, True)))]
        terms = Product((y, logs[0]), "⊙"), Product((Total((one, y), (False, True)), logs[1]), "⊙")
        total = Sum(Total(terms, (False, False)))
        formula = Total((total if m is None else Product((Fraction(one, Number(m)), total)),), (True,))

    def compute(v: Values) -> Array:
        # From a alone, as a person computes it; an a of 0 or 1 that was rounded too far gives no finite number.
        with np.errstate(all="ignore"):
            a, y = v[_a(L)], v["y"]
            if cost == "quadratic":
                return np.asarray(np.sum((a - y) ** 2) / (2 * (m or 1)))
            return np.asarray(-np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / (m or 1))

    return Asked("C", "Forward", Symbol("C"), formula, compute, (_a(L),), ())


def _slope(activation: str, v: Values, l: int) -> Array:
    z = v[f"z_{l}"]
    sigma = ACTIVATIONS[activation]
    return np.asarray(sigma.derivative(z, sigma.function(z)))


def _output_delta(L: int, shape: tuple[int, ...], activation: str, cost: str) -> Asked:
    error: Expression = Total((symbol("a", L), Symbol("y")), (False, True))
    m = shape[1] if len(shape) > 1 else 1
    if len(shape) > 1:
        error = Fraction(error, Number(m))
    with_slope = cost == "quadratic"  # in cross-entropy σ' cancels
    formula = Product((error, Call("sigma'", (symbol("z", L),))), "⊙") if with_slope else error

    def compute(v: Values) -> Array:
        a = v[_a(L)]
        slope = _slope(activation, v, L) if with_slope else np.ones_like(a)
        return np.asarray(COSTS[cost].delta(a, v["y"], slope) / m)

    needs = (f"a_{L}", f"z_{L}") if with_slope else (f"a_{L}",)
    return Asked(f"delta_{L}", "Backward", symbol("delta", L), formula, compute, needs, shape)


def _hidden_delta(l: int, shape: tuple[int, ...], activation: str) -> Asked:
    handed = Product((Transposed(symbol("W", l + 1)), symbol("delta", l + 1)))
    formula = Product((handed, Call("sigma'", (symbol("z", l),))), "⊙")

    def compute(v: Values) -> Array:
        return np.asarray(v[f"W_{l + 1}"].T @ v[f"delta_{l + 1}"] * _slope(activation, v, l))

    needs = (f"delta_{l + 1}", f"z_{l}")
    return Asked(f"delta_{l}", "Backward", symbol("delta", l), formula, compute, needs, shape)


def _gradients(l: int, sizes: Sequence[int], *, batch: bool) -> list[Asked]:
    delta, before = symbol("delta", l), symbol("a", l - 1)

    def by_weights(v: Values) -> Array:
        d, a = v[f"delta_{l}"], v[_a(l - 1)]
        return d @ a.T if batch else np.outer(d, a)

    def by_biases(v: Values) -> Array:
        return v[f"delta_{l}"].sum(axis=1) if batch else v[f"delta_{l}"]

    by_W, by_b = (Derivative(Symbol("C"), symbol(name, l)) for name in "Wb")
    summed = Sum(Indexed(delta, ":, j"), "j") if batch else delta
    outer = Product((delta, Transposed(before)))
    return [
        Asked(
            f"dW_{l}", "Backward", by_W, outer, by_weights,
            _needed(f"delta_{l}", _a(l - 1)), (sizes[l], sizes[l - 1]),
        ),
        Asked(f"db_{l}", "Backward", by_b, summed, by_biases, (f"delta_{l}",), (sizes[l],)),
    ]  # fmt: skip


def _updates(l: int, sizes: Sequence[int], eta: float) -> list[Asked]:
    found = []
    for name, shape in (("W", (sizes[l], sizes[l - 1])), ("b", (sizes[l],))):
        own, gradient = f"{name}_{l}", f"d{name}_{l}"
        step = Product((Symbol("eta"), Derivative(Symbol("C"), symbol(name, l))))
        formula = Total((symbol(name, l), step), (False, True))

        def compute(v: Values, own: str = own, gradient: str = gradient) -> Array:
            return np.asarray(v[own] - eta * v[gradient])

        found.append(Asked(f"{own}_new", "Update", symbol(f"{name}_new", l), formula, compute, (gradient,), shape))
    return found


def computed(asked: Sequence[Asked], given: Mapping[str, Any]) -> dict[str, Array]:
    """Compute all that is asked for, from what is given."""
    values = dict(given)
    for one in asked:
        values[one.label] = one.compute(values)
    return values
