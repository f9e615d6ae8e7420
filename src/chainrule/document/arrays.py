"""Arrays as HTML: every number where they are few; else a picture, a summary and the entries that matter."""

from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.document.blocks import Values
from chainrule.document.expressions import Equation, Number
from chainrule.document.heat_maps import heat_map, picture_sheet
from chainrule.document.markup import element, escaped
from chainrule.document.mathml import Keys, bracketed, mathml, numeral
from chainrule.document.numbers import Slice, Summary, summary, written

Numbers = npt.NDArray[Any]

_BARS = 128
"""The longest vector whose entries are drawn as bars."""
_HALF = 40.0
"""The height of the longest bar."""


def values(block: Values, keys: Keys | None, key: str | None) -> str:
    """Write an array as a ``<figure>`` that a page finds again by its key.

    Parameters
    ----------
    block
        The array, what has this value, and whether its rows are pictures.
    keys
        As `chainrule.document.mathml.mathml` takes it.
    key
        Of this value; `None` for none.
    """
    array = np.asarray(block.array)
    if array.ndim == 0:
        equation = mathml(Equation((block.symbol, Number(array.item())), ("=",)), keys)
        return element("figure", element("figcaption", equation), class_="values", data_value=key)
    shape = element("span", shape_in_words(array.shape), class_="shape")
    caption = element("figcaption", mathml(block.symbol, keys), " ", shape)
    return element("figure", caption, _body(array, block.as_pictures), class_="values", data_value=key)


def shape_in_words(shape: tuple[int, ...]) -> str:
    """Say a shape as a person would.

    Examples
    --------
    >>> shape_in_words((30, 784)), shape_in_words((3,)), shape_in_words(())
    ('30 × 784', '3 entries', 'one number')
    """
    if len(shape) == 1:
        return "1 entry" if shape[0] == 1 else f"{shape[0]:,} entries"
    return " × ".join(f"{n:,}" for n in shape) or "one number"


def _body(array: Numbers, pictures: tuple[int, int] | None) -> str:
    gist = summary(array)
    if array.size == 0:
        return element("p", "It has no entries.", class_="summary")
    real = np.abs(array) if np.iscomplexobj(array) else array.astype(np.float64)
    limit = written(np.max(np.abs(real), where=np.isfinite(real), initial=0.0))
    if pictures is not None and array.shape[-1] == pictures[0] * pictures[1]:
        return _pictures(real.reshape(-1, array.shape[-1]), pictures, limit, "row") + _in_words(array, gist)
    if pictures is not None and array.ndim == 2 and len(array) == pictures[0] * pictures[1]:
        return _pictures(real.T, pictures, limit, "column") + _in_words(array, gist)
    bars = ""
    if array.ndim == 1 and 2 < len(array) <= _BARS and not np.iscomplexobj(array):
        bars = _bars(real)
    if gist.slices:
        return element("div", *(_whole(part, vector=array.ndim == 1) for part in gist.slices), bars, class_="whole")
    return (bars or _map(gist.matrix, limit)) + _in_words(array, gist)


def _whole(part: Slice, *, vector: bool) -> str:
    """Write all numbers of a matrix; a vector as one column."""
    rows = [[entry] for entry in part.rows[0]] if vector else part.rows
    name = element("mtext", part.index) + element("mo", ":") if part.index else ""
    return element("math", name + bracketed([numeral(entry) for entry in row] for row in rows), display="block")


def _map(matrix: Numbers, limit: str) -> str:
    """Draw a matrix as a heat map, each entry as large as fits a page."""
    height, width = matrix.shape
    scale = max(1, min(560 // width, 240 // height, 20))
    size = {"width": min(width, 512) * scale, "height": max(min(height, 512) * scale, 12)}
    return _picture(heat_map(matrix), f"Heat map of {height} × {width} entries", limit, size)


def _pictures(rows: Numbers, shape: tuple[int, int], limit: str, what: str) -> str:
    address, across = picture_sheet(rows, shape)
    down = -(-len(rows) // across)
    width, height = across * (shape[1] + 1) - 1, down * (shape[0] + 1) - 1
    scale = max(1, min(5, 640 // width))
    words = f"{len(rows)} pictures, one of each {what}," if len(rows) > 1 else "Its entries as a picture of"
    return _picture(
        address, f"{words} {shape[0]} × {shape[1]}", limit, {"width": scale * width, "height": scale * height}
    )


def _picture(address: str, words: str, limit: str, size: dict[str, int]) -> str:
    image = element("img", src=address, alt=words, title=words, class_="pixels", **size).removesuffix("</img>")
    ramp = element("span", class_="ramp", role="img", aria_label="through grey for zero to")
    least, most = element("span", f"dark: −{_typed(limit)}"), element("span", f"light: {_typed(limit)}")
    return image + element("p", least, ramp, most, class_="scale")


def _bars(vector: Numbers) -> str:
    """Draw a vector as bars, upward where positive, downward where negative."""
    n, limit = len(vector), float(np.max(np.abs(vector), where=np.isfinite(vector), initial=0.0)) or 1.0
    step = 20.0 if n <= 20 else 480.0 / n
    finite = np.where(np.isfinite(vector), vector, 0.0)
    top = max(float(finite.max()) / limit * _HALF, 2.0)
    bottom = top + max(float(-finite.min()) / limit * _HALF, 2.0)
    every = 1 if n <= 20 else 5 if n <= 60 else 10
    drawn = [element("line", x1=0, x2=n * step, y1=top, y2=top)]
    for i, entry in enumerate(vector.tolist()):
        length = abs(entry) / limit * _HALF if np.isfinite(entry) else 0.0
        place = {"x": (i + 0.12) * step, "y": top if entry < 0 else top - length, "width": 0.76 * step}
        title = element("title", f"[{i}] {_typed(written(entry))}")
        drawn.append(element("rect", title, **place, height=length, class_="negative" if entry < 0 else None))
        if i % every == 0:
            drawn.append(element("text", str(i), x=(i + 0.5) * step, y=bottom + 12, text_anchor="middle"))
    width, height = n * step, bottom + 16
    words = f"{n} entries as bars, upward where positive, downward where negative"
    box = f"0 0 {width:.0f} {height:.0f}"
    return element("svg", *drawn, class_="bars", viewBox=box, width=width, height=height, role="img", aria_label=words)


def _in_words(array: Numbers, gist: Summary) -> str:
    parts = []
    if gist.mean:
        parts.append(f"From {_typed(gist.smallest)} to {_typed(gist.largest)}, mean {_typed(gist.mean)}")
    if zeros := array.size - int(np.count_nonzero(array)):
        parts.append("all are zero" if zeros == array.size else f"{zeros:,} of {array.size:,} are zero")
    if gist.not_finite:
        parts.append(f"{gist.not_finite:,} not finite")
    items = [
        element("li", element("code", escaped(str(list(index)))), " ", _typed(number)) for index, number in gist.entries
    ]
    entries = element("ul", *items, class_="entries", aria_label="The largest entries in magnitude")
    return element("p", "; ".join(parts) + ".", class_="summary") + entries


def _typed(number: str) -> str:
    return escaped(number.replace("-", "−").replace("e−0", "e−").replace("e+0", "e"))
