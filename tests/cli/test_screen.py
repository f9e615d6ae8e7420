import io
import sys

import pytest
from rich.text import Text

from chainrule.cli import screen, show


def test_long_lines_are_not_broken(run, capsys):
    screen.say("word " * 40 + "end")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_what_looks_like_markup_is_printed_as_it_is(run, capsys):
    screen.say("[bold]a[/bold] :smile: 12")
    screen.complain("[red]b[/red]")
    printed = capsys.readouterr()
    assert printed.out == "[bold]a[/bold] :smile: 12\n"
    assert printed.err == "Error: [red]b[/red]\n"


def test_what_the_output_cannot_write_is_written_as_its_code(run, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert screen.glyphs() is show.ASCII
    screen.say("sept-ÿ.png", Text("plain"))
    stream.seek(0)
    assert stream.read() == "sept-\\xff.png\nplain\n"


def test_a_complaint_is_one_line(run, capsys):
    screen.complain("what came,\n   what was expected,\n" + "what to do " * 20)
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(("columns", "width"), [("40", 40), ("80", 80), ("300", screen.WIDEST)])
def test_width(run, monkeypatch, columns, width):
    import rich

    monkeypatch.setenv("COLUMNS", columns)
    rich.reconfigure()
    assert screen.width() == width


def test_a_captured_output_is_no_terminal(run):
    assert not screen.is_live()
    assert not screen.shades()
