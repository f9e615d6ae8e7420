"""The exponential function and what is made of it, without a branch, in every lane at once.

With n the integer nearest to x / ln 2 and r = x - n ln 2, so that |r| ≤ (ln 2)/2, exp x is 2ⁿ (1 + (exp r - 1)), and
exp r - 1 = r + r² P(r) with a polynomial P.

P was fitted by Remez's exchange in 50 digits, for the least greatest error relative to exp r - 1 on |r| ≤ 0.3473; the
coefficients were rounded to the format one after the other, from the lowest, the others fitted anew each time.
Errors of the polynomials: 2^-26.1 (32 bits), 2^-55.5 (64 bits).
"""

import math

from chainrule.compiler.native.lanes import Lanes, choose, clamp, fma, polynomial

P = {
    32: (0.4999999701976776, 0.16666537523269653, 0.041667740792036057, 0.008367305621504784, 0.0013837602455168962),
    64: (
        0.5000000000000006,
        0.1666666666666661,
        0.04166666666657185,
        0.008333333333359734,
        0.0013888888933381654,
        0.00019841269816899036,
        2.480150286640052e-05,
        2.7557291630227294e-06,
        2.762706891336697e-07,
        2.5099142407175654e-08,
    ),
}

# ln 2 as the sum of a number of the format and the rest.
LN2 = {32: (0.6931471824645996, -1.9046542121259336e-09), 64: (math.log(2), 2.3190468138462996e-17)}
LOG2E = 1 / math.log(2)

# Below the first, exp is 0, above the second, infinite.
ENDS = {32: (-104.0, 89.0), 64: (-746.0, 710.0)}


def reduce(x: Lanes) -> tuple[Lanes, Lanes]:
    """Return n and r, with x = n ln 2 + r; n as the last bits of magic + n."""
    high, low = LN2[x.format.bits]
    shifted = fma(x, LOG2E, x.format.magic)
    n = shifted - x.format.magic
    return shifted, fma(n, -low, fma(n, -high, x))


def expm1_of_reduced(r: Lanes) -> Lanes:
    """Return exp r - 1, for |r| ≤ (ln 2)/2."""
    return fma(r * r, polynomial(r, P[r.format.bits]), r)


def power_of_two(shifted: Lanes, shift: int = 0) -> Lanes:
    """Return 2^(n + shift), a normal number, from magic + n."""
    # magic's own bits are shifted out.
    form = shifted.format
    return ((shifted.as_bits() << form.mantissa) + ((form.bias + shift) << form.mantissa)).as_float()


def scaled(p: Lanes, shifted: Lanes, shift: int = 0) -> Lanes:
    """Return p 2^(n + shift), rounded once, also where 2^n itself has no normal number."""
    # In two factors, 2^(n/2) and the rest; half is magic + n/2.
    form = p.format
    half = fma(shifted, 0.5, form.magic / 2)
    rest = (shifted.as_bits() - half.as_bits()) << form.mantissa
    return p * power_of_two(half) * (rest + ((form.bias + shift) << form.mantissa)).as_float()


def exp(x: Lanes) -> Lanes:
    """Return exp x."""
    shifted, r = reduce(clamp(x, *ENDS[x.format.bits]))
    return scaled(expm1_of_reduced(r) + 1, shifted)


def exp2(x: Lanes) -> Lanes:
    """Return 2^x."""
    low, high = {32: (-151.0, 129.0), 64: (-1076.0, 1025.0)}[x.format.bits]
    x = clamp(x, low, high)
    shifted = x + x.format.magic
    r = (x - (shifted - x.format.magic)) * math.log(2)
    return scaled(expm1_of_reduced(r) + 1, shifted)


def expm1(x: Lanes) -> Lanes:
    """Return exp x - 1."""
    # 2ⁿ(exp r - 1) + (2ⁿ - 1), in halves, because 2ⁿ overflows a step before the result.
    low, high = {32: (-18.0, 89.0), 64: (-38.0, 710.0)}[x.format.bits]
    shifted, r = reduce(clamp(x, low, high))
    s = power_of_two(shifted, -1)
    y = fma(s, expm1_of_reduced(r), s - 0.5) * 2
    return choose(abs(x) < 2.0 ** -(x.format.mantissa + 2), x, y)


def expit(x: Lanes) -> Lanes:
    """Return the sigmoid function, 1 / (1 + exp(-x))."""
    # c / (c + c exp(-x)), with c so small that c exp(-x) is finite wherever the result is not 0.
    low, high, exponent = {32: (-104.0, 40.0, -64), 64: (-746.0, 300.0, -512)}[x.format.bits]
    shifted, r = reduce(clamp(-x, -high, -low))
    c = 2.0**exponent
    return c / fma(expm1_of_reduced(r) + 1, power_of_two(shifted, exponent), c)


def tanh(x: Lanes) -> Lanes:
    """Return the hyperbolic tangent."""
    # (exp 2|x| - 1) / (exp 2|x| + 1), and 1 from where the format knows no number between.
    a = abs(x)
    end = {32: 10.0, 64: 20.0}[x.format.bits]
    a = choose(a > end, end, a)
    shifted, r = reduce(a + a)
    s, q = power_of_two(shifted), expm1_of_reduced(r)
    return (fma(s, q, s - 1) / fma(s, q, s + 1)).with_sign_of(x)


# The hyperbolic functions overflow below these, and 2ⁿ⁻² does not.
HYPERBOLIC_END = {32: 89.6, 64: 710.6}


def sinh(x: Lanes) -> Lanes:
    """Return the hyperbolic sine."""
    # With t = exp|x| - 1: (t + t/(t + 1)) / 2, of t/4, because t overflows before the result.
    a = abs(x)
    end = HYPERBOLIC_END[x.format.bits]
    shifted, r = reduce(choose(a > end, end, a))
    s = power_of_two(shifted, -2)
    u = fma(s, expm1_of_reduced(r), s - 0.25)
    y = (u + u / fma(u, 4, 1)) * 2
    return choose(a < 2.0 ** -(x.format.mantissa // 2 + 2), a, y).with_sign_of(x)


def cosh(x: Lanes) -> Lanes:
    """Return the hyperbolic cosine."""
    # With h = exp|x| / 2: h + 1/(4h).
    a = abs(x)
    end = HYPERBOLIC_END[x.format.bits]
    shifted, r = reduce(choose(a > end, end, a))
    h = scaled(expm1_of_reduced(r) + 1, shifted, -1)
    return h + 0.25 / h
