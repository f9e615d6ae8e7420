"""Functions of square matrices: exponential, logarithm, root, and what is made of the exponential.

The derivative of a matrix function f at A in direction E, L(A, E), stands in the upper right block of
f([[A, E], [0, A]]); its transpose as a linear map of E is L(Aᵀ, ·): N. J. Higham, "Functions of Matrices", SIAM 2008,
equation (3.16) and section 3.2. Written in this way it is a function of matrices once more, with the same derivative.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from chainrule.graph.node import Array
from chainrule.rules.kinds import Flat, General
from chainrule.rules.matrices import transposed
from chainrule.rules.operands import operand
from chainrule.scipy.linalg.equations import SYLVESTER
from chainrule.scipy.linalg.solving import solve


def _change(function: Callable[[Array], Array], a: Array, e: Array) -> Array:
    """Compute the derivative of a matrix function at a in direction e."""
    n = a.shape[-1]
    scale = COMPARABLE(a, e)
    above = np.concatenate([a, e * scale], axis=-1)
    below = np.concatenate([np.zeros(a.shape, a.dtype), a], axis=-1)
    return function(np.concatenate([above, below], axis=-2))[..., :n, n:] / scale


def _comparable(a: Any, e: Any) -> Any:
    """Return the power of 2 that brings e to the size of a, without which rounding in f would be that of the larger."""
    size, other = float(np.max(abs(a), initial=0)) or 1.0, float(np.max(abs(e), initial=0)) or 1.0
    ratio = size / other
    return np.float64(2.0 ** round(math.log2(ratio)) if math.isfinite(ratio) and ratio > 0 else 1.0)


COMPARABLE = Flat("comparable", _comparable)


def _matrix_function(function: Callable[[Array], Array]) -> General:
    rule = General(
        function.__name__,
        function,
        (lambda g, y, a: _change(rule, transposed(a), g),),
        (lambda t, y, a: _change(rule, a, t),),
    )
    return rule


EXPM = _matrix_function(scipy.linalg.expm)
LOGM = _matrix_function(scipy.linalg.logm)
SQRTM = General(  # X X = A, so that X dX + dX X = dA
    "sqrtm",
    scipy.linalg.sqrtm,
    (lambda g, x, a: SYLVESTER(transposed(x), transposed(x), g),),
    (lambda t, x, a: SYLVESTER(x, x, t),),
)


def expm(A: Any) -> Array:
    """Compute matrix exponentials, as `scipy.linalg.expm` does.

    Parameters
    ----------
    A : array_like (..., n, n)

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import jvp
    >>> jvp(expm, (np.zeros((2, 2)),), (np.array([[0.0, 1.0], [-1.0, 0.0]]),))[1]
    array([[ 0.,  1.],
           [-1.,  0.]])
    """
    return EXPM(operand(A))


def logm(A: Any) -> Array:
    """Compute principal matrix logarithms, as `scipy.linalg.logm` does.

    Parameters
    ----------
    A : array_like (..., n, n)
        Without eigenvalues on the closed negative real axis, where there is no derivative.

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import jvp
    >>> jvp(logm, (2 * np.eye(2),), (np.eye(2),))[1]
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    return LOGM(operand(A))


def sqrtm(A: Any) -> Array:
    """Compute principal matrix square roots, as `scipy.linalg.sqrtm` does.

    Parameters
    ----------
    A : array_like (..., n, n)
        Without eigenvalues on the closed negative real axis, where there is no derivative.

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import jvp
    >>> jvp(sqrtm, (4 * np.eye(2),), (np.eye(2),))[1]
    array([[0.25, 0.  ],
           [0.  , 0.25]])
    """
    return SQRTM(operand(A))


def cosm(A: Any) -> Array:
    """Compute matrix cosines, as `scipy.linalg.cosm` does.

    Parameters
    ----------
    A : array_like (..., n, n)

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> cosm(np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    A = operand(A)
    return 0.5 * (expm(1j * A) + expm(-1j * A)) if A.dtype.kind == "c" else expm(1j * A).real


def sinm(A: Any) -> Array:
    """Compute matrix sines, as `scipy.linalg.sinm` does.

    Parameters
    ----------
    A : array_like (..., n, n)

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> sinm(np.zeros((2, 2)))
    array([[0., 0.],
           [0., 0.]])
    """
    A = operand(A)
    return -0.5j * (expm(1j * A) - expm(-1j * A)) if A.dtype.kind == "c" else expm(1j * A).imag


def tanm(A: Any) -> Array:
    """Compute matrix tangents, as `scipy.linalg.tanm` does.

    Parameters
    ----------
    A : array_like (..., n, n)

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> tanm(np.zeros((2, 2)))
    array([[0., 0.],
           [0., 0.]])
    """
    return solve(cosm(A), sinm(A))


def coshm(A: Any) -> Array:
    """Compute hyperbolic matrix cosines, as `scipy.linalg.coshm` does.

    Parameters
    ----------
    A : array_like (..., n, n)

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> coshm(np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    A = operand(A)
    return 0.5 * (expm(A) + expm(-A))


def sinhm(A: Any) -> Array:
    """Compute hyperbolic matrix sines, as `scipy.linalg.sinhm` does.

    Parameters
    ----------
    A : array_like (..., n, n)

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> sinhm(np.zeros((2, 2)))
    array([[0., 0.],
           [0., 0.]])
    """
    A = operand(A)
    return 0.5 * (expm(A) - expm(-A))


def tanhm(A: Any) -> Array:
    """Compute hyperbolic matrix tangents, as `scipy.linalg.tanhm` does.

    Parameters
    ----------
    A : array_like (..., n, n)

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> tanhm(np.zeros((2, 2)))
    array([[0., 0.],
           [0., 0.]])
    """
    return solve(coshm(A), sinhm(A))
