"""Polynomials as rows of coefficients, the highest power first. All are spelled in NumPy's own steps."""

import warnings
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.rules.operands import operand, untraced
from chainrule.rules.table import spells


@spells(np.polyval)
def _polyval(p: Array, x: Array) -> Array:
    x = operand(x)
    y: Array = np.zeros(x.shape, x.dtype)
    for coefficient in operand(p):
        y = y * x + coefficient
    return y


def _aligned(a1: Array, a2: Array) -> tuple[Array, Array]:
    """Give the shorter polynomial zeros for the powers that it has not."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    n = max(len(a1), len(a2))
    a1, a2 = (np.concatenate([np.zeros(n - len(a), a.dtype), a]) if len(a) < n else a for a in (a1, a2))
    return a1, a2


@spells(np.polyadd)
def _polyadd(a1: Array, a2: Array) -> Array:
    a1, a2 = _aligned(a1, a2)
    return a1 + a2


@spells(np.polysub)
def _polysub(a1: Array, a2: Array) -> Array:
    a1, a2 = _aligned(a1, a2)
    return a1 - a2


def _without_leading_zeros(p: Array) -> Array:
    p = np.trim_zeros(np.atleast_1d(p), "f")
    return p if len(p) else np.zeros(1, p.dtype)


@spells(np.polymul)
def _polymul(a1: Array, a2: Array) -> Array:
    return np.convolve(_without_leading_zeros(a1), _without_leading_zeros(a2))


@spells(np.polyder)
def _polyder(p: Array, m: int = 1) -> Array:
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = operand(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@spells(np.polyint)
def _polyint(p: Array, m: int = 1, k: Any = None) -> Array:
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    p, constants = operand(p), np.zeros(m) if k is None else np.atleast_1d(k)
    if len(constants) == 1 and m > 1:
        constants = np.broadcast_to(constants, (m,))
    if len(constants) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    for i in range(m):
        p = np.concatenate([p / np.arange(len(p), 0, -1), constants[i : i + 1]])
    return p


@spells(np.polydiv)
def _polydiv(u: Array, v: Array) -> tuple[Array, Array]:
    u, v = np.atleast_1d(u) + 0.0, np.atleast_1d(v) + 0.0
    dtype = np.result_type(u.dtype, v.dtype)
    steps, width = len(u) - len(v) + 1, len(v)
    scale = 1.0 / v[0]
    rest, quotient = np.astype(u, dtype), []
    for k in range(steps):
        quotient.append(scale * rest[k])
        rest = np.concatenate([rest[:k], rest[k : k + width] - quotient[-1] * v, rest[k + width :]])
    while np.allclose(untraced(rest)[0], 0, rtol=1e-14) and len(rest) > 1:
        rest = rest[1:]
    return np.astype(np.stack(quotient), dtype) if quotient else np.zeros(1, dtype), rest


@spells(np.poly)
def _poly(seq_of_zeros: Array) -> Array:
    zeros = np.atleast_1d(seq_of_zeros)
    zeros = np.astype(zeros, np.mintypecode(zeros.dtype.char))
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] and len(zeros):
        zeros = np.linalg.eigvals(zeros)
    elif zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    coefficients: Array = np.ones(1, zeros.dtype)
    for zero in zeros:
        factor = np.stack([np.ones((), zeros.dtype), -zero])
        coefficients = np.convolve(coefficients, factor)
    if coefficients.dtype.kind == "c":
        plain = untraced(zeros)
        if np.all(np.sort(plain) == np.sort(plain.conj())):
            return np.real(coefficients)
    return coefficients


@spells(np.roots)
def _roots(p: Array) -> Array:
    p = np.atleast_1d(p)
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    (places,) = np.nonzero(untraced(p))
    if len(places) == 0:
        return np.zeros(0)
    at_zero = len(p) - 1 - int(places[-1])
    p = p[int(places[0]) : int(places[-1]) + 1]
    if len(p) < 2:
        return np.zeros(at_zero)
    # The roots are the eigenvalues of the companion matrix.
    companion = np.concatenate([(-p[1:] / p[0])[None], np.eye(len(p) - 2, len(p) - 1, dtype=p.dtype)])
    roots = np.linalg.eigvals(companion)
    return np.concatenate([roots, np.zeros(at_zero, roots.dtype)])


@spells(np.polyfit)
def _polyfit(
    x: Array, y: Array, deg: int, rcond: float | None = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    x, y = operand(x) + 0.0, operand(y) + 0.0
    count = int(deg) + 1
    if deg < 0 or x.ndim != 1 or len(x) == 0 or y.ndim not in (1, 2) or len(y) != len(x):
        raise ValueError(
            f"np.polyfit needs a degree of 0 or more, a row of places and as many values; here came the degree {deg}, "
            f"places of shape {x.shape} and values of shape {y.shape}."
        )
    rcond = len(x) * np.finfo(x.dtype).eps if rcond is None else rcond
    powers, values = np.vander(x, count), y
    if w is not None:
        w = operand(w) + 0.0
        powers, values = powers * w[:, None], y * (w[:, None] if y.ndim == 2 else w)
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    c, residuals, rank, singular = np.linalg.lstsq(powers / scale, values, rcond)
    c = np.transpose(np.transpose(c) / scale)
    if full:
        return c, residuals, rank, singular, rcond
    if rank != count:
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=3)
    if not cov:
        return c
    powers = powers / scale
    base = np.linalg.inv(np.dot(np.transpose(powers), powers)) / np.outer(scale, scale)
    if cov == "unscaled":
        factor: Array = 1
    elif len(x) <= count:
        raise ValueError("the number of data points must exceed order to scale the covariance matrix")
    else:
        factor = residuals / (len(x) - count)
    return c, (base if y.ndim == 1 else base[:, :, None]) * factor
