"""Differences, slopes and areas of sampled functions, interpolation between samples, and convolution."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.rules.choosing import entries
from chainrule.rules.kinds import Multilinear
from chainrule.rules.operands import holds_tracer, normalized, operand
from chainrule.rules.table import spells

# Differences


def _at(x: Array, axis: int, place: Any) -> Array:
    """Return the entries at a place, or a slice, along an axis."""
    return x[(*(slice(None),) * (axis % x.ndim), place)]


def _along(x: Array, axis: int, ndim: int) -> Array:
    """Lay a vector along an axis of an array with ndim axes."""
    return np.reshape(x, (1,) * axis + (-1,) + (1,) * (ndim - axis - 1))


_MISSING: Any = object()


@spells(np.diff)
def _diff(a: Array, n: int = 1, axis: int = -1, prepend: Any = _MISSING, append: Any = _MISSING) -> Array:
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    a = operand(a)
    if n == 0:
        return a
    (axis,) = normalized(axis, a.ndim)
    parts = [a if x is a else _widened(operand(x), a, axis) for x in (prepend, a, append) if x is not _MISSING]
    if len(parts) > 1:
        a = np.concatenate(parts, axis)
    for _ in range(n):
        after, before = _at(a, axis, slice(1, None)), _at(a, axis, slice(None, -1))
        a = np.not_equal(after, before) if a.dtype == np.bool_ else after - before
    return a


def _widened(x: Array, a: Array, axis: int) -> Array:
    """Make of a single number as many as go beside an array."""
    return np.broadcast_to(x, tuple(1 if i == axis else n for i, n in enumerate(a.shape))) if x.ndim == 0 else x


@spells(np.ediff1d)
def _ediff1d(ary: Array, to_end: Any = None, to_begin: Any = None) -> Array:
    ary = np.ravel(operand(ary))
    parts = [np.diff(ary)]
    if to_begin is not None:
        parts.insert(0, np.ravel(np.astype(operand(to_begin), ary.dtype)))
    if to_end is not None:
        parts.append(np.ravel(np.astype(operand(to_end), ary.dtype)))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


@spells(np.unwrap)
def _unwrap(p: Array, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Array:
    p = operand(p)
    (axis,) = normalized(axis, p.ndim)
    step, half = np.diff(p, axis=axis), period / 2
    wrapped = np.remainder(step + half, period) - half
    wrapped = np.where(np.logical_and(wrapped == -half, step > 0), half, wrapped)
    correction = np.where(np.absolute(step) < (half if discont is None else discont), 0, wrapped - step)
    rest = _at(p, axis, slice(1, None)) + np.cumsum(correction, axis)
    return np.concatenate([np.astype(_at(p, axis, slice(1)), rest.dtype), rest], axis)


# Slopes


@spells(np.gradient)
def _gradient(f: Array, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = operand(f)
    axes = normalized(axis, f.ndim)
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    spacings = list(varargs) * len(axes) if len(varargs) == 1 and np.ndim(varargs[0]) == 0 else list(varargs)
    if spacings and len(spacings) != len(axes):
        raise TypeError(
            f"np.gradient needs one spacing, or one for each of {len(axes)} axes; here came {len(spacings)}."
        )
    slopes = []
    for axis, spacing in zip(axes, spacings or [1.0] * len(axes), strict=True):
        if f.shape[axis] < edge_order + 1:
            raise ValueError(f"np.gradient needs at least {edge_order + 1} entries along axis {axis}.")
        slopes.append(_slope(f, axis, _steps(spacing, f.shape[axis]), edge_order))
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _steps(spacing: Any, count: int) -> Array:
    """Return the distances between neighbouring places: one number where they are all the same."""
    spacing = operand(spacing) if np.ndim(spacing) else spacing
    if np.ndim(spacing) == 0:
        return spacing
    if spacing.shape != (count,):
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    steps = np.diff(np.astype(spacing, float) if spacing.dtype.kind in "iu" else spacing)
    # As NumPy does, with plain distances; of traced ones that are equal, each has a derivative of its own.
    return steps if holds_tracer(spacing) or np.any(steps != steps[0]) else steps[0]


def _slope(f: Array, axis: int, h: Array, edge_order: int) -> Array:
    """Return central differences inside, and one-sided ones of the given order at both ends."""
    if np.ndim(h) == 0:
        inside = (_at(f, axis, slice(2, None)) - _at(f, axis, slice(None, -2))) / (2.0 * h)
        first, last = h, h
        begin, end = (-1.5 / h, 2.0 / h, -0.5 / h), (0.5 / h, -2.0 / h, 1.5 / h)
    else:
        near, far = (_along(steps, axis, f.ndim) for steps in (h[:-1], h[1:]))
        weights = -far / (near * (near + far)), (far - near) / (near * far), near / (far * (near + far))
        inside = _weighted(weights, [_at(f, axis, slice(i, f.shape[axis] - 2 + i)) for i in range(3)])
        first, last = h[0], h[-1]
        begin, end = _edge_weights(h[:2]), tuple(-weight for weight in _edge_weights(h[::-1][:2])[::-1])
    if edge_order == 1:
        left = (_at(f, axis, 1) - _at(f, axis, 0)) / first
        right = (_at(f, axis, -1) - _at(f, axis, -2)) / last
    else:
        left = _weighted(begin, [_at(f, axis, i) for i in (0, 1, 2)])
        right = _weighted(end, [_at(f, axis, i) for i in (-3, -2, -1)])
    parts = [np.expand_dims(left, axis), inside, np.expand_dims(right, axis)]
    return np.astype(np.concatenate(parts, axis), f.dtype)


def _edge_weights(h: Array) -> tuple[Array, Array, Array]:
    """Return the weights of three places for the slope at the first, exact for parabolas."""
    if len(h) < 2:
        return h, h, h  # too few places for them: they are not used
    near, far = h[0], h[1]
    return -(2.0 * near + far) / (near * (near + far)), (near + far) / (near * far), -near / (far * (near + far))


def _weighted(weights: tuple[Array, Array, Array], values: list[Array]) -> Array:
    return weights[0] * values[0] + weights[1] * values[1] + weights[2] * values[2]


# Areas


@spells(np.trapezoid)
def _trapezoid(y: Array, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    y = operand(y)
    (axis,) = normalized(axis, y.ndim)
    if x is None:
        widths = dx
    else:
        x = operand(x)
        widths = _along(np.diff(x), axis, y.ndim) if x.ndim == 1 else np.diff(x, axis=axis)
    return np.sum(widths * (_at(y, axis, slice(1, None)) + _at(y, axis, slice(None, -1))) / 2.0, axis=axis)


# Interpolation: y = f_j + s_j (x − x_j) between the samples j and j + 1, with s_j the slope from one to the other. At a
# sample the curve has a corner, and the slope there is the mean of both sides'; beyond the ends it is 0.


@spells(np.interp)
def _interp(x: Array, xp: Array, fp: Array, left: Any = None, right: Any = None, period: Any = None) -> Array:
    x, xp, fp = operand(x), operand(xp), operand(fp)
    if "c" in (x.dtype.kind, xp.dtype.kind):
        raise TypeError("np.interp goes along real places; here came complex ones.")
    x, xp = np.astype(x, float), np.astype(xp, float)
    fp = np.astype(fp, complex if fp.dtype.kind == "c" else float)
    if period is not None:
        x, xp, fp = _unrolled(x, xp, fp, abs(period))
        left = right = None
    if xp.ndim != 1 or xp.shape != fp.shape or not len(xp):
        raise ValueError("fp and xp are not of the same length, or not rows of at least one sample.")
    end = len(xp) - 1
    slopes = np.concatenate([np.zeros(1), np.diff(fp) / np.diff(xp), np.zeros(1)])
    found = np.searchsorted(xp, x, side="right") - 1
    j = np.clip(found, 0, end)
    at, after = entries(xp, j), entries(slopes, j + 1)
    slope = np.where(x == at, (entries(slopes, j) + after) / 2, after)
    y = slope * (x - at) + entries(fp, j)
    y = np.where(found < 0, fp[0] if left is None else left, y)
    return np.where(np.logical_and(found == end, x != at), fp[end] if right is None else right, y)


def _unrolled(x: Array, xp: Array, fp: Array, period: Any) -> tuple[Array, Array, Array]:
    """Bring everything into one period, and put one more sample before it and behind it."""
    if period == 0:
        raise ValueError("period must be a non-zero value")
    x, xp = np.remainder(x, period), np.remainder(xp, period)
    order = np.argsort(xp)
    xp, fp = entries(xp, order), entries(fp, order)
    return (
        x,
        np.concatenate([xp[-1:] - period, xp, xp[:1] + period]),
        np.concatenate([fp[-1:], fp, fp[:1]]),
    )


# Convolution: y_k is the sum of a_i v_(k−i). The transpose by one factor is a convolution with the other one reversed.


def _lengths(a: Array, v: Array, mode: str, reverse: bool) -> tuple[int, int]:
    """Return where in the whole convolution the part that a mode gives begins, and how long it is."""
    short, long = sorted((len(a), len(v)))
    start, length = {
        "full": (0, short + long - 1),
        "same": ((short - 1) // 2, long),
        "valid": (short - 1, long - short + 1),
    }[mode]
    # A correlation with the longer row second is that of the two exchanged, read backward.
    return (short + long - 1 - start - length if reverse and len(v) > len(a) else start), length


def _other_factor(g: Array, v: Array, count: int, start: int) -> Array:
    """Return the transpose of the convolution with v, for a factor of that length."""
    before, after = start, count + len(v) - 1 - start - len(g)
    whole = np.concatenate([np.zeros(before, g.dtype), g, np.zeros(after, g.dtype)])
    return np.convolve(whole, v[::-1], "valid")


def _convolved(g: Array, y: Array, a: Array, v: Array, mode: str) -> Array:
    return _other_factor(g, v, len(a), _lengths(a, v, mode, False)[0])


def _correlated_first(g: Array, y: Array, a: Array, v: Array, mode: str) -> Array:
    return _other_factor(g, np.conj(v)[::-1], len(a), _lengths(a, v, mode, True)[0])


def _correlated_second(g: Array, y: Array, a: Array, v: Array, mode: str) -> Array:
    return np.conj(_other_factor(g, a, len(v), _lengths(a, v, mode, True)[0])[::-1])


CONVOLVE = Multilinear("convolve", np.convolve, _convolved, lambda g, y, a, v, mode: _convolved(g, y, v, a, mode))
CORRELATE = Multilinear("correlate", np.correlate, _correlated_first, _correlated_second)


@spells(np.convolve)
def _convolve(a: Array, v: Array, mode: str = "full") -> Array:
    return CONVOLVE(np.atleast_1d(a), np.atleast_1d(v), mode=mode)


@spells(np.correlate)
def _correlate(a: Array, v: Array, mode: str = "valid") -> Array:
    return CORRELATE(operand(a), operand(v), mode=mode)


# A function of rows applied to all rows


@spells(np.apply_along_axis)
def _apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Array, *args: Any, **kwargs: Any) -> Array:
    arr = operand(arr)
    (axis,) = normalized(axis, arr.ndim)
    rows = np.moveaxis(arr, axis, -1)
    outer = rows.shape[:-1]
    if 0 in outer:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = [operand(func1d(rows[index], *args, **kwargs)) for index in np.ndindex(*outer)]
    inner = results[0].shape
    whole = np.reshape(np.stack(results), (*outer, *inner))
    order = list(range(whole.ndim))
    order = order[:axis] + order[len(outer) :] + order[axis : len(outer)]
    return np.transpose(whole, order)


@spells(np.apply_over_axes)
def _apply_over_axes(func: Callable[..., Any], a: Array, axes: Any) -> Array:
    for axis in normalized(axes, operand(a).ndim):
        result = func(a, axis)
        a = result if result.ndim == a.ndim else np.expand_dims(result, axis)
    return a
