"""Documents as pages: every block, nothing active that came from outside, and pleasant in a real browser."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from chainrule.document import (
    Blank,
    Derivative,
    Document,
    Equation,
    Formula,
    Heading,
    Listing,
    Number,
    Paragraph,
    Picture,
    Symbol,
    Table,
    Values,
    Verdict,
)
from chainrule.document.page import fragment, html

VOID = {"meta", "img", "input"}
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class Reader(HTMLParser):
    """Reads a page, and holds that each element is closed in turn."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


Z, C = Symbol("z_1", key="q1"), Symbol("C", key="q2")
EVERYTHING = Document(
    "All of `it`",
    (
        Heading("A part"),
        Heading("A part of it", 2),
        Paragraph(("Here is ", Z, ", made by `z = W @ x`.")),
        Formula(Equation((Z, Number(2)), ("=",)), "a note"),
        Values(Z, np.array([1.0, -2.0, 0.25])),
        Values(Derivative(C, Z), np.ones((30, 784)), (28, 28)),
        Table(("what", "how"), ((("a", Z), ("b",)),), "Of all"),
        Listing("z = W @ x  # <b>"),
        Verdict(True, ("as it should be",)),
        Verdict(False, ("not so",)),
        Verdict(None, ("who knows",)),
        Picture('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><circle r="9"/></svg>', "a circle"),
        Blank("delta_2", Symbol("delta_2"), (2, 3)),
        Paragraph((Derivative(C, Z), " again, within 1.5e-08")),
    ),
)


def test_every_block_is_there():
    reader = read(html(EVERYTHING))
    words = " ".join("".join(reader.words).split())
    for said in ("All of it", "A part", "a note", "Of all", "✓ right", "✗ wrong", "? open", "30 × 784", "1.5e−8"):
        assert said in words
    assert reader.tags.count("input") == 6
    assert ("aria-label", "delta_2[1,2]") in reader.attributes
    assert ("alt", "a circle") in reader.attributes
    assert ("lang", "en") in reader.attributes


def test_a_value_is_found_again_wherever_it_is_mentioned():
    reader = read(html(EVERYTHING))
    shown = {value for name, value in reader.attributes if name == "data-value"}
    mentioned = [value for name, value in reader.attributes if name == "data-key"]
    assert len(shown) == 2
    assert set(mentioned) == shown
    assert all(mentioned.count(key) >= 2 for key in shown)


def hostile():
    symbol = Symbol(HOSTILE, HOSTILE, '"><script>')
    parts = (HOSTILE, symbol, f"`{HOSTILE}`")
    return Document(
        HOSTILE,
        (
            Heading(HOSTILE),
            Paragraph(parts),
            Formula(symbol, HOSTILE),
            Values(symbol, np.ones(3)),
            Table((HOSTILE,), ((parts,),), HOSTILE),
            Listing(HOSTILE, '"><script>'),
            Verdict(True, parts),
            Picture(f"<svg xmlns='http://www.w3.org/2000/svg'>{HOSTILE}</svg>", HOSTILE + '"'),
            Blank('"' + HOSTILE, symbol, (1,)),
        ),
    )


def test_nothing_that_came_from_outside_is_markup():
    reader = read(html(hostile()))
    assert reader.tags.count("script") == 1
    assert not any(name.startswith("on") for name, _ in reader.attributes)
    assert not any(name == "src" and not value.startswith("data:") for name, value in reader.attributes)


def test_the_policy_forbids_all_but_its_own(open_page):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html(EVERYTHING))
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    page = open_page(html(hostile()))  # neither alerts nor asks for a picture
    assert page.locator("script").count() == 1
    assert page.evaluate("getComputedStyle(document.querySelector('pre')).overflowX") == "auto"  # its own style applies


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 400, 1280, 2200])
def test_it_fits_and_is_legible(open_page, width, scheme):
    page = open_page(html(EVERYTHING), width=width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground, ink = page.evaluate(
        "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert (brightness(ground) > brightness(ink)) is (scheme == "light")
    assert abs(brightness(ground) - brightness(ink)) > 150


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


def test_pointing_and_focus_show_a_value_and_escape_hides_it(open_page):
    page = open_page(html(EVERYTHING))
    tip, symbol = page.locator("[role=tooltip]"), page.locator("p [data-key]").first
    assert tip.is_hidden()
    symbol.hover()
    assert tip.is_visible()
    assert "3 entries" in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    symbol.focus()
    assert tip.is_visible()
    assert symbol.get_attribute("aria-describedby") == tip.get_attribute("id")
    page.keyboard.press("Tab")
    assert page.locator(".shown").count() == 1
    assert symbol.get_attribute("aria-describedby") is None


def test_what_has_no_value_takes_no_focus(open_page):
    page = open_page(html(Document("None", (Paragraph((Z,)),))))
    assert page.locator("[data-key]").count() == 1
    assert page.locator("[tabindex]").count() == 0


def test_a_fragment_keeps_to_itself(open_page):
    """It brings its look into a page of another's, leaves the rest of that alone, and asks for no script."""
    part = fragment(EVERYTHING)
    reader = read(part)
    assert "script" not in reader.tags
    assert not {"tabindex", "data-key", "data-value"} & {name for name, _ in reader.attributes}
    page = open_page(f"<!DOCTYPE html><p id='before'>Before</p>{part}", color_scheme="dark")
    look = "element => [getComputedStyle(element).fontSize, getComputedStyle(element).color]"
    assert page.locator("#before").evaluate(look) == ["16px", "rgb(0, 0, 0)"]
    assert page.locator(".chainrule .scale").first.evaluate(look)[0] == "12.8px"
    assert brightness(page.locator(".chainrule").evaluate(look)[1]) > 200
