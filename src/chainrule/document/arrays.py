"""Arrays as HTML: every number where they are few; else a picture, a summary and the entries that matter."""

from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.document.blocks import Values
from chainrule.document.expressions import Equation, Number
from chainrule.document.heat_maps import heat_map, picture_sheet, reach
from chainrule.document.markup import element, escaped
from chainrule.document.mathml import Keys, bracketed, mathml, numeral

Numbers = npt.NDArray[Any]

_ROWS, _COLUMNS = 12, 8
"""The largest array that is shown whole."""
_BARS = 128
"""The longest vector whose entries are drawn as bars."""
_MATTER = 5
"""How many of the entries largest in magnitude are named."""
_HALF = 40


def values(block: Values, keys: Keys, key: str) -> str:
    """Write an array as a ``<figure>`` that a page finds again by its key.

    Parameters
    ----------
    block
        The array, what has this value, and whether its rows are pictures.
    keys
        As `chainrule.document.mathml.mathml` takes it.
    key
        Of this value.
    """
    array = np.asarray(block.array)
    symbol = mathml(block.symbol, keys)
    if array.ndim == 0:
        equation = mathml(Equation((block.symbol, Number(array.item())), ("=",)), keys)
        return element("figure", element("figcaption", equation), class_="values", data_value=key)
    caption = element("figcaption", symbol, " ", element("span", shape_in_words(array.shape), class_="shape"))
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


def plain(value: complex) -> str:
    """Write a number in a few characters, as text.

    Examples
    --------
    >>> plain(-0.123456), plain(3.0), plain(1.5e-9)
    ('−0.1235', '3', '1.5e−9')
    """
    if isinstance(value, complex):
        sign = "−" if value.imag < 0 else "+"
        return f"{plain(value.real)} {sign} {plain(abs(value.imag))}i"
    mantissa, e, exponent = f"{value:.4g}".partition("e")
    return (mantissa + (f"e{int(exponent)}" if e else "")).replace("-", "−")


def _body(array: Numbers, as_pictures: tuple[int, int] | None) -> str:
    if array.size == 0:
        return element("p", "It has no entries.", class_="summary")
    if as_pictures is not None and array.shape[-1] == as_pictures[0] * as_pictures[1]:
        return _pictures(array.reshape(-1, array.shape[-1]), as_pictures) + _summary(array)
    if array.ndim <= 2 and len(array) <= _ROWS and array[0].size <= _COLUMNS:
        bars = _bars(array) if array.ndim == 1 and len(array) > 2 and not np.iscomplexobj(array) else ""
        return element("div", element("math", _whole(array), display="block"), bars, class_="whole")
    if array.ndim == 1 and len(array) <= _BARS and not np.iscomplexobj(array):
        return _bars(array) + _summary(array)
    return _map(array.reshape(-1, array.shape[-1])) + _summary(array)


def _whole(array: Numbers) -> str:
    rows = array[:, None] if array.ndim == 1 else array
    if not np.iscomplexobj(rows):
        return bracketed([numeral(float(f"{entry:.4g}")) for entry in row] for row in rows.tolist())
    return bracketed([element("mtext", plain(entry)) for entry in row] for row in rows.tolist())


def _real(array: Numbers) -> Numbers:
    return np.abs(array) if np.iscomplexobj(array) else np.asarray(array, float)


