"""Documents as Markdown, with formulas in dollars, as GitHub, Jupyter and documentation pages draw them."""

import math
import re
from collections.abc import Sequence

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
from chainrule.document.describing import gist, verdict
from chainrule.document.latex_arrays import array_equations
from chainrule.document.latex_formulas import latex_math
from chainrule.document.latex_lines import latex_lines
from chainrule.document.numbers import SLICES, WHOLE, greatest, slice_indices, summary, written
from chainrule.document.shades import UNICODE, heat_lines, legend, picture_lines

_WIDTH = 72  # characters of a heat map
_BOXES = 16  # rows of fields to fill in
_FIELD = "____"
# Markdown takes a backslash before a sign as its own; these say the same without one.
_WITHOUT_SIGNS = {
    r"\\": r"\cr",
    r"\_": r"\rule{0.4em}{0.05em}",
    r"\,": r"\thinspace",
    r"\{": r"\lbrace",
    r"\}": r"\rbrace",
    "<": r"\lt",
    ">": r"\gt",
}


def markdown(document: Document) -> str:
    r"""Write a document as Markdown (CommonMark, with tables and formulas as GitHub has them).

    Parameters
    ----------
    document : Document

    Returns
    -------
    str

    Examples
    --------
    >>> from chainrule.document import Symbol, Transposed
    >>> W = Symbol("W", "3")
    >>> print(markdown(Document("Backward", (Paragraph(("By ", Transposed(W), ", not * by `W`.")),))))
    # Backward
    <BLANKLINE>
    By $(W^{3})^{\top}$, not \* by `W`.
    <BLANKLINE>
    """
    return "\n\n".join((f"# {_sentence((document.title,))}", *map(_block, document.blocks))) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(words, level):
            return f"{'#' * min(max(level, 1) + 1, 6)} {_sentence((words,))}"
        case Paragraph(parts):
            return _guarded(_sentence(parts))
        case Formula(expression, note):
            lines = latex_lines(expression)
            body = lines[0] if len(lines) == 1 else _aligned(lines)
            return _shown(body) + (f"\n\n*{_sentence((note,))}*" if note else "")
        case Values():
            return _values(block)
        case Table():
            return _table(block)
        case Listing(code, language):
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
            return f"{fence}{language}\n{code.rstrip()}\n{fence}"
        case Verdict(ok, parts):
            sign, word = verdict(ok)
            return f"{sign} **{word}** {_sentence(parts)}"
        case Picture(_, alt):
            return f"*Picture: {_sentence((alt,))}*"
        case Blank():
            return _blank(block)


def _sentence(parts: Sequence[Part]) -> str:
    """Set a flow of words and formulas on one line."""
    words = "".join(_words(part) if isinstance(part, str) else f"${_math(latex_math(part))}$" for part in parts)
    return " ".join(re.split(r"[^\S\u00a0]+", words)).strip()


def _words(words: str) -> str:
    """Escape what Markdown would take for its own; what stands in `backticks` stays as it is."""
    pieces = words.split("`")
    if len(pieces) % 2 == 0:
        pieces[-2:] = ["`".join(pieces[-2:])]
    return "".join(f"`{piece}`" if i % 2 and piece else _escaped(piece) for i, piece in enumerate(pieces))


def _escaped(words: str) -> str:
    words = re.sub(r"([\\`*_\[\]$#|~])", r"\\\1", words)
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _guarded(line: str) -> str:
    """Escape what would make a list, a line or a heading of a sentence that begins with it."""
    return re.sub(r"^(\d*)([-+.)])", r"\1\\\2", line)


def _math(latex: str) -> str:
    r"""Spell LaTeX so that Markdown leaves it alone.

    Examples
    --------
    >>> print(_math(r"a \\ b_{i,\,j} < c"), _math(r"\text{U+53D8}"))
    a \cr b_{i,\thinspace j} \lt c \text{变}
    """
    # Pages have fonts for all that pdflatex has none for.
    latex = re.sub(r"U\+((?!00|D[89A-F])[0-9A-F]{4,5})", lambda code: chr(int(code[1], 16)), latex).replace(
        r"\textquotedbl{}", '"'
    )
    spelt = re.sub(r"\\[\\_,{}]|[<>]", lambda found: _WITHOUT_SIGNS[found[0]] + " ", latex)
    return re.sub(" {2,}", " ", spelt).strip()


def _shown(latex: str) -> str:
    return f"$$\n{_math(latex)}\n$$"


def _aligned(lines: Sequence[str]) -> str:
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def _values(block: Values) -> str:
    found = summary(block.array)
    if found.slices:
        equations = (array_equations(block.symbol, part, block.array.ndim) for part in found.slices)
        return "\n\n".join(_shown(equation) for several in equations for equation in several)
    words = _sentence(gist(block.symbol, found))
    if not found.matrix.size:
        return words
    if block.as_pictures:
        lines = picture_lines(block.array, block.as_pictures, _WIDTH, UNICODE)
    else:
        lines = heat_lines(found.matrix, _WIDTH, UNICODE)
    return "\n".join((f"{words}\n\n```text", *lines, legend(UNICODE, written(greatest(block.array))), "```"))


def _table(table: Table) -> str:
    lines = [_row([_sentence((words,)) for words in table.header]), _row(["---"] * len(table.header))]
    lines += [_row([_cell(cell) for cell in row]) for row in table.rows]
    caption = f"\n\n*{_sentence((table.caption,))}*" if table.caption else ""
    return "\n".join(lines) + caption


def _cell(parts: Sequence[Part]) -> str:
    return re.sub(r"(?<!\\)\|", r"\|", _sentence(parts))  # an upright line parts cells, even in code


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _blank(blank: Blank) -> str:
    """Leave fields to be filled in, under the label by which the answer is found."""
    shape = blank.shape
    asked = _sentence((blank.symbol, f", of shape {shape}:" if shape else ":"))
    rows, columns = shape[-2:] if len(shape) > 1 else (1, *shape) if shape else (1, 1)
    if rows > _BOXES or columns > WHOLE or math.prod(shape[:-2]) > SLICES:
        return f"{asked}\n\n```text\n{blank.label} =\n```"
    row = "[ " + "  ".join([_FIELD] * columns) + " ]" if shape else _FIELD
    matrices = (f"{blank.label}{index} =\n" + "\n".join([row] * rows) for index in slice_indices(shape))
    return f"{asked}\n\n```text\n" + "\n".join(matrices) + "\n```"
