# mypy: disable-error-code="no-untyped-def"
"""Functions that code written by `to_python` may need besides NumPy: it takes their source along, so they stand alone.

They say for arrays what the rules of `chainrule.rules` say for arrays and tracers.
"""

import numpy as np


def quotient(x, d):
    """Return x / d, with 0/0 = 0 and NaN for any other x / 0."""
    zero = d == 0
    return np.where(zero & (x != 0), np.nan, x / np.where(zero, 1, d))


def cofactors(a):
    """Return the cofactors of matrices: the derivative of the determinant by each entry."""
    u, s, vh = np.linalg.svd(a)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(axis=-1)
    unit = np.linalg.det(u) * np.linalg.det(vh)
    return unit[..., None, None] * np.conj((u * others[..., None, :]) @ vh)


def shares(w, known):
    """Say which of the known eigenvalues each of w is, as a matrix of ones and zeros; equal ones share."""
    distance = np.abs(w[..., :, None] - known[..., None, :])
    rounding = 8 * np.finfo(known.dtype).eps * np.sum(np.abs(known), axis=-1, keepdims=True)
    nearest = np.min(distance, axis=-1, keepdims=True)
    equal = (distance <= nearest + rounding[..., None]).astype(distance.dtype)
    return equal / np.sum(equal, axis=-1, keepdims=True)


HELPERS = (quotient, cofactors, shares)
