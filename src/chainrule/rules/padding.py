"""`np.pad` in all its modes. An array is padded along one axis after the other, what was padded before included."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array
from chainrule.rules.kinds import Linear
from chainrule.rules.operands import operand, untraced
from chainrule.rules.rearranging import Rearrangement
from chainrule.rules.table import spells

Widths = tuple[tuple[int, int], ...]
Pair = Sequence[Any]


def _original(g: Array, y: Array, x: Array, pad_width: Widths) -> Array:
    return g[tuple(slice(before, before + n) for (before, _), n in zip(pad_width, x.shape, strict=True))]


PAD = Linear("pad", np.pad, _original)
"""With zeros."""

PAD_BY_ENTRIES = Rearrangement("pad", np.pad)
"""With entries of the array itself."""


def _pad_oddly(g: Array, y: Array, x: Array, pad_width: Widths, **options: Any) -> Array:
    """Transpose axis by axis: along one, padding is a product with the padded identity matrix."""
    for axis, widths in enumerate(pad_width):
        if widths != (0, 0):
            matrix = np.pad(np.eye(x.shape[axis], dtype=x.real.dtype), (widths, (0, 0)), **options)
            g = np.moveaxis(np.tensordot(g, matrix, axes=(axis, 0)), -1, axis)
    return g


PAD_ODDLY = Linear("pad", np.pad, _pad_oddly)
"""With reflections at the edge's value: twice the edge, less the entry."""


@spells(np.pad)
def _pad(array: Array, pad_width: Any, mode: Any = "constant", **options: Any) -> Array:
    x = operand(array)
    if callable(mode):
        raise RecordingError(
            f"{at_user_line()}np.pad with a function of your own writes into plain arrays, which loses derivatives; "
            "join what you pad with by np.concatenate."
        )
    # NumPy says what is wrong with the mode and its options; none of them matters to an array without axes.
    plain = {name: untraced(option) for name, option in options.items()}
    np.pad(np.zeros(x.shape if x.size == 0 else (1,) * x.ndim), pad_width if x.size == 0 else 0, mode, **plain)
    if x.ndim == 0:
        return np.copy(x)
    widths = _widths(pad_width, x.ndim)
    if mode == "empty" or (mode == "constant" and _is_zero(options.get("constant_values", 0))):
        return PAD(x, pad_width=widths)
    if mode in ("edge", "wrap") or (mode in ("reflect", "symmetric") and options.get("reflect_type") != "odd"):
        return PAD_BY_ENTRIES(x, pad_width=widths, mode=mode)
    if mode in ("reflect", "symmetric"):
        return PAD_ODDLY(x, pad_width=widths, mode=mode, **options)
    return _pad_by_axes(x, widths, mode, **options)


def _is_zero(values: Any) -> bool:
    return isinstance(values, (int, float)) and values == 0


def _widths(pad_width: Any, ndim: int) -> Widths:
    """Return the widths of all axes as pairs."""
    if isinstance(pad_width, dict):
        pairs = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            pairs[axis] = (width, width) if isinstance(width, int) else width
        pad_width = pairs if ndim else 0
    pairs = np.broadcast_to(untraced(pad_width), (ndim, 2)).tolist()
    return tuple((before, after) for before, after in pairs)


def _pairs(values: Any, ndim: int) -> list[Pair]:
    """Return what is given for all axes, for each, or for each side of each, as a pair for each axis."""
    pairs = np.broadcast_to(operand(values), (ndim, 2))
    return [(pairs[i, 0], pairs[i, 1]) for i in range(ndim)]


def _pad_by_axes(x: Array, widths: Widths, mode: str, **options: Any) -> Array:
    option = next(iter(options.values()), 0 if mode == "linear_ramp" else None)
    pairs = [(None, None)] * x.ndim if option is None else _pairs(option, x.ndim)
    for axis, (pair, (before, after)) in enumerate(zip(pairs, widths, strict=True)):
        if (before, after) != (0, 0):
            left, right = _MODES[mode](x, axis, pair, before, after)
            x = np.concatenate([left, x, right], axis)
    return x


def _shape(x: Array, axis: int, n: int) -> tuple[int, ...]:
    return (*x.shape[:axis], n, *x.shape[axis + 1 :])


def _slice(x: Array, axis: int, start: int | None, stop: int | None) -> Array:
    return x[(*(slice(None),) * axis, slice(start, stop))]


def _constants(x: Array, axis: int, pair: Pair, before: int, after: int) -> Pair:
    return [
        np.broadcast_to(np.astype(value, x.dtype), _shape(x, axis, width))
        for value, width in zip(pair, (before, after), strict=True)
    ]


def _ramps(x: Array, axis: int, pair: Pair, before: int, after: int) -> Pair:
    """Go in equal steps from an end value to the edge."""
    edges = _slice(x, axis, 0, 1), _slice(x, axis, -1, None)
    left, right = (
        np.linspace(end, np.squeeze(edge, axis), num=width, endpoint=False, dtype=x.dtype, axis=axis)
        for end, edge, width in zip(pair, edges, (before, after), strict=True)
    )
    return left, np.flip(right, axis)


def _statistics(function: Callable[..., Array]) -> Callable[..., Pair]:
    def pads(x: Array, axis: int, pair: Pair, before: int, after: int) -> Pair:
        n = x.shape[axis]
        lengths = [n if length is None else min(int(length), n) for length in pair]
        ends = _slice(x, axis, 0, lengths[0]), _slice(x, axis, n - lengths[1], None)
        return [
            np.broadcast_to(function(end, axis=axis, keepdims=True), _shape(x, axis, width))
            for end, width in zip(ends, (before, after), strict=True)
        ]

    return pads


_MODES: dict[str, Callable[..., Pair]] = {
    "constant": _constants,
    "linear_ramp": _ramps,
    "maximum": _statistics(np.max),
    "mean": _statistics(np.mean),
    "median": _statistics(np.median),
    "minimum": _statistics(np.min),
}
