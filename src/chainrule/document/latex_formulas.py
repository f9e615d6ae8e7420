"""Formulas as LaTeX, for pdflatex with amsmath and for what draws LaTeX in pages (MathJax, KaTeX)."""

import re
from collections.abc import Sequence
from itertools import groupby, pairwise

from chainrule.document.expressions import (
    Absolute,
    Call,
    Cases,
    Derivative,
    Equation,
    Expression,
    Fraction,
    Indexed,
    Infix,
    Matrix,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Total,
    Transposed,
    Words,
)
from chainrule.document.latex_words import LETTERS, SIGNS, latex_words
from chainrule.document.names import parts
from chainrule.document.numbers import written
from chainrule.document.precedence import enclosed, operands, sign_between

_OPERATORS = {"arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "det", "exp", "gcd", "inf", "lim", "ln", "log"}
_OPERATORS |= {"max", "min", "sin", "sinh", "sup", "tan", "tanh", "dim", "ker"}
_TALL = (Fraction, Derivative, Matrix, Cases, Sum)


def latex_math(expression: Expression) -> str:
    r"""Write a formula in LaTeX, without the dollars around it.

    Parameters
    ----------
    expression : Expression

    Returns
    -------
    str

    Examples
    --------
    >>> W, z = Symbol("W", above="3"), Symbol("z", above="2")
    >>> delta2, delta3 = Symbol("delta", above="2"), Symbol("delta", above="3")
    >>> hidden = Product((Product((Transposed(W), delta3)), Call("sigma'", (z,))), "⊙")
    >>> print(latex_math(Equation((delta2, hidden), ("=",))))
    \delta^{2} = (W^{3})^{\top} \delta^{3} \odot \sigma'(z^{2})
    >>> print(latex_math(Fraction(Number(1), Symbol("batch_size"))))
    \frac{1}{\mathrm{batch\_size}}
    >>> print(latex_math(Product((Symbol("cost"), Symbol("x")))))
    \mathrm{cost} \, x
    >>> print(latex_math(Matrix(((Number(1),), (Number(-1e-9),)))))
    \begin{bmatrix} 1 \\ -10^{-9} \end{bmatrix}
    """
    match expression:
        case Symbol(name, above):
            return _name(name) + (f"^{{{_script(above)}}}" if above else "")
        case Number(value):
            return latex_number(written(value))
        case Words(words):
            return _words(words)
        case Call("sqrt", (of,), ()):
            return rf"\sqrt{{{latex_math(of)}}}"
        case Call(function, arguments, options):
            given = [*map(latex_math, arguments), *(_option(*option) for option in options)]
            return _function(function) + _around(", ".join(given), any(map(_is_tall, arguments)))
        case Product(factors):
            signs = [
                latex_sign(sign_between(expression, i)) or _space(*pair) for i, pair in enumerate(pairwise(factors))
            ]
            return _joined(expression, [f" {sign} " if sign else " " for sign in signs])
        case Total(_, minus):
            first = "-" if minus and minus[0] else ""
            return first + _joined(expression, [" - " if less else " + " for less in minus[1:]])
        case Fraction(over, under):
            return rf"\frac{{{_large(over)}}}{{{_large(under)}}}"
        case Power(_, exponent):
            return f"{latex_operand(expression, 0)}^{{{latex_math(exponent)}}}"
        case Transposed():
            return rf"{latex_operand(expression, 0)}^{{\top}}"
        case Derivative():
            return rf"\frac{{\partial {latex_operand(expression, 0)}}}{{\partial {latex_operand(expression, 1)}}}"
        case Sum(_, index):
            return r"\sum" + (f"_{{{_script(index)}}}" if index else "") + " " + latex_operand(expression, 0)
        case Norm(of, order):
            norm = _around(latex_math(of), _is_tall(of), r"\lVert ", r" \rVert")
            return norm + (f"_{{{_script(order)}}}" if order else "")
        case Absolute(of):
            return _around(latex_math(of), _is_tall(of), r"\lvert ", r" \rvert")
        case Indexed(_, index):
            return f"{_indexed(expression)}_{{{_script(index)}}}"
        case Infix(_, sign, _):
            return f"{latex_operand(expression, 0)} {latex_sign(sign)} {latex_operand(expression, 1)}"
        case Cases(cases):
            rows = (f"{latex_math(then)} & {_condition(when)}" for then, when in cases)
            return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
        case Matrix(rows):
            return latex_matrix([[latex_math(entry) for entry in row] for row in rows])
        case Equation(_, signs):
            return _joined(expression, [f" {latex_sign(sign)} " for sign in signs])


def _large(part: Expression) -> str:
    """Write a part of a fraction; one that is a fraction itself stays large enough to be read."""
    inner = latex_math(part)
    return inner.replace(r"\frac", r"\dfrac", 1) if isinstance(part, Derivative | Fraction) else inner


def _joined(outer: Expression, signs: list[str]) -> str:
    first, *others = range(len(operands(outer)))
    return latex_operand(outer, first) + "".join(
        sign + latex_operand(outer, i) for sign, i in zip(signs, others, strict=True)
    )


def latex_operand(outer: Expression, i: int) -> str:
    """Write the i-th operand of an expression, in parentheses where it needs them."""
    inner = operands(outer)[i]
    return _around(latex_math(inner), _is_tall(inner)) if enclosed(outer, i) else latex_math(inner)


def _around(inner: str, tall: bool, left: str = "(", right: str = ")") -> str:
    if not tall:
        return left + inner + right
    bare_left, bare_right = left.strip().replace(r"\lV", r"\V"), right.strip().replace(r"\rV", r"\V")
    return rf"\left{bare_left} {inner} \right{bare_right}"


def _condition(when: Expression) -> str:
    return latex_math(when) if isinstance(when, Words) else rf"\text{{if }} {latex_math(when)}"


def _is_tall(expression: Expression) -> bool:
    return isinstance(expression, _TALL) or any(map(_is_tall, operands(expression)))


def _indexed(expression: Indexed) -> str:
    inner = expression.of
    if isinstance(inner, Symbol) and not enclosed(expression, 0):
        # The superscript stands over the subscript: W^{3}_{0,:}.
        return latex_math(inner)
    return latex_operand(expression, 0)


def latex_matrix(rows: Sequence[Sequence[str]], align: str = "c") -> str:
    """Set entries in rows between brackets, however many columns there are; align is "c" or "r"."""
    body = r" \\ ".join(" & ".join(row) for row in rows)
    columns = max(map(len, rows), default=0)
    if align == "c" and columns <= 10:  # which is as many as amsmath's own matrices have
        return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
    return rf"\left[ \begin{{array}}{{{align * columns}}} {body} \end{{array}} \right]"


def latex_number(text: str) -> str:
    r"""Set a written number: with a power of ten for an exponent.

    Examples
    --------
    >>> print(latex_number("-1.5e-07"), latex_number("1e+20"), latex_number("nan"), latex_number("-inf"))
    -1.5 \cdot 10^{-7} 10^{20} \mathrm{nan} -\infty
    """
    power = r" \\cdot 10^{\1\2}"
    text = re.sub(r"e\+?(-?)0*(\d+)", power, text)
    text = re.sub(r"(?<![\d.])1 \\cdot (?=10\^)", "", text)
    text = text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}").replace("j", r"\,\mathrm{i}")
    return rf"\mathrm{{{text}}}" if text in ("True", "False") else text


