"""What a derivation says, in words and formulas: the one text that every rendering sets."""

import functools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.derivation.composing import composition
from chainrule.derivation.notation.elementwise import plus
from chainrule.derivation.outcome import outcome
from chainrule.derivation.steps import Check, Contribution, Price, Quantity, Step
from chainrule.document import (
    Block,
    Derivative,
    Document,
    Equation,
    Expression,
    Formula,
    Heading,
    Paragraph,
    Part,
    Table,
    Values,
    Verdict,
)
from chainrule.document.text import text

if TYPE_CHECKING:
    from chainrule.derivation.derivation import Derivation


_SMALLEST_PICTURE = 8  # pixels to a side


def document(derivation: "Derivation") -> Document:
    """Tell a derivation, block by block: what is given, the way forward, the way back, and what came of it."""
    blocks: list[Block] = []
    blocks += _given(derivation)
    blocks.append(Heading("Forward"))
    for quantity in derivation.quantities:
        if quantity.formula is not None:
            blocks += forward(quantity)
    blocks.append(Heading("Backward"))
    blocks.append(
        Paragraph(
            (
                "Every quantity is handed its part by those computed from it, beginning at the result, of which the "
                "derivative by itself is 1.",
            )
        )
    )
    for step in derivation.steps:
        if step.contributions:
            blocks += backward(derivation, step)
    blocks += _found(derivation)
    return Document(f"The derivative of {derivation.name}, step by step", tuple(blocks))


def _given(derivation: "Derivation") -> Iterator[Block]:
    given = [quantity for quantity in derivation.quantities if quantity.formula is None]
    rows = tuple(
        ((quantity.symbol,), (shape_words(quantity.value),), ("yes" if quantity.wanted else "no",))
        for quantity in given
    )
    yield Heading("Given")
    yield Table(("quantity", "what it is", "derivative wanted"), rows)
    whole = composition(derivation.quantities, derivation.result)
    if whole != derivation.result.symbol:
        yield Paragraph(("The whole is one nested composition:",))
        yield Formula(_equation(derivation.result.symbol, whole))


def shape_words(value: Any) -> str:
    """Say what an array is: a number, a vector of 3, a matrix 2×3."""
    shape = np.shape(value)
    if not shape:
        return "a number"
    size = "×".join(str(n) for n in shape)
    return {1: f"a vector of {size}", 2: f"a matrix, {size}"}.get(len(shape), f"an array, {size}")


def _equation(left: Expression, right: Expression, sign: str = "=") -> Equation:
    return Equation((left, right), (sign,))


def forward(quantity: Quantity) -> Iterator[Block]:
    """Tell how a quantity is computed."""
    assert quantity.formula is not None
    note = "" if quantity.line is None else f"line {quantity.line.number}: {quantity.line.text}"
    yield Formula(_equation(quantity.symbol, quantity.formula), note)
    if quantity.meaning:
        yield Paragraph((f"Recognised: {quantity.meaning}.",))
    yield Values(quantity.symbol, quantity.value, pictures(quantity))


def pictures(quantity: Quantity) -> tuple[int, int] | None:
    """Return the size of the pictures that the rows of an array are: in a network whose inputs are square pictures."""
    if (quantity.layer, np.ndim(quantity.value)) not in ((0, 1), (1, 2)):
        return None
    side = math.isqrt(np.shape(quantity.value)[-1])
    return (side, side) if side >= _SMALLEST_PICTURE and side * side == np.shape(quantity.value)[-1] else None


