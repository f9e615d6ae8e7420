"""Numbers taken apart: into whole and fraction, mantissa and exponent, quotient and remainder."""

import numpy as np

from chainrule.graph.node import Array, Parts
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import General, Linear, unbroadcast
from chainrule.rules.table import spells

MODF = General(
    "modf",
    np.modf,
    (lambda g, y, x: g[0],),
    (lambda t, y, x: Parts((t, np.zeros(x.shape, x.dtype))),),
)
# x = m 2^e, where e is held until x comes to the next power of 2.
FREXP = General(
    "frexp",
    np.frexp,
    (lambda g, y, x: np.ldexp(g[0], -y[1]),),
    (lambda t, y, x: Parts((np.ldexp(t, -y[1]), np.zeros(x.shape, x.dtype))),),
)
LDEXP = Linear("ldexp", np.ldexp, lambda g, y, x, n: unbroadcast(np.ldexp(g, n), x.shape), None)

TABLE[np.modf] = MODF
TABLE[np.frexp] = FREXP


@spells(np.ldexp)
def _ldexp(x: Array, n: Array, /) -> Array:
    return LDEXP(x if hasattr(x, "shape") else np.asarray(x), n)


@spells(np.divmod)
def _divmod(a: Array, b: Array, /) -> tuple[Array, Array]:
    return np.floor_divide(a, b), np.remainder(a, b)


# The next number is a step away from x, and how far a step is does not follow x.
TABLE[np.nextafter] = General(
    "nextafter",
    np.nextafter,
    (lambda g, y, x, towards: unbroadcast(g, x.shape), None),
    (lambda t, y, x, towards: np.broadcast_to(t, y.shape), None),
)
