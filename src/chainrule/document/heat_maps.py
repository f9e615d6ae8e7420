"""Arrays as small pictures: one colour a number, in PNG, that a page holds within itself.

The scale's lightness grows from the most negative number to the most positive, so that the sign is read without
seeing colour, on paper as on a screen: dark is negative, middle grey zero, light positive.
"""

import base64
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.document.numbers import heat

Numbers = npt.NDArray[Any]
Pixels = npt.NDArray[np.uint8]

_LARGEST = 512  # of an array with more rows or columns than this, several entries share a pixel
_STOPS = ((10, 34, 84), (62, 98, 156), (150, 152, 154), (226, 178, 84), (255, 242, 178))
_ZERO, _TOP, _MISSING, _APART = 126, 252, 254, 255


def _palette() -> bytes:
    places = np.linspace(0, _TOP, len(_STOPS))
    colours = np.zeros((256, 3))
    for channel, stops in enumerate(zip(*_STOPS, strict=True)):
        colours[: _TOP + 1, channel] = np.interp(np.arange(_TOP + 1), places, stops)
    colours[_MISSING] = (214, 0, 110)
    return np.uint8(np.round(colours)).tobytes()


_PALETTE = _palette()


def heat_map(matrix: Numbers) -> str:
    """Draw a matrix, a pixel for each entry, as a ``data:`` address of a PNG.

    Parameters
    ----------
    matrix : array of shape (n, m)
        Where it is very large, several entries share a pixel, which shows the one of largest magnitude.
    """
    return _png(_levels(heat(matrix, _LARGEST, _LARGEST)))


def picture_sheet(rows: Numbers, shape: tuple[int, int]) -> tuple[str, int]:
    """Draw every row as a picture, side by side on one sheet, all on one scale.

    Parameters
    ----------
    rows : array of shape (n, height·width)
    shape
        (height, width) of each picture.

    Returns
    -------
    address : str
        The sheet, as a ``data:`` address of a PNG.
    across : int
        How many pictures stand side by side on it.
    """
    n, (height, width) = len(rows), shape
    across = min(n, 10)
    down = -(-n // across)
    sheet = np.full((down * (height + 1) - 1, across * (width + 1) - 1), _APART, np.uint8)
    for i, picture in enumerate(_levels(heat(rows, *rows.shape))):
        y, x = (i // across) * (height + 1), (i % across) * (width + 1)
        sheet[y : y + height, x : x + width] = picture.reshape(shape)
    return _png(sheet), across


def _levels(heights: npt.NDArray[np.float64]) -> Pixels:
    """Find the palette's entry for each number from −1 to 1, or nan."""
    missing = np.isnan(heights)
    return np.where(missing, _MISSING, np.round(_ZERO * (1 + np.where(missing, 0, heights)))).astype(np.uint8)


def _png(pixels: Pixels) -> str:
    height, width = pixels.shape
    scanlines = np.zeros((height, width + 1), np.uint8)  # each begins with its filter: none
    scanlines[:, 1:] = pixels
    file = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", _PALETTE),
            (b"tRNS", bytes([255] * _APART + [0])),  # what lies between pictures is transparent
            (b"IDAT", zlib.compress(scanlines.tobytes(), 9)),
            (b"IEND", b""),
        )
    )
    return "data:image/png;base64," + base64.b64encode(file).decode("ascii")
