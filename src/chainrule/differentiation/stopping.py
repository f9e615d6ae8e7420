"""Values that a derivative is not to look behind."""

from typing import Any

from chainrule.graph.structure import flatten
from chainrule.rules.kinds import Flat

STOP = Flat("stop_gradient", lambda x: x)


def stop_gradient(x: Any) -> Any:
    """Return x, as a constant: every derivative, of whatever order, takes it for independent of its variables.

    Parameters
    ----------
    x : array, or a nested structure of them

    Returns
    -------
    array, or a nested structure of them
        The same values.

    Examples
    --------
    >>> from chainrule import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    leaves, rebuild = flatten(x)
    return rebuild([STOP(leaf) for leaf in leaves])
