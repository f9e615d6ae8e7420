"""Long formulas broken into lines of LaTeX, as a person breaks them: before a sign, before a term."""

from chainrule.document.expressions import Equation, Expression, Total
from chainrule.document.latex_formulas import latex_math, latex_operand, latex_sign
from chainrule.document.text import text

LINE = 72
"""So many characters of a formula as text fill about a line."""


def latex_lines(expression: Expression) -> list[str]:
    r"""Write a formula in one line, or, where it is too long, in several for amsmath's `aligned`.

    Examples
    --------
    >>> from chainrule.document import Symbol
    >>> latex_lines(Equation((Symbol("a"), Symbol("b")), ("=",)))
    ['a = b']
    >>> long = Total(tuple(Symbol(f"rate_of_learning_{i}") for i in range(5)), (False,) * 5)
    >>> for line in latex_lines(Equation((Symbol("a"), long), ("=",))):
    ...     print(line)
    a &= \mathrm{rate\_of\_learning}_{0} + \mathrm{rate\_of\_learning}_{1} + \mathrm{rate\_of\_learning}_{2}
    &\qquad {} + \mathrm{rate\_of\_learning}_{3} + \mathrm{rate\_of\_learning}_{4}
    """
    if len(text(expression)) <= LINE:
        return [latex_math(expression)]
    if isinstance(expression, Total):
        first, *others = _terms(expression)
        return ["& " + first, *(rf"&\qquad {line}" for line in others)] if others else [latex_math(expression)]
    if not isinstance(expression, Equation):
        return [latex_math(expression)]
    first = latex_operand(expression, 0)
    stands_alone = len(text(expression.sides[0])) > LINE // 3
    lines = [rf"&\mathrel{{}} {first}"] if stands_alone else []
    left = "" if stands_alone else first + " "
    for i, sign in enumerate(expression.signs, 1):
        side = expression.sides[i]
        head, *rest = _terms(side) if isinstance(side, Total) else [latex_operand(expression, i)]
        lines += [f"{left}&{latex_sign(sign)} {head}", *(rf"&\qquad {line}" for line in rest)]
        left = ""
    # Alone, a line needs no place of alignment.
    return lines if len(lines) > 1 else [latex_math(expression)]


def _terms(total: Total) -> list[str]:
    """Gather a sum's terms in lines that are not too long."""
    lines: list[str] = []
    room = 0
    for i, (term, less) in enumerate(zip(total.terms, total.minus, strict=True)):
        sign = ("-" if less else "") if i == 0 else ("- " if less else "+ ")
        room -= len(text(term)) + 3
        if room < 0:
            room = LINE - len(text(term))
            lines.append(("{} " if i else "") + sign + latex_operand(total, i))
        else:
            lines[-1] += " " + sign + latex_operand(total, i)
    return lines
