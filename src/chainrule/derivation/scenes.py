"""A derivation as scenes in the order in which they are played: quantities forward, steps back, updates."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from typing import Literal as Choice

from chainrule.derivation import telling
from chainrule.derivation.steps import Quantity, Step, Update
from chainrule.document import Block, Expression, Formula, Heading, Paragraph, Symbol, Values

if TYPE_CHECKING:
    from chainrule.derivation.derivation import Derivation

Flow = Choice["forward", "backward", "update"]

_SMALLEST_PICTURE = 7  # of fewer rows of pixels nothing is to be seen


@dataclass(frozen=True, eq=False)
class Scene:
    """One step of the player.

    Attributes
    ----------
    flow : "forward", "backward" or "update"
        Which way the numbers go.
    of : str
        The key of the quantity whose place is lit.
    others : tuple of str
        The keys at the other ends of the edges that are lit: operands forward, what was computed from it backward.
    title : Expression
        What is found.
    blocks : tuple of Block
        What is said.
    """

    flow: Flow
    of: str
    others: tuple[str, ...]
    title: Expression
    blocks: tuple[Block, ...]


def scenes(derivation: "Derivation") -> list[Scene]:
    """Tell a derivation scene by scene."""
    size = picture_size(derivation.quantities)
    return [
        *(_forward(quantity, size) for quantity in derivation.quantities),
        *(_backward(derivation, step, size) for step in derivation.steps),
        *(_update(derivation, update, size) for update in derivation.updates),
    ]


def picture_size(quantities: Sequence[Quantity]) -> tuple[int, int] | None:
    """Return the (height, width) of the pictures that a network reads, if it reads square ones."""
    for quantity in quantities:
        if quantity.layer == 1 and quantity.value.ndim == 2 and quantity.formula is None:
            side = math.isqrt(pixels := int(quantity.value.shape[1]))
            return (side, side) if side * side == pixels and side >= _SMALLEST_PICTURE else None
    return None


def _forward(quantity: Quantity, size: tuple[int, int] | None) -> Scene:
    blocks: Iterable[Block] = telling.forward(quantity) if quantity.formula is not None else _given(quantity)
    shown = _with_pictures(blocks, quantity, size)
    return Scene("forward", quantity.key, quantity.operands, quantity.symbol, shown)


def _given(quantity: Quantity) -> tuple[Block, ...]:
    wanted = "; the derivative by it is wanted" if quantity.wanted else ""
    given = Paragraph((quantity.symbol, f" is given: {telling.shape_words(quantity.value)}{wanted}."))
    return given, Values(quantity.symbol, quantity.value)


def _backward(derivation: "Derivation", step: Step, size: tuple[int, int] | None) -> Scene:
    blocks = [block for block in telling.backward(derivation, step) if not isinstance(block, Heading)]
    if not step.contributions:
        blocks.insert(0, Paragraph(("The way back begins at the result, of which the derivative by itself is 1.",)))
    through = tuple(contribution.through for contribution in step.contributions)
    shown = _with_pictures(blocks, derivation.quantity(step.of), size)
    return Scene("backward", step.of, through, step.symbol, shown)


def _update(derivation: "Derivation", update: Update, size: tuple[int, int] | None) -> Scene:
    quantity = derivation.quantity(update.of)
    renewed = Symbol(quantity.symbol.name, quantity.symbol.above, f"{update.of}-renewed")
    blocks = (
        Formula(update.formula, f"with η = {update.eta:g}"),
        Paragraph(("After this step of gradient descent:",)),
        Values(renewed, update.value),
    )
    return Scene("update", update.of, (), quantity.symbol, _with_pictures(blocks, quantity, size))


def _with_pictures(blocks: Iterable[Block], quantity: Quantity, size: tuple[int, int] | None) -> tuple[Block, ...]:
    """Let what belongs to a network's input be shown as pictures: the rows of W¹, and the examples of a batch."""
    shape = quantity.value.shape
    if size is None or not shape or math.prod(size) not in (shape[0], shape[-1]) or quantity.layer not in (None, 0, 1):
        return tuple(blocks)
    return tuple(replace(block, as_pictures=size) if isinstance(block, Values) else block for block in blocks)
