"""Spherical Bessel functions, which SciPy writes in Python: primitives for `chainrule.scipy.special` and others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sp

from chainrule.graph.node import Array
from chainrule.graph.tracer import value_of
from chainrule.rules.kinds import Elementwise
from chainrule.rules.special.stating import special


def _spherical(function: Callable[..., Any], lower: int, upper: int) -> Elementwise:
    """State f_n' = (lower n f_(n-1) + upper (n+1) f_(n+1)) / (2n + 1), DLMF 10.51.2 and 10.51.5.

    The third operand says whether it is the function or its derivative, for which the same holds.
    """

    def slope(n: Array, z: Array, derivative: bool, y: Array) -> Array:
        n = np.asarray(value_of(n))[()]
        below, above = rule(np.maximum(n - 1, 0), z, derivative), rule(n + 1, z, derivative)
        return below * (lower * n / (2 * n + 1)) + above * (upper * (n + 1) / (2 * n + 1))

    rule = special(function, "n", slope, "derivative")
    return rule


SPHERICAL_JN = _spherical(sp.spherical_jn, 1, -1)
SPHERICAL_YN = _spherical(sp.spherical_yn, 1, -1)
SPHERICAL_IN = _spherical(sp.spherical_in, 1, 1)
SPHERICAL_KN = _spherical(sp.spherical_kn, -1, -1)
