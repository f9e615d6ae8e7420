"""Distribution functions of statistics: by the variable their derivative is the density, by the shape it is refused.

Each comes as the distribution function, its complement (…c), and the inverse of one of the two (…i).
"""

import math

import numpy as np
import scipy.special as sp

from chainrule.graph.node import Array
from chainrule.rules.special.gamma import beta_density, gamma_density
from chainrule.rules.special.stating import special

# Gamma: gdtr(a, b, x) = gammainc(b, a x). Chi square: chdtr(v, x) = gammainc(v/2, x/2), chdtri inverts chdtrc.

special(
    sp.gdtr,
    lambda a, b, x, y: x * gamma_density(b, a * x),
    "b",
    lambda a, b, x, y: a * gamma_density(b, a * x),
)
special(
    sp.gdtrc,
    lambda a, b, x, y: -x * gamma_density(b, a * x),
    "b",
    lambda a, b, x, y: -a * gamma_density(b, a * x),
)
special(sp.gdtrix, lambda a, b, p, x: -x / a, "b", lambda a, b, p, x: 1 / (a * gamma_density(b, a * x)))
special(sp.chdtr, "v", lambda v, x, y: 0.5 * gamma_density(0.5 * v, 0.5 * x))
special(sp.chdtrc, "v", lambda v, x, y: -0.5 * gamma_density(0.5 * v, 0.5 * x))
special(sp.chdtri, "v", lambda v, p, x: -2 / gamma_density(0.5 * v, 0.5 * x))

# Poisson, pdtr(k, m) = gammaincc(k + 1, m); binomial, bdtr(k, n, p) = betainc(n - k, k + 1, 1 - p); negative binomial,
# nbdtr(k, n, p) = betainc(n, k + 1, p). They are steps in k, of which SciPy takes the whole part.

special(sp.pdtr, lambda k, m, y: 0, lambda k, m, y: -gamma_density(np.floor(k) + 1, m))
special(sp.pdtrc, lambda k, m, y: 0, lambda k, m, y: gamma_density(np.floor(k) + 1, m))
special(sp.pdtri, lambda k, p, m: 0, lambda k, p, m: -1 / gamma_density(np.floor(k) + 1, m))


def _binomial(k: Array, n: Array, p: Array) -> Array:
    k = np.floor(k)
    return beta_density(k + 1, n - k, p)


special(sp.bdtr, lambda k, n, p, y: 0, "n", lambda k, n, p, y: -_binomial(k, n, p))
special(sp.bdtrc, lambda k, n, p, y: 0, "n", lambda k, n, p, y: _binomial(k, n, p))
special(sp.bdtri, lambda k, n, y, p: 0, "n", lambda k, n, y, p: -1 / _binomial(k, n, p))
special(sp.nbdtr, lambda k, n, p, y: 0, "n", lambda k, n, p, y: beta_density(n, k + 1, p))
special(sp.nbdtrc, lambda k, n, p, y: 0, "n", lambda k, n, p, y: -beta_density(n, k + 1, p))
special(sp.nbdtri, lambda k, n, y, p: 0, "n", lambda k, n, y, p: 1 / beta_density(n, k + 1, p))

# Fisher's F: fdtr(m, n, x) = betainc(m/2, n/2, m x / (m x + n)). Student's t. By their degrees of freedom: refused.


def _f_density(m: Array, n: Array, x: Array) -> Array:
    whole = m * x + n
    return beta_density(0.5 * m, 0.5 * n, m * x / whole) * (m * n) / (whole * whole)


def _t_density(df: Array, t: Array) -> Array:
    logarithm = sp.gammaln(0.5 * df + 0.5) - sp.gammaln(0.5 * df) - 0.5 * (df + 1) * np.log1p(t * t / df)
    return np.exp(logarithm) / np.sqrt(math.pi * df)


special(sp.fdtr, "dfn", "dfd", lambda m, n, x, y: _f_density(m, n, x))
special(sp.fdtrc, "dfn", "dfd", lambda m, n, x, y: -_f_density(m, n, x))
special(sp.fdtri, "dfn", "dfd", lambda m, n, p, x: 1 / _f_density(m, n, x))
special(sp.stdtr, "df", lambda df, t, y: _t_density(df, t))
special(sp.stdtrit, "df", lambda df, p, t: 1 / _t_density(df, t))
