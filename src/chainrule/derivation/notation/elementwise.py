"""Sums, products, powers, and functions of one number applied to every entry."""

from collections.abc import Callable

import numpy as np

from chainrule.derivation.notation.table import Notation, writes
from chainrule.document import (
    Absolute,
    Call,
    Cases,
    Equation,
    Expression,
    Fraction,
    Infix,
    Number,
    Power,
    Product,
    Symbol,
    Total,
    Words,
)
from chainrule.graph.node import Node

E = Symbol("e")


def negative(x: Expression) -> Expression:
    """Write −x."""
    if isinstance(x, Total) and len(x.terms) == 1 and x.minus[0]:
        return x.terms[0]
    if isinstance(x, Number) and not isinstance(x.value, complex):
        return Number(-x.value)
    return Total((x,), (True,))


def plus(x: Expression, y: Expression, *, minus: bool = False) -> Expression:
    """Write x + y, or x − y, in one row with the sums that x is made of."""
    terms, signs = (x.terms, x.minus) if isinstance(x, Total) else ((x,), (False,))
    if isinstance(y, Number) and not isinstance(y.value, complex) and y.value < 0:
        y, minus = Number(-y.value), not minus
    elif isinstance(y, Total) and len(y.terms) == 1 and y.minus[0]:
        y, minus = y.terms[0], not minus
    return Total((*terms, y), (*signs, minus))


@writes("add")
def _add(node: Node, x: Expression, y: Expression) -> Expression:
    return plus(x, y)


@writes("subtract")
def _subtract(node: Node, x: Expression, y: Expression) -> Expression:
    return plus(x, y, minus=True)


@writes("negative")
def _negative(node: Node, x: Expression) -> Expression:
    return negative(x)


@writes("multiply")
def _multiply(node: Node, x: Expression, y: Expression) -> Expression:
    return times(x, y, np.ndim(node.values[0]), np.ndim(node.values[1]))


def times(x: Expression, y: Expression, x_ndim: int, y_ndim: int) -> Expression:
    """Write a product entry by entry: ⊙ between arrays; a number stands first, without a sign."""
    if isinstance(y, Fraction) and y.over == Number(1):
        return Fraction(x, y.under)
    if x_ndim and y_ndim:
        factors = x.factors if isinstance(x, Product) and x.sign == "⊙" else (x,)
        return Product((*factors, y), "⊙")
    if (y_ndim == 0 and x_ndim) or (isinstance(y, Number) and not isinstance(x, Number)):
        x, y = y, x
    if isinstance(x, Number) and x.value == -1:
        return negative(y)
    if isinstance(x, Number) and x.value == 1:
        return y
    sign = "·" if isinstance(x, Number) and isinstance(y, Number | Power | Fraction) else ""
    return Product((x, y), sign)


@writes("divide", "true_divide")
def _divide(node: Node, x: Expression, y: Expression) -> Expression:
    return Fraction(x, y)


@writes("reciprocal")
def _reciprocal(node: Node, x: Expression) -> Expression:
    return Fraction(Number(1), x)


@writes("power", "float_power")
def _power(node: Node, x: Expression, n: Expression) -> Expression:
    if isinstance(n, Number) and n.value == 0.5:
        return Call("sqrt", (x,))
    if isinstance(n, Number) and n.value == 1:
        return x
    return Power(x, n)


@writes("square")
def _square(node: Node, x: Expression) -> Expression:
    return Power(x, Number(2))


@writes("exp")
def _exp(node: Node, x: Expression) -> Expression:
    return Power(E, x)


@writes("exp2")
def _exp2(node: Node, x: Expression) -> Expression:
    return Power(Number(2), x)


@writes("absolute", "fabs")
def _absolute(node: Node, x: Expression) -> Expression:
    return Absolute(x)


@writes("positive", "copy", "astype", "stop_gradient", "real_if_close")
def _itself(node: Node, x: Expression, *_: Expression) -> Expression:
    return x


@writes("where")
def _where(node: Node, condition: Expression, x: Expression, y: Expression) -> Expression:
    return Cases(((x, condition), (y, Words("otherwise"))))


@writes("maximum", "fmax")
def _maximum(node: Node, x: Expression, y: Expression) -> Expression:
    return Call("max", (x, y))


@writes("minimum", "fmin")
def _minimum(node: Node, x: Expression, y: Expression) -> Expression:
    return Call("min", (x, y))


@writes("sigmoid", "expit")
def _sigmoid(node: Node, z: Expression) -> Expression:
    return Call("sigma", (z,))


@writes("conj")
def _conj(node: Node, z: Expression) -> Expression:
    return Call("conj", (z,))


def _named(shown: str) -> Notation:
    def notation(node: Node, *xs: Expression) -> Expression:
        return Call(shown, xs)

    return notation


for _name, _shown in {
    "log": "ln",
    "arcsin": "arcsin",
    "arccos": "arccos",
    "arctan": "arctan",
    "arcsinh": "arsinh",
    "arccosh": "arcosh",
    "arctanh": "artanh",
    "relu": "ReLU",
    "gamma": "Gamma",
    "gammaln": "lnΓ",
    "floor": "floor",
}.items():
    writes(_name)(_named(_shown))


def _between(sign: str) -> Callable[..., Expression]:
    def notation(node: Node, x: Expression, y: Expression) -> Expression:
        return Infix(x, sign, y)

    return notation


for _name, _sign in {
    "less": "<",
    "less_equal": "≤",
    "greater": ">",
    "greater_equal": "≥",
    "logical_and": "∧",
    "logical_or": "∨",
    "remainder": "mod",
}.items():
    writes(_name)(_between(_sign))


@writes("equal")
def _equal(node: Node, x: Expression, y: Expression) -> Expression:
    return Equation((x, y), ("=",))


@writes("not_equal")
def _not_equal(node: Node, x: Expression, y: Expression) -> Expression:
    return Equation((x, y), ("≠",))
