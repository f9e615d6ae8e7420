"""Formulas on several lines: matrices between tall brackets, long lines broken at signs."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from tests.document.making import EXPRESSIONS

from chainrule.document import Equation, Matrix, Number, Product, Symbol, Total, Transposed
from chainrule.document.layout import formula_lines

A = Matrix(((Number(1), Symbol("delta")), (Number(-10), Number(4))))
TALL = Matrix(((Symbol("x"),), (Symbol("y"),), (Symbol("z"),)))


def drawn(expression, width=80, encoding="utf-8"):
    return [line.rstrip() for line in formula_lines(expression, width, encoding)]


def test_matrices_stand_side_by_side():
    product = Equation((Symbol("b"), Product((Transposed(A), Total((TALL, TALL), (False, True))))), ("=",))
    assert drawn(product) == [
        "    ⎡   1  δ ⎤ᵀ  ⎡ x ⎤   ⎡ x ⎤",
        "b = ⎣ −10  4 ⎦  (⎢ y ⎥ − ⎢ y ⎥)",
        "                 ⎣ z ⎦   ⎣ z ⎦",
    ]


def test_ascii_keeps_columns_aligned():
    assert drawn(A, encoding="ascii") == ["[   1  delta ]", "[ -10      4 ]"]


def test_an_equation_is_broken_before_its_signs():
    long = Total(tuple(Symbol(f"x_{i}") for i in range(12)), (False,) * 12)
    assert drawn(Equation((Symbol("C"), long, Symbol("y")), ("=", "≈")), 40) == [
        "C = x₀ + x₁ + x₂ + x₃ + x₄ + x₅ + x₆",
        "      + x₇ + x₈ + x₉ + x₁₀ + x₁₁",
        "  ≈ y",
    ]


@given(EXPRESSIONS, st.sampled_from(["utf-8", "ascii"]), st.sampled_from([40, 100]))
def test_lines_fit(expression, encoding, width):
    for line in formula_lines(expression, width, encoding):
        assert cell_len(line) <= 2 * width  # characters of double width
        line.encode(encoding)
