"""Documents as lines: in 80 columns, in any encoding, with and without colour."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from rich.cells import cell_len
from rich.console import Console
from tests.document.making import DOCUMENTS, everything

from chainrule.document import Document, Listing, Symbol, Values, Verdict
from chainrule.document.terminal import show, terminal_text


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp437"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit(width, encoding):
    document = everything()
    blocks = tuple(block for block in document.blocks if not isinstance(block, Listing))
    lines = terminal_text(Document(document.title, blocks), width, encoding).splitlines()
    "\n".join(lines).encode(encoding)
    assert not [line for line in lines if cell_len(line) > width]


@given(DOCUMENTS)
@settings(max_examples=40)
def test_every_document_can_be_shown(document):
    assert terminal_text(document).endswith("\n")
    terminal_text(document, 40, "ascii").encode("ascii")


def test_colour_is_only_a_second_sign():
    document = everything()
    plain, coloured = io.StringIO(), io.StringIO()
    show(document, Console(file=plain, width=80, color_system=None))
    show(document, Console(file=coloured, width=80, force_terminal=True, color_system="truecolor"))
    assert "\x1b[" in coloured.getvalue()
    assert "\x1b[" not in plain.getvalue()
    assert [line.rstrip() for line in plain.getvalue().splitlines()] == terminal_text(document).splitlines()


def test_signs_of_a_heat_map_are_told_by_characters():
    matrix = np.outer(np.ones(20), np.linspace(-1, 1, 20))
    document = Document("", (Values(Symbol("W"), matrix),))
    row = terminal_text(document).splitlines()[7].strip(" │")
    assert set(row[:9]) <= set("≡=-·")
    assert set(row[11:]) <= set("░▒▓█")


def test_a_picture_without_negative_entries_is_drawn_in_halves():
    picture = np.zeros((4, 4))
    picture[0] = 1
    document = Document("", (Values(Symbol("a", "0"), np.tile(picture.ravel(), (20, 1)), as_pictures=(4, 4)),))
    assert "│▀▀▀▀│" in terminal_text(document)
    assert "▀" not in terminal_text(document, encoding="ascii")


def test_verdicts_are_words():
    document = Document("", tuple(Verdict(ok, ("it is so",)) for ok in (True, False, None)))
    text = terminal_text(document, encoding="ascii")
    assert "+ right  it is so" in text
    assert "x wrong  it is so" in text
    assert "? not to be told  it is so" in text
