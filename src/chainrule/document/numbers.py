"""How numbers are written, and what is said of an array too large to be shown: the same for every rendering.

What comes from here is ASCII ("-1.5e-07", "nan", "1+2j"); each rendering sets minus signs and powers of ten
its own way.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

DIGITS = 5
"""Significant digits, of the largest entry where numbers stand together."""

WHOLE = 12
"""An array with no more rows and columns than this is shown whole."""

SLICES = 4
"""An array of rank 3 or higher with no more slices than this is shown slice by slice."""

ENTRIES = 5
"""Of a larger one, so many entries are named."""

Numbers = npt.NDArray[Any]


def written(value: Any) -> str:
    """Write one number in `DIGITS` significant digits; whole numbers and truth values in full.

    Examples
    --------
    >>> [written(x) for x in (0.5, 1 / 3, 2.0, -0.0, 1e-7, 123456789.0, 3 + 4j, True, float("nan"))]
    ['0.5', '0.33333', '2', '0', '1e-07', '1.2346e+08', '3+4j', 'True', 'nan']
    """
    array = np.asarray(value)
    return str(written_together(array.reshape(1))[0])


def written_together(array: Numbers) -> npt.NDArray[np.object_]:
    """Write numbers that stand side by side: with equally many decimals, so that their points can be aligned.

    An entry of which so few decimals would show less than two digits is written as a power of ten.

    Parameters
    ----------
    array : array of any shape and kind

    Returns
    -------
    array of str, of the same shape

    Examples
    --------
    >>> written_together(np.array([1.5, -0.25, 100.0])).tolist()
    ['1.50', '-0.25', '100.00']
    >>> written_together(np.array([0.1234567, 2.5e-9, 0.0, np.inf])).tolist()
    ['0.12346', '2.5e-09', '0.00000', 'inf']
    """
    if array.dtype.kind == "c":
        real, imaginary = written_together(np.stack((array.real.ravel(), array.imag.ravel())))
        signed = _each(lambda part: part if part[0] == "-" else "+" + part, imaginary)
        return np.asarray(real + signed + "j", object).reshape(array.shape)
    if array.dtype.kind != "f":
        return _each(str, array)
    values = array.astype(np.float64) + 0.0  # which makes 0 of −0
    return _each(_form(values), values)


def _each(write: Callable[[Any], str], array: Numbers) -> npt.NDArray[np.object_]:
    return np.fromiter(map(write, array.ravel().tolist()), object, array.size).reshape(array.shape)


def _form(values: Numbers) -> Callable[[float], str]:
    """Choose how a group of numbers is written: with so many decimals, or as powers of ten."""
    finite = np.abs(values[np.isfinite(values) & (values != 0)])
    exponent = math.floor(math.log10(np.max(finite, initial=0.0) or 1.0))
    if exponent < 7 and np.all(finite == np.trunc(finite)):
        return lambda value: _fixed(value, 0, 0)
    if not -4 <= exponent <= DIGITS:
        return lambda value: _power_of_ten(value, DIGITS - 1)
    most = max(DIGITS - 1 - exponent, 2 if values.size > 1 else 0)
    needed = (len(f"{value:.{most}f}".rstrip("0").partition(".")[2]) for value in finite.tolist())
    return partial(_fixed, most=most, decimals=max(needed))


def _fixed(value: float, most: int, decimals: int) -> str:
    """Write a number with decimals, or as a power of ten where even the most decimals would show too little of it."""
    if not math.isfinite(value) or (abs(value) < 10.0 ** (1 - most) and round(value, most) != value):
        return _power_of_ten(value, 1)
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _power_of_ten(value: float, decimals: int) -> str:
    if not (value and math.isfinite(value)):
        return f"{value:.0f}"
    mantissa, _, exponent = f"{value:.{decimals}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"


@dataclass(frozen=True)
class Slice:
    """A matrix of written numbers; `index` says which part of a larger array it is ("[0, :, :]"), "" for the whole."""

    index: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class Summary:
    """What is shown of an array.

    Attributes
    ----------
    shape : tuple of int
    slices : tuple of Slice
        The whole of a small array, slice by slice; a vector is one row of numbers. Empty for a large one.
    smallest, mean, largest : str
        Over the finite entries; "" where there are none, or no order among them.
    not_finite : int
        How many entries are nan or infinite.
    entries : tuple of (tuple of int, str)
        Those of a large array that are largest in magnitude (not finite ones first), by index.
    matrix : array of shape (rows, columns)
        A large array's numbers laid out for a heat map: a vector as one row, slices below each other.
    """

    shape: tuple[int, ...]
    slices: tuple[Slice, ...]
    smallest: str
    mean: str
    largest: str
    not_finite: int
    entries: tuple[tuple[tuple[int, ...], str], ...]
    matrix: Numbers

    @property
    def is_whole(self) -> bool:
        """Whether the slices are all there is."""
        return bool(self.slices) or 0 in self.shape


def summary(array: Numbers) -> Summary:
    """Choose what to show of an array: all of a small one, the gist of a large one.

    Examples
    --------
    >>> summary(np.eye(2)).slices
    (Slice(index='', rows=(('1', '0'), ('0', '1'))),)
    >>> large = summary(np.arange(-3.0, 997).reshape(100, 10))
    >>> large.is_whole, large.smallest, large.mean, large.largest, large.entries[0]
    (False, '-3', '496.5', '996', ((99, 9), '996'))
    """
    array = np.asarray(array)
    matrix = array.reshape(-1, array.shape[-1]) if array.ndim and array.size else array.reshape(1, -1)
    slices = _slices(array) if _is_small(array.shape) else ()
    magnitude = _magnitude(array).ravel()
    finite = np.isfinite(magnitude)
    smallest = mean = largest = ""
    if finite.any() and array.dtype.kind != "c":
        values = array.ravel()[finite].astype(np.float64)
        scale = greatest(values) or 1.0  # so that the sum of many large numbers is no infinity
        smallest, mean, largest = (written(x) for x in (values.min(), (values / scale).mean() * scale, values.max()))
    first = np.argsort(np.where(np.isfinite(magnitude), -magnitude, -np.inf), kind="stable")[:ENTRIES]
    entries = () if slices else tuple((_index(i, array.shape), written(array.flat[i])) for i in first.tolist())
    return Summary(array.shape, slices, smallest, mean, largest, int(np.sum(~finite)), entries, matrix)


def _is_small(shape: tuple[int, ...]) -> bool:
    return all(n <= WHOLE for n in shape[-2:]) and math.prod(shape[:-2]) <= SLICES and 0 not in shape


def _index(i: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(k) for k in np.unravel_index(i, shape))


def _magnitude(array: Numbers) -> npt.NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.asarray(np.abs(array if array.dtype.kind == "c" else array.astype(np.float64)), np.float64)


def slice_indices(shape: tuple[int, ...]) -> list[str]:
    """List the matrices that an array consists of, as `Slice.index` names them.

    Examples
    --------
    >>> slice_indices((2, 3)), slice_indices((2, 3, 4))
    ([''], ['[0, :, :]', '[1, :, :]'])
    """
    places = np.ndindex(shape[:-2])
    return ["[" + ", ".join((*map(str, place), ":", ":")) + "]" for place in places] if len(shape) > 2 else [""]


def _slices(array: Numbers) -> tuple[Slice, ...]:
    together = written_together(array)
    matrices = together.reshape(-1, *array.shape[-2:]) if array.ndim > 2 else [together]
    return tuple(Slice(index, _rows(part)) for index, part in zip(slice_indices(array.shape), matrices, strict=True))


def _rows(strings: npt.NDArray[np.object_]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row) for row in np.atleast_2d(strings).tolist())


def greatest(array: Numbers) -> float:
    """Give the largest magnitude of the finite entries, 0 where there are none.

    Examples
    --------
    >>> greatest(np.array([1.0, -3.0, np.nan]))
    3.0
    """
    magnitude = _magnitude(array)
    return float(np.max(magnitude[np.isfinite(magnitude)], initial=0.0))


def heat(matrix: Numbers, rows: int, columns: int, scale: float | None = None) -> npt.NDArray[np.float64]:
    """Shrink a matrix to a heat map: from −1 to 1 relative to the largest magnitude, nan where it is not finite.

    Each cell shows the entry of largest magnitude of those that fall into it, so that nothing that sticks out is lost.

    Parameters
    ----------
    matrix : array of shape (m, n)
    rows, columns : int
        What there is room for.
    scale : float, optional
        The magnitude that is drawn as 1, where several matrices are to be compared.

    Returns
    -------
    array of shape (at most rows, at most columns)

    Examples
    --------
    >>> heat(np.array([[4.0, 1.0, 0.0, -2.0]]), 1, 2)
    array([[ 1. , -0.5]])
    """
    values = _magnitude(matrix) if matrix.dtype.kind == "c" else matrix.astype(np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    for axis, room in enumerate((rows, columns)):
        size = values.shape[axis]
        if size > room:
            starts = np.arange(room) * size // room
            high = np.maximum.reduceat(values, starts, axis)
            low = np.minimum.reduceat(values, starts, axis)
            values = np.where(high >= -low, high, np.where(np.isnan(high), np.nan, low))
    scale = greatest(values) if scale is None else scale
    return values / scale if scale else values


def as_pictures(array: Numbers, size: tuple[int, int], most: int) -> list[tuple[int, Numbers]]:
    """Choose the rows of an array that are shown as pictures: those with the largest entries, in their order.

    Parameters
    ----------
    array : array of shape (n, height · width), or (height · width,) for a single picture
    size : (height, width)
    most : int
        How many there is room for.

    Returns
    -------
    list of (row, array of shape (height, width))
    """
    pictures = array.reshape(-1, *size)
    magnitude = np.nan_to_num(_magnitude(pictures), nan=np.inf).reshape(len(pictures), -1).max(axis=1, initial=0.0)
    chosen = sorted(np.argsort(-magnitude, kind="stable")[:most].tolist())
    return [(i, pictures[i]) for i in chosen]
