"""Small arrays as equations in LaTeX: W = [ … ], in blocks of columns where they are too wide."""

import math

from chainrule.document.describing import part_of
from chainrule.document.expressions import Expression
from chainrule.document.latex_formulas import latex_math, latex_matrix, latex_number
from chainrule.document.numbers import Slice

_ROOM = 100
"""So many characters fit in a line without getting too small."""


def array_equations(symbol: Expression, part: Slice, ndim: int) -> list[str]:
    r"""Write a slice of an array, or all of it, as an equation or several.

    Parameters
    ----------
    symbol : Expression
        What has the value.
    part : Slice
    ndim : int
        The array's rank: of rank 1 it is a column, of rank 0 a number.

    Examples
    --------
    >>> from chainrule.document import Symbol
    >>> array_equations(Symbol("b"), Slice("", (("1", "-2"),)), 1)
    ['b = \\left[ \\begin{array}{r} 1 \\\\ -2 \\end{array} \\right]']
    >>> wide = Slice("", (("1.2345e-07",) * 12,))
    >>> [equation[:12] for equation in array_equations(Symbol("W"), wide, 2)]
    ['W_{{:},\\,0{:', 'W_{{:},\\,6{:']
    """
    if ndim == 0:
        return [f"{latex_math(part_of(symbol, part.index))} = {latex_number(part.rows[0][0])}"]
    rows = part.rows if ndim > 1 else tuple(zip(*part.rows, strict=True))
    columns = len(rows[0])
    each = max(1, _ROOM // (2 + max(len(number) for row in rows for number in row)))
    each = math.ceil(columns / math.ceil(columns / each))  # blocks of one width, as far as can be
    if columns <= each:
        return [f"{latex_math(part_of(symbol, part.index))} = {_matrix(rows)}"]
    before = (part.index or "[:, :]").strip("[]").removesuffix(":")
    return [
        f"{latex_math(part_of(symbol, f'{before}{i}:{min(i + each, columns)}'))} = "
        + _matrix([row[i : i + each] for row in rows])
        for i in range(0, columns, each)
    ]


def _matrix(rows: tuple[tuple[str, ...], ...] | list[tuple[str, ...]]) -> str:
    return latex_matrix([[latex_number(number) for number in row] for row in rows], "r")
