"""Bessel functions and their relatives, by their argument: DLMF chapters 9 to 12. By the order: refused."""

import math

import numpy as np
import scipy.special as sp

from chainrule.graph.node import Array
from chainrule.rules.special.stating import refuse_complex, several, special

# Cylinder functions of any order: DLMF 10.6.1 and 10.29.1

special(sp.jv, "v", lambda v, z, y: 0.5 * (sp.jv(v - 1, z) - sp.jv(v + 1, z)))
special(sp.yv, "v", lambda v, z, y: 0.5 * (sp.yv(v - 1, z) - sp.yv(v + 1, z)))
special(sp.yn, "n", lambda n, x, y: 0.5 * (sp.yn(n - 1, x) - sp.yn(n + 1, x)))
special(sp.hankel1, "v", lambda v, z, y: 0.5 * (sp.hankel1(v - 1, z) - sp.hankel1(v + 1, z)))
special(sp.hankel2, "v", lambda v, z, y: 0.5 * (sp.hankel2(v - 1, z) - sp.hankel2(v + 1, z)))
special(sp.iv, "v", lambda v, z, y: 0.5 * (sp.iv(v - 1, z) + sp.iv(v + 1, z)))
special(sp.kv, "v", lambda v, z, y: -0.5 * (sp.kv(v - 1, z) + sp.kv(v + 1, z)))
special(sp.kn, "n", lambda n, x, y: -0.5 * (sp.kn(abs(n - 1), x) + sp.kn(n + 1, x)))

# The same, scaled. The factors exp(-|Im z|) and exp(-|Re z|) have a complex derivative on the real line only.


def _jve_slope(v: Array, z: Array, y: Array) -> Array:
    refuse_complex("jve", z)
    return 0.5 * (sp.jve(v - 1, z) - sp.jve(v + 1, z))


def _yve_slope(v: Array, z: Array, y: Array) -> Array:
    refuse_complex("yve", z)
    return 0.5 * (sp.yve(v - 1, z) - sp.yve(v + 1, z))


def _ive_slope(v: Array, z: Array, y: Array) -> Array:
    refuse_complex("ive", z)
    return 0.5 * (sp.ive(v - 1, z) + sp.ive(v + 1, z)) - np.sign(z) * y


special(sp.jve, "v", _jve_slope)
special(sp.yve, "v", _yve_slope)
special(sp.ive, "v", _ive_slope)
special(sp.kve, "v", lambda v, z, y: y - 0.5 * (sp.kve(v - 1, z) + sp.kve(v + 1, z)))
special(sp.hankel1e, "v", lambda v, z, y: 0.5 * (sp.hankel1e(v - 1, z) - sp.hankel1e(v + 1, z)) - 1j * y)
special(sp.hankel2e, "v", lambda v, z, y: 0.5 * (sp.hankel2e(v - 1, z) - sp.hankel2e(v + 1, z)) + 1j * y)

# Orders 0 and 1

special(sp.j0, lambda x, y: -sp.j1(x))
special(sp.j1, lambda x, y: 0.5 * (sp.j0(x) - sp.jv(2, x)))
special(sp.y0, lambda x, y: -sp.y1(x))
special(sp.y1, lambda x, y: 0.5 * (sp.y0(x) - sp.yn(2, x)))
special(sp.i0, lambda x, y: sp.i1(x))
special(sp.i1, lambda x, y: 0.5 * (sp.i0(x) + sp.iv(2, x)))
special(sp.k0, lambda x, y: -sp.k1(x))
special(sp.k1, lambda x, y: -0.5 * (sp.k0(x) + sp.kn(2, x)))
special(sp.i0e, lambda x, y: sp.i1e(x) - np.sign(x) * y)
special(sp.i1e, lambda x, y: 0.5 * (sp.i0e(x) + sp.ive(2, x)) - np.sign(x) * y)
special(sp.k0e, lambda x, y: y - sp.k1e(x))
special(sp.k1e, lambda x, y: y - 0.5 * (sp.k0e(x) + sp.kve(2, x)))

