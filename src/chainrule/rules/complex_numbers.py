"""Complex numbers taken apart: conjugates, real and imaginary parts, angles.

These are linear over the reals only. A cotangent g stands for the map v ↦ Re(Σ g v) (see reverse mode), which fixes
their transposes: Re(g · conj v) = Re(conj g · v), and Re(g · Im v) = Re(−i g · v) for a real g.
"""

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Flat, General, Linear
from chainrule.rules.table import spells

CONJ = Linear("conj", np.conjugate, lambda g, y, x: np.conjugate(g))
REAL = Linear("real", np.real, lambda g, y, x: np.astype(g, x.dtype))
IMAG = Linear("imag", np.imag, lambda g, y, x: g * -1j)  # a float64 times 1j is NumPy's, 1j times a float64 Python's

TABLE[np.conjugate] = CONJ


@spells(np.real)
def _real(val: Array) -> Array:
    return REAL(val) if val.dtype.kind == "c" else val


@spells(np.imag)
def _imag(val: Array) -> Array:
    return IMAG(val) if val.dtype.kind == "c" else np.zeros(val.shape, val.dtype)[()]


@spells(np.angle)
def _angle(z: Array, deg: bool = False) -> Array:
    angle = np.arctan2(np.imag(z), np.real(z))
    return angle * (180 / np.pi) if deg else angle


# The sign of a complex number is its direction s = z / |z|. It follows what of a tangent is across the direction,
# ds = i s Im(s* dz) / |z|; along it nothing changes. At 0, where there is no direction, the derivative is left at 0.


def _size(x: Array) -> Array:
    return np.absolute(np.where(x == 0, 1, x))


DIRECTION = General(
    "sign",
    np.sign,
    (lambda g, s, x: np.conj(s) * -1j * np.real(s * 1j * g) / _size(x),),
    (lambda t, s, x: s * 1j * np.imag(np.conj(s) * t) / _size(x),),
)
SIGN = Flat("sign", np.sign)


@spells(np.sign)
def _sign(x: Array, /) -> Array:
    return DIRECTION(x) if x.dtype.kind == "c" else SIGN(x)
