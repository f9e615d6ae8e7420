"""Recognising what a few primitives are together: σ, softmax, log-sum-exp, norms, and cross-entropy of a softmax.

A pattern says which nodes it takes in, from one result inward, and how its derivative is written. A node that the user
gave a name is never taken in: it is a step of its own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from chainrule.derivation.notation.elementwise import negative, plus
from chainrule.document import Call, Expression, Fraction, Norm, Number, Power, Product, Sum, Total, Transposed
from chainrule.graph.node import Node
from chainrule.graph.tracer import sample_of

Writer = Callable[..., Expression]
"""``writer(result, *operands)``: an expression in the symbols of a pattern's result and of its operands."""

HALF = Fraction(Number(1), Number(2))


@dataclass(frozen=True, eq=False)
class Recognised:
    """Some nodes that are one function together.

    Attributes
    ----------
    rule : str
        What they are.
    meaning : str
        The same in words.
    members : tuple of Node
        The result's node, and those within.
    operands : tuple
        What it is a function of.
    formula : callable
        A `Writer`.
    local : tuple of callable
        For each operand the derivative by it, a `Writer`: the diagonal of a diagonal Jacobian, the gradient of a
        scalar, or the whole.
    handed : tuple of callable
        For each operand what it is handed, as ``writer(g, result, *operands)``.
    structure : tuple of str
        Of each local derivative.
    why : tuple of str
        Why that is so, for each operand.
    code : tuple of str
        For each operand what is multiplied by g, in NumPy: {0}, {1} stand for the operands, {y} for the result. Where
        it holds {g}, it is the whole.
    """

    rule: str
    meaning: str
    members: tuple[Node, ...]
    operands: tuple[Any, ...]
    formula: Writer
    local: tuple[Writer, ...]
    handed: tuple[Writer, ...]
    structure: tuple[str, ...]
    why: tuple[str, ...]
    code: tuple[str, ...]


Pattern = Callable[[Node], Recognised | None]


def recognised(node: Node) -> Iterator[Recognised]:
    """Give what a node may be the result of, the largest first."""
    for pattern in PATTERNS:
        if (found := pattern(node)) is not None:
            yield found


# What patterns are made of


def _is(x: Any, *names: str) -> TypeGuard[Node]:
    return type(x) is Node and x.rule.name in names


def _is_number(x: Any, value: float) -> bool:
    return type(x) is not Node and np.ndim(x) == 0 and bool(sample_of(x) == value)


def _other(node: Node, value: float) -> Any:
    """Return the one operand of two beside a number; None where the number is neither."""
    for number, other in (node.operands, node.operands[::-1]):
        if _is_number(number, value):
            return other
    return None


def _is_whole(node: Node) -> bool:
    """Say whether a sum is over all entries."""
    return len(node.operands) == 1 and np.ndim(node.value) == 0


def _whole_sum(x: Any) -> Any:
    """Return what is summed over all entries; None where that is not so."""
    return x.operands[0] if _is(x, "sum") and _is_whole(x) and type(x.operands[0]) is Node else None


def _factor(g: Expression, rest: Expression) -> Expression:
    """Write a scalar cotangent times the rest; 1 is left out."""
    return rest if g == Number(1) else Product((g, rest))


def _scalar_times(g: Expression, number: float, rest: Expression) -> Expression:
    factors = tuple(x for x in (Number(number) if number != 1 else None, None if g == Number(1) else g) if x)
    return Product((*factors, rest)) if factors else rest


# σ(z) = 1 / (1 + e^(−z))


def _logistic(node: Node) -> Recognised | None:
    if _is(node, "divide") and _is_number(node.operands[0], 1):
        below = node.operands[1]
    elif _is(node, "reciprocal") or (_is(node, "power") and _is_number(node.operands[1], -1)):
        below = node.operands[0]
    else:
        return None
    grown = _other(below, 1) if _is(below, "add") else None
    if not _is(grown, "exp") or not _is(grown.operands[0], "negative"):
        return None
    minus = grown.operands[0]
    many = np.ndim(node.value) > 0
    sign = "⊙" if many else "·"

    def slope(*given: Expression) -> Expression:
        """Write σ' = a (1 − a), of (a, z); of (g, a, z), g times that."""
        *before, a, _ = given
        g = [factor for factor in before if factor != Number(1)]
        return Product((*g, a, plus(Number(1), a, minus=True)), sign)

    diagonal = "σ works entry by entry, so its Jacobian is diagonal" if many else "both are single numbers: one product"
    return Recognised(
        rule="sigmoid",
        meaning="1/(1 + e^(−z)) is the logistic function σ, and its derivative is σ(1 − σ)",
        members=(node, below, grown, minus),
        operands=minus.operands,
        formula=lambda a, z: Call("sigma", (z,)),
        local=(slope,),
        handed=(slope,),
        structure=("diagonal",),
        why=(f"{diagonal}, and σ' = σ(1 − σ) is had from σ's own value",),
        code=("{y} * (1 - {y})",),
    )


