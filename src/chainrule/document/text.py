"""Formulas as text: one line of Unicode, δ² = (W³)ᵀ δ³ ⊙ σ'(z²), as a person types mathematics."""

import re
from unicodedata import normalize

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
from chainrule.document.names import ACCENTS, parts
from chainrule.document.numbers import written
from chainrule.document.precedence import Level, enclosed, level, operands, sign_between

# No ᵀ among them: that means transposed.
SUPERSCRIPTS = dict(
    zip(
        "0123456789+−-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRUVW",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ",
        strict=True,
    )
)
SUBSCRIPTS = dict(zip("0123456789+−-=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True))
VULGAR = {(1, 2): "½", (1, 3): "⅓", (1, 4): "¼", (2, 3): "⅔", (3, 4): "¾"}


def text(expression: Expression) -> str:
    """Write a formula on one line.

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
    >>> print(text(Equation((delta2, hidden), ("=",))))
    δ² = (W³)ᵀ δ³ ⊙ σ'(z²)
    >>> print(text(Derivative(Symbol("C"), Symbol("W1"))))
    ∂C/∂W₁
    >>> print(text(Matrix(((Number(1), Number(2)), (Number(3), Number(-0.5))))))
    [1 2; 3 −0.5]
    """
    match expression:
        case Symbol(name, above):
            return name_text(name) + (raised(above) if above else "")
        case Number(value):
            return number_text(value)
        case Words(words):
            return words
        case Call("sqrt", (of,), ()):
            return "√" + (text(of) if level(of, flat=True) == Level.ATOM else f"({text(of)})")
        case Call(function, arguments, options):
            given = [*map(text, arguments), *(f"{name}={value}" for name, value in options)]
            return f"{name_text(function)}({', '.join(given)})"
        case Product(factors):
            return "".join(
                _part(expression, i) + (_spaced(sign_between(expression, i)) if i < len(factors) - 1 else "")
                for i in range(len(factors))
            )
        case Total(_, minus):
            return _total([_part(expression, i) for i in range(len(minus))], minus)
        case Fraction(Number(over), Number(under)) if (over, under) in VULGAR:
            return VULGAR[int(over.real), int(under.real)]
        case Fraction(over, under):
            simple = level(over, flat=True) == level(under, flat=True) == Level.ATOM
            return _part(expression, 0) + ("/" if simple else " / ") + _part(expression, 1)
        case Power(_, exponent):
            return _part(expression, 0) + raised(text(exponent))
        case Transposed():
            return _part(expression, 0) + "ᵀ"
        case Derivative():
            return f"∂{_part(expression, 0)}/∂{_part(expression, 1)}"
        case Sum(_, index):
            return "Σ" + (lowered(index) if index else "") + " " + _part(expression, 0)
        case Norm(of, order):
            return f"‖{text(of)}‖" + (lowered(order) if order else "")
        case Absolute(of):
            return f"|{text(of)}|"
        case Indexed(_, index):
            return f"{_part(expression, 0)}[{index}]"
        case Infix(_, sign, _):
            return f"{_part(expression, 0)} {sign} {_part(expression, 1)}"
        case Cases(cases):
            return "{" + "; ".join(f"{text(then)} {_condition(when)}" for then, when in cases) + "}"
        case Matrix(rows):
            return matrix_text([[text(entry) for entry in row] for row in rows])
        case Equation(sides, signs):
            signed = zip(("", *(f" {sign} " for sign in signs)), range(len(sides)), strict=True)
            return "".join(sign + _part(expression, i) for sign, i in signed)


def _part(outer: Expression, i: int) -> str:
    inner = text(operands(outer)[i])
    return f"({inner})" if enclosed(outer, i, flat=True) else inner


def _condition(when: Expression) -> str:
    return text(when) if isinstance(when, Words) else f"if {text(when)}"


def _spaced(sign: str) -> str:
    return f" {sign} " if sign else " "


def _total(terms: list[str], minus: tuple[bool, ...]) -> str:
    line = "".join(f" {'−' if less else '+'} {term}" for term, less in zip(terms, minus, strict=True))
    return "−" + line[3:] if minus and minus[0] else line[3:]


def matrix_text(rows: list[list[str]]) -> str:
    """Write entries in rows on one line: [1 2; 3 4]; with commas where an entry holds a blank.

    Examples
    --------
    >>> matrix_text([["1", "2"], ["3", "4"]]), matrix_text([["a + b", "c"]])
    ('[1 2; 3 4]', '[a + b, c]')
    """
    between = ", " if any(" " in entry for row in rows for entry in row) else " "
    return "[" + "; ".join(between.join(row) for row in rows) + "]"


def name_text(name: str) -> str:
    """Write a name: Greek letters, accents, subscripts and primes.

    Examples
    --------
    >>> print(name_text("delta_2"), name_text("y_hat"), name_text("W_ih"), name_text("sigma'"), name_text("w_abc"))
    δ₂ ŷ Wᵢₕ σ' w_{abc}
    """
    read = parts(name)
    base = normalize("NFC", read.base + ACCENTS.get(read.accent, ""))
    return base + (lowered(read.below) if read.below else "") + "'" * read.primes


def number_text(value: complex) -> str:
    """Write a constant, with a true minus sign and powers of ten.

    Examples
    --------
    >>> print(number_text(-0.001), number_text(1e-9), number_text(-2.5e7), number_text(2 - 1j))
    −0.001 10⁻⁹ −2.5·10⁷ 2−1j
    """
    line = re.sub(r"e([+-])0*(\d+)", lambda e: "·10" + raised(e[1].strip("+") + e[2]), written(value))
    return re.sub(r"(?<![\d.])1·(?=10\D)", "", line).replace("-", "−")


def raised(above: str) -> str:
    """Write a superscript, where Unicode has its characters; else after a ^.

    Examples
    --------
    >>> raised("2"), raised("−1"), raised("l+1"), raised("a b"), raised("0.5")
    ('²', '⁻¹', 'ˡ⁺¹', '^(a b)', '^0.5')
    """
    if all(character in SUPERSCRIPTS for character in above):
        return "".join(SUPERSCRIPTS[character] for character in above)
    return f"^{above}" if above.replace(".", "").isalnum() else f"^({above})"


def lowered(below: str) -> str:
    """Write a subscript, where Unicode has its characters; else after a _.

    Examples
    --------
    >>> lowered("2"), lowered("i,j"), lowered("σ")
    ('₂', '_{i,j}', '_σ')
    """
    if all(character in SUBSCRIPTS for character in below):
        return "".join(SUBSCRIPTS[character] for character in below)
    return f"_{below}" if len(below) == 1 else f"_{{{below}}}"
