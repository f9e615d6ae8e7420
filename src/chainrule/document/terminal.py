"""Documents in a terminal, or as plain text: 80 columns suffice, colour is only ever a second sign."""

import io
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import rich.box
from rich.console import Console, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from chainrule.document.blocks import (
    Blank,
    Block,
    Document,
    Formula,
    Heading,
    Listing,
    Paragraph,
    Part,
    Picture,
    Table,
    Values,
    Verdict,
)
from chainrule.document.describing import gist, part_of, plain, signed, verdict
from chainrule.document.expressions import Expression
from chainrule.document.layout import Box, beside, formula_lines, matrix_box
from chainrule.document.numbers import SLICES, WHOLE, Numbers, Slice, greatest, slice_indices, summary, written
from chainrule.document.shades import Glyphs, glyphs_for, heat_lines, legend, picture_lines
from chainrule.document.text import text
from chainrule.document.transliteration import writable

WIDEST = 100  # columns; longer lines are hard to read, however wide the terminal
_INDENT = 4
_TIED = "\u00a0"  # a blank at which no line is broken
_BOXES = 16  # rows of fields to fill in by hand


def show(document: Document, console: Console | None = None) -> None:
    """Print a document.

    Parameters
    ----------
    document : Document
    console : rich.console.Console, optional
        Where to; standard output by default.
    """
    console = console or Console(highlight=False)
    for line in _Writer(min(console.width, WIDEST), console.encoding).document(document):
        console.print(line, soft_wrap=isinstance(line, Text), highlight=False)


def terminal_text(document: Document, width: int = 80, encoding: str = "utf-8") -> str:
    """Write a document as it stands in a terminal without colours.

    Parameters
    ----------
    document : Document
    width : int
        Columns; only source code may be wider.
    encoding : str
        Only characters that it has are used.

    Returns
    -------
    str

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.document import Symbol
    >>> z, delta = Symbol("z", "2"), Symbol("delta", "2")
    >>> document = Document("A neuron", (Values(z, np.array([[0.5, -1.0]])), Verdict(False, (delta, " has no σ'."))))
    >>> print(terminal_text(document))
    A neuron
    ━━━━━━━━
    <BLANKLINE>
        z² = [ 0.5  −1.0 ]   (1, 2)
    <BLANKLINE>
    ✗ wrong  δ² has no σ'.
    <BLANKLINE>
    >>> print(terminal_text(document, encoding="ascii"))
    A neuron
    ========
    <BLANKLINE>
        z^2 = [ 0.5  -1.0 ]   (1, 2)
    <BLANKLINE>
    x wrong  delta^2 has no sigma'.
    <BLANKLINE>
    """
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, highlight=False, legacy_windows=False)
    for line in _Writer(width, encoding).document(document):
        console.print(line, soft_wrap=isinstance(line, Text))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