# ‖x‖², ½‖x‖², ‖x‖; of a difference x = a − y too


def _square_summed(x: Any) -> tuple[tuple[Node, ...], Any, float] | None:
    """Return the nodes of k·Σ x², the operand x and k; None where it is none."""
    if _is(x, "matmul", "dot", "inner", "vdot") and x.operands[0] is x.operands[1] and np.ndim(x.values[0]) == 1:
        return (x,), x.operands[0], 1.0
    summed = _whole_sum(x)
    if summed is None:
        return None
    found = _squared(summed)
    return None if found is None else ((x, *found[0]), found[1], found[2])


def _squared(x: Any) -> tuple[tuple[Node, ...], Any, float] | None:
    """Return the nodes of k·x², the operand x and k."""
    if _is(x, "square"):
        return (x,), x.operands[0], 1.0
    if _is(x, "power") and _is_number(x.operands[1], 2):
        return (x,), x.operands[0], 1.0
    if _is(x, "multiply"):
        first, second = x.operands
        if first is second:
            return (x,), first, 1.0
        half = _halved(x)
        if half is not None:
            inner = _squared(half)
            return None if inner is None else ((x, *inner[0]), inner[1], inner[2] / 2)
        if _is(first, "multiply") and _halved(first) is second:  # 0.5 * d * d
            return (x, first), second, 0.5
    return None


def _halved(x: Any) -> Any:
    """Return what is multiplied by ½, or divided by 2; None where nothing is."""
    if _is(x, "multiply"):
        return _other(x, 0.5)
    if _is(x, "divide") and _is_number(x.operands[1], 2):
        return x.operands[0]
    return None


def _half_square(node: Node) -> Recognised | None:
    found = _square_summed(node)
    half = _halved(node)
    if found is None and half is not None and (inner := _square_summed(half)) is not None:
        found = ((node, *inner[0]), inner[1], inner[2] / 2)
    if found is None or type(found[1]) is not Node or found[2] not in (1.0, 0.5):
        return None
    members, x, k = found
    operands: tuple[Any, ...] = (x,)
    inside: Writer = lambda *xs: xs[0]  # noqa: E731
    signs: Sequence[int] = (1,)
    if _is(x, "subtract") and all(np.shape(value) == np.shape(x.value) for value in x.values):
        members, operands, signs = (*members, x), x.operands, (1, -1)
        inside = lambda a, y: plus(a, y, minus=True)  # noqa: E731
    norm = "½‖x‖²" if k == 0.5 else "‖x‖²"

    def formula(C: Expression, *xs: Expression) -> Expression:
        square = Power(Norm(inside(*xs)), Number(2))
        return Product((HALF, square)) if k == 0.5 else square

    def gradient(sign: int) -> Writer:
        def writer(C: Expression, *xs: Expression) -> Expression:
            whole = inside(*xs) if sign > 0 else inside(*xs[::-1]) if len(xs) == 2 else negative(inside(*xs))
            return whole if k == 0.5 else Product((Number(2), whole))

        return writer

    def handed(sign: int) -> Writer:
        def writer(g: Expression, C: Expression, *xs: Expression) -> Expression:
            whole = inside(*xs) if sign > 0 else inside(*xs[::-1])
            return _scalar_times(g, 2 * k, whole)

        return writer

    return Recognised(
        rule="half squared norm" if k == 0.5 else "squared norm",
        meaning=f"this is {norm}, {'half ' if k == 0.5 else ''}the sum of the squares",
        members=members,
        operands=operands,
        formula=formula,
        local=tuple(gradient(sign) for sign in signs),
        handed=tuple(handed(sign) for sign in signs),
        structure=("dense",) * len(operands),
        why=(f"the derivative of {'½x²' if k == 0.5 else 'x²'} is {'x' if k == 0.5 else '2x'}, entry by entry",)
        * len(operands),
        code=tuple(_difference(k, sign, len(operands)) for sign in signs),
    )


def _difference(k: float, sign: int, operands: int) -> str:
    inside = "{0}" if operands == 1 else "({0} - {1})" if sign > 0 else "({1} - {0})"
    return inside if k == 0.5 else f"2 * {inside}"


def _euclidean_norm(node: Node) -> Recognised | None:
    if not _is(node, "sqrt") and not (_is(node, "power") and _is_number(node.operands[1], 0.5)):
        return None
    found = _square_summed(node.operands[0])
    if found is None or found[2] != 1.0 or type(found[1]) is not Node:
        return None
    return Recognised(
        rule="norm",
        meaning="the root of the sum of the squares is the Euclidean norm ‖x‖",
        members=(node, *found[0]),
        operands=(found[1],),
        formula=lambda n, x: Norm(x),
        local=(lambda n, x: Fraction(x, n),),
        handed=(lambda g, n, x: _factor(g, Fraction(x, n)),),
        structure=("dense",),
        why=("the norm grows fastest along x itself, at the rate 1: its gradient is x/‖x‖",),
        code=("{0} / {y}",),
    )


