"""The derivatives that a user asks for: operators that take a function and return a function."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.differentiation.tracing import Trace, Wrt, fitting, owned, places, scalar_result
from chainrule.errors import InputError
from chainrule.graph.node import Array
from chainrule.graph.structure import flatten


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Run a function, and return with its value the pullback: the linear map that carries a cotangent back.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy; takes arrays or nested structures of them, and returns the like.
    *args : arrays, or nested structures of them
        The point at which the pullback is taken.

    Returns
    -------
    value
        ``f(*args)``.
    pullback : callable
        ``pullback(cotangent)`` takes a cotangent in the structure and shapes of the value, and returns a tuple with
        one cotangent for each of `args`: (∂f/∂arg)ᵀ · cotangent. It may be called any number of times.

    Raises
    ------
    InputError
        An argument holds integers, or the cotangent has not the value's shape.
    RecordingError
        The function does what cannot be followed.

    Notes
    -----
    The chain rule for vectors, ∂C/∂x = (∂y/∂x)ᵀ ∂C/∂y: paper, section IV.2. Of complex numbers, the pullback is the
    plain transpose, without a conjugate.

    Examples
    --------
    >>> import numpy as np
    >>> value, pullback = vjp(lambda W, a: W @ a, np.eye(2), np.array([3.0, 4.0]))
    >>> value
    array([3., 4.])
    >>> pullback(np.array([1.0, 0.0]))
    (array([[3., 4.],
           [0., 0.]]), array([1., 0.]))
    """
    trace = Trace(f, args, {}, range(len(args)))

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        cotangents = _fitting_each(cotangent, trace.values, "cotangent")
        return tuple(trace.in_arguments(owned(trace.pull_back(cotangents))))

    return trace.value, pullback


def jvp(f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Run a function, and push tangents of its arguments forward to its result.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy; takes arrays or nested structures of them, and returns the like.
    args : sequence
        The point: f's arguments, as a tuple or list.
    tangents : sequence
        A tangent for each argument, in its structure and shapes: the direction to go in.

    Returns
    -------
    value
        ``f(*args)``.
    tangent
        Σ ∂f/∂arg · tangent, in the value's structure: how the value changes in that direction.

    Raises
    ------
    InputError
        An argument holds integers, or a tangent has not its argument's shape.
    RecordingError
        The function does what cannot be followed.

    Examples
    --------
    >>> import numpy as np
    >>> jvp(np.sin, (0.0,), (2.0,))
    (np.float64(0.0), np.float64(2.0))
    """
    if not isinstance(args, tuple | list) or not isinstance(tangents, tuple | list):
        raise InputError(
            "jvp takes the arguments and the tangents as tuples; write jvp(f, (x,), (t,)) for one of each."
        )
    trace = Trace(f, tuple(args), {}, range(len(args)))
    given = _fitting_each(list(tangents), [x.value for x in trace.inputs], "tangent")
    return trace.value, trace.rebuild(owned(trace.push_forward(given)))


def _fitting_each(tree: Any, values: Sequence[Array], what: str) -> list[Array]:
    given, _ = flatten(tree)
    if len(given) != len(values):
        raise InputError(
            f"{len(values)} arrays are to have a {what} each, and {len(given)} came; give them in the same structure."
        )
    return [fitting(v, value, what) for v, value in zip(given, values, strict=True)]


def value_and_grad(f: Callable[..., Any], wrt: Wrt = 0, *, has_aux: bool = False) -> Callable[..., tuple[Any, Any]]:
    """Return a function that gives both f's value and its gradient, for little more than the gradient's price.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy, with a scalar result: a cost C.
    wrt : int, str, or tuple of them
        The arguments to differentiate by: positions, names, or several.
    has_aux : bool
        Whether f returns a pair (C, aux): what `aux` holds is handed through.

    Returns
    -------
    callable
        Takes f's arguments; returns ``(value, gradient)``, or ``((value, aux), gradient)``, the gradient as `grad`
        gives it.

    Raises
    ------
    InputError, RecordingError
        When called: as `grad`.

    Examples
    --------
    >>> import numpy as np
    >>> value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """

    @functools.wraps(f)
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        trace = Trace(f, args, kwargs, places(f, wrt, args, kwargs), has_aux)
        y = scalar_result(f, trace)
        gradients = trace.in_arguments(owned([_uphill(g) for g in trace.pull_back_once([y.dtype.type(1)])]))
        value = (trace.value, trace.aux) if has_aux else trace.value
        return value, tuple(gradients) if isinstance(wrt, tuple) else gradients[0]

    return value_and_gradient


def _uphill(cotangent: Array) -> Array:
    # By a complex z = x + iy the gradient is ∂C/∂x + i ∂C/∂y, the direction in which C grows most, so that
    # z ← z − η ∇C descends. The cotangent is its conjugate.
    return np.conj(cotangent) if cotangent.dtype.kind == "c" else cotangent


def grad(f: Callable[..., Any], wrt: Wrt = 0, *, has_aux: bool = False) -> Callable[..., Any]:
    """Return the gradient of a function, as a function of the same arguments.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy, with a scalar result: a cost C.
    wrt : int, str, or tuple of them
        The arguments to differentiate by: positions, names, or several.
    has_aux : bool
        Whether f returns a pair (C, aux): the gradient then comes as a pair (gradient, aux).

    Returns
    -------
    callable
        Takes f's arguments. Returns ∂f/∂argument in the argument's own shape, type and structure; for a tuple
        `wrt`, a tuple of these. By a complex z = x + iy it is ∂f/∂x + i ∂f/∂y, the direction of steepest ascent.

    Raises
    ------
    InputError
        When called: an argument to differentiate by is missing or holds integers, or f's result is no real scalar.
    RecordingError
        When called: f does what cannot be followed.

    Notes
    -----
    The derivative of a scalar by a scalar, a vector or a matrix: paper, section IV.1.

    Examples
    --------
    >>> import numpy as np
    >>> def cost(W, a, y):
    ...     return 0.5 * np.sum((np.tanh(W @ a) - y) ** 2)
    >>> gradient = grad(cost)
    >>> gradient(np.zeros((1, 2)), np.array([1.0, 3.0]), np.array([0.5]))
    array([[-0.5, -1.5]])

    A gradient is a function like any other:

    >>> grad(grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    """
    value_and_gradient = value_and_grad(f, wrt, has_aux=has_aux)

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = value_and_gradient(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def elementwise_grad(f: Callable[..., Any], wrt: int | str = 0) -> Callable[..., Any]:
    """Return the derivative, entry by entry, of a function that works entry by entry, such as an activation.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy. Entry i of its result depends on entry i of the argument alone: its Jacobian is
        diagonal, and the diagonal is what is returned. (Of another function it is the sum of the Jacobian's rows.)
    wrt : int or str
        The argument to differentiate by.

    Returns
    -------
    callable
        Takes f's arguments; returns f'(x), of x's shape.

    Raises
    ------
    InputError, RecordingError
        When called: as `grad`, but for the result's shape.

    Examples
    --------
    >>> import numpy as np
    >>> elementwise_grad(np.tanh)(np.array([0.0, 1.0])).round(3)
    array([1.  , 0.42])
    """
    if isinstance(wrt, tuple):
        raise InputError(f"elementwise_grad differentiates by one argument, and wrt is {wrt!r}; call it for each.")
    return grad(_summed(f), wrt)


def _summed(f: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(f)
    def total(*args: Any, **kwargs: Any) -> Any:
        return np.sum(f(*args, **kwargs))

    return total
