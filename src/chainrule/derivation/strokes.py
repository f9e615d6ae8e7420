"""What drawings of a graph are made of: labels with their sub- and superscripts, places, and edges with arrowheads.

A page lights a place or an edge by its ``data-node``, or its ``data-from`` and ``data-to``. Colours are given as
attributes, so that a page's own style goes before them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from chainrule.derivation.steps import Quantity
from chainrule.document import Symbol
from chainrule.document.arrays import shape_in_words
from chainrule.document.markup import element, escaped
from chainrule.document.names import parts
from chainrule.document.text import text

INK, SOFT, GROUND, FAINT, TEAL = "#212121", "#616161", "#ffffff", "#9e9e9e", "#00796f"
_LETTER, _SMALL = 9.5, 6.4  # the widths of letters, at most, in names and in shapes


class Drawn(NamedTuple):
    """A part of a drawing, from (0, 0)."""

    markup: str
    width: float
    height: float


def markers() -> str:
    """Define the arrowheads: at the end of an edge forward, at its beginning backward."""
    return element(
        "defs",
        *(_arrowhead(name, colour) for name, colour in (("plain", FAINT), ("forward", TEAL), ("backward", "#a84300"))),
    )


def _arrowhead(name: str, colour: str) -> str:
    tip = element("path", d="M0 0L8 4L0 8L2 4z", fill=colour, class_=f"tip-{name}")
    size = {"markerWidth": 8, "markerHeight": 8, "refX": 8, "refY": 4}
    return element("marker", tip, id=f"arrow-{name}", orient="auto-start-reverse", markerUnits="userSpaceOnUse", **size)


def label(symbol: Symbol, x: float, y: float) -> str:
    """Write a name, centred at x, its foot at y."""
    read = parts(symbol.name)
    raised = "′" * read.primes + symbol.above
    base = text(Symbol(symbol.name.rstrip("'"))) if read.accent else read.base
    spans = [escaped(base)]
    if raised:
        spans.append(element("tspan", escaped(raised), dy=-6, font_size=11, font_style="normal"))
    if read.below and not read.accent:
        place_below = {"dy": 10, "dx": -6 * len(raised)} if raised else {"dy": 4}
        spans.append(element("tspan", escaped(read.below), **place_below, font_size=11, font_style="normal"))
    style = "normal" if read.is_word else "italic"
    return element(
        "text", *spans, x=x, y=y, text_anchor="middle", font_size=16, font_style=style, fill=INK, class_="name"
    )


def caption(words: str, x: float, y: float) -> str:
    """Write small words, centred at x."""
    return element("text", escaped(words), x=x, y=y, text_anchor="middle", font_size=11, fill=SOFT, class_="small")


def place(quantity: Quantity, *inside: str, kind: str = "box") -> str:
    """Make a drawn thing the place of a quantity."""
    formula = f" = {text(quantity.formula)}" if quantity.formula is not None else ""
    words = f"{text(quantity.symbol)}{formula}, {shape_in_words(quantity.value.shape)}"
    key = quantity.key
    return element(
        "g",
        element("title", escaped(words)),
        *inside,
        class_=f"node {kind}",
        data_node=key,
        data_key=key,
        tabindex=0,
        role="button",
        aria_label=words,
    )


def edge(start: str, end: str, paths: Iterable[str], threads: Iterable[str] = ()) -> str:
    """Draw the way from one quantity to another.

    Parameters
    ----------
    start, end
        Their keys.
    paths
        Each with an arrowhead.
    threads
        Thin, without one: between columns of units, where all are joined to all.
    """
    thin = element("g", *(element("path", d=d) for d in threads), class_="threads", stroke_width=0.6)
    ways = (element("path", d=d, marker_end="url(#arrow-plain)") for d in paths)
    return element(
        "g",
        thin if threads else "",
        *ways,
        class_="edge",
        data_from=start,
        data_to=end,
        fill="none",
        stroke=FAINT,
        stroke_width=1.4,
    )


def box_size(quantity: Quantity) -> tuple[float, float]:
    """Return the (width, height) that a quantity's box needs."""
    name = len(text(quantity.symbol)) * _LETTER
    return max(name, len(shape_in_words(quantity.value.shape)) * _SMALL, 32) + 16, 46.0


def box(quantity: Quantity, x: float, y: float, *, result: bool = False) -> str:
    """Draw a quantity's box around (x, y): rounder where it is given, with a double line where it is the result."""
    width, height = box_size(quantity)
    given = quantity.formula is None
    at = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
    frame = element(
        "rect", **at, rx=22 if given else 6, fill=GROUND, stroke=INK, stroke_width=2 if quantity.wanted else 1.2
    )
    if result:
        inner = {"x": at["x"] + 3, "y": at["y"] + 3, "width": width - 6, "height": height - 6}
        frame += element("rect", **inner, rx=4, fill="none", stroke=INK)
    words = shape_in_words(quantity.value.shape)
    return place(quantity, frame, label(quantity.symbol, x, y + 1), caption(words, x, y + 16))
