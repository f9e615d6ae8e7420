"""Parentheses: what is drawn, read again as Python, has the value of the formula itself."""

import math
import re

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from chainrule.document import (
    Derivative,
    Equation,
    Expression,
    Fraction,
    Indexed,
    Infix,
    Matrix,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Total,
    Transposed,
)
from chainrule.document.latex_formulas import latex_math
from chainrule.document.text import text

A, B, C = Symbol("a"), Symbol("b"), Symbol("c")
AT = {"a": 1.25, "b": -0.75, "c": 2.5}


def arithmetic(inner):
    pairs = st.lists(st.tuples(inner, st.booleans()), min_size=1, max_size=3)
    return st.one_of(
        pairs.map(lambda pairs: Total(*(tuple(part) for part in zip(*pairs, strict=True)))),
        st.builds(Product, st.lists(inner, min_size=1, max_size=3).map(tuple), st.sampled_from(["", "·"])),
        st.builds(Fraction, inner, inner),
        st.builds(Power, inner, st.sampled_from([Number(2), Number(3)])),
    )


ARITHMETIC = st.recursive(st.sampled_from([A, B, C, Number(2), Number(-3), Number(1e-7)]), arithmetic, max_leaves=10)


def value(expression: Expression) -> float:
    match expression:
        case Symbol(name):
            return AT[name]
        case Number(number):
            return number.real
        case Total(terms, minus):
            return sum(-value(term) if less else value(term) for term, less in zip(terms, minus, strict=True))
        case Product(factors):
            return math.prod(map(value, factors))
        case Fraction(over, under):
            return value(over) / value(under)
        case Power(base, exponent):
            return float(value(base) ** value(exponent))
    raise TypeError(expression)


def read(line: str) -> float:
    """Take a formula of one line for Python."""
    line = line.replace("10⁻⁷", "1e-7").replace("²", "**2").replace("³", "**3").replace("½", "0.5").replace("−", "-")
    line = line.replace("·", "*")
    line = re.sub(r"(?<=[\w)]) (?=[\w(])", "*", line)  # side by side
    return float(eval(line, {"__builtins__": {}}, AT))


def read_latex(line: str) -> float:
    """Take a formula in LaTeX for Python."""
    line = line.replace("10^{-7}", "1e-7").replace("^{2}", "**2").replace("^{3}", "**3")
    line = (
        line.replace(r"\left", "").replace(r"\right", "").replace(r"\cdot", "*").replace("( ", "(").replace(" )", ")")
    )
    line = line.replace(r"\dfrac", r"\frac").replace(r"\frac{", "((").replace("}{", ")/(").replace("}", "))")
    line = re.sub(r"(?<=[\w)]) (?=[\w(])", "*", line)
    return float(eval(line, {"__builtins__": {}}, AT))


def agree(found, expression):
    try:
        wanted = value(expression)
    except (ZeroDivisionError, OverflowError):
        return
    try:
        assert found() == pytest.approx(wanted, rel=1e-9, abs=1e-300)
    except (ZeroDivisionError, OverflowError):
        reject()  # on the edge of what floats hold


@given(ARITHMETIC)
def test_text_means_what_the_formula_means(expression):
    agree(lambda: read(text(expression)), expression)


@given(ARITHMETIC)
def test_latex_means_what_the_formula_means(expression):
    agree(lambda: read_latex(latex_math(expression)), expression)


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        (Product((Total((A, B), (False, False)), C)), "(a + b) c"),
        (Product((Product((Transposed(A), B)), C), "⊙"), "aᵀ b ⊙ c"),
        (Product((Product((A, B), "⊙"), C)), "(a ⊙ b) c"),
        (Product((A, Product((B, C)))), "a b c"),
        (Product((A, Product((B, C), "×")), "×"), "a × (b × c)"),
        (Transposed(Symbol("W", "3")), "(W³)ᵀ"),
        (Transposed(Derivative(A, B)), "(∂a/∂b)ᵀ"),
        (Power(Transposed(A), Number(2)), "(aᵀ)²"),
        (Power(Indexed(A, "i"), Number(2)), "a[i]²"),
        (Power(Symbol("z", "2"), Number(2)), "(z²)²"),
        (Power(A, Total((B, C), (False, True))), "a^(b − c)"),
        (Total((A, Total((B, C), (False, True))), (False, True)), "a − (b − c)"),
        (Total((Total((A, B), (False, True)), C), (False, False)), "a − b + c"),
        (Total((A, Number(-1)), (False, False)), "a + (−1)"),
        (Fraction(A, Product((B, C))), "a / (b c)"),
        (Fraction(Number(1), A), "1/a"),
        (Derivative(Total((A, B), (False, False)), C), "∂(a + b)/∂c"),
        (Total((Sum(A, "i"), B), (False, False)), "Σᵢ a + b"),
        (Sum(Total((A, B), (False, False)), "i"), "Σᵢ (a + b)"),
        (Product((Sum(A), B)), "(Σ a) b"),
        (Product((A, Sum(B))), "a Σ b"),
        (Indexed(Product((A, B)), "0"), "(a b)[0]"),
        (Transposed(Product((Symbol("W", "3"),))), "(W³)ᵀ"),
        (Product((Product((Product((A, B)),)), C)), "a b c"),
        (Infix(Infix(A, "<", B), "∈", C), "(a < b) ∈ c"),
        (Equation((A, Equation((B, C), ("=",))), ("←",)), "a ← (b = c)"),
        (Product((Number(2), Number(3))), "2 · 3"),
        (Matrix(((Total((A, B), (False, False)), C),)), "[a + b, c]"),
    ],
)
def test_parentheses(expression, line):
    assert text(expression) == line
