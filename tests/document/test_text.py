"""Every formula has a text and LaTeX whose parentheses and braces match."""

import re

from hypothesis import given
from tests.document.making import EXPRESSIONS

from chainrule.document.latex_formulas import latex_math
from chainrule.document.layout import formula_lines
from chainrule.document.text import text
from chainrule.document.transliteration import writable

PAIRS = {")": "(", "]": "[", "}": "{"}


def is_balanced(line):
    opened = []
    for character in line:
        if character in PAIRS.values():
            opened.append(character)
        elif character in PAIRS and (not opened or opened.pop() != PAIRS[character]):
            return False
    return not opened


@given(EXPRESSIONS)
def test_every_formula_has_a_text_with_balanced_parentheses(expression):
    line = text(expression)
    assert "\n" not in line
    assert is_balanced(line)


@given(EXPRESSIONS)
def test_every_formula_has_latex_with_balanced_braces(expression):
    latex = latex_math(expression)
    for escaped in (r"\\", r"\{", r"\}"):
        latex = latex.replace(escaped, "")
    assert is_balanced("".join(character for character in latex if character in "{}"))
    assert len(re.findall(r"\\left(?![a-z])", latex)) == len(re.findall(r"\\right(?![a-z])", latex))


@given(EXPRESSIONS)
def test_formulas_can_be_laid_out_and_spelt_in_ascii(expression):
    lines = formula_lines(expression, 60)
    assert bool("".join(lines).strip()) == bool(text(expression).strip())
    assert writable(text(expression), "ascii").isascii()
