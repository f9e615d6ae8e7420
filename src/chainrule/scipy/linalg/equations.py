"""Sylvester's and Lyapunov's equations, linear in X. The transpose of such an equation is one of its own kind."""

from typing import Any

import numpy as np
import scipy.linalg

from chainrule.graph.node import Array
from chainrule.rules.kinds import General, unbroadcast
from chainrule.rules.matrices import adjoint, conjugated, transposed
from chainrule.rules.operands import operand

# A X + X B = Q


def _transpose(a: Array, b: Array, g: Array) -> Array:
    return SYLVESTER(transposed(a), transposed(b), g)


SYLVESTER: General = General(
    "solve_sylvester",
    scipy.linalg.solve_sylvester,
    (
        lambda g, x, a, b, q: unbroadcast(-np.matmul(_transpose(a, b, g), transposed(x)), a.shape),
        lambda g, x, a, b, q: unbroadcast(-np.matmul(transposed(x), _transpose(a, b, g)), b.shape),
        lambda g, x, a, b, q: unbroadcast(_transpose(a, b, g), q.shape),
    ),
    (
        lambda t, x, a, b, q: SYLVESTER(a, b, -np.matmul(t, x)),
        lambda t, x, a, b, q: SYLVESTER(a, b, -np.matmul(x, t)),
        lambda t, x, a, b, q: SYLVESTER(a, b, t),
    ),
)


def solve_sylvester(a: Any, b: Any, q: Any) -> Array:
    """Solve a x + x b = q, as `scipy.linalg.solve_sylvester` does.

    Parameters
    ----------
    a : array_like (..., m, m)
    b : array_like (..., n, n)
    q : array_like (..., m, n)

    Returns
    -------
    array (..., m, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda q: solve_sylvester(np.eye(2), np.eye(2), q)[0, 1])(np.ones((2, 2)))
    array([[0. , 0.5],
           [0. , 0. ]])
    """
    return SYLVESTER(operand(a), operand(b), operand(q))


# A X + X Aᴴ = Q. With w the solution for Aᵀ and g, the cotangent of A is -w Xᵀ - conj(wᵀ X).


def _continuous_pull_a(g: Array, x: Array, a: Array, q: Array) -> Array:
    w = CONTINUOUS(transposed(a), g)
    return unbroadcast(-np.matmul(w, transposed(x)) - conjugated(np.matmul(transposed(w), x)), a.shape)


CONTINUOUS: General = General(
    "solve_continuous_lyapunov",
    scipy.linalg.solve_continuous_lyapunov,
    (_continuous_pull_a, lambda g, x, a, q: unbroadcast(CONTINUOUS(transposed(a), g), q.shape)),
    (
        lambda t, x, a, q: CONTINUOUS(a, -np.matmul(t, x) - np.matmul(x, adjoint(t))),
        lambda t, x, a, q: CONTINUOUS(a, t),
    ),
)


def solve_continuous_lyapunov(a: Any, q: Any) -> Array:
    """Solve a x + x aᴴ = q, as `scipy.linalg.solve_continuous_lyapunov` does.

    Parameters
    ----------
    a, q : array_like (..., n, n)

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda q: solve_continuous_lyapunov(np.eye(2), q)[0, 1])(np.ones((2, 2)))
    array([[0. , 0.5],
           [0. , 0. ]])
    """
    return CONTINUOUS(operand(a), operand(q))


# X - A X Aᴴ = Q


def _discrete_pull_a(g: Array, x: Array, a: Array, q: Array, *, method: str | None) -> Array:
    w = DISCRETE(transposed(a), g, method=method)
    by_left = np.matmul(w, transposed(np.matmul(x, adjoint(a))))
    return unbroadcast(by_left + conjugated(np.matmul(transposed(w), np.matmul(a, x))), a.shape)


def _discrete_push_a(t: Array, x: Array, a: Array, q: Array, *, method: str | None) -> Array:
    change = np.matmul(t, np.matmul(x, adjoint(a))) + np.matmul(a, np.matmul(x, adjoint(t)))
    return DISCRETE(a, change, method=method)


DISCRETE: General = General(
    "solve_discrete_lyapunov",
    scipy.linalg.solve_discrete_lyapunov,
    (_discrete_pull_a, lambda g, x, a, q, method: unbroadcast(DISCRETE(transposed(a), g, method=method), q.shape)),
    (_discrete_push_a, lambda t, x, a, q, method: DISCRETE(a, t, method=method)),
)


def solve_discrete_lyapunov(a: Any, q: Any, method: str | None = None) -> Array:
    """Solve x - a x aᴴ = q, as `scipy.linalg.solve_discrete_lyapunov` does.

    Parameters
    ----------
    a, q : array_like (..., n, n)
    method : {'direct', 'bilinear'}, optional

    Returns
    -------
    array (..., n, n)

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> np.round(grad(lambda q: solve_discrete_lyapunov(0.5 * np.eye(2), q)[0, 0])(np.eye(2)), 6)
    array([[1.333333, 0.      ],
           [0.      , 0.      ]])
    """
    return DISCRETE(operand(a), operand(q), method=method)