def _map(matrix: Numbers) -> str:
    """Draw a matrix as a heat map, each entry as large as the page's width allows."""
    matrix = _real(matrix)
    height, width = matrix.shape
    scale = max(1, min(560 // max(width, 1), 240 // max(height, 1), 20))
    size = {"width": min(width, 512) * scale, "height": min(height, 512) * scale}
    words = f"Heat map of {height} rows and {width} columns"
    return _picture(heat_map(matrix), words, reach(matrix), size)


def _pictures(rows: Numbers, shape: tuple[int, int]) -> str:
    rows = _real(rows)
    address, across = picture_sheet(rows, shape)
    down = -(-len(rows) // across)
    scale = max(1, min(5, 640 // (across * (shape[1] + 1))))
    size = {"width": scale * (across * (shape[1] + 1) - 1), "height": scale * (down * (shape[0] + 1) - 1)}
    words = f"{len(rows)} pictures, one of each row" if len(rows) > 1 else "Its entries as a picture"
    return _picture(address, f"{words}, {shape[0]} × {shape[1]}", reach(rows), size)


def _picture(address: str, words: str, limit: float, size: dict[str, int]) -> str:
    image = element("img", src=address, alt=words, class_="pixels", title=words, **size).removesuffix("</img>")
    ends = [element("span", escaped(text)) for text in (f"−{plain(limit)}", "0", plain(limit))]
    names = [element("span", name) for name in ("negative: dark", "positive: light")]
    ramp = element("span", class_="ramp", role="img", aria_label="From dark for negative, through grey, to light")
    return image + element("div", names[0], ends[0], ramp, ends[2], names[1], class_="scale")


def _bars(vector: Numbers) -> str:
    """Draw a vector as bars, upward where positive, downward where negative."""
    vector = _real(vector)
    n, limit = len(vector), reach(vector) or 1.0
    step = 20.0 if n <= 20 else 560.0 / n
    top = _HALF if (vector > 0).any() else 4.0
    bottom = _HALF if (vector < 0).any() else 4.0
    drawn = []
    for i, entry in enumerate(vector.tolist()):
        length = abs(entry) / limit * _HALF if np.isfinite(entry) else 0.0
        title = element("title", f"[{i}] {plain(entry)}")
        drawn.append(
            element(
                "rect",
                title,
                class_="negative" if entry < 0 else "positive",
                x=i * step + step * 0.12,
                y=top if entry < 0 else top - length,
                width=step * 0.76,
                height=length,
            )
        )
    every = 1 if n <= 20 else 5 if n <= 60 else 10
    labels = [
        element("text", str(i), x=(i + 0.5) * step, y=top + bottom + 12.0, text_anchor="middle")
        for i in range(0, n, every)
    ]
    axis = element("line", x1=0, x2=n * step, y1=top, y2=top)
    width, height = n * step, top + bottom + 16.0
    return element(
        "svg",
        *drawn,
        axis,
        *labels,
        class_="bars",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=width,
        height=height,
        role="img",
        aria_label=f"{n} entries as bars, upward where positive",
    )


def _summary(array: Numbers) -> str:
    finite = array[np.isfinite(array)]
    parts = []
    if finite.size and np.iscomplexobj(array):
        parts.append(f"mean {plain(complex(finite.mean()))}")
    elif finite.size:
        low, high, mean = (plain(float(x)) for x in (finite.min(), finite.max(), finite.mean()))
        parts.append(f"from {low} to {high}, mean {mean}")
    if zeros := np.count_nonzero(array == 0):
        parts.append("all zero" if zeros == array.size else f"{zeros:,} of {array.size:,} are zero")
    if wrong := array.size - finite.size:
        parts.append(f"{wrong:,} not finite")
    return element("p", escaped("; ".join(parts)), class_="summary") + _entries(array)


def _entries(array: Numbers) -> str:
    """Name the entries that are largest in magnitude; what is not finite comes first."""
    magnitudes = np.abs(array).ravel()
    magnitudes = np.where(np.isfinite(magnitudes), magnitudes, np.inf)
    count = min(_MATTER, magnitudes.size)
    chosen = np.argpartition(-magnitudes, count - 1)[:count]
    chosen = chosen[np.argsort(-magnitudes[chosen], kind="stable")]
    items = []
    for flat in chosen.tolist():
        index = ", ".join(map(str, np.unravel_index(flat, array.shape)))
        items.append(element("li", element("code", f"[{index}]"), " ", plain(array.ravel()[flat].item())))
    return element("ul", *items, class_="entries", aria_label="The largest entries in magnitude")
