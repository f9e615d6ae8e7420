"""Gamma, beta and zeta functions, and their incomplete forms: DLMF chapters 5, 8 and 25."""

import numpy as np
import scipy.special as sp

from chainrule.graph.node import Array
from chainrule.rules.special.stating import special, ufunc_behind

# Gamma functions: DLMF 5.2, 5.15. The derivatives of psi are Hurwitz's zeta functions, DLMF 25.11.12 and 25.11.17.

special(sp.gamma, lambda x, y: y * sp.psi(x))
special(sp.rgamma, lambda x, y: -y * sp.psi(x))
special(sp.gammaln, lambda x, y: sp.psi(x))
special(sp.loggamma, lambda x, y: sp.psi(x))
special(sp.psi, lambda x, y: sp.zeta(2.0, x))
special(ufunc_behind(sp.zeta, 2), "x", lambda s, q, y: -s * sp.zeta(s + 1, q))
special(
    sp.poch,
    lambda z, m, y: y * (sp.psi(z + m) - sp.psi(z)),
    lambda z, m, y: y * sp.psi(z + m),
)
special(
    sp.binom,
    lambda n, k, y: y * (sp.psi(n + 1) - sp.psi(n - k + 1)),
    lambda n, k, y: y * (sp.psi(n - k + 1) - sp.psi(k + 1)),
)


def _polygamma_slope(n: Array, x: Array, y: Array) -> Array:
    return POLYGAMMA(n + 1, x)


POLYGAMMA = special(sp.polygamma, "n", _polygamma_slope)
MULTIGAMMALN = special(sp.multigammaln, lambda a, d, y: sum(sp.psi(a - 0.5 * j) for j in range(int(d))), "d")

# Beta functions: DLMF 5.12

special(
    sp.beta,
    lambda a, b, y: y * (sp.psi(a) - sp.psi(a + b)),
    lambda a, b, y: y * (sp.psi(b) - sp.psi(a + b)),
)
special(
    sp.betaln,
    lambda a, b, y: sp.psi(a) - sp.psi(a + b),
    lambda a, b, y: sp.psi(b) - sp.psi(a + b),
)

# Incomplete gamma and beta functions are distributions; by x their derivatives are the densities. By the shapes a and
# b no closed form exists (they are hypergeometric functions of more operands): refused.


def gamma_density(a: Array, x: Array) -> Array:
    """Return x^(a-1) exp(-x) / Γ(a)."""
    return np.exp(sp.xlogy(a - 1, x) - x - sp.gammaln(a))


def beta_density(a: Array, b: Array, x: Array) -> Array:
    """Return x^(a-1) (1-x)^(b-1) / B(a, b)."""
    return np.exp(sp.xlogy(a - 1, x) + sp.xlog1py(b - 1, -x) - sp.betaln(a, b))


special(sp.gammainc, "a", lambda a, x, y: gamma_density(a, x))
special(sp.gammaincc, "a", lambda a, x, y: -gamma_density(a, x))
special(sp.gammaincinv, "a", lambda a, p, x: 1 / gamma_density(a, x))
special(sp.gammainccinv, "a", lambda a, p, x: -1 / gamma_density(a, x))
special(sp.betainc, "a", "b", lambda a, b, x, y: beta_density(a, b, x))
special(sp.betaincc, "a", "b", lambda a, b, x, y: -beta_density(a, b, x))
special(sp.betaincinv, "a", "b", lambda a, b, p, x: 1 / beta_density(a, b, x))
special(sp.betainccinv, "a", "b", lambda a, b, p, x: -1 / beta_density(a, b, x))
