"""Logistic functions and entropies, powers and exponentials in safer forms, robust losses, degrees."""

import math

import numpy as np
import scipy.special as sp

from chainrule.graph.node import Array
from chainrule.rules.special.stating import special, ufunc_behind
from chainrule.rules.table import flat

# The logistic function and its kin

special(sp.expit, lambda x, y: y * sp.expit(-x))
special(sp.logit, lambda x, y: 1 / (x * (1 - x)))
special(sp.log_expit, lambda x, y: sp.expit(-x))

# x log y and entropies. Where both x and y are 0, the term is taken to be 0 whatever x and y tend to.


def _away(x: Array, y: Array) -> Array:
    return np.where(np.logical_and(x == 0, y == 0), 1, y)


special(sp.xlogy, lambda x, y, r: np.log(_away(x, y)), lambda x, y, r: x / _away(x, y))
special(sp.xlog1py, lambda x, y, r: np.log1p(_away(x, 1 + y) - 1), lambda x, y, r: x / _away(x, 1 + y))
special(sp.entr, lambda x, y: -1 - np.log(x))
special(sp.rel_entr, lambda x, y, r: 1 + np.log(x / y), lambda x, y, r: -x / y)
special(sp.kl_div, lambda x, y, r: np.log(x / y), lambda x, y, r: 1 - x / y)

# Exponentials, logarithms and roots. exprel(x) = (exp(x) - 1) / x is Kummer's function M(1, 2, x): DLMF 13.6.2.


def _exprel_slope(x: Array) -> Array:
    return 0.5 * sp.hyp1f1(2.0, 3.0, x)


special(sp.expm1, lambda x, y: np.exp(x))
special(sp.log1p, lambda x, y: 1 / (1 + x))
special(sp.exp2, lambda x, y: y * math.log(2))
special(sp.exp10, lambda x, y: y * math.log(10))
special(sp.exprel, lambda x, y: _exprel_slope(x))
special(sp.cbrt, lambda x, y: y / (3 * x))
special(sp.powm1, lambda x, p, y: p * x ** (p - 1), lambda x, p, y: x**p * np.log(x))

# Box and Cox's powers, (x^p - 1) / p = log(x) exprel(p log(x)), and their inverses

special(sp.boxcox, lambda x, p, y: x ** (p - 1), lambda x, p, y: _boxcox_slope(np.log(x), p))
special(sp.boxcox1p, lambda x, p, y: (1 + x) ** (p - 1), lambda x, p, y: _boxcox_slope(np.log1p(x), p))
special(
    sp.inv_boxcox,
    lambda y, p, x: x ** (1 - p),
    lambda y, p, x: -(x ** (1 - p)) * _boxcox_slope(np.log(x), p),
)
special(
    sp.inv_boxcox1p,
    lambda y, p, x: (1 + x) ** (1 - p),
    lambda y, p, x: -((1 + x) ** (1 - p)) * _boxcox_slope(np.log1p(x), p),
)


def _boxcox_slope(log: Array, p: Array) -> Array:
    return log * log * _exprel_slope(p * log)


# Robust losses: a square near 0, an absolute value far away


def _huber_by_width(d: Array, r: Array, y: Array) -> Array:
    return np.maximum(np.abs(r) - d, 0)


special(sp.huber, _huber_by_width, lambda d, r, y: np.maximum(np.minimum(r, d), -d))
special(
    sp.pseudo_huber,
    lambda d, r, y: y * y / (d**3 * np.sqrt(1 + (r / d) ** 2)),
    lambda d, r, y: r / np.sqrt(1 + (r / d) ** 2),
)

# Angles in degrees

DEGREE = math.pi / 180
special(sp.sindg, lambda x, y: sp.cosdg(x) * DEGREE)
special(sp.cosdg, lambda x, y: sp.sindg(x) * -DEGREE)
special(sp.tandg, lambda x, y: (1 + y * y) * DEGREE)
special(sp.cotdg, lambda x, y: (1 + y * y) * -DEGREE)
special(sp.radian, lambda d, m, s, y: DEGREE, lambda d, m, s, y: DEGREE / 60, lambda d, m, s, y: DEGREE / 3600)
special(sp.cosm1, lambda x, y: -np.sin(x))

flat(sp.round, sp.gammasgn)

# Inverses of x exp(x) and of x + log(x): DLMF 4.13.4

special(ufunc_behind(sp.lambertw), lambda z, k, tol, w: np.exp(-w) / (1 + w), "k", "tol")
special(sp.wrightomega, lambda z, w: w / (1 + w))
