"""Arrays as pictures made of characters, in which what is negative can be told without colour."""

from dataclasses import dataclass

from chainrule.document.numbers import Numbers, as_pictures, greatest, heat
from chainrule.document.transliteration import writable

_INK = 0.4  # from this share of the largest entry on, a pixel is drawn where there are no shades


@dataclass(frozen=True)
class Glyphs:
    """The characters to draw with, for what an encoding can write.

    Attributes
    ----------
    positive, negative : str
        For entries from small to large.
    halves : str
        Two pixels, one above the other: neither, upper, lower, both inked; "" where there are no such characters.
    frame : str
        In this order: top left, horizontal, top right, vertical, bottom left, bottom right.
    brackets : str
        The pieces of tall brackets, left from top to bottom, then right.
    lines : str
        What a title is underlined with, for the first level and the others.
    """

    positive: str
    negative: str
    halves: str
    frame: str
    brackets: str
    lines: str


UNICODE = Glyphs("░▒▓█", "·-=≡", " ▀▄█", "┌─┐│└┘", "⎡⎢⎣⎤⎥⎦", "━─")
ASCII = Glyphs(":+*#", ".-~=", "", "+-+|++", "[[[]]]", "=-")


def glyphs_for(encoding: str) -> Glyphs:
    """Choose the characters that an encoding can write.

    Examples
    --------
    >>> glyphs_for("utf-8").positive, glyphs_for("ascii").positive
    ('░▒▓█', ':+*#')
    """
    wanted = UNICODE.positive + UNICODE.negative + UNICODE.halves + UNICODE.frame + UNICODE.brackets + UNICODE.lines
    return UNICODE if writable(wanted, encoding) == wanted else ASCII


def legend(glyphs: Glyphs, scale: str) -> str:
    """Say what the characters of a heat map mean.

    Examples
    --------
    >>> print(legend(UNICODE, "2.5"))
    positive ░▒▓█  negative ·-=≡  up to 2.5
    """
    return f"positive {glyphs.positive}  negative {glyphs.negative}  up to {scale}"


def heat_lines(matrix: Numbers, width: int, glyphs: Glyphs, scale: float | None = None, rows: int = 16) -> list[str]:
    r"""Draw a matrix in a frame, shrunk to what there is room for.

    Examples
    --------
    >>> import numpy as np
    >>> print("\n".join(heat_lines(np.array([[1.0, 0.5, 0.0], [-1.0, -0.5, 0.1]]), 80, UNICODE)))
    ┌───┐
    │█▒ │
    │≡- │
    └───┘
    """
    levels = heat(matrix, rows, width - 2, scale)
    return _framed(["".join(_shade(level, glyphs) for level in row) for row in levels.tolist()], glyphs)


def picture_lines(array: Numbers, size: tuple[int, int], width: int, glyphs: Glyphs) -> list[str]:
    """Draw the rows with the largest entries as pictures side by side, under a title each.

    Parameters
    ----------
    array : array of shape (n, height · width of a picture), or of one picture
    size : (height, width)
    width : int
        Columns there is room for.
    glyphs : Glyphs
    """
    scale = greatest(array)
    fine = bool(glyphs.halves) and (array >= 0).all()
    columns = min(size[1], width - 2 if fine else max(width // 4 - 3, 8))
    rows = max(1, round(size[0] * columns / size[1] / 2))
    each = max(1, (width + 1) // (columns + 3))
    chosen = as_pictures(array, size, 2 * each)
    drawn = []
    for row, pixels in chosen:
        lines = _halves(heat(pixels, 2 * rows, columns, scale), glyphs) if fine else None
        framed = _framed(lines, glyphs) if lines else heat_lines(pixels, columns + 2, glyphs, scale, rows)
        title = [] if len(chosen) == 1 and array.size == pixels.size else [f"row {row}".ljust(len(framed[0]))]
        drawn.append(title + framed)
    return [
        " ".join(parts)
        for start in range(0, len(drawn), each)
        for parts in zip(*drawn[start : start + each], strict=True)
    ]


def _shade(level: float, glyphs: Glyphs) -> str:
    if level != level:
        return "?"
    steps = glyphs.positive if level > 0 else glyphs.negative
    place = round(min(abs(level), 1.0) * len(steps))
    return steps[place - 1] if place else " "


def _halves(levels: Numbers, glyphs: Glyphs) -> list[str]:
    inked = (levels >= _INK).tolist()
    if len(inked) % 2:
        inked.append([False] * len(inked[0]))
    return [
        "".join(glyphs.halves[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(inked[::2], inked[1::2], strict=True)
    ]


def _framed(lines: list[str], glyphs: Glyphs) -> list[str]:
    top_left, flat, top_right, upright, bottom_left, bottom_right = tuple(glyphs.frame)
    line = flat * len(lines[0])
    middle = [f"{upright}{line}{upright}" for line in lines]
    return [top_left + line + top_right, *middle, bottom_left + line + bottom_right]
