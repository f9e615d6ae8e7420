"""Functions of `scipy.special` that are no ufuncs.

The ufuncs are followed as SciPy's own, and so are `zeta`, `lambertw`, `softplus` and `assoc_laguerre`, which end in
one. For `factorial(n)`, `comb(n, k)` and `perm(n, k)` write `gamma(n + 1)`, `binom(n, k)` and `poch(n - k + 1, k)`.
"""

from typing import Any

import numpy as np
import scipy.special as sp

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array, Parts
from chainrule.rules.kinds import Flat, General
from chainrule.rules.operands import operand
from chainrule.rules.special.gamma import MULTIGAMMALN, POLYGAMMA
from chainrule.rules.special.spherical import SPHERICAL_IN, SPHERICAL_JN, SPHERICAL_KN, SPHERICAL_YN

__all__ = [
    "log_softmax",
    "logsumexp",
    "multigammaln",
    "polygamma",
    "softmax",
    "spherical_in",
    "spherical_jn",
    "spherical_kn",
    "spherical_yn",
]

Axis = int | tuple[int, ...] | None


# Softmax and the logarithm of a sum of exponentials. With y = softmax(x), dy = y ⊙ (dx - Σ y dx), a symmetric map.


def _softmax_map(v: Array, y: Array, x: Array, axis: Axis) -> Array:
    return y * (v - np.sum(y * v, axis=axis, keepdims=True))


SOFTMAX = General("softmax", sp.softmax, (_softmax_map,), (_softmax_map,))
LOG_SOFTMAX = General(
    "log_softmax",
    sp.log_softmax,
    (lambda g, y, x, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True),),
    (lambda t, y, x, axis: t - np.sum(np.exp(y) * t, axis=axis, keepdims=True),),
)


