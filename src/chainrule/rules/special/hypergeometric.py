"""Hypergeometric functions and orthogonal polynomials, by their argument: DLMF chapters 13 to 15 and 18."""

import numpy as np
import scipy.special as sp

from chainrule.graph.node import Array
from chainrule.rules.special.stating import special

# Hypergeometric functions: DLMF 13.3.15, 13.3.22, 15.5.1 and 16.3.1

special(sp.hyp0f1, "v", lambda v, z, y: sp.hyp0f1(v + 1, z) / v)
special(sp.hyp1f1, "a", "b", lambda a, b, x, y: a / b * sp.hyp1f1(a + 1, b + 1, x))
special(sp.hyperu, "a", "b", lambda a, b, x, y: -a * sp.hyperu(a + 1, b + 1, x))
special(sp.hyp2f1, "a", "b", "c", lambda a, b, c, z, y: a * b / c * sp.hyp2f1(a + 1, b + 1, c + 1, z))

# Spence's function, ∫ log(t) / (1 - t) from 1 to z: DLMF 25.12 and 15.4.1

special(sp.spence, lambda z, y: -sp.hyp2f1(1.0, 1.0, 2.0, 1 - z))

# Orthogonal polynomials: DLMF 18.9.15 to 18.9.28. A polynomial of degree 0 is flat.


def _below(n: Array) -> Array:
    return np.maximum(n - 1, 0)


def _jacobi_slope(n: Array, a: Array, b: Array, x: Array) -> Array:
    return np.where(n == 0, 0, 0.5 * (n + a + b + 1)) * sp.eval_jacobi(_below(n), a + 1, b + 1, x)


def _gegenbauer_slope(n: Array, a: Array, x: Array) -> Array:
    return np.where(n == 0, 0, 2 * a) * sp.eval_gegenbauer(_below(n), a + 1, x)


def _laguerre_slope(n: Array, a: Array, x: Array) -> Array:
    return np.where(n == 0, 0, -1) * sp.eval_genlaguerre(_below(n), a + 1, x)


special(sp.eval_jacobi, "n", "alpha", "beta", lambda n, a, b, x, y: _jacobi_slope(n, a, b, x))
special(sp.eval_legendre, "n", lambda n, x, y: _jacobi_slope(n, 0.0, 0.0, x))
special(sp.eval_gegenbauer, "n", "alpha", lambda n, a, x, y: _gegenbauer_slope(n, a, x))
special(sp.eval_chebyt, "n", lambda n, x, y: n * sp.eval_chebyu(_below(n), x))
special(sp.eval_chebyu, "n", lambda n, x, y: _gegenbauer_slope(n, 1.0, x))
special(sp.eval_chebyc, "n", lambda n, x, y: n * sp.eval_chebys(_below(n), x))
special(sp.eval_chebys, "n", lambda n, x, y: 0.5 * _gegenbauer_slope(n, 1.0, 0.5 * x))
special(sp.eval_hermite, "n", lambda n, x, y: 2 * n * sp.eval_hermite(_below(n), x))
special(sp.eval_hermitenorm, "n", lambda n, x, y: n * sp.eval_hermitenorm(_below(n), x))
special(sp.eval_laguerre, "n", lambda n, x, y: _laguerre_slope(n, 0.0, x))
special(sp.eval_genlaguerre, "n", "alpha", lambda n, a, x, y: _laguerre_slope(n, a, x))

# Shifted from [-1, 1] to [0, 1]

special(sp.eval_sh_legendre, "n", lambda n, x, y: 2 * _jacobi_slope(n, 0.0, 0.0, 2 * x - 1))
special(sp.eval_sh_chebyt, "n", lambda n, x, y: 2 * n * sp.eval_sh_chebyu(_below(n), x))
special(sp.eval_sh_chebyu, "n", lambda n, x, y: 2 * _gegenbauer_slope(n, 1.0, 2 * x - 1))
special(sp.eval_sh_jacobi, "n", "p", "q", lambda n, p, q, x, y: n * sp.eval_sh_jacobi(_below(n), p + 2, q + 1, x))

# Legendre's associated functions of integer order m: DLMF 14.10.5

special(
    sp.lpmv,
    "m",
    "v",
    lambda m, v, x, y: (v * x * y - (v + m) * sp.lpmv(m, v - 1, x)) / (x * x - 1),
)
