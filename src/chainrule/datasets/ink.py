"""From the grey levels of a photograph, scan or drawing to a digit as MNIST has it.

MNIST was made from scanned forms so: the ink is fitted into 20 x 20 keeping its proportions, anti-aliased, and that
box is put into 28 x 28 so that the ink's centre of mass is the middle. Reference: Y. LeCun, L. Bottou, Y. Bengio,
P. Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE 86(11), 1998, section III.A.
"""

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

Grey = NDArray[np.float64]

SIDE = 28
_BOX = 20
_MIDDLE = SIDE // 2

_FAINTEST_INK = 0.06  # of the range from black to white: less contrast than this is no ink
_EDGE = 0.1  # of the ink's own strength: from here on a pixel belongs to it
_SMALLEST_STROKE = 1e-4  # of the picture's pixels: less is grain, and so is less than
_FEWEST_PIXELS = 3
_SPECK = 0.02  # of the ink of the largest stroke: less is dust
_PAPER = 0.3  # of the ink's strength: at first, all within this of the border's shade is taken for paper
_FLAT = 0.006  # of the ink's strength: as near as this to the paper's shade is paper, noise or not
_SAMPLE = 128  # the paper's shade is fitted to so many points a side at most

_BLANK = "No ink stands out from the paper."


def digit_from_grey(grey: Grey) -> NDArray[np.float32]:
    """Find the ink in a picture and put it where MNIST would have it.

    Parameters
    ----------
    grey : ndarray, shape (height, width)
        Grey levels, black 0 to white 1; ink darker than the paper or brighter, which is found out.

    Returns
    -------
    ndarray of float32, shape (784,)
        The ink's strength in 0..1 on 28 x 28 pixels, row by row.

    Raises
    ------
    DataError
        If there is no ink.
    """
    ink = _strokes(_ink(grey))
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    digit = _fitted(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return _centred(digit / digit.max()).astype(np.float32).ravel()


def border(grey: Grey) -> Grey:
    """Give the pixels along the four edges: where the paper is, whatever is written in the middle."""
    return np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])


def _ink(grey: Grey) -> Grey:
    """Subtract the paper: 0 where there is paper, positive where there is ink of either polarity."""
    difference = grey - _paper(grey)
    # The ink is the side that stands out further; the cube lets a few strong pixels outweigh many weak ones.
    return difference if np.sum(difference**3) > 0 else -difference


def _paper(grey: Grey) -> Grey:
    """Estimate the paper's shade everywhere: a quadratic surface through the pixels that are paper.

    It begins with the border's median and takes in, round by round, what lies close to the surface so far.
    """
    height, width = grey.shape
    v, u = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=-1)
    step = max(1, max(height, width) // _SAMPLE)
    sample, sample_terms = grey[::step, ::step].ravel(), terms[::step, ::step].reshape(-1, 6)

    coefficients = np.array([np.median(border(grey)), 0, 0, 0, 0, 0])
    distance = np.abs(sample - sample_terms @ coefficients)
    reach = distance.max()
    near = _PAPER * reach
    for _ in range(4):
        is_paper = distance <= near
        if is_paper.sum() < sample.size / 5:  # too little of it to see its shade
            break
        A, b = sample_terms[is_paper], sample[is_paper]
        # The normal equations: only six unknowns, and terms of like size; lstsq minds pictures of one row.
        coefficients = np.linalg.lstsq(A.T @ A, A.T @ b)[0]
        distance = np.abs(sample - sample_terms @ coefficients)
        near = 4.5 * np.median(distance[is_paper]) + _FLAT * reach  # 3 sigma of normal noise
    return np.asarray(terms @ coefficients)


def _strokes(ink: Grey) -> Grey:
    """Keep the strokes; clear the paper's grain, and dust."""
    from scipy import ndimage

    noise = 1.4826 * np.median(np.abs(border(ink)))  # the standard deviation, if the grain is normal
    strength = ink.max()
    parts, count = ndimage.label(ink > max(_EDGE * strength, 4 * noise), structure=np.ones((3, 3)))
    if strength < _FAINTEST_INK or count == 0:
        raise DataError(_BLANK)
    amounts = ndimage.sum_labels(ink, parts, np.arange(count + 1))
    amounts[0] = 0  # what belongs to no part is paper
    if np.count_nonzero(parts == amounts.argmax()) < max(_FEWEST_PIXELS, _SMALLEST_STROKE * ink.size):
        raise DataError(_BLANK)
    is_stroke = amounts >= _SPECK * amounts.max()
    return np.where(is_stroke[parts], ink, 0)


def _fitted(ink: Grey) -> Grey:
    """Shrink or enlarge the ink to 20 pixels on its longer side, anti-aliased."""
    from PIL import Image

    height, width = (max(1, round(length * _BOX / max(ink.shape))) for length in ink.shape)
    image = Image.fromarray(ink.astype(np.float32))
    resized = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float64).clip(0)  # the cubic undershoots beside sharp edges


def _centred(digit: Grey) -> Grey:
    """Put the digit into 28 x 28 by whole pixels, its centre of mass as near the middle as they allow."""
    field = np.zeros((SIDE, SIDE))
    corner = []
    for axis, length in enumerate(digit.shape):
        amounts = digit.sum(axis=1 - axis)
        centre = np.average(np.arange(length), weights=amounts)
        corner.append(int(np.clip(round(_MIDDLE - centre), 0, SIDE - length)))
    top, left = corner
    field[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return field
