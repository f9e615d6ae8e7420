"""How an optimizer changes the parameters, once it knows the gradient: functions in ordinary NumPy.

``update(parameters, gradient, eta)`` returns new parameters of the old ones' types. It is a part of the step, and is
compiled together with it.
"""

from collections.abc import Sequence
from typing import Any

from chainrule.descent.checks import Array


def plain(parameters: Sequence[Array], gradient: Sequence[Any], eta: Sequence[Any]) -> list[Array]:
    """Go a step down the gradient: theta - eta * dC/dtheta for every parameter (paper, II.3).

    Parameters
    ----------
    parameters : sequence of arrays
        Where the step begins.
    gradient : sequence of arrays
        dC/dtheta, of the shape of each parameter.
    eta : sequence of numbers
        The learning rate of each parameter, in the parameter's type.

    Returns
    -------
    list of arrays
        Where it ends.

    Examples
    --------
    >>> import numpy as np
    >>> plain([np.array([1.0, 2.0])], [np.array([10.0, -10.0])], [0.1])
    [array([0., 3.])]
    """
    return [_like(theta - rate * dC, theta) for theta, dC, rate in zip(parameters, gradient, eta, strict=True)]


def _like(changed: Array, theta: Array) -> Array:
    """Return what a parameter became in the parameter's own type: a gradient may have come in a wider one."""
    return changed if changed.dtype == theta.dtype else changed.astype(theta.dtype)
