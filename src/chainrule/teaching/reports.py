# ruff: noqa: E741  (l is the paper's index of a layer)
"""What a check of a hand-made backward pass found, as data, as a document and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.document import (
    Block,
    Call,
    Derivative,
    Document,
    Equation,
    Expression,
    Formula,
    Heading,
    Paragraph,
    Product,
    Symbol,
    Transposed,
    Values,
    Verdict,
)

VERSION = 1
QUANTITIES = {"delta": "δ", "dW": "∂C/∂W", "db": "∂C/∂b"}


@dataclass(frozen=True, eq=False)
class Mistake:
    """One mistake in a backward pass.

    Attributes
    ----------
    name : str
        Stable, to be relied on by programs: "sigma-prime-missing", "sign", … ; "unrecognised" where none is known.
    layer : int
        l as in the paper: 1 is the first layer with weights.
    quantity : str
        "delta", "dW" or "db": what the mistake is made in.
    explanation : str
        In words: what stands there, and what should.
    also : tuple of str
        Names of other mistakes that give the very same numbers.
    expected : Expression or None
        The formula that should stand there.
    given, right : array or None
        The numbers that came, and those that should have, given what was handed on from the layer above.
    """

    name: str
    layer: int
    quantity: str
    explanation: str
    also: tuple[str, ...] = ()
    expected: Expression | None = None
    given: npt.NDArray[Any] | None = None
    right: npt.NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class BackpropReport:
    """What `check_backprop` found. It is true or false itself.

    Attributes
    ----------
    layers : int
        L, how many layers with weights the network has.
    checked : tuple of str
        Which of "delta", "dW" and "db" were given; none, where nothing could be checked.
    mistakes : tuple of Mistake
        Going backward from the last layer; where nothing could be checked, the one that says why.
    notes : tuple of str
        What was understood of the answer's form, or of its place.
    """

    layers: int
    checked: tuple[str, ...]
    mistakes: tuple[Mistake, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether everything that was given is right."""
        return not self.mistakes

    @property
    def layer(self) -> int | None:
        """The first wrong layer, going backward from L; None where all is right, or nothing could be checked."""
        return self.mistakes[0].layer if self.mistakes and self.checked else None

    @property
    def quantity(self) -> str | None:
        """What is wrong there: "delta", "dW" or "db"; None where all is right, or nothing could be checked."""
        return self.mistakes[0].quantity if self.mistakes and self.checked else None

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        lines = [self.verdict()]
        for mistake in self.mistakes if self.checked else ():
            lines.append(f"Layer {mistake.layer}, {QUANTITIES[mistake.quantity]}: {mistake.explanation}")
            if mistake.given is not None and mistake.right is not None:
                lines.append(f"  {difference(mistake.given, mistake.right)}")
            if mistake.also:
                lines.append(f"  The same numbers come from: {', '.join(mistake.also)}.")
        return "\n".join([*lines, *self.notes])

    def __repr__(self) -> str:
        return f"<BackpropReport: {self.verdict()}>"

    def verdict(self) -> str:
        """Say in one sentence what was found."""
        if self.ok:
            where = "the only layer" if self.layers == 1 else f"all {self.layers} layers"
            return f"Right: {', '.join(QUANTITIES[q] for q in self.checked)} of {where}."
        first, *others = self.mistakes
        if not self.checked:
            return f"Nothing could be checked: {first.explanation}"
        above = self.layers - first.layer
        right = (
            f"the {above} layer{'s' if above > 1 else ''} above {'are' if above > 1 else 'is'} right; " if above else ""
        )
        if not others:
            count = "1 mistake in all"
        elif all(other.name == first.name for other in others):
            count = f"the same mistake {len(self.mistakes)} times"
        else:
            count = f"{len(self.mistakes)} mistakes in all"
        place = f"first in layer {first.layer}, in {QUANTITIES[first.quantity]} ({first.name})"
        return f"Wrong, {place}; {right}{count}."

    def to_json(self) -> str:
        """Write the report as JSON: version, ok, layer, quantity, checked, mistakes with all their words, notes."""
        mistakes = [
            {
                "name": m.name,
                "layer": m.layer,
                "quantity": m.quantity,
                "explanation": m.explanation,
                "also": list(m.also),
                "difference": None if m.given is None or m.right is None else difference(m.given, m.right),
            }
            for m in self.mistakes
        ]
        found = {
            "chainrule backprop report": VERSION,
            "ok": self.ok,
            "verdict": self.verdict(),
            "layers": self.layers,
            "layer": self.layer,
            "quantity": self.quantity,
            "checked": list(self.checked),
            "mistakes": mistakes,
            "notes": list(self.notes),
        }
        return json.dumps(found, ensure_ascii=False, indent=1)

    def document(self) -> Document:
        """Return what was found, block by block."""
        return Document("Your backward pass, checked", tuple(self._blocks()))

    def _blocks(self) -> Iterator[Block]:
        yield Verdict(self.ok, (self.verdict(),))
        for note in self.notes:
            yield Paragraph((note,))
        for l in range(self.layers if self.checked else 0, 0, -1):
            found = [mistake for mistake in self.mistakes if mistake.layer == l]
            if not found:
                wrong_above = any(mistake.quantity == "delta" and mistake.layer > l for mistake in self.mistakes)
                words = f"follows rightly from the δ that layer {l + 1} handed on" if wrong_above else "is right"
                yield Verdict(True, (f"Layer {l} {words}.",))
            for mistake in found:
                yield Heading(f"Layer {l}: {QUANTITIES[mistake.quantity]}", 2)
                yield Verdict(False, (f"{mistake.name}: {mistake.explanation}",))
                if mistake.expected is not None:
                    yield Formula(mistake.expected, "what should stand there")
                if mistake.given is not None:
                    yield Values(Symbol("given"), mistake.given)
                if mistake.right is not None:
                    yield Values(Symbol("expected"), mistake.right)
                if mistake.also:
                    yield Paragraph((f"The same numbers come from: {', '.join(mistake.also)}.",))


def difference(given: npt.NDArray[Any], right: npt.NDArray[Any]) -> str:
    """Say how far what was given is from what is right."""
    if given.shape != right.shape:
        return f"Its shape is {given.shape}; expected was {right.shape}."
    apart = np.abs(given - right)
    if not apart.size:
        return "There are no entries."
    apart = np.where(np.isnan(apart), np.inf, apart)
    index = tuple(int(n) for n in np.unravel_index(int(np.argmax(apart)), apart.shape))
    wrong = int(np.count_nonzero(apart > 1e-4 * np.max(np.abs(right))))
    return (
        f"{wrong} of {apart.size} entries are off; the furthest, {list(index)}, is {given[index]:.5g}, "
        f"and should be {right[index]:.5g}."
    )


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
