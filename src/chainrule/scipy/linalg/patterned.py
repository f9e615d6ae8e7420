"""Matrices put together of blocks, or of one row and column whose entries repeat."""

from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.rules.matrices import conjugated
from chainrule.rules.operands import operand


def block_diag(*arrs: Any) -> Array:
    """Put arrays along the diagonal of a matrix of zeros, as `scipy.linalg.block_diag` does.

    Parameters
    ----------
    *arrs : array_like (..., m, n), (n,) or ()

    Returns
    -------
    array (..., Σ m, Σ n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> float(grad(lambda a: block_diag(a, [2.0, 3.0])[0, 0])(1.0))
    1.0
    """
    blocks = [np.atleast_2d(operand(x)) for x in arrs or ([],)]
    batch = np.broadcast_shapes(*(x.shape[:-2] for x in blocks))
    width = sum(x.shape[-1] for x in blocks)
    rows, before = [], 0
    for block in blocks:
        block = np.broadcast_to(block, (*batch, *block.shape[-2:]))
        *above, n = block.shape
        left, right = np.zeros((*above, before), block.dtype), np.zeros((*above, width - before - n), block.dtype)
        rows.append(np.concatenate([left, block, right], axis=-1))
        before += n
    return np.concatenate(rows, axis=-2)


def toeplitz(c: Any, r: Any = None) -> Array:
    """Make the matrix with constant diagonals of its first column and row, as `scipy.linalg.toeplitz` does.

    Parameters
    ----------
    c : array_like (..., m)
        The first column.
    r : array_like (..., n), optional
        The first row, of which the first entry is not used. None: c's conjugate.

    Returns
    -------
    array (..., m, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda c: np.sum(toeplitz(c)))(np.ones(3))
    array([3., 4., 2.])
    """
    c = np.atleast_1d(operand(c))
    r = conjugated(c) if r is None else np.atleast_1d(operand(r))
    m, n = c.shape[-1], r.shape[-1]
    entries = _joined(np.flip(c, axis=-1), r[..., 1:])
    return entries[..., m - 1 - np.arange(m)[:, None] + np.arange(n)]


def circulant(c: Any) -> Array:
    """Make the matrix whose columns are c, each turned one further, as `scipy.linalg.circulant` does.

    Parameters
    ----------
    c : array_like (..., n)
        The first column.

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda c: np.trace(circulant(c)))(np.ones(3))
    array([3., 0., 0.])
    """
    c = np.atleast_1d(operand(c))
    places = np.arange(c.shape[-1])
    return c[..., (places[:, None] - places) % max(len(places), 1)]


def hankel(c: Any, r: Any = None) -> Array:
    """Make the matrix with constant antidiagonals of its first column and last row, as `scipy.linalg.hankel` does.

    Parameters
    ----------
    c : array_like (..., m)
        The first column.
    r : array_like (..., n), optional
        The last row, of which the first entry is not used. None: zeros.

    Returns
    -------
    array (..., m, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda c: np.sum(hankel(c)))(np.ones(3))
    array([1., 2., 3.])
    """
    c = np.atleast_1d(operand(c))
    r = np.zeros(c.shape, c.dtype) if r is None else np.atleast_1d(operand(r))
    entries = _joined(c, r[..., 1:])
    return entries[..., np.arange(c.shape[-1])[:, None] + np.arange(r.shape[-1])]


def _joined(first: Array, second: Array) -> Array:
    batch = np.broadcast_shapes(first.shape[:-1], second.shape[:-1])
    return np.concatenate([np.broadcast_to(x, (*batch, x.shape[-1])) for x in (first, second)], axis=-1)
