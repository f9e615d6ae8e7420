"""What the commands draw in a terminal: bars, the picture that a network saw, and the confusion matrix.

Everything here is a function from numbers to lines of text; nothing prints. Colour is only ever a second sign,
beside a mark that survives in a log file: an arrow, brackets, an exclamation mark.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
from rich.style import Style
from rich.text import Text

from chainrule.cli import wording

SIDE = 28  # an MNIST image is 28 × 28 pixels
INK = 0.4  # from this brightness on, a pixel is drawn where there are no shades of grey


@dataclass(frozen=True)
class Glyphs:
    """The characters to draw with, for what the output's encoding can write."""

    eighths: str  # a cell filled by 1/n, 2/n, … n/n from the left
    track: str  # the part of a bar that is not filled
    arrow: str  # marks the answer
    none: str  # no image at all in a cell of the confusion matrix
    halves: str  # two pixels, one above the other: neither, upper, lower, both inked; or else shades of grey
    frame: str  # in this order: top left, horizontal, top right, vertical, bottom left, bottom right


UNICODE = Glyphs("▏▎▍▌▋▊▉█", "·", "◀", "·", " ▀▄█", "┌─┐│└┘")
ASCII = Glyphs("#", ".", "<", ".", " .:-=+*#%@", "+-+|++")


