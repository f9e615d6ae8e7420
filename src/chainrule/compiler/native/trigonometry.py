"""Sine, cosine and tangent, in every lane at once.

With n the integer nearest to x / (π/2) and r = x - n π/2, they are ± sin r or cos r, by n's last two bits. π/2 is taken
in three parts of the format's full length, the products with n exact by FMA; up to `BOUND` the first difference is
exact, and r is right to its last places. Lanes beyond are given to libm, in a branch that is hardly ever taken.

sin r = r + r³ S(r²) and cos r = 1 - r²/2 + r⁴ C(r²) were fitted by Remez's exchange in 50 digits on |r| ≤ 0.7875, for
the least greatest error relative to sin r and cos r; the coefficients were rounded to the format one after the other,
from the lowest, the others fitted anew each time.
Errors of the polynomials: 2^-28 and 2^-32.6 (32 bits), 2^-57.9 and 2^-63.6 (64 bits).
"""

import math

from chainrule.compiler.native import libm
from chainrule.compiler.native.lanes import Lanes, choose, fma, polynomial

S = {
    32: (-0.16666655242443085, 0.008332187309861183, -0.00019517810142133385),
    64: (
        -0.1666666666666663,
        0.008333333333321796,
        -0.00019841269829291952,
        2.7557313506333796e-06,
        -2.5050728110512312e-08,
        1.589500593181514e-10,
    ),
}
C = {
    32: (0.04166664555668831, -0.00138873013202101, 2.4430670237052254e-05),
    64: (
        0.041666666666666595,
        -0.0013888888888873303,
        2.4801587288946958e-05,
        -2.7557314191766494e-07,
        2.087570070320773e-09,
        -1.1358443493186332e-11,
    ),
}
HALF_PI = {
    32: (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
    64: (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33),
}
BOUND = {32: 2.0**16, 64: 2.0**30}


def _reduce(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return magic + n, whose last bits are n's, and r."""
    magic = x.format.magic
    shifted = fma(x, 2 / math.pi, magic)
    n, r = shifted - magic, x
    for part in HALF_PI[x.format.bits]:
        r = fma(n, -part, r)
    return shifted, r


def _lost_from(r: Lanes, x: Lanes, shifted: Lanes) -> Lanes:
    """Return what rounding took from r."""
    n = shifted - x.format.magic
    first, second, third = HALF_PI[x.format.bits]
    exact = fma(n, -first, x)
    # n times the second part, its own rounding error, and those of the differences.
    product = n * second
    difference = exact - product
    below = ((exact - difference) - product) - fma(n, third, fma(n, second, -product))
    return (difference - r) + below


def _sin_and_cos(r: Lanes) -> tuple[Lanes, Lanes]:
    z = r * r
    bits = r.format.bits
    half = z * 0.5
    w = 1 - half
    # What rounding took from w is given back with the small terms.
    cosine = w + fma(z * z, polynomial(z, C[bits]), (1 - w) - half)
    return fma(r * z, polynomial(z, S[bits]), r), cosine


def _negated_by(bit: int, n: Lanes, y: Lanes) -> Lanes:
    """Return y, negated where that bit of n is set."""
    return (y.as_bits() ^ ((n & (1 << bit)) << (y.format.bits - 1 - bit))).as_float()


def sin(x: Lanes) -> Lanes:
    """Return the sine."""
    shifted, r = _reduce(x)
    n = shifted.as_bits()
    sine, cosine = _sin_and_cos(r)
    y = _negated_by(1, n, choose((n & 1).equals(0), sine, cosine))
    # The sum in the polynomial made +0 of -0.
    return libm.beyond(BOUND[x.format.bits], "sin", x, choose(x.equals(0), x, y))


def cos(x: Lanes) -> Lanes:
    """Return the cosine."""
    shifted, r = _reduce(x)
    n = shifted.as_bits()
    sine, cosine = _sin_and_cos(r)
    y = _negated_by(1, n + 1, choose((n & 1).equals(0), cosine, sine))
    return libm.beyond(BOUND[x.format.bits], "cos", x, y)


def tan(x: Lanes) -> Lanes:
    """Return the tangent."""
    if x.format.bits == 32:
        return tan(x.widened()).narrowed()
    shifted, r = _reduce(x)
    n = shifted.as_bits()
    sine, cosine = _sin_and_cos(r)
    even = (n & 1).equals(0)
    y = _negated_by(0, n, choose(even, sine, cosine) / choose(even, cosine, sine))
    # What rounding took from r matters twice as much here: the derivative is 1 + tan².
    y = fma(_lost_from(r, x, shifted), fma(y, y, 1), y)
    return libm.beyond(BOUND[x.format.bits], "tan", x, choose(x.equals(0), x, y))
