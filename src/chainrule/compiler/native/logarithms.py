"""The logarithms, without a branch, in every lane at once.

With x = 2ᵏ m and √½ ≤ m < √2, log x is k ln 2 + log(1 + f), where f = m - 1. In 32 bits
log(1 + f) = f - f²/2 + f³ P(f). In 64 bits, with s = f/(2 + f), it is 2s + s³ P(s²) = f - (f²/2 - s(f²/2 + s² P(s²))),
where the leading terms carry no rounding error of s.

P was fitted by Remez's exchange in 50 digits, for the least greatest error relative to log(1 + f); the coefficients
were rounded to the format one after the other, from the lowest, the others fitted anew each time.
Errors of the polynomials: 2^-27.2 (32 bits), 2^-59.4 (64 bits).
"""

import math

from chainrule.compiler.native.exponentials import LN2
from chainrule.compiler.native.lanes import Lanes, choose, fma, polynomial

P = {
    32: (
        0.3333333134651184,
        -0.2500082552433014,
        0.20001257956027985,
        -0.16623105108737946,
        0.1420080065727234,
        -0.13162025809288025,
        0.1276952028274536,
        -0.07639531791210175,
    ),
    64: (
        0.6666666666666735,
        0.3999999999940935,
        0.285714287436884,
        0.22222198428565088,
        0.1818357238732944,
        0.1531383106758658,
        0.14798272357633285,
    ),
}

# Each as the sum of a number of the format and the rest.
LOG10_OF_2 = {32: (0.3010300099849701, -1.432098883924482e-08), 64: (0.3010299956639812, -2.8037281277851704e-18)}
LOG10_OF_E = {32: (0.4342944920063019, -1.0103049952192578e-08), 64: (0.4342944819032518, 1.098319650216765e-17)}
LOG2_OF_E = {32: (1.4426950216293335, 1.925963033500011e-08), 64: (1.4426950408889634, 2.0355273740931033e-17)}


def _bits_of(x: float, like: Lanes) -> int:
    # Of a number 2ᵏ√½ or 2ᵏ, with k of few bits.
    mantissa, bias = like.format.mantissa, like.format.bias
    fraction, exponent = math.frexp(x)
    return ((exponent + bias - 1) << mantissa) + round((2 * fraction - 1) * 2.0**mantissa)


def _decompose(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return k, as a float, and m, of a positive normal x."""
    form = x.format
    root = _bits_of(math.sqrt(0.5), x)
    # The exponent's field changes where the mantissa passes √2.
    lifted = x.as_bits() + (_bits_of(1, x) - root)
    m = ((lifted & ((1 << form.mantissa) - 1)) + root).as_float()
    # k + bias in the last bits of 2^mantissa.
    k = ((lifted >> form.mantissa) | _bits_of(2.0**form.mantissa, x)).as_float() - (2.0**form.mantissa + form.bias)
    return k, m


def _lifted_from_subnormal(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return x as a normal number 2ⁱ x, and -i."""
    form = x.format
    subnormal = x < 2.0 ** (1 - form.bias)
    return choose(subnormal, x * 2.0 ** (form.mantissa + 1), x), choose(
        subnormal, x.like(-(form.mantissa + 1.0)), x.like(0.0)
    )


def _parts(f: Lanes) -> tuple[Lanes, Lanes]:
    """Return f²/2 and t, with log(1 + f) = f - (f²/2 - t)."""
    square = f * f
    half = square * 0.5
    if f.format.bits == 32:
        return half, square * f * polynomial(f, P[32])
    s = f / (f + 2)
    z = s * s
    return half, s * fma(z, polynomial(z, P[64]), half)


def _sum(k: Lanes, f: Lanes) -> Lanes:
    """Return k ln 2 + log(1 + f)."""
    high, low = LN2[f.format.bits]
    half, t = _parts(f)
    return fma(k, high, f - (half - fma(k, low, t)))


def _with_ends(x: Lanes, y: Lanes, zero: float = 0.0) -> Lanes:
    """Return y with a logarithm's values where x is not positive, infinite or NaN; zero is where it is -∞."""
    y = choose(x < math.inf, y, x)
    return choose(x > zero, y, choose(x.equals(zero), y.like(-math.inf), y.like(math.nan)))


def log(x: Lanes) -> Lanes:
    """Return the natural logarithm."""
    lifted, shift = _lifted_from_subnormal(x)
    k, m = _decompose(lifted)
    return _with_ends(x, _sum(k + shift, m - 1))


def _reduced_log1p(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return k and f, with 1 + x = 2ᵏ (1 + f), for x up to where 2^-k has no normal number."""
    # k is 1 + x's, however rounded; f = 2^-k (1 + x) - 1 is rounded once.
    form = x.format
    k, _ = _decompose(x + 1)
    s = (((form.magic + form.bias) - k).as_bits() << form.mantissa).as_float()
    return k, fma(s, x, s - 1)


def log1p_of_unit(x: Lanes) -> Lanes:
    """Return log(1 + x), for 0 ≤ x ≤ 1."""
    return _sum(*_reduced_log1p(x))


def log1p(x: Lanes) -> Lanes:
    """Return log(1 + x)."""
    # Far out, where x has long been 1 + x, a 2^-i of it is taken.
    bound, i = {32: (2.0**100, 32), 64: (2.0**1000, 64)}[x.format.bits]
    large = x > bound
    k, f = _reduced_log1p(choose(large, x * 2.0**-i, x))
    result = _sum(k + choose(large, x.like(float(i)), x.like(0.0)), f)
    return choose(abs(x) < 2.0 ** -(x.format.mantissa + 2), x, _with_ends(x, result, -1.0))


def _to_base(x: Lanes, log_2: tuple[float, float], log_e: tuple[float, float]) -> Lanes:
    """Return the logarithm to the base in which 2's and e's are given, each in two parts."""
    lifted, shift = _lifted_from_subnormal(x)
    k, m = _decompose(lifted)
    k, f = k + shift, m - 1
    half, t = _parts(f)
    # log(1 + f) = high + low, their product with log e = a + rest, k log 2 = b + its error; then a + b = c + its error.
    high = f - half
    low = (f - high) - half + t
    a = high * log_e[0]
    rest = fma(high, log_e[0], -a) + fma(low, log_e[0], high * log_e[1])
    b = k * log_2[0]
    rest = rest + fma(k, log_2[0], -b) + k * log_2[1]
    c = a + b
    return _with_ends(x, c + ((a - (c - b)) + rest))


def log2(x: Lanes) -> Lanes:
    """Return the logarithm to base 2."""
    return _to_base(x, (1.0, 0.0), LOG2_OF_E[x.format.bits])


def log10(x: Lanes) -> Lanes:
    """Return the logarithm to base 10."""
    return _to_base(x, LOG10_OF_2[x.format.bits], LOG10_OF_E[x.format.bits])