# Integrals of those of order 0, from 0 to x of f(t), and of (1 - J)/t, (I - 1)/t, or from x on of Y/t, K/t, H/t

several(sp.itj0y0, lambda x, y: (sp.j0(x), sp.y0(x)))
several(sp.iti0k0, lambda x, y: (sp.i0(x), sp.k0(x)))
several(sp.it2j0y0, lambda x, y: ((1 - sp.j0(x)) / x, -sp.y0(x) / x))
several(sp.it2i0k0, lambda x, y: ((sp.i0(x) - 1) / x, -sp.k0(x) / x))
special(sp.itstruve0, lambda x, y: sp.struve(0, x))
special(sp.itmodstruve0, lambda x, y: sp.modstruve(0, x))
special(sp.it2struve0, lambda x, y: -sp.struve(0, x) / x)

# Struve's functions: DLMF 11.4.27 to 11.4.30


def _struve_term(v: Array, x: Array) -> Array:
    return (0.5 * x) ** v * (sp.rgamma(v + 1.5) / math.sqrt(math.pi))


special(sp.struve, "v", lambda v, x, y: 0.5 * (sp.struve(v - 1, x) - sp.struve(v + 1, x) + _struve_term(v, x)))
special(
    sp.modstruve,
    "v",
    lambda v, x, y: 0.5 * (sp.modstruve(v - 1, x) + sp.modstruve(v + 1, x) + _struve_term(v, x)),
)

# Airy's functions with their derivatives, w'' = z w: DLMF 9.2.1

several(sp.airy, lambda z, y: (y[1], z * y[0], y[3], z * y[2]))
several(sp.airye, lambda z, y: _airye_slopes(z, *y))
several(
    sp.itairy,
    lambda x, y: (sp.airy(x)[0], sp.airy(x)[2], sp.airy(-x)[0], sp.airy(-x)[2]),
)


def _airye_slopes(z: Array, a: Array, ap: Array, b: Array, bp: Array) -> tuple[Array, ...]:
    # Scaled by exp(±2/3 z^(3/2)), whose logarithm has the derivative ±√z.
    refuse_complex("airye", z)
    root = np.sqrt(np.maximum(z, 0))
    return ap + root * a, z * a + root * ap, bp - root * b, z * b - root * bp


# Kelvin's functions, ber + i bei and ker + i kei: w'' = i w - w' / x, DLMF 10.61.3

special(sp.ber, lambda x, y: sp.berp(x))
special(sp.bei, lambda x, y: sp.beip(x))
special(sp.ker, lambda x, y: sp.kerp(x))
special(sp.kei, lambda x, y: sp.keip(x))
special(sp.berp, lambda x, y: -sp.bei(x) - y / x)
special(sp.beip, lambda x, y: sp.ber(x) - y / x)
special(sp.kerp, lambda x, y: -sp.kei(x) - y / x)
special(sp.keip, lambda x, y: sp.ker(x) - y / x)
several(sp.kelvin, lambda x, y: (y[2], y[3], 1j * y[0] - y[2] / x, 1j * y[1] - y[3] / x))

# Parabolic cylinder functions with their derivatives: DLMF 12.2.2 to 12.2.4

several(sp.pbdv, "v", lambda v, x, y: (y[1], (x * x / 4 - v - 0.5) * y[0]))
several(sp.pbvv, "v", lambda v, x, y: (y[1], (x * x / 4 - v - 0.5) * y[0]))
several(sp.pbwa, "a", lambda a, x, y: (y[1], (a - x * x / 4) * y[0]))

# Wright's generalised Bessel function, Σ x^k / (k! Γ(a k + b)): DLMF 10.46.1

special(sp.wright_bessel, "a", "b", lambda a, b, x, y: sp.wright_bessel(a, a + b, x))
if hasattr(sp, "log_wright_bessel"):  # since SciPy 1.14
    special(sp.log_wright_bessel, "a", "b", lambda a, b, x, y: np.exp(sp.log_wright_bessel(a, a + b, x) - y))
