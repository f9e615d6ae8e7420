"""Formulas and numbers laid out on the lines of a terminal: matrices between tall brackets, long lines broken."""

import re
import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from chainrule.document.expressions import Equation, Expression, Matrix, Product, Total, Transposed
from chainrule.document.precedence import enclosed, operands, sign_between
from chainrule.document.shades import UNICODE, glyphs_for
from chainrule.document.text import text
from chainrule.document.transliteration import writable


class Box(NamedTuple):
    """Lines of equal width, one of which is in line with what stands beside."""

    lines: list[str]
    baseline: int


def formula_lines(expression: Expression, width: int, encoding: str = "utf-8") -> list[str]:
    """Set a formula on as many lines as its matrices, or its length, ask for.

    Parameters
    ----------
    expression : Expression
    width : int
        Columns.
    encoding : str
        Only characters that it has are used.

    Examples
    --------
    >>> from chainrule.document import Number, Symbol
    >>> A = Matrix(((Number(1), Number(2)), (Number(3), Number(-4))))
    >>> for line in formula_lines(Equation((Symbol("A"), A), ("=",)), 80):
    ...     print(line.rstrip())
        ⎡ 1   2 ⎤
    A = ⎣ 3  −4 ⎦
    """
    box = _box(expression, encoding)
    if max(map(len, box.lines)) <= width:
        return box.lines
    return _broken(expression, width, encoding)


def beside(*boxes: Box) -> Box:
    """Join boxes from left to right, their baselines in line."""
    above = max(box.baseline for box in boxes)
    below = max(len(box.lines) - box.baseline for box in boxes)
    columns = []
    for lines, baseline in boxes:
        blank = " " * len(lines[0])
        columns.append([blank] * (above - baseline) + lines + [blank] * (below - len(lines) + baseline))
    return Box(["".join(row) for row in zip(*columns, strict=True)], above)


def matrix_box(rows: Sequence[Sequence[str]], brackets: str = UNICODE.brackets) -> Box:
    """Set entries in columns, aligned at the right, between brackets."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    lines = ["  ".join(entry.rjust(width) for entry, width in zip(row, widths, strict=False)) for row in rows]
    if len(lines) == 1:
        return Box([f"[ {lines[0]} ]"], 0)
    last = len(lines) - 1
    pieces = [0 if i == 0 else 2 if i == last else 1 for i in range(len(lines))]
    return Box(
        [f"{brackets[piece]} {line} {brackets[piece + 3]}" for piece, line in zip(pieces, lines, strict=True)],
        len(lines) // 2,
    )


def _box(expression: Expression, encoding: str) -> Box:
    match expression:
        case Matrix(rows) if len(rows) > 1:
            entries = [[writable(text(entry), encoding) for entry in row] for row in rows]
            return matrix_box(entries, glyphs_for(encoding).brackets)
        case Product() | Equation() | Total() if _has_tall_part(expression):
            return beside(*_pieces(expression, encoding))
        case Transposed() if _has_tall_part(expression):
            inner = _part(expression, 0, encoding)
            return beside(inner, _over(writable("ᵀ", encoding), inner))
    return Box([writable(text(expression), encoding)], 0)


def _over(mark: str, inner: Box) -> Box:
    """Stand a mark beside the first line of a box."""
    return Box([mark, *[" " * len(mark)] * (len(inner.lines) - 1)], inner.baseline)


def _pieces(expression: Product | Equation | Total, encoding: str) -> list[Box]:
    count = len(operands(expression))
    match expression:
        case Product():
            signs = ["", *(f" {sign} " if (sign := sign_between(expression, i)) else " " for i in range(count - 1))]
        case Total(_, minus):
            first, *others = minus
            signs = ["−" if first else "", *(" − " if less else " + " for less in others)]
        case Equation(_, between):
            signs = ["", *(f" {sign} " for sign in between)]
    return [
        box
        for i in range(count)
        for box in (Box([writable(signs[i], encoding)], 0), _part(expression, i, encoding))
        if box.lines[0]
    ]


def _part(outer: Expression, i: int, encoding: str) -> Box:
    inner = _box(operands(outer)[i], encoding)
    return beside(Box(["("], 0), inner, Box([")"], 0)) if enclosed(outer, i, flat=True) else inner


def _has_tall_part(expression: Expression) -> bool:
    match expression:
        case Matrix(rows):
            return len(rows) > 1
        case Product() | Equation() | Total() | Transposed():
            return any(map(_has_tall_part, operands(expression)))
    return False


def _broken(expression: Expression, width: int, encoding: str) -> list[str]:
    """Break a formula before the signs of an equation, and where a side is still too long, before a term."""
    if not isinstance(expression, Equation) or len(expression.sides) < 2:
        return _wrapped(writable(text(expression), encoding), width, 0, 4)
    first, *others = (
        writable(f"({text(side)})" if enclosed(expression, i, flat=True) else text(side), encoding)
        for i, side in enumerate(expression.sides)
    )
    is_short = len(first) <= width // 4
    indent = len(first) + 1 if is_short else 4
    lines = []
    for sign, side in zip(expression.signs, others, strict=True):
        lines += _wrapped(f"{writable(sign, encoding)} {side}", width, indent, indent + len(sign) + 3)
    return [first + lines[0][len(first) :], *lines[1:]] if is_short else [*_wrapped(first, width, 0, 4), *lines]


def _wrapped(line: str, width: int, indent: int, further: int) -> list[str]:
    tied = re.sub(r" ([+−⊙·*-]|\.\*) ", " \\1\u00a0", line)  # a sign stays with what follows it
    lines = textwrap.wrap(
        tied, width, initial_indent=" " * indent, subsequent_indent=" " * further, break_on_hyphens=False
    )
    return [broken.replace("\u00a0", " ") for broken in lines]
