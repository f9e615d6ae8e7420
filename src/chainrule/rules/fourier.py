"""Discrete Fourier transforms: linear, by a symmetric matrix, so that a transform's transpose is the transform itself.

With ``n`` an array is cropped, or padded by zeros, to that length before; the transpose pads or crops after. The real
transforms see half of the frequencies: `rfft` gives the first half only, and `irfft` counts each frequency that has a
mirror image twice. Transforms over several axes go over one after the other, as NumPy's own do.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.rules.kinds import Linear
from chainrule.rules.operands import normalized, operand
from chainrule.rules.table import spells


def _fitted(x: Array, n: int, axis: int) -> Array:
    """Crop an axis to length n, or pad it by zeros."""
    missing = n - x.shape[axis]
    if missing > 0:
        return np.pad(x, [(0, missing) if i == axis else (0, 0) for i in range(x.ndim)])
    return x[(*(slice(None),) * axis, slice(n))] if missing else x


def _symmetric(transform: Callable[..., Any]) -> Linear:
    def transpose(g: Array, y: Array, x: Array, n: int, axis: int, norm: Any) -> Array:
        return _fitted(transform(g, n, axis, norm), x.shape[axis], axis)

    return Linear(transform.__name__, transform, transpose)


def _of_half(g: Array, y: Array, x: Array, n: int, axis: int, norm: Any) -> Array:
    return _fitted(np.fft.fft(_fitted(g, n, axis), n, axis, norm), x.shape[axis], axis)


def _to_half(g: Array, y: Array, x: Array, n: int, axis: int, norm: Any) -> Array:
    half = _fitted(np.fft.ifft(g, n, axis, norm), n // 2 + 1, axis)
    frequency = np.arange(n // 2 + 1)
    times = np.where((frequency == 0) | (2 * frequency == n), 1, 2).astype(g.dtype)
    return _fitted(half * times.reshape((-1,) + (1,) * (x.ndim - axis - 1)), x.shape[axis], axis)


FFT = _symmetric(np.fft.fft)
IFFT = _symmetric(np.fft.ifft)
RFFT = Linear("rfft", np.fft.rfft, _of_half)
IRFFT = Linear("irfft", np.fft.irfft, _to_half)


def _spell(rule: Linear, default: Callable[[int], int]) -> Callable[..., Array]:
    def transform(a: Array, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Array:
        a = operand(a)
        (axis,) = normalized(axis, a.ndim)
        return rule(a, n=default(a.shape[axis]) if n is None else int(n), axis=axis, norm=norm)

    return transform


for _rule, _default in ((FFT, None), (IFFT, None), (RFFT, None), (IRFFT, lambda m: 2 * (m - 1))):
    spells(getattr(np.fft, _rule.name))(_spell(_rule, _default or (lambda m: m)))

# The transforms of what has a real spectrum are those of what is real, the other way

_OTHER_WAY: dict[Any, Any] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


@spells(np.fft.hfft)
def _hfft(a: Array, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Array:
    return np.fft.irfft(np.conjugate(a), n, axis, _OTHER_WAY[norm])


@spells(np.fft.ihfft)
def _ihfft(a: Array, n: int | None = None, axis: int = -1, norm: Any = None, out: None = None) -> Array:
    return np.conjugate(np.fft.rfft(a, n, axis, _OTHER_WAY[norm]))


# Over several axes


def _lengths(a: Array, s: Any, axes: Any, half: bool = False) -> tuple[list[int], list[int]]:
    """Return the lengths and the axes of a transform over several axes."""
    if axes is None:
        axes = range(-a.ndim if s is None else -len(s), 0)
    axes = list(axes)
    if s is None:
        s = [a.shape[axis] for axis in axes]
        if half:
            s[-1] = 2 * (s[-1] - 1)
    if len(s) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    return [a.shape[axis] if n is None or n == -1 else int(n) for n, axis in zip(s, axes, strict=True)], axes


def _over(transform: Callable[..., Array], a: Array, s: Sequence[int], axes: Sequence[int], norm: Any) -> Array:
    for n, axis in zip(s, axes, strict=True):
        a = transform(a, n, axis, norm)
    return a


def _complex_over_axes(transform: Callable[..., Any], default: Any) -> Callable[..., Array]:
    def over(a: Array, s: Any = None, axes: Any = default, norm: Any = None, out: None = None) -> Array:
        s, axes = _lengths(a, s, axes)
        return _over(transform, a, s[::-1], axes[::-1], norm)

    return over


def _rfft_over_axes(default: Any) -> Callable[..., Array]:
    def over(a: Array, s: Any = None, axes: Any = default, norm: Any = None, out: None = None) -> Array:
        s, axes = _lengths(a, s, axes)
        return _over(np.fft.fft, np.fft.rfft(a, s[-1], axes[-1], norm), s[-2::-1], axes[-2::-1], norm)

    return over


def _irfft_over_axes(default: Any) -> Callable[..., Array]:
    def over(a: Array, s: Any = None, axes: Any = default, norm: Any = None, out: None = None) -> Array:
        s, axes = _lengths(a, s, axes, half=True)
        return np.fft.irfft(_over(np.fft.ifft, a, s[:-1], axes[:-1], norm), s[-1], axes[-1], norm)

    return over


for _suffix, _axes in (("n", None), ("2", (-2, -1))):
    spells(getattr(np.fft, "fft" + _suffix))(_complex_over_axes(np.fft.fft, _axes))
    spells(getattr(np.fft, "ifft" + _suffix))(_complex_over_axes(np.fft.ifft, _axes))
    spells(getattr(np.fft, "rfft" + _suffix))(_rfft_over_axes(_axes))
    spells(getattr(np.fft, "irfft" + _suffix))(_irfft_over_axes(_axes))


# The zero frequency in the middle


@spells(np.fft.fftshift)
def _fftshift(x: Array, axes: Any = None) -> Array:
    axes = normalized(axes, x.ndim)
    return np.roll(x, tuple(x.shape[axis] // 2 for axis in axes), axes)


@spells(np.fft.ifftshift)
def _ifftshift(x: Array, axes: Any = None) -> Array:
    axes = normalized(axes, x.ndim)
    return np.roll(x, tuple(-(x.shape[axis] // 2) for axis in axes), axes)
