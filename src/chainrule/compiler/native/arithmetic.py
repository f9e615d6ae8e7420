"""Arithmetic, rounding, comparing and choosing, with NumPy's meaning of NaN: a few instructions each."""

import math

import numpy as np

from chainrule.compiler.native import libm
from chainrule.compiler.native.lanes import Lanes, choose, fma


def sign(x: Lanes) -> Lanes:
    """Return -1, 0 or 1, and NaN of NaN."""
    return choose(x > 0, 1.0, choose(x < 0, -1.0, choose(x.equals(0), 0.0, x)))


def maximum(a: Lanes, b: Lanes) -> Lanes:
    """Return the greater, and NaN if either is."""
    # Of equals the second, as NumPy does: they may be 0 and -0.
    return choose((a > b) | a.is_nan(), a, b)


def minimum(a: Lanes, b: Lanes) -> Lanes:
    """Return the smaller, and NaN if either is."""
    return choose((a < b) | a.is_nan(), a, b)


def fmax(a: Lanes, b: Lanes) -> Lanes:
    """Return the greater, and the number if the other is NaN."""
    return choose((a > b) | b.is_nan(), a, b)


def fmin(a: Lanes, b: Lanes) -> Lanes:
    """Return the smaller, and the number if the other is NaN."""
    return choose((a < b) | b.is_nan(), a, b)


def remainder(a: Lanes, b: Lanes) -> Lanes:
    """Return the remainder, which has the divisor's sign."""
    rest = libm.call("fmod", a, b)
    moved = choose((b < 0) ^ (rest < 0), rest + b, rest)
    return choose(rest.equals(0), abs(rest).with_sign_of(b), moved)


def floor_divide(a: Lanes, b: Lanes) -> Lanes:
    """Return the quotient, rounded down."""
    # As Python does: by the exact remainder, so that a rounded quotient is never one too many.
    rest = libm.call("fmod", a, b)
    quotient = (a - rest) / b
    quotient = choose(rest.differs(0) & ((b < 0) ^ (rest < 0)), quotient - 1, quotient)
    down = quotient.intrinsic("floor")
    down = choose(quotient - down > 0.5, down + 1, down)
    down = choose(quotient.equals(0), a.like(0.0).with_sign_of(a / b), down)
    return choose(b.equals(0), a / b, down)


def heaviside(x: Lanes, at_zero: Lanes) -> Lanes:
    """Return 0 left of 0, 1 right of it, and the second operand there."""
    return choose(x < 0, 0.0, choose(x > 0, 1.0, choose(x.equals(0), at_zero, x)))


def cbrt(x: Lanes) -> Lanes:
    """Return the cube root."""
    # The C library's is wrong in its last places; a step of Newton's, its residual by FMA, makes them right.
    y = libm.call("cbrt", x)
    square = y * y
    residual = fma(square, y, -x) + fma(y, y, -square) * y
    return choose((abs(x) > 0) & (abs(x) < math.inf), y - residual / (square * 3), y)


def hypot(a: Lanes, b: Lanes) -> Lanes:
    """Return √(a² + b²), which overflows only if the result does."""
    if a.format.bits == 32:
        # No square of 32 bits over- or underflows in 64.
        wide, other = a.widened(), b.widened()
        root = fma(wide, wide, other * other).sqrt().narrowed()
    else:
        root = _scaled_hypot(abs(a), abs(b))
    return choose(abs(a).equals(math.inf) | abs(b).equals(math.inf), math.inf, root)


def _scaled_hypot(a: Lanes, b: Lanes) -> Lanes:
    great, small = choose(a > b, a, b), choose(a > b, b, a)
    # Powers of two that keep both squares away from the ends.
    down = choose(great > 2.0**500, a.like(2.0**-600), choose(great < 2.0**-400, a.like(2.0**600), 1.0))
    up = choose(great > 2.0**500, a.like(2.0**600), choose(great < 2.0**-400, a.like(2.0**-600), 1.0))
    great, small = great * down, small * down
    return fma(great, great, small * small).sqrt() * up


def deg2rad(x: Lanes) -> Lanes:
    """Return an angle in radians."""
    return x * _quotient(math.pi, 180, x)


def rad2deg(x: Lanes) -> Lanes:
    """Return an angle in degrees."""
    return x * _quotient(180, math.pi, x)


def _quotient(a: float, b: float, like: Lanes) -> float:
    # Divided in the format, as NumPy does.
    return float(np.float32(a) / np.float32(b)) if like.format.bits == 32 else a / b


def is_finite(x: Lanes) -> Lanes:
    """Return where x is neither infinite nor NaN."""
    return abs(x) < math.inf


def is_true(x: Lanes) -> Lanes:
    """Return a float's truth: everything but 0 is true, NaN too."""
    return x.differs(0) if x.is_float else x