def glyphs_for(encoding: str) -> Glyphs:
    """Choose the characters that an encoding can write.

    Examples
    --------
    >>> glyphs_for("utf-8").arrow, glyphs_for("ascii").arrow
    ('◀', '<')
    """
    try:
        "".join((UNICODE.eighths, UNICODE.arrow, UNICODE.halves, UNICODE.frame)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def bar(value: float, width: int, glyphs: Glyphs = UNICODE) -> str:
    """Draw a value in 0..1 as the filled part of a bar; what lies outside is drawn as 0 or 1.

    Examples
    --------
    >>> bar(0.5, 8), bar(0.55, 8), bar(0.5, 8, ASCII)
    ('████', '████▍', '####')
    """
    shades = len(glyphs.eighths)
    filled = round(width * shades * min(max(float(np.nan_to_num(value)), 0.0), 1.0))
    full, part = divmod(filled, shades)
    return glyphs.eighths[-1] * full + (glyphs.eighths[part - 1] if part else "")


def activations(values: npt.NDArray[np.floating], width: int, glyphs: Glyphs = UNICODE) -> list[Text]:
    """Draw the activations of the output layer, a bar each; an arrow marks the largest, which is the answer.

    Parameters
    ----------
    values
        The activations a^L, of shape (n_L,).
    width
        The columns that a line may take.
    glyphs
        The characters to draw with.

    Returns
    -------
    list of Text
        A line for each unit of the output layer.
    """
    answer = int(np.argmax(values))
    label_width = len(str(len(values) - 1))
    room = width - label_width - 11  # two blanks, seven for the number, one blank and the arrow
    lines = []
    for unit, value in enumerate(values):
        filled = bar(float(value), room, glyphs)
        line = Text()
        strong = "bold green" if unit == answer else ""
        line.append(f"{unit:>{label_width}} ", style=strong)
        line.append(filled, style=strong or "cyan")
        line.append(glyphs.track * (room - len(filled)), style="dim")
        line.append(f" {value:7.3f}", style=strong)
        if unit == answer:
            line.append(f" {glyphs.arrow}", style=strong)
        lines.append(line)
    return lines


def picture(pixels: npt.NDArray[np.floating], glyphs: Glyphs = UNICODE, *, grey: bool = False) -> list[Text]:
    """Draw the image that a network saw, two rows of pixels to a line of text, in a frame.

    Parameters
    ----------
    pixels
        The image's 784 pixels, in 0..1.
    glyphs
        The characters to draw with.
    grey
        Whether the terminal can show shades of grey; if not, a pixel is either inked or not.

    Returns
    -------
    list of Text
        Sixteen lines of thirty columns.
    """
    top_left, across, top_right, down, bottom_left, bottom_right = tuple(glyphs.frame)
    pairs = np.clip(pixels, 0, 1).reshape(SIDE // 2, 2, SIDE)
    lines = [Text.assemble((top_left + across * SIDE + top_right, "dim"))]
    for upper, lower in pairs:
        line = Text.assemble((down, "dim"))
        if grey and glyphs is UNICODE:
            line.append_text(_grey(upper, lower))
        else:
            line.append("".join(_cells(upper, lower, glyphs)))
        lines.append(line.append(down, "dim"))
    lines.append(Text.assemble((bottom_left + across * SIDE + bottom_right, "dim")))
    return lines


def _cells(upper: npt.NDArray[np.floating], lower: npt.NDArray[np.floating], glyphs: Glyphs) -> Iterator[str]:
    """Choose a character for each two pixels that lie one above the other."""
    for above, below in zip(upper, lower, strict=True):
        if glyphs is UNICODE:
            yield glyphs.halves[(above >= INK) + 2 * (below >= INK)]
        else:
            yield glyphs.halves[round(float(above + below) / 2 * (len(glyphs.halves) - 1))]


def _grey(upper: npt.NDArray[np.floating], lower: npt.NDArray[np.floating]) -> Text:
    """Draw two rows of pixels as upper half blocks: the ink is the upper pixel, the paper the lower."""
    line = Text()
    for above, below in zip(upper, lower, strict=True):
        ink, paper = (f"#{round(255 * float(pixel)) * 0x010101:06x}" for pixel in (above, below))
        line.append("▀", style=Style(color=ink, bgcolor=paper))
    return line


def beside(left: Sequence[Text], right: Sequence[Text], gap: int = 3) -> list[Text]:
    """Set two blocks of lines side by side, the shorter one in the middle of the other's height.

    Examples
    --------
    >>> for line in beside([Text("aa"), Text("aa"), Text("aa")], [Text("b")], gap=1):
    ...     print(line.plain)
    aa
    aa b
    aa
    """
    height = max(len(left), len(right))
    left, right = ([Text()] * ((height - len(block)) // 2) + list(block) for block in (left, right))
    left_width = max(line.cell_len for line in left)
    lines = []
    for one, other in zip_longest(left, right, fillvalue=Text()):
        line = one.copy()
        if other.plain:
            line.pad_right(left_width - one.cell_len + gap)
            line.append_text(other)
        lines.append(line)
    return lines


def confusion_matrix(
    labels: npt.NDArray[np.integer], answers: npt.NDArray[np.integer], classes: int = 10
) -> npt.NDArray[np.int64]:
    """Count how often each class was taken for each.

    Parameters
    ----------
    labels
        What the examples are, shape (m,).
    answers
        What the network took them for, shape (m,).
    classes
        How many classes there are.

    Returns
    -------
    numpy.ndarray
        Shape (classes, classes): row i, column j counts the examples of class i that were taken for j.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), classes=2).tolist()
    [[1, 0], [1, 1]]
    """
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (labels, answers), 1)
    return matrix


def mistakes(matrix: npt.NDArray[np.integer], most: int = 3) -> list[tuple[int, int, int]]:
    """Find the most frequent mistakes.

    Parameters
    ----------
    matrix
        A confusion matrix.
    most
        How many to name at most.

    Returns
    -------
    list of tuple
        ``(true class, answer, how often)``, the most frequent first.

    Examples
    --------
    >>> mistakes(np.array([[5, 0], [2, 3]]))
    [(1, 0, 2)]
    """
    errors = [
        (int(true), int(answer), int(matrix[true, answer]))
        for true, answer in zip(*np.nonzero(matrix), strict=True)
        if true != answer
    ]
    return sorted(errors, key=lambda error: (-error[2], error[0], error[1]))[:most]


def confusion(matrix: npt.NDArray[np.integer], width: int = 80, glyphs: Glyphs = UNICODE) -> list[Text]:
    """Write a confusion matrix: a row for each true digit, a column for each answer.

    Right answers stand in brackets, on the diagonal; a cell without any image is a dot, so that what is left to
    catch the eye are the mistakes; the most frequent ones carry an exclamation mark and are named below.

    Parameters
    ----------
    matrix
        A confusion matrix, shape (classes, classes).
    width
        The columns that a line may take; where it is too narrow, the share of right answers by digit is left out.
    glyphs
        The characters to draw with.

    Returns
    -------
    list of Text
        The lines.
    """
    classes = len(matrix)
    cell = max(len(str(matrix.max(initial=0))) + 2, 5)
    with_share = 6 + classes * cell + 10 <= width
    worst = mistakes(matrix)
    marked = {(true, answer) for true, answer, _ in worst}

    lines = [Text(" " * 6 + "the network's answer".center(classes * cell).rstrip(), style="dim")]
    header = " true " + "".join(f"{answer:>{cell - 1}} " for answer in range(classes))
    lines.append(Text(header + ("     right" if with_share else ""), style="bold"))
    for true, row in enumerate(matrix):
        line = Text.assemble((f"{true:>5} ", "bold"))
        for answer, number in enumerate(row):
            line.append_text(_cell(int(number), cell, glyphs, true == answer, (true, answer) in marked))
        if with_share:
            share = wording.percent(row[true] / row.sum()) if row.any() else "no image"
            line.append(f"{share:>10}")
        lines.append(line)
    if worst:
        (true, answer, often), *others = worst
        named = [f"{true} for {answer} ({wording.count(often, 'time')})"]
        named += [f"{true} for {answer} ({often:,})" for true, answer, often in others]
        lines += [Text(), Text(f" ! mistaken most often: {', '.join(named)}")]
    return lines


def _cell(number: int, width: int, glyphs: Glyphs, right: bool, marked: bool) -> Text:
    """Write one count of the confusion matrix, so that the last digits of a column stand below each other."""
    if right:
        return Text(f"[{number}]".rjust(width), style="green")
    if number == 0:
        return Text(f"{glyphs.none} ".rjust(width), style="dim")
    return Text(f"{number}{'!' if marked else ' '}".rjust(width), style="bold red")
