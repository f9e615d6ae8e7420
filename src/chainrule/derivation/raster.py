"""A drawing of a graph as PNG, by matplotlib: of SVG just what `chainrule.derivation.strokes` makes."""

import io
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

from chainrule.errors import InputError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SVG = "{http://www.w3.org/2000/svg}"
_POINTS = 0.72  # a point is 1/72 of an inch, and a unit of the drawing 1/100
_INHERITED = ("fill", "stroke", "stroke-width")
_CODES = {"M": (1, 1), "L": (2, 1), "C": (4, 3)}  # matplotlib's number of each command, and how many points it takes


def png(svg: str) -> bytes:
    """Draw an SVG that `chainrule.derivation.drawing.svg` has written.

    Returns
    -------
    bytes
        A PNG file, of twice as many pixels as the drawing has units.

    Raises
    ------
    InputError
        matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            'PNG is drawn by matplotlib, which is not installed: pip install "chainrule[figures]", or save as .svg.'
        ) from error
    # The text comes from our own drawing, in which every name is escaped.
    root = ElementTree.fromstring(svg)  # noqa: S314
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    figure = Figure(figsize=(width / 100, height / 100), dpi=200)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for order, artist in enumerate(_artists(root, {}, 0.0, 0.0)):
        artist.set_zorder(order)
        axes.add_artist(artist)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _artists(element: "Element", outer: Mapping[str, str], x: float, y: float) -> Iterator[Any]:
    """Turn an element and all within it into matplotlib's, in order; what is not drawn is left out."""
    style = {name: element.get(name, outer.get(name, "")) for name in _INHERITED}
    if moved := re.fullmatch(r"translate\((\S+) (\S+)\)", element.get("transform", "")):
        x, y = x + float(moved[1]), y + float(moved[2])
    match element.tag.removeprefix(_SVG):
        case "svg" | "g":
            for child in element:
                yield from _artists(child, style, x, y)
        case "rect" | "circle":
            yield _shape(element, style, x, y)
        case "path":
            yield from _path(element, style, x, y)
        case "text":
            yield _text(element, style, x, y)


def _look(style: Mapping[str, str]) -> dict[str, Any]:
    return {
        "facecolor": style["fill"] or "black",
        "edgecolor": style["stroke"] or "none",
        "linewidth": float(style["stroke-width"] or 1) * _POINTS,
    }


def _shape(element: "Element", style: Mapping[str, str], x: float, y: float) -> Any:
    from matplotlib.patches import Circle, FancyBboxPatch

    size = {name: float(element.get(name, 0)) for name in ("x", "y", "width", "height", "rx", "cx", "cy", "r")}
    if element.tag == f"{_SVG}circle":
        return Circle((x + size["cx"], y + size["cy"]), size["r"], **_look(style))
    rounding = min(size["rx"], size["width"] / 2, size["height"] / 2)
    box = f"round,pad=0,rounding_size={rounding}" if rounding else "square,pad=0"
    return FancyBboxPatch((x + size["x"], y + size["y"]), size["width"], size["height"], boxstyle=box, **_look(style))


def _path(element: "Element", style: Mapping[str, str], x: float, y: float) -> Iterator[Any]:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    points: list[Any] = []
    codes: list[int] = []
    for command, numbers in re.findall(r"([MLC])([^MLC]+)", element.get("d", "")):
        code, count = _CODES[command]
        points += (np.array(numbers.split(), float).reshape(count, 2) + np.array((x, y))).tolist()
        codes += [code] * count
    yield PathPatch(Path(points, codes), **_look(style))
    if element.get("marker-end"):
        ways = (np.subtract(end, start) for start, end in pairwise(points[::-1]))
        back = next(way for way in ways if way.any())
        back = back / np.hypot(*back)
        across = np.array([-back[1], back[0]])
        tip = np.array(points[-1])
        corners = [tip, tip + 8 * back + 4 * across, tip + 6 * back, tip + 8 * back - 4 * across]
        yield Polygon(np.array(corners), color=style["stroke"])


def _text(element: "Element", style: Mapping[str, str], x: float, y: float) -> Any:
    from matplotlib.text import Text

    spans = [(float(span.get("dy", 0)), span.text or "") for span in element]
    words = element.text or ""
    plain = words + "".join(text for _, text in spans)
    is_math = bool(spans) and all(re.fullmatch(r"\w+", text) for text in (words, *(text for _, text in spans)))
    slant = element.get("font-style", "normal")
    if is_math:
        face = "mathit" if slant == "italic" else "mathrm"
        hung = "".join(("^" if dy < 0 else "_") + rf"{{\mathrm{{{_spelt(text)}}}}}" for dy, text in spans)
        plain = rf"$\{face}{{{_spelt(words)}}}{hung}$"
    return Text(
        x + float(element.get("x", 0)),
        y + float(element.get("y", 0)),
        plain,
        color=style["fill"],
        fontsize=float(element.get("font-size", 16)) * _POINTS,
        fontstyle=slant,
        horizontalalignment="center",
        verticalalignment="baseline",
        parse_math=is_math,
        math_fontfamily="dejavusans",
    )


def _spelt(name: str) -> str:
    return name.replace("_", r"\_")
