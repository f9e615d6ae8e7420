"""Complex numbers taken apart: conjugates, real and imaginary parts, angles.

These are linear over the reals only. A cotangent g stands for the map v ↦ Re(Σ g v) (see reverse mode), which fixes
their transposes: Re(g · conj v) = Re(conj g · v), and Re(g · Im v) = Re(−i g · v) for a real g.
"""

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.tracer import TABLE
from chainrule.rules.kinds import Linear
from chainrule.rules.table import spells

CONJ = Linear("conj", np.conjugate, lambda g, y, x: np.conjugate(g))
REAL = Linear("real", np.real, lambda g, y, x: np.astype(g, x.dtype))
IMAG = Linear("imag", np.imag, lambda g, y, x: -1j * g)

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
