"""Documents compiled by a real pdflatex, whose log must have nothing to complain of."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.conftest import complaints, too_wide
from tests.document.making import BLOCKS, everything

from chainrule.document import (
    Blank,
    Call,
    Document,
    Equation,
    Formula,
    Heading,
    Listing,
    Paragraph,
    Symbol,
    Table,
    Values,
)
from chainrule.document.latex import latex
from chainrule.document.latex_lines import latex_lines
from chainrule.document.latex_words import latex_words


@pytest.fixture
def compiled(pdflatex):
    """Compile a document; return its log."""
    return lambda document, runs=1: pdflatex(latex(document), runs)


def test_everything_fits_the_page(compiled):
    log = compiled(everything())
    assert not complaints(log)
    assert not too_wide(log, 2)


def test_random_documents_compile(compiled):
    found = []

    @settings(max_examples=100, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    @given(BLOCKS)
    def gather(block):
        found.append(block)

    gather()
    assert len(found) == 100
    log = compiled(Document("Random blocks", tuple(found)))
    assert not complaints(log)


def test_every_character_has_a_font(compiled):
    characters = "".join(map(chr, range(32, 0x2800)))
    drawn = [character for character in characters if "U+" not in latex_words(character) and character.isprintable()]
    lines = ["".join(drawn[i : i + 40]) for i in range(0, len(drawn), 40)]
    words = tuple(part for line in lines for part in (line.replace("`", ""), " "))
    log = compiled(Document("Characters", (Paragraph(words), Heading("".join(words)), Listing("\n".join(lines)))))
    assert len(drawn) > 400
    assert not complaints(log)


def test_wide_and_long_things_fit(compiled):
    rng = np.random.default_rng(1)
    W = Symbol("W")
    cells = tuple((("[a word] " * 9, W), ("another_identifier_that_is_long",), ("c",)) for _ in range(70))
    blocks = (
        Values(W, rng.normal(size=(12, 12)) * 1e-7),
        Values(W, rng.normal(size=(3, 12, 12)) + 1j),
        Values(W, rng.normal(size=784)),
        Values(W, rng.normal(size=(30, 784)), as_pictures=(28, 28)),
        Blank("W", W, (12, 12)),
        Blank("W", W, (30, 784)),
        Blank("W", W, (2, 3, 3)),
        Listing("x" * 300),
        Table(("one", "two", "three"), cells, "A table of more than a page."),
        Paragraph(("see " + "`a_module.a_function(of_many, long, arguments)[0]` " * 5,)),
    )
    log = compiled(Document("Wide", blocks), runs=3)
    assert not complaints(log)
    assert not too_wide(log, 2)


def test_a_long_formula_that_cannot_be_broken_stands_in_one_line(compiled):
    name = Symbol("rate_of_learning")
    assert len(latex_lines(name)) == len(latex_lines(Equation((name, Call("tanh", (name,) * 4)), ("=",)))) == 1
    log = compiled(Document("Long", (Formula(Equation((name, Call("tanh", (name,) * 4)), ("=",))),)))
    assert not complaints(log)


def test_pages_of_letters_are_not_shown_as_codes():
    assert "U+" not in latex(everything())


def test_nothing_is_read_from_files():
    source = latex(Document(r"\input{/etc/passwd}", (Paragraph((r"\write18{ls} `\input{x}`",)), Listing(r"\input{x}"))))
    assert r"\input{/" not in source
    assert r"\write18" not in source
    assert r"\input{x" not in source
