"""Documents as LaTeX: one file that pdflatex compiles, with the packages of its plainest installations."""

import math
from collections.abc import Iterator, Sequence

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
from chainrule.document.describing import LEGEND, gist, part_of, plain, verdict
from chainrule.document.expressions import Expression
from chainrule.document.latex_arrays import array_equations
from chainrule.document.latex_formulas import latex_math, latex_matrix
from chainrule.document.latex_lines import LINE, latex_lines
from chainrule.document.latex_pictures import heat_map, picture
from chainrule.document.latex_words import latex_code, latex_sentence, latex_words
from chainrule.document.numbers import SLICES, WHOLE, Numbers, as_pictures, greatest, slice_indices, summary
from chainrule.document.text import text

# \fitted shrinks what is wider than the line; \blankbox is room to write in by hand.
PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{lmodern,textcomp}
\usepackage{amsmath,amssymb}
\usepackage[margin=2.4cm]{geometry}
\usepackage{array,booktabs,longtable}
\usepackage{graphicx,xcolor}
\usepackage{microtype}
\definecolor{up}{RGB}{20,80,150}
\definecolor{down}{RGB}{190,75,10}
\definecolor{right}{RGB}{0,105,60}
\definecolor{wrong}{RGB}{175,20,30}
\definecolor{soft}{gray}{0.35}
\definecolor{paper}{gray}{0.93}
\setcounter{secnumdepth}{0}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em plus 0.2em}
\setlength{\emergencystretch}{8em}
\allowdisplaybreaks
\raggedbottom
\newsavebox{\fittedbox}
\newcommand{\fitted}[1]{\sbox{\fittedbox}{#1}%
  \ifdim\wd\fittedbox>\linewidth\resizebox{\linewidth}{!}{\usebox{\fittedbox}}\else\usebox{\fittedbox}\fi}
\newcommand{\shown}[1]{\[\fitted{$\displaystyle #1$}\]}
\newcommand{\aside}[1]{{\centering\small\color{soft}#1\par}}
\newcommand{\noted}[2]{{\postdisplaypenalty=10000 \shown{#1}}\aside{#2}}
\newcommand{\codeline}[1]{{\leftskip=1em \rightskip=1em \small\ttfamily\fitted{\strut #1}\par}}
\newenvironment{code}{\par\smallskip\setlength{\parskip}{0pt}{\color{soft}\hrule}\smallskip\nobreak}%
  {\nobreak\smallskip{\color{soft}\hrule}\smallskip\par}
\newcommand{\blankbox}[1]{\fboxsep=0pt\fbox{\rule{0pt}{0.8cm}\hspace{#1}}}
"""

_CODE_WIDTH = 82  # characters of \small\ttfamily in a line of text
_TABLE_WIDTH = 80  # characters
_LONG_WORD = 18
_PAGE = 30  # rows of a table
_BOXES = 16  # rows of fields to fill in by hand


def latex(document: Document) -> str:
    r"""Write a document as LaTeX.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
        A whole file for pdflatex; it needs amsmath, booktabs, geometry, graphicx, lmodern, microtype and xcolor.

    Examples
    --------
    >>> source = latex(Document("The cost", (Paragraph(("Of one example, at 100 %:",)),)))
    >>> print(source[source.index(r"\begin{document}"):])
    \begin{document}
    \begin{center}\LARGE\bfseries The cost\end{center}
    <BLANKLINE>
    Of one example, at 100 \%:
    <BLANKLINE>
    \end{document}
    <BLANKLINE>
    """
    title = rf"\begin{{center}}\LARGE\bfseries {latex_sentence(document.title)}\end{{center}}"
    blocks = "\n\n".join((title, *map(_block, document.blocks)))
    return f"{PREAMBLE}\\begin{{document}}\n{blocks}\n\n\\end{{document}}\n"


def _block(block: Block) -> str:
    match block:
        case Heading(words, level):
            command = ("section", "subsection", "subsubsection")[min(max(level, 1), 3) - 1]
            return rf"\{command}{{{latex_sentence(words)}}}"
        case Paragraph(parts):
            return _sentence(parts)
        case Formula(expression, note):
            return (
                rf"\noted{{{_displayed(expression)}}}{{{latex_sentence(note)}}}"
                if note
                else rf"\shown{{{_displayed(expression)}}}"
            )
        case Values():
            return _values(block)
        case Table():
            return _table(block)
        case Listing(code):
            return _listing(code)
        case Verdict(ok, parts):
            return _verdict(ok) + _sentence(parts)
        case Picture(_, alt):
            return rf"\shown{{\fbox{{\parbox{{0.8\linewidth}}{{\centering\itshape {latex_sentence(alt)}}}}}}}"
        case Blank():
            return _blank(block)


def _sentence(parts: Sequence[Part], room: int = LINE // 2) -> str:
    """Set words and formulas; a formula of more characters than there is room for is shrunk where it does not fit."""
    return "".join(latex_sentence(part) if isinstance(part, str) else _inline(part, room) for part in parts)


def _inline(expression: Expression, room: int) -> str:
    formula = f"${latex_math(expression)}$"
    return rf"\fitted{{{formula}}}" if len(text(expression)) > room else formula


def _verdict(ok: bool | None) -> str:
    sign, word = verdict(ok)
    color = {True: "right", False: "wrong", None: "soft"}[ok]
    return rf"\textcolor{{{color}}}{{{latex_words(sign)}~\textbf{{{word}}}}}\quad "


def _displayed(expression: Expression) -> str:
    lines = latex_lines(expression)
    if len(lines) == 1:
        return lines[0]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def _values(block: Values) -> str:
    found = summary(block.array)
    if block.as_pictures and not found.slices and found.matrix.size:
        return _sentence(gist(block.symbol, found)) + "\n\n" + _pictures(block.array, block.as_pictures)
    if found.slices:
        equations = (array_equations(block.symbol, part, block.array.ndim) for part in found.slices)
        return "\n".join(rf"\shown{{{equation}}}" for several in equations for equation in several)
    described = _sentence(gist(block.symbol, found))
    return f"{described}\n\n{_centred(heat_map(found.matrix), LEGEND)}" if found.matrix.size else described


def _pictures(array: Numbers, size: tuple[int, int]) -> str:
    scale = greatest(array)
    chosen = as_pictures(array, size, 10)
    drawn = (
        rf"\begin{{tabular}}{{@{{}}c@{{}}}}{picture(pixels, scale)}\\{{\footnotesize row {row}}}\end{{tabular}}"
        for row, pixels in chosen
    )
    shown = f"the {len(chosen)} rows with the largest entries, as pictures; {LEGEND}"
    return _centred("\\quad\n".join(drawn), shown)


def _centred(body: str, caption: str) -> str:
    return f"{{\\centering\n{body}\\par}}\n\\aside{{{latex_sentence(caption)}}}"


def _table(table: Table) -> str:
    rows = [tuple(_sentence(cell, _LONG_WORD // 2) for cell in row) for row in table.rows]
    header = [rf"\textbf{{{latex_sentence(words)}}}" for words in table.header]
    columns = _columns([table.header, *([plain(cell) for cell in row] for row in table.rows)])
    # {} first: a cell that begins with a bracket would be taken for an argument of the line before.
    body = "".join("{}" + " & ".join(row) + "\\tabularnewline\n" for row in rows)
    top = "\\toprule\n" + " & ".join(header) + "\\tabularnewline\n\\midrule\n"
    caption = f"\n\\aside{{{latex_sentence(table.caption)}}}" if table.caption else ""
    if len(rows) > _PAGE:
        rules = "\\endhead\n\\bottomrule\n\\endfoot\n"
        return f"\\begin{{longtable}}{{{columns}}}\n{top}{rules}{body}\\end{{longtable}}{caption}"
    whole = f"\\begin{{tabular}}{{{columns}}}\n{top}{body}\\bottomrule\n\\end{{tabular}}"
    return f"{{\\centering\n{whole}\\par}}{caption}"


def _columns(rows: Sequence[Sequence[str]]) -> str:
    """Choose the columns of a table: as wide as they are, or where that is too wide, shares of the line."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * len(widths) <= _TABLE_WIDTH:
        return "l" * len(widths)
    words = [max(len(word) for cell in column for word in (*cell.split(), "")) for column in zip(*rows, strict=True)]
    needed = [min(word, _LONG_WORD) + 3 for word in words]
    wanted = [max(min(width, 3 * _LONG_WORD) + 3 - need, 0) for width, need in zip(widths, needed, strict=True)]
    spare = max(_TABLE_WIDTH - sum(needed), 0) / max(sum(wanted), 1)
    given = [need + spare * more for need, more in zip(needed, wanted, strict=True)]
    shares = (width / sum(given) for width in given)
    return "".join(
        rf">{{\raggedright\arraybackslash}}p{{\dimexpr {share:.3f}\linewidth-2\tabcolsep\relax}}" for share in shares
    )


def _listing(code: str) -> str:
    lines = "\n".join(rf"\codeline{{{latex_code(line)}}}" for long in code.splitlines() for line in _wrapped(long))
    return f"\\begin{{code}}\n{lines}\n\\end{{code}}"


def _wrapped(line: str) -> Iterator[str]:
    """Break a line of code that is wider than the page; what follows the break is indented."""
    line = line.expandtabs(4)
    indent = " " * min(len(line) - len(line.lstrip()) + 8, _CODE_WIDTH // 2)
    while len(line) > _CODE_WIDTH:
        blank = line.rfind(" ", _CODE_WIDTH * 2 // 3, _CODE_WIDTH)
        end = blank + 1 if blank > 0 else _CODE_WIDTH
        yield line[:end]
        line = indent + line[end:]
    yield line


def _blank(blank: Blank) -> str:
    shape = blank.shape
    if not shape:
        return rf"\shown{{{latex_math(blank.symbol)} = \blankbox{{3cm}}}}"
    rows, columns = shape[-2:] if len(shape) > 1 else (*shape, 1)
    matrices = math.prod(shape[:-2])
    if rows > _BOXES or columns > WHOLE or matrices > SLICES:
        asked = _sentence((blank.symbol, f", of shape {shape}:"))
        return f"{asked}\n\n\\fbox{{\\rule{{0pt}}{{5cm}}\\hspace{{0.95\\linewidth}}}}"
    box = rf"\blankbox{{{min(2.0, 13.0 / columns):.2f}cm}}"
    grid = latex_matrix([[box] * columns] * rows, "r")
    return "\n".join(
        rf"\shown{{{latex_math(part_of(blank.symbol, index))} = {grid}}}" for index in slice_indices(shape)
    )
