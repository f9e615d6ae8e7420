"""What is made of exponentials and logarithms, so that nothing overflows or cancels on the way."""

import math

from chainrule.compiler.native.exponentials import exp, exp2
from chainrule.compiler.native.lanes import Lanes, choose
from chainrule.compiler.native.logarithms import log, log1p, log1p_of_unit


def softplus(x: Lanes) -> Lanes:
    """Return log(1 + exp x)."""
    return choose(x < 0, 0.0, x) + log1p_of_unit(exp(-abs(x)))


def log_expit(x: Lanes) -> Lanes:
    """Return the logarithm of the sigmoid function."""
    return choose(x < 0, x, -0.0) - log1p_of_unit(exp(-abs(x)))


def _distance(a: Lanes, b: Lanes) -> Lanes:
    # Two equal infinities are 0 apart.
    return choose(a.equals(b), 0.0, abs(a - b))


def logaddexp(a: Lanes, b: Lanes) -> Lanes:
    """Return log(exp a + exp b)."""
    return choose(a > b, a, b) + log1p_of_unit(exp(-_distance(a, b)))


def logaddexp2(a: Lanes, b: Lanes) -> Lanes:
    """Return the logarithm to base 2 of 2^a + 2^b."""
    return choose(a > b, a, b) + log1p_of_unit(exp2(-_distance(a, b))) * (1 / math.log(2))


def xlogy(x: Lanes, y: Lanes) -> Lanes:
    """Return x log y, which is 0 where x is 0."""
    return choose(x.equals(0) & ~y.is_nan(), 0.0, x * log(y))


def xlog1py(x: Lanes, y: Lanes) -> Lanes:
    """Return x log(1 + y), which is 0 where x is 0."""
    return choose(x.equals(0) & ~y.is_nan(), 0.0, x * log1p(y))


def logit(x: Lanes) -> Lanes:
    """Return log(x / (1 - x))."""
    # About 1/2 the quotient is about 1, and 1 is taken from it before it is rounded.
    far = (x < 0.3) | (x > 0.65)
    return choose(far, log(x / (1 - x)), log1p((x + x - 1) / (1 - x)))