def softmax(x: Any, axis: Axis = None) -> Array:
    """Compute exp(x) / Σ exp(x), as `scipy.special.softmax` does.

    Parameters
    ----------
    x : array_like
        Entries of minus infinity have no share.
    axis : int or tuple of int, optional
        Where the sum goes along; None: over all entries.

    Returns
    -------
    array of x's shape

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import jacobian
    >>> jacobian(softmax)(np.zeros(2))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    return SOFTMAX(operand(x), axis=axis)


def log_softmax(x: Any, axis: Axis = None) -> Array:
    """Compute the logarithm of the softmax without forming it, as `scipy.special.log_softmax` does.

    Parameters
    ----------
    x : array_like
        Entries of minus infinity stay so.
    axis : int or tuple of int, optional
        Where the sum goes along; None: over all entries.

    Returns
    -------
    array of x's shape

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda x: log_softmax(x)[0])(np.array([0.0, 0.0]))
    array([ 0.5, -0.5])
    """
    return LOG_SOFTMAX(operand(x), axis=axis)


def _spread(v: Array, shape: tuple[int, ...], axis: Axis) -> Array:
    """Give a reduced array its summed axes back, with size 1, whether it kept them or not."""
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    kept = [1 if i in {a % len(shape) for a in axes} else n for i, n in enumerate(shape)]
    return np.reshape(v, tuple(kept))


_LARGEST = Flat("largest", lambda a, axis: np.max(np.real(a), axis=axis, keepdims=True, initial=-np.inf))


def _slope(i: int, a: Array, b: Array | None, axis: Axis) -> Array:
    """Return the derivative of log |Σ b exp(a)| by the entries of a, for i = 0, or of b, for i = 1."""
    if b is not None:  # an infinite entry of weight 0 counts for nothing
        a = np.where(np.logical_and(b == 0, np.isinf(a)), 0, a)
    # The largest entry keeps exp in range. It cancels, so that it may be taken for a constant.
    largest = _LARGEST(a, axis=axis)
    shares = np.exp(a - np.where(np.isfinite(largest), largest, 0))
    total = np.sum(shares if b is None else b * shares, axis=axis, keepdims=True)
    shares = shares / np.where(total == 0, 1, total)
    return shares if b is None or i == 1 else b * shares


def _pull(i: int, g: Array, a: Array, b: Array | None, axis: Axis) -> Array:
    return _spread(g, a.shape, axis) * _slope(i, a, b, axis)


def _push(i: int, t: Array, y: Array, a: Array, b: Array | None, axis: Axis) -> Array:
    return np.reshape(np.sum(t * _slope(i, a, b, axis), axis=axis), y.shape)


def _logsumexp(a: Array, b: Array | None = None, *, axis: Axis, keepdims: bool, return_sign: bool) -> Array:
    return sp.logsumexp(a, axis=axis, b=b, keepdims=keepdims, return_sign=return_sign)


LOGSUMEXP = General(
    "logsumexp",
    _logsumexp,
    tuple(lambda g, y, a, b=None, *, axis, i=i, **_: _pull(i, g, a, b, axis) for i in (0, 1)),
    tuple(lambda t, y, a, b=None, *, axis, i=i, **_: _push(i, t, y, a, b, axis) for i in (0, 1)),
)
SIGNED_LOGSUMEXP = General(
    "logsumexp",
    _logsumexp,
    tuple(lambda g, y, a, b=None, *, axis, i=i, **_: _pull(i, g[0], a, b, axis) for i in (0, 1)),
    tuple(
        lambda t, y, a, b=None, *, axis, i=i, **_: Parts(
            (_push(i, t, y[0], a, b, axis), np.zeros(y[1].shape, y[1].dtype))
        )
        for i in (0, 1)
    ),
)


def logsumexp(
    a: Any, axis: Axis = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Array | tuple[Array, Array]:
    """Compute log Σ b exp(a), as `scipy.special.logsumexp` does.

    Parameters
    ----------
    a : array_like
        Entries of minus infinity add nothing.
    axis : int or tuple of int, optional
        Where the sum goes along; None: over all entries.
    b : array_like, optional
        Weights, broadcast against a; they may be differentiated by, too.
    keepdims : bool
        Whether the summed axes stay, with size 1.
    return_sign : bool
        Whether to return the logarithm of the sum's absolute value, and its sign.

    Returns
    -------
    array, or a pair of arrays
        The pair with `return_sign`: the logarithm, and the sign.

    Raises
    ------
    RecordingError
        With `return_sign`, a complex array is traced.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(logsumexp)(np.array([0.0, 0.0, -np.inf]))
    array([0.5, 0.5, 0. ])
    """
    operands = [np.atleast_1d(operand(x)) for x in (a, b) if x is not None]
    if b is not None:
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        operands = [np.broadcast_to(x, shape) for x in operands]
    if return_sign and any(x.dtype.kind == "c" for x in operands):
        raise RecordingError(
            f"{at_user_line()}logsumexp of complex numbers has no derivative with return_sign=True; leave that out, "
            "and the sum's phase is the imaginary part of the result."
        )
    rule = SIGNED_LOGSUMEXP if return_sign else LOGSUMEXP
    return rule(*operands, axis=axis, keepdims=keepdims, return_sign=return_sign)


# Gamma functions


def polygamma(n: Any, x: Any) -> Array:
    """Compute the n-th derivative of the digamma function, as `scipy.special.polygamma` does.

    Parameters
    ----------
    n : array_like of int
        The order, not to be differentiated by.
    x : array_like
        Real.

    Returns
    -------
    array
        Of the shape to which n and x broadcast.

    Examples
    --------
    >>> from chainrule import grad
    >>> float(grad(lambda x: polygamma(1, x))(1.0) - polygamma(2, 1.0))
    0.0
    """
    return POLYGAMMA(operand(n), operand(x))


def multigammaln(a: Any, d: int) -> Array:
    """Compute the logarithm of the multivariate gamma function, as `scipy.special.multigammaln` does.

    Parameters
    ----------
    a : array_like
        Greater than (d - 1) / 2.
    d : int
        The dimension.

    Returns
    -------
    array of a's shape

    Examples
    --------
    >>> from chainrule import grad
    >>> from scipy.special import psi
    >>> bool(grad(lambda a: multigammaln(a, 2))(3.0) == psi(3.0) + psi(2.5))
    True
    """
    return MULTIGAMMALN(operand(a), d)


# Spherical Bessel functions


def spherical_jn(n: Any, z: Any, derivative: bool = False) -> Array:
    """Compute the spherical Bessel function j_n, as `scipy.special.spherical_jn` does.

    Parameters
    ----------
    n : array_like of int
        The order, not to be differentiated by.
    z : array_like
        Real or complex.
    derivative : bool
        Whether to compute the function's derivative instead.

    Returns
    -------
    array

    Examples
    --------
    >>> from chainrule import grad
    >>> bool(grad(lambda z: spherical_jn(0, z))(1.0) == spherical_jn(0, 1.0, derivative=True))
    True
    """
    return SPHERICAL_JN(operand(n), operand(z), derivative)


def spherical_yn(n: Any, z: Any, derivative: bool = False) -> Array:
    """Compute the spherical Bessel function y_n, as `scipy.special.spherical_yn` does.

    Parameters
    ----------
    n, z, derivative
        As for `spherical_jn`.

    Returns
    -------
    array

    Examples
    --------
    >>> from chainrule import grad
    >>> bool(grad(lambda z: spherical_yn(0, z))(1.0) == spherical_yn(0, 1.0, derivative=True))
    True
    """
    return SPHERICAL_YN(operand(n), operand(z), derivative)


def spherical_in(n: Any, z: Any, derivative: bool = False) -> Array:
    """Compute the modified spherical Bessel function i_n, as `scipy.special.spherical_in` does.

    Parameters
    ----------
    n, z, derivative
        As for `spherical_jn`.

    Returns
    -------
    array

    Examples
    --------
    >>> from chainrule import grad
    >>> bool(grad(lambda z: spherical_in(0, z))(1.0) == spherical_in(0, 1.0, derivative=True))
    True
    """
    return SPHERICAL_IN(operand(n), operand(z), derivative)


def spherical_kn(n: Any, z: Any, derivative: bool = False) -> Array:
    """Compute the modified spherical Bessel function k_n, as `scipy.special.spherical_kn` does.

    Parameters
    ----------
    n, z, derivative
        As for `spherical_jn`.

    Returns
    -------
    array

    Examples
    --------
    >>> from chainrule import grad
    >>> bool(grad(lambda z: spherical_kn(0, z))(1.0) == spherical_kn(0, 1.0, derivative=True))
    True
    """
    return SPHERICAL_KN(operand(n), operand(z), derivative)
