"""Sine over argument, and the Bessel function I_0: entire functions, whose derivatives never end.

So each is the first of a family of primitives, of which every one has the next as its derivative.
"""

import math
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Elementwise
from chainrule.rules.table import family

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_QUADRATURE = list(zip(((1 + _NODES) / 2).tolist(), (_WEIGHTS / 2).tolist(), strict=True))
"""Places and weights of Gauss and Legendre's quadrature from 0 to 1."""


@family
def _sinc(order: int) -> Elementwise:
    """Return the derivative of sin πx / πx of this order.

    It is the integral of (πt)^k cos(πxt + kπ/2) over t from 0 to 1, since sinc is that of cos(πxt). Away from 0 it
    follows from x f^(k) + k f^(k−1) = π^(k−1) cos(πx + (k−1)π/2), which is x f' + f = cos πx differentiated.
    """

    def compute(x: Array) -> Array:
        near = np.abs(x) < 1
        away = np.where(near, 1, x)
        value = np.sinc(away)
        for k in range(1, order + 1):
            value = (math.pi ** (k - 1) * np.cos(math.pi * away + (k - 1) * math.pi / 2) - k * value) / away
        angle = math.pi * np.where(near, x, 0)
        close = sum(
            weight * (math.pi * t) ** order * np.cos(angle * t + order * math.pi / 2) for t, weight in _QUADRATURE
        )
        return np.where(near, close, value)[()]

    function = np.sinc if order == 0 else compute
    return Elementwise(f"sinc{chr(39) * order}", function, lambda x, y: _sinc(order + 1)(x))


@family
def _bessel(order: int) -> Elementwise:
    """Return the modified Bessel function I_n, with I_n' = (I_(n−1) + I_(n+1)) / 2 and I_(−n) = I_n (DLMF 10.29.1)."""

    def compute(x: Any) -> Any:
        from scipy.special import iv  # takes its time to load, and few need it

        return iv(order, x)

    if order == 0:
        return Elementwise("i0", np.i0, lambda x, y: _bessel(1)(x))
    return Elementwise(f"i{order}", compute, lambda x, y: (_bessel(order - 1)(x) + _bessel(order + 1)(x)) / 2)


TABLE[np.sinc] = _sinc(0)
TABLE[np.i0] = _bessel(0)