def backward(derivation: "Derivation", step: Step) -> Iterator[Block]:
    """Tell one step of the way back."""
    x = derivation.quantity(step.of)
    through = [derivation.quantity(c.through) for c in step.contributions]
    yield Heading(text(step.symbol), 2)
    if not isinstance(step.symbol, Derivative):
        yield Formula(_equation(step.symbol, Derivative(derivation.result.symbol, x.symbol), "≡"), "what it stands for")
    if len(through) > 1:
        times = "twice" if len(through) == 2 else f"{len(through)} times"
        uses = [part for y in through for part in (", ", y.symbol)][1:]
        uses[-2] = " and "
        yield Paragraph((x.symbol, f" is used {times}, in ", *uses, "; what each hands back is added."))
    for contribution in step.contributions:
        yield from handed(derivation, x, step.symbol, contribution, alone=len(through) == 1)
    if len(step.contributions) > 1:
        yield Paragraph(("Together:",))
        yield Formula(equation(step))
    yield Values(step.symbol, step.cotangent, pictures(x))
    yield verdict(step.check)


def equation(step: Step) -> Equation:
    """Write a step in one line: ∂C/∂x = what is handed back, added."""
    return _equation(step.symbol, functools.reduce(plus, (c.shortcut for c in step.contributions)))


def handed(
    derivation: "Derivation", x: Quantity, symbol: Expression, c: Contribution, *, alone: bool
) -> Iterator[Block]:
    """Tell what one quantity hands to x: alone, ∂C/∂x itself; else a part of it."""
    y = derivation.quantity(c.through)
    shape = "×".join(str(n) for n in c.shape)
    size = f" of {shape} entries" if c.shape else ""
    zeros = f", {_percent(c.zeros)} of it zeros" if c.zeros else ""
    structure = f"; its structure: {c.structure}{zeros}" if c.shape else ""
    yield Paragraph(("Through ", y.symbol, f": {_article(c.kind)} {c.kind}{size}{structure}."))
    yield Formula(c.local)
    if y.key != derivation.result.key:
        assert isinstance(c.chain, Equation)
        yield Formula(c.chain if alone else c.chain.sides[-1], "the chain rule")
    shortcut = _equation(symbol, c.shortcut) if alone else c.shortcut
    if shortcut != c.local:
        yield Formula(shortcut, "the shortcut")
    yield Paragraph((f"Why: {c.why}.",))
    if c.literal is not None:
        by, other = c.literal.price, c.literal.shortcut_price
        yield Verdict(
            c.literal.difference <= _tolerance(c),
            (
                f"Formed literally and contracted, it takes {_price(by)}; the shortcut, {_price(other)}. "
                f"The two differ by {_brief(c.literal.difference)} of the largest entry.",
            ),
        )


def _tolerance(c: Contribution) -> float:
    return 1e-10 if np.asarray(c.value).dtype.itemsize >= 8 else 1e-3


def _price(price: Price) -> str:
    size = price.bytes
    memory = f"{size:,} bytes" if size < 10_000 else f"{size / 1e3:,.0f} kB" if size < 1e7 else f"{size / 1e6:,.0f} MB"
    return f"{price.multiplications:,} multiplications and {memory}"


def _brief(error: float) -> str:
    return f"{error:.1e}" if error else "0"


def _article(kind: str) -> str:
    return "an" if kind[0] in "aeiou" else "a"


def _percent(share: float) -> str:
    shown = math.floor(share * 1000) / 10
    return f"{shown:g} %"


def verdict(check: Check) -> Verdict:
    """Tell what a check found."""
    if check.ok is None:
        return Verdict(None, (f"Not checked: {check.note}.",))
    if check.method == "by definition":
        return Verdict(True, ("By definition.",))
    parts: tuple[Part, ...] = (
        f"{check.of:,} {'entry' if check.of == 1 else 'entries'} checked by the {check.method}: "
        f"apart by {_brief(check.error)}, which {'is within' if check.ok else 'is more than'} "
        f"{_brief(check.tolerance)}.",
    )
    return Verdict(check.ok, parts)


def _found(derivation: "Derivation") -> Iterator[Block]:
    yield Heading("Result")
    yield Values(derivation.result.symbol, derivation.result.value)
    for step in derivation.steps:
        if derivation.quantity(step.of).wanted:
            yield Values(step.symbol, step.cotangent, pictures(derivation.quantity(step.of)))
    for update in derivation.updates:
        yield Formula(update.formula)
    yield outcome(derivation)
