"""Elliptic integrals, Jacobi's elliptic functions, and the arithmetic-geometric mean: DLMF chapters 19 and 22.

The parameter is m = k². Derivatives by it are usually written with a division by m; the forms used here have none,
so that they hold at m = 0 too: hypergeometric functions for the complete integrals (DLMF 19.5.1, 19.5.2), and for the
incomplete ones D(φ, m) = ∫ sin²θ / √(1 - m sin²θ) dθ from 0 to φ = (F - E) / m (DLMF 19.2.6).
"""

import math

import numpy as np
import scipy.special as sp

from chainrule.graph.node import Array
from chainrule.rules.special.stating import several, special

EIGHTH = math.pi / 8

# Complete integrals. Near m = 1, Euler's transformation (DLMF 15.8.1) takes the pole of dK/dm out of the series.


def _k_slope(m: Array, one_less: Array) -> Array:
    return EIGHTH * sp.hyp2f1(0.5, 0.5, 2.0, m) / one_less


special(sp.ellipk, lambda m, y: _k_slope(m, 1 - m))
special(sp.ellipkm1, lambda p, y: -_k_slope(1 - p, p))
special(sp.ellipe, lambda m, y: -EIGHTH * sp.hyp2f1(0.5, 1.5, 2.0, m))

# Incomplete integrals: DLMF 19.4.4 to 19.4.7


def _ellipdinc(phi: Array, m: Array) -> Array:
    """Compute D by Carlson's integral (DLMF 19.25.10), in the half period about φ, and the whole ones before it."""
    n = np.round(phi / math.pi)
    s, c = np.sin(phi - n * math.pi), np.cos(phi - n * math.pi)
    whole = np.where(n == 0, 0, 2 * n) * sp.elliprd(0.0, np.where(n == 0, 1, 1 - m), 1.0) / 3
    return whole + s**3 * sp.elliprd(c * c, 1 - m * s * s, 1.0) / 3


_ellipdinc.__name__ = "ellipdinc"


def _delta(phi: Array, m: Array) -> Array:
    return np.sqrt(1 - m * np.sin(phi) ** 2)


def _f_by_m(phi: Array, m: Array, f: Array) -> Array:
    rest = np.sin(phi) * np.cos(phi) / _delta(phi, m)
    return 0.5 * (f - ELLIPDINC(phi, m) - rest) / (1 - m)


def _d_by_m(phi: Array, m: Array, d: Array) -> Array:
    # (2 ∂F/∂m - D) / 2m, which loses its digits at m = 0, where it is ½ ∫ sin⁴θ dθ.
    small = abs(m) < 1e-8
    general = (_f_by_m(phi, m, sp.ellipkinc(phi, m)) - 0.5 * d) / np.where(small, 1, m)
    limit = (6 * phi - 4 * np.sin(2 * phi) + 0.5 * np.sin(4 * phi)) / 32
    return np.where(small, limit, general)


ELLIPDINC = special(_ellipdinc, lambda phi, m, d: np.sin(phi) ** 2 / _delta(phi, m), _d_by_m)
special(sp.ellipkinc, lambda phi, m, f: 1 / _delta(phi, m), _f_by_m)
special(sp.ellipeinc, lambda phi, m, e: _delta(phi, m), lambda phi, m, e: -0.5 * ELLIPDINC(phi, m))

# Jacobi's functions sn, cn, dn and the amplitude φ, of u = F(φ, m): DLMF 22.13.1 to 22.13.3; by m from ∂u = 0.


def _jacobi_by_m(u: Array, m: Array, results: tuple[Array, ...]) -> tuple[Array, ...]:
    sn, cn, dn, phi = results
    turn = -dn * _f_by_m(phi, m, u)
    return cn * turn, -sn * turn, -0.5 * sn * (sn + 2 * m * cn * turn) / dn, turn


several(sp.ellipj, lambda u, m, y: (y[1] * y[2], -y[0] * y[2], -m * y[0] * y[1], y[2]), _jacobi_by_m)

# The mean of a and b is π/4 (a + b) / K(((a - b) / (a + b))²): DLMF 19.8.5


def _agm_slope(a: Array, b: Array, y: Array) -> Array:
    ratio = (a - b) / (a + b)
    m = ratio * ratio
    k_by_a = _k_slope(m, 1 - m) * 4 * ratio * b / (a + b) ** 2
    return y * (1 / (a + b) - k_by_a / sp.ellipk(m))


special(sp.agm, _agm_slope, lambda a, b, y: _agm_slope(b, a, y))
