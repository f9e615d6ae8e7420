"""A derivation as notebooks show it. A page with two of them in a real browser: each whole, and the rest untouched."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.conftest import complaints
from tests.derivation import samples
from tests.derivation.corpus import CORPUS

from chainrule import Network, derive, primitive


class Reader(HTMLParser):
    """What the tags of a part of a page are, and what they are given."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def branching(x):
    a = np.sin(x)
    return np.sum(a * x)


def test_html_is_whole_and_has_nothing_that_could_meet_another(open_page):
    for derivation in (samples.network(784, 30, 10), samples.hostile()):
        part = Reader(derivation._repr_html_())
        assert not {"script", "link", "iframe"} & {*part.tags}
        names = [name for name, _ in part.attributes]
        assert not {"id", "for", "href", "tabindex"} & {*names}
        assert not [name for name in names if name.startswith("on")]
        assert all(value.startswith("data:") for name, value in part.attributes if name == "src")
    assert len(samples.network(784, 30, 10)._repr_html_().encode()) < 300_000


LOOK = """element => { const look = getComputedStyle(element);
    return [look.fontFamily, look.fontSize, look.color, look.backgroundColor, look.margin, look.padding] }"""
HOST = """<!DOCTYPE html><html style="font-family: serif"><h1 id="title">Notebook</h1>
<p id="words">Words <code>x</code></p>
<table id="table"><tr><td>1</td></tr></table>{}<p id="after">After</p>"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_in_one_page_leave_the_rest_of_it_alone(open_page, scheme):
    parts = [samples.network()._repr_html_(), derive(branching)(np.array([0.5, 1.0]))._repr_html_()]
    places = ["html", "body", "#title", "#words", "#words code", "#table", "#table td", "#after"]
    bare = open_page(HOST.format(""), color_scheme=scheme)
    page = open_page(HOST.format("\n".join(parts)), width=900, color_scheme=scheme)
    for place in places:
        assert page.locator(place).evaluate(LOOK) == bare.locator(place).evaluate(LOOK), place
    shown = page.locator(".chainrule")
    assert shown.count() == 2
    first, second = (shown.nth(i) for i in range(2))
    assert first.evaluate(LOOK) == second.evaluate(LOOK)
    assert first.bounding_box()["y"] + first.bounding_box()["height"] <= second.bounding_box()["y"]
    assert first.locator("h1").inner_text() == "The derivative of three_layers, step by step"
    assert second.locator("h1").inner_text() == "The derivative of branching, step by step"
    assert second.locator("math").count() > 10
    assert page.evaluate("document.documentElement.scrollWidth") <= 900


def test_no_number_is_cut_off(open_page):
    """A frame that scrolls sideways would otherwise hide the lower edge of a bracket."""
    page = open_page(HOST.format(samples.network()._repr_html_()))
    cut = "frames => frames.filter(f => f.scrollHeight > f.clientHeight).length"
    assert page.locator(".whole").count() > 5
    assert page.locator(".whole").evaluate_all(cut) == 0
    assert page.locator(".formula").evaluate_all(cut) == 0


def test_markdown_is_the_document():
    derivation = samples.graph()
    assert derivation._repr_markdown_() == derivation.to_markdown()


def test_latex_is_one_formula_with_a_line_for_each_step():
    derivation = derive(branching)(np.array([0.5, 1.0]))
    found = derivation._repr_latex_()
    assert found.startswith(r"$$\begin{aligned} ")
    assert found.endswith(r" \end{aligned}$$")
    lines = found.split(" \\\\\n")
    assert len(lines) == sum(bool(step.contributions) for step in derivation.steps)
    # What is used twice is handed back twice.
    assert re.search(r"\\frac\{\\partial C\}\{\\partial x\} &= .* \+ ", lines[-1])


@pytest.mark.parametrize("f", [f for f, _ in CORPUS], ids=lambda f: f.__name__)
def test_latex_has_no_line_without_its_place_of_alignment(f):
    found = derive(f)(*dict(CORPUS)[f])._repr_latex_()
    body = re.sub(r"\\begin\{(bmatrix|array|cases)\}.*?\\end\{\1\}", "", found)
    for line in body.split(" \\\\\n"):
        assert line.count("&") == 1, line


def test_latex_compiles(pdflatex):
    formulas = [derive(f)(*args)._repr_latex_() for f, args in CORPUS]
    formulas.append(Network([4, 3, 2]).derive(np.full(4, 0.5), 1)._repr_latex_())
    body = "\n\n".join(formula.strip("$").join((r"\[", r"\]")) for formula in formulas)
    head = "\\documentclass{article}\\usepackage{amsmath,amssymb}\\allowdisplaybreaks\\begin{document}\n"
    assert not complaints(pdflatex(f"{head}{body}\n\\end{{document}}\n"))


@primitive(partials=lambda x, y: 2 * y)
def wrong(x):
    return np.exp(x)


def test_in_a_line_it_says_how_to_read_it():
    assert repr(samples.graph()) == "<derivation of used_twice: 4 steps back; print it to read it>"
    assert repr(derive(wrong)(0.5)) == "<derivation of wrong: 1 step back, 1 found wrong; print it to read it>"