@dataclass(frozen=True)
class _Writer:
    """Turns blocks into lines for one width and one encoding."""

    width: int
    encoding: str

    @property
    def glyphs(self) -> Glyphs:
        return glyphs_for(self.encoding)

    def document(self, document: Document) -> Iterator[RenderableType]:
        yield from self.heading(document.title, 1)
        for block in document.blocks:
            yield Text()
            yield from self.block(block)

    def block(self, block: Block) -> Iterator[RenderableType]:
        match block:
            case Heading(words, level):
                yield from self.heading(words, level + 1)
            case Paragraph(parts):
                yield from self.sentence(parts)
            case Formula(expression, note):
                yield from self.formula(expression, note)
            case Values():
                yield from self.values(block)
            case Table():
                yield from self.table(block)
            case Listing(code):
                yield from (self.line("    " + line) for line in code.expandtabs(4).splitlines())
            case Verdict(ok, parts):
                yield from self.verdict(ok, parts)
            case Picture(_, alt):
                yield from self.wrapped(f"[picture: {alt}]", style="italic")
            case Blank():
                yield from self.blank(block)

    def say(self, words: str) -> str:
        return writable(words, self.encoding)

    def line(self, words: str, style: str = "") -> Text:
        return Text(self.say(words).rstrip(), style)

    def sentence(self, parts: Sequence[Part]) -> Iterator[Text]:
        return self.wrapped(plain(parts, _TIED))

    def wrapped(self, words: str, indent: int = 0, style: str = "") -> Iterator[Text]:
        """Break a sentence into lines; what is joined by no-break blanks stays together."""
        inner = " " * indent
        tied = _TIED.join(map(self.say, words.split(_TIED)))
        for line in textwrap.wrap(tied, self.width, subsequent_indent=inner, break_on_hyphens=False):
            yield Text(line.replace(_TIED, " "), style)

    def heading(self, words: str, level: int) -> Iterator[Text]:
        lines = list(self.wrapped(words, style="bold"))
        yield from lines
        if level < 4 and lines:
            line = self.glyphs.lines[level > 1]
            yield Text(line * max(len(line.plain) for line in lines), "dim")

    def formula(self, expression: Expression, note: str) -> Iterator[Text]:
        lines = formula_lines(expression, self.width - _INDENT, self.encoding)
        widest = max(map(len, lines))
        beside_it = len(lines) == 1 and note and _INDENT + widest + 4 + len(note) <= self.width
        for line in lines:
            drawn = Text(" " * _INDENT + line)
            if beside_it:
                drawn.append(" " * 4 + self.say(note), "dim")
            yield drawn
        if note and not beside_it:
            yield from self.wrapped(" " * (_INDENT + 2) + note, _INDENT + 2, "dim")

    def values(self, block: Values) -> Iterator[Text]:
        found = summary(block.array)
        if found.slices:
            for part in found.slices:
                yield from self.numbers(part_of(block.symbol, part.index), part, block.array)
            return
        yield from self.sentence(gist(block.symbol, found))
        if found.matrix.size:
            room = self.width - _INDENT
            if block.as_pictures:
                lines = picture_lines(block.array, block.as_pictures, room, self.glyphs)
            else:
                lines = heat_lines(found.matrix, room, self.glyphs)
            yield from map(self.shaded, lines)
            yield self.line(" " * _INDENT + legend(self.glyphs, written(greatest(block.array))), "dim")

    def shaded(self, line: str) -> Text:
        """Give what is positive and what is negative in a picture a colour each, which is only a second sign."""
        drawn = Text(" " * _INDENT + line)
        for characters, style in ((self.glyphs.positive, "blue"), (self.glyphs.negative, "red")):
            drawn.highlight_regex(f"[{re.escape(characters)}]+", style)
        return drawn

    def numbers(self, symbol: Expression, part: Slice, array: Numbers) -> Iterator[Text]:
        rows = [[self.say(signed(number)) for number in row] for row in part.rows]
        name = Box([self.say(f"{text(symbol)} = ")], 0)
        shape = Box([f"   {array.shape[-2:]}"], 0)
        box = matrix_box(rows, self.glyphs.brackets)
        whole = beside(name, box, shape) if array.ndim else beside(name, Box([rows[0][0]], 0))
        lines = whole.lines
        if len(lines[0]) > self.width - _INDENT:
            lines = [f"{name.lines[0]}{shape.lines[0]}", *self.columns(rows)]
        yield from (Text(" " * _INDENT + line.rstrip()) for line in lines)

    def columns(self, rows: list[list[str]]) -> Iterator[str]:
        """Set a matrix that is too wide in blocks of columns below each other."""
        each = max(1, (self.width - _INDENT - 2) // (2 + max(len(number) for row in rows for number in row)))
        for start in range(0, len(rows[0]), each):
            end = min(start + each, len(rows[0]))
            if len(rows[0]) > each:
                yield f"[{start}:{end}]" if len(rows) == 1 else f"[:, {start}:{end}]"
            yield from matrix_box([row[start:end] for row in rows], self.glyphs.brackets).lines

    def verdict(self, ok: bool | None, parts: Sequence[Part]) -> Iterator[Text]:
        sign, word = verdict(ok)
        style = {True: "bold green", False: "bold red", None: "bold"}[ok]
        head = self.say(f"{sign} {word}")
        for i, line in enumerate(self.wrapped(f"{head}{_TIED} {plain(parts, _TIED)}", 2)):
            if i == 0:
                line.stylize(style, 0, len(head))
            yield line

    def table(self, table: Table) -> Iterator[RenderableType]:
        shape = rich.box.SIMPLE_HEAD if self.glyphs.halves else rich.box.ASCII2
        drawn = RichTable(box=shape, show_edge=False, pad_edge=False)
        for words in table.header:
            drawn.add_column(Text(self.say(words)), overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(self.say(plain(cell))) for cell in row))
        yield drawn
        if table.caption:
            yield from self.wrapped(table.caption, style="dim")

    def blank(self, blank: Blank) -> Iterator[Text]:
        field, shape = "_______", blank.shape
        name = self.say(text(blank.symbol))
        rows, columns = shape[-2:] if len(shape) > 1 else (1, *shape) if shape else (1, 1)
        fits = _INDENT + len(name) + 3 + columns * (len(field) + 2) + 2 <= self.width
        if not fits or rows > _BOXES or columns > WHOLE or math.prod(shape[:-2]) > SLICES:
            yield from self.wrapped(f"{name} = ? (of shape {shape})")
            return
        box = matrix_box([[field] * columns] * rows, self.glyphs.brackets) if shape else Box([field], 0)
        for index in slice_indices(shape):
            drawn = beside(Box([self.say(text(part_of(blank.symbol, index))) + " = "], 0), box)
            yield from (Text(" " * _INDENT + line.rstrip()) for line in drawn.lines)