def _space(left: Expression, right: Expression) -> str:
    """Keep words apart that stand side by side; letters need no space."""
    return r"\," if _is_word(left) or _is_word(right) else ""


def _is_word(expression: Expression) -> bool:
    match expression:
        case Symbol(name) | Call(name):
            base = parts(name).base
            return len(base) > 1 and base not in _OPERATORS
        case Transposed() | Power() | Indexed() | Product():
            return any(map(_is_word, operands(expression)))
    return isinstance(expression, Words)


def _function(name: str) -> str:
    read = parts(name)
    if read.base in _OPERATORS:
        return "\\" + read.base + _marks(read.below, read.primes)
    return _name(name)


def _name(name: str) -> str:
    read = parts(name)
    base = _letters(read.base)
    if read.accent:
        base = rf"\{read.accent}{{{base}}}"
    return base + _marks(read.below, read.primes)


def _marks(below: str, primes: int) -> str:
    # Primes first: x'_{1}^{2} is no error, x_{1}^{2}' would be a second superscript.
    return (rf"_{{{_script(below)}}}" if below else "") + "'" * primes


def _letters(word: str) -> str:
    if word in LETTERS:
        return LETTERS[word]
    if len(word) == 1 and word.isascii() and word.isalnum():
        return word
    return rf"\mathrm{{{latex_words(word)}}}" if word.isascii() else _words(word)


def _words(words: str) -> str:
    r"""Set words, and what is mathematics in them outside of \text, where pages would not understand it."""
    pieces = re.findall(r"[^\W_]+|\s+|.", words)
    groups = groupby(pieces, key=lambda piece: piece in LETTERS or (piece in SIGNS and not piece.isascii()))
    set_groups = (
        " ".join((LETTERS | SIGNS)[piece] for piece in group) if is_math else rf"\text{{{latex_words(''.join(group))}}}"
        for is_math, group in groups
    )
    return " ".join(set_groups) or r"\text{}"


def _script(script: str) -> str:
    """Set a sub- or superscript as it is written: letters, words, numbers, and signs between them."""
    pieces = re.findall(r"[^\W\d_]\w*|\d+(?:\.\d+)?|\s+|.", script)
    return "".join(map(_script_piece, pieces))


def _script_piece(piece: str) -> str:
    if piece.isspace():
        return r"\,"
    if piece in SIGNS:
        sign = SIGNS[piece]
        return sign + " " if sign.startswith("\\") else sign
    if piece == ":":
        return "{:}"
    if piece.replace(".", "").isdecimal() or piece in "+-*/(),=[]!":
        return piece
    letters = _letters(piece)
    return letters + " " if letters.startswith("\\") and not letters.endswith("}") else letters


def _option(name: str, value: str) -> str:
    return f"{_letters(name)} = {_words(value)}"


def latex_sign(sign: str) -> str:
    """Write a sign that stands between two expressions."""
    if sign in SIGNS or not sign:
        return SIGNS.get(sign, "")
    return rf"\mathbin{{{_words(sign)}}}"
