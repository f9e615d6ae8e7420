"""Error functions, the normal distribution, and integrals of elementary functions: DLMF chapters 6 and 7."""

import math

import numpy as np
import scipy.special as sp

from chainrule.graph.node import Array
from chainrule.graph.tracer import value_of
from chainrule.rules.special.spherical import SPHERICAL_IN, SPHERICAL_JN
from chainrule.rules.special.stating import several, special

TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)

# Error functions: DLMF 7.2, 7.10

special(sp.erf, lambda x, y: TWO_BY_ROOT_PI * np.exp(-x * x))
special(sp.erfc, lambda x, y: -TWO_BY_ROOT_PI * np.exp(-x * x))
special(sp.erfcx, lambda x, y: 2 * x * y - TWO_BY_ROOT_PI)
special(sp.erfi, lambda x, y: TWO_BY_ROOT_PI * np.exp(x * x))
special(sp.erfinv, lambda x, y: np.exp(y * y) / TWO_BY_ROOT_PI)
special(sp.erfcinv, lambda x, y: -np.exp(y * y) / TWO_BY_ROOT_PI)
special(sp.dawsn, lambda x, y: 1 - 2 * x * y)
special(sp.wofz, lambda z, w: _wofz_slope(z, w))
several(sp.fresnel, lambda x, y: (np.sin(math.pi / 2 * x * x), np.cos(math.pi / 2 * x * x)))


def _wofz_slope(z: Array, w: Array) -> Array:
    return 1j * TWO_BY_ROOT_PI - 2 * z * w


# The normal distribution

special(sp.ndtr, lambda x, y: np.exp(-0.5 * x * x) / ROOT_2PI)
special(sp.ndtri, lambda p, x: ROOT_2PI * np.exp(0.5 * x * x))
special(sp.log_ndtr, lambda x, y: np.exp(-0.5 * x * x - y) / ROOT_2PI)
special(sp.ndtri_exp, lambda p, x: ROOT_2PI * np.exp(p + 0.5 * x * x))
special(
    sp.owens_t,
    lambda h, a, y: -0.5 / ROOT_2PI * np.exp(-0.5 * h * h) * sp.erf(a * h / math.sqrt(2)),
    lambda h, a, y: np.exp(-0.5 * h * h * (1 + a * a)) / (2 * math.pi * (1 + a * a)),
)

# Voigt's profile is Re w(z) / (σ √(2π)) with z = (x + iγ) / (σ √2): DLMF 7.19


def _voigt(x: Array, s: Array, c: Array) -> tuple[Array, Array]:
    z = (x + 1j * c) / (s * math.sqrt(2))
    return z, _wofz_slope(z, sp.wofz(z)) / (s * s * (2 * math.sqrt(math.pi)))


def _voigt_by_width(x: Array, s: Array, c: Array, y: Array) -> Array:
    z, slope = _voigt(x, s, c)
    return -y / s - math.sqrt(2) * np.real(z * slope)


special(
    sp.voigt_profile,
    lambda x, s, c, y: np.real(_voigt(x, s, c)[1]),
    _voigt_by_width,
    lambda x, s, c, y: -np.imag(_voigt(x, s, c)[1]),
)

# Exponential, sine and cosine integrals: DLMF 6.2 and 8.19. sin(x)/x and sinh(x)/x are spherical Bessel functions.

special(sp.expi, lambda x, y: np.exp(x) / x)
special(sp.exp1, lambda x, y: -np.exp(-x) / x)
several(sp.sici, lambda x, y: (SPHERICAL_JN(0, x, False), np.cos(x) / x))
several(sp.shichi, lambda x, y: (SPHERICAL_IN(0, x, False), np.cosh(x) / x))


def _expn_slope(n: Array, x: Array, y: Array) -> Array:
    slope = -sp.expn(np.maximum(n - 1, 0), x)
    if np.any(value_of(n) == 0):  # E_0(x) = exp(-x) / x is where SciPy's orders begin
        slope = np.where(n == 0, -np.exp(-x) * (1 + x) / (x * x), slope)
    return slope


special(sp.expn, "n", _expn_slope)