# softmax, log-sum-exp, and the cross-entropy of a softmax


def _exponentials(x: Any) -> tuple[tuple[Node, ...], Any] | None:
    """Return the nodes of exp(z), or of exp(z − max z), and z."""
    if not _is(x, "exp"):
        return None
    inner = x.operands[0]
    if _is(inner, "subtract") and _is(inner.operands[1], "max") and inner.operands[1].operands[0] is inner.operands[0]:
        return (x, inner, inner.operands[1]), inner.operands[0]
    return (x,), inner


def _softmax(node: Node) -> Recognised | None:
    if not _is(node, "divide"):
        return None
    above, below = node.operands
    found = _exponentials(above)
    if found is None or not _is(below, "sum") or below.operands != (above,):
        return None
    if np.ndim(node.value) != 1 and below.parameters.get("axis") not in (-1, np.ndim(node.value) - 1):
        return None

    def handed(g: Expression, a: Expression, z: Expression) -> Expression:
        mean = Sum(Product((g, a), "⊙"), "" if np.ndim(node.value) == 1 else "j")
        return Product((a, plus(g, mean, minus=True)), "⊙")

    return Recognised(
        rule="softmax",
        meaning="e^z over the sum of all e^z is the softmax of z",
        members=(node, below, *found[0]),
        operands=(found[1],),
        formula=lambda a, z: Call("softmax", (z,)),
        local=(lambda a, z: plus(Call("diag", (a,)), Product((a, Transposed(a))), minus=True),),
        handed=(handed,),
        structure=("dense",),
        why=(
            "each output is pushed by its own input and held back by all, since they sum to 1: "
            "diag(a) − a aᵀ takes no matrix, only one sum",
        ),
        code=("{y} * ({g} - np.sum({g} * {y}, axis=-1, keepdims=True))",),
    )


def _log_sum_exp(node: Node) -> Recognised | None:
    shift = None
    logarithm: Any = node
    if _is(node, "add"):
        for one, other in (node.operands, node.operands[::-1]):
            if _is(one, "log") and _is(other, "max"):
                logarithm, shift = one, other
    if not _is(logarithm, "log"):
        return None
    summed = _whole_sum(logarithm.operands[0])
    found = None if summed is None else _exponentials(summed)
    if found is None or type(found[1]) is not Node or (shift is not None) != (shift in found[0]):
        return None
    if shift is None and len(found[0]) > 1:
        return None
    members = tuple(dict.fromkeys((node, logarithm, logarithm.operands[0], *found[0])))
    return Recognised(
        rule="logsumexp",
        meaning="the logarithm of the sum of all e^z is log-sum-exp, a smooth maximum",
        members=members,
        operands=(found[1],),
        formula=lambda s, z: Call("logsumexp", (z,)),
        local=(lambda s, z: Call("softmax", (z,)),),
        handed=(lambda g, s, z: _factor(g, Call("softmax", (z,))),),
        structure=("dense",),
        why=("its derivative by z_i is e^(z_i) over the sum of all: the softmax of z",),
        code=("np.exp({0} - {y})",),
    )


def _cross_entropy(node: Node) -> Recognised | None:
    """Recognise −Σ y log softmax(z), of which the derivative by z is softmax(z) − y."""
    if not _is(node, "negative"):
        return None
    product = _whole_sum(node.operands[0])
    if not _is(product, "multiply"):
        return None
    for y, logarithm in (product.operands, product.operands[::-1]):
        inner = logarithm.operands[0] if _is(logarithm, "log") else None
        softmax = _softmax(inner) if type(inner) is Node else None
        if softmax is None or np.ndim(softmax.members[0].value) != 1 or type(y) is Node:
            continue
        if not np.isclose(np.sum(sample_of(y)), 1):
            return None
        return Recognised(
            rule="softmax cross-entropy",
            meaning="−Σ y ln softmax(z) is the cross-entropy of a softmax with the target y",
            members=(node, node.operands[0], product, logarithm, *softmax.members),
            operands=(softmax.operands[0], y),
            formula=lambda C, z, y: Total((Sum(Product((y, Call("ln", (Call("softmax", (z,)),))), "⊙")),), (True,)),
            local=(lambda C, z, y: plus(Call("softmax", (z,)), y, minus=True),) * 2,
            handed=(lambda g, C, z, y: _factor(g, plus(Call("softmax", (z,)), y, minus=True)),) * 2,
            structure=("dense",) * 2,
            why=(
                "the logarithm undoes the exponential: C = logsumexp(z) − yᵀz for Σy = 1, "
                "so all of softmax's Jacobian cancels and a − y is left",
            )
            * 2,
            code=("(np.exp({0} - np.max({0})) / np.sum(np.exp({0} - np.max({0}))) - {1})",) * 2,
        )
    return None


PATTERNS: tuple[Pattern, ...] = (
    _cross_entropy, _logistic, _half_square, _euclidean_norm, _softmax, _log_sum_exp,
)  # fmt: skip
