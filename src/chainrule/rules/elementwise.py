"""NumPy's elementwise functions, each with its partial derivatives: one line a rule.

Every partial is ``lambda *operands, y`` with y the result, so that a derivative that is cheap in the result
(exp, tanh, sqrt) is written by it. Where a function has a corner, the derivative there is the mean of its two sides
(`absolute` at 0, `maximum` of equals), so that symmetric functions have symmetric gradients.
"""

import math
import operator

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Elementwise
from chainrule.rules.table import elementwise, flat

# Arithmetic

elementwise(np.add, 1, 1)
elementwise(np.subtract, 1, -1)
elementwise(np.negative, -1)
elementwise(np.positive, 1)
elementwise(np.multiply, lambda a, b, y: b, lambda a, b, y: a)
elementwise(np.true_divide, lambda a, b, y: 1 / b, lambda a, b, y: -y / b)
elementwise(np.remainder, 1, lambda a, b, y: -np.floor_divide(a, b))
elementwise(np.fmod, 1, lambda a, b, y: -np.trunc(a / b))
elementwise(np.square, lambda x, y: 2 * x)
elementwise(np.sqrt, lambda x, y: 0.5 / y)
elementwise(np.cbrt, lambda x, y: y / (3 * x))
elementwise(np.reciprocal, lambda x, y: -y * y)
elementwise(np.absolute, lambda x, y: _direction(x, y))
elementwise(np.fabs, lambda x, y: np.sign(x))


def _direction(x: Array, y: Array) -> Array:
    # d|z| = Re(conj(z) dz) / |z|; of a real number that is its sign.
    return np.sign(x) if x.dtype.kind != "c" else np.conj(x) / np.where(y == 0, 1, y)


def _power_by_base(x: Array, p: Array, y: Array) -> Array:
    # p x^(p-1), and 0 where p is 0: there x^0 is 1 at every x, and 0 · x^(-1) would be NaN at x = 0.
    if type(p) is int or type(p) is float:
        return 2 * x if p == 2 else p * x ** (p - 1 if p else 1)
    return p * x ** np.where(p == 0, 1, p - 1)


def _power_by_exponent(x: Array, p: Array, y: Array) -> Array:
    # x^p log x, which tends to 0 with x where p > 0.
    return y * np.log(np.where(x == 0, 1, x))


elementwise(np.power, _power_by_base, _power_by_exponent)
elementwise(np.float_power, _power_by_base, _power_by_exponent)
# The operator is an entry of its own: NumPy's computes x**2 by x * x, and so differs from np.power in the last place.
TABLE[operator.pow] = Elementwise("power", operator.pow, _power_by_base, _power_by_exponent)

# Exponentials and logarithms

elementwise(np.exp, lambda x, y: y)
elementwise(np.exp2, lambda x, y: y * math.log(2))
elementwise(np.expm1, lambda x, y: y + 1)
elementwise(np.log, lambda x, y: 1 / x)
elementwise(np.log2, lambda x, y: 1 / (x * math.log(2)))
elementwise(np.log10, lambda x, y: 1 / (x * math.log(10)))
elementwise(np.log1p, lambda x, y: 1 / (1 + x))
elementwise(np.logaddexp, lambda a, b, y: np.exp(a - y), lambda a, b, y: np.exp(b - y))
elementwise(np.logaddexp2, lambda a, b, y: np.exp2(a - y), lambda a, b, y: np.exp2(b - y))

# Trigonometric and hyperbolic functions

elementwise(np.sin, lambda x, y: np.cos(x))
elementwise(np.cos, lambda x, y: -np.sin(x))
elementwise(np.tan, lambda x, y: 1 + y * y)
# As −(x² − 1), since 1 − x² would lose the sign of the zero that tells one side of a complex branch cut from the other.
elementwise(np.arcsin, lambda x, y: 1 / np.sqrt(-(x * x - 1)))
elementwise(np.arccos, lambda x, y: -1 / np.sqrt(-(x * x - 1)))
elementwise(np.arctan, lambda x, y: 1 / (1 + x * x))
elementwise(np.sinh, lambda x, y: np.cosh(x))
elementwise(np.cosh, lambda x, y: np.sinh(x))
elementwise(np.tanh, lambda x, y: 1 - y * y)
elementwise(np.arcsinh, lambda x, y: 1 / np.sqrt(x * x + 1))
elementwise(np.arccosh, lambda x, y: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)))
elementwise(np.arctanh, lambda x, y: 1 / (1 - x * x))
elementwise(np.arctan2, lambda a, b, y: b / (a * a + b * b), lambda a, b, y: -a / (a * a + b * b))
elementwise(np.hypot, lambda a, b, y: a / y, lambda a, b, y: b / y)
elementwise(np.deg2rad, lambda x, y: np.pi / 180)
elementwise(np.radians, lambda x, y: np.pi / 180)
elementwise(np.rad2deg, lambda x, y: 180 / np.pi)
elementwise(np.degrees, lambda x, y: 180 / np.pi)

# The larger and the smaller: the cotangent goes to the one that was chosen, and half to each of two equals.


def _share(x: Array, other: Array, y: Array) -> Array:
    return np.where(x == other, 0.5, x == y).astype(y.dtype)


for _ufunc in (np.maximum, np.minimum, np.fmax, np.fmin):
    elementwise(_ufunc, lambda a, b, y: _share(a, b, y), lambda a, b, y: _share(b, a, y))

elementwise(np.copysign, lambda a, b, y: np.sign(a) * np.sign(y), lambda a, b, y: np.zeros_like(y))

elementwise(np.heaviside, lambda x, h, y: np.zeros_like(y), lambda x, h, y: np.astype(x == 0, y.dtype))

# Steps: piecewise constant, so that their derivative is zero wherever it exists.

flat(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal)
flat(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
flat(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift)
flat(np.floor, np.ceil, np.trunc, np.rint, np.floor_divide, np.signbit)
flat(np.isfinite, np.isinf, np.isnan)
