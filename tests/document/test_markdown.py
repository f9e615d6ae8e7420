"""Documents as Markdown: what has a meaning there is escaped, what is mathematics stands in dollars."""

import re

import pytest
from hypothesis import given, settings
from tests.document.making import DOCUMENTS, everything

from chainrule.document import Document, Formula, Listing, Matrix, Number, Paragraph, Symbol, Table
from chainrule.document.markdown import markdown


def body(*blocks):
    return markdown(Document("T", blocks)).removeprefix("# T\n\n").rstrip("\n")


@given(DOCUMENTS)
@settings(max_examples=60)
def test_every_document_can_be_written(document):
    assert markdown(document).startswith("#")


def test_formulas_hold_no_backslash_before_a_sign():
    """Markdown would take \\, for a comma and \\\\ for one backslash."""
    without_code = re.sub(r"```.*?```", "", markdown(everything()), flags=re.DOTALL)
    formulas = re.findall(r"\$\$(.*?)\$\$", without_code, re.DOTALL) + re.findall(r"(?<!\$)\$([^$]+)\$", without_code)
    assert len(formulas) > 30
    assert not [formula for formula in formulas if re.search(r"\\[^a-zA-Z]", formula)]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("a * b_c [d] <e> & $5", r"a \* b\_c \[d\] &lt;e&gt; &amp; \$5"),
        ("`a_b*` stays", "`a_b*` stays"),
        ("- no list", r"\- no list"),
        ("1. no list", r"1\. no list"),
        ("# no heading", r"\# no heading"),
        ("two\n\nlines", "two lines"),
    ],
)
def test_words_are_escaped(words, written):
    assert body(Paragraph((words,))) == written


def test_cells_cannot_be_parted():
    table = body(Table(("a|b", "c"), ((("`x|y`",), ("|", Symbol("z"))),)))
    assert table.splitlines() == [r"| a\|b | c |", "| --- | --- |", r"| `x\|y` | \|$z$ |"]


def test_a_fence_is_longer_than_those_in_the_code():
    assert body(Listing("```\nx")) == "````python\n```\nx\n````"


def test_matrices():
    matrix = Matrix(((Number(1), Number(-2)), (Number(3), Number(4))))
    assert body(Formula(matrix)) == "$$\n\\begin{bmatrix} 1 & -2 \\cr 3 & 4 \\end{bmatrix}\n$$"
