"""The derivatives that a user asks for: operators that take a function and return a function."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from chainrule.differentiation.reverse import pull_back, zero_like
from chainrule.errors import InputError
from chainrule.graph.blame import at_user_line
from chainrule.graph.graph import as_array
from chainrule.graph.node import Array, Node
from chainrule.graph.structure import Rebuild, flatten
from chainrule.graph.tracer import Recording, Tracer, value_of

Where: TypeAlias = int | str | tuple[int | str, ...]
"""Which arguments a derivative is taken by: a position, a name, or a tuple of them."""


class _Traced(NamedTuple):
    """A function's run, recorded, with what is needed to carry cotangents back through it."""

    recording: Recording
    inputs: list[Node]
    structures: list[Rebuild]
    counts: list[int]
    leaves: list[Array]
    rebuild: Rebuild

    @property
    def value(self) -> Any:
        """The function's result, with nothing of this recording left in it."""
        return self.rebuild([_untraced(leaf, self.recording) for leaf in self.leaves])

    def pull_back(self, cotangents: Sequence[Array]) -> list[Any]:
        """Carry a cotangent of every leaf of the result back to the arguments, each in its own structure."""
        start: dict[Node, Array] = {}
        for leaf, cotangent in zip(self.leaves, cotangents, strict=True):
            node = self.recording.node_of(leaf)
            if node is not None:
                start[node] = start[node] + cotangent if node in start else cotangent
        arrived = pull_back(reversed(self.recording.nodes), start)
        found = [arrived[node] if node in arrived else zero_like(node.value) for node in self.inputs]
        results, at = [], 0
        for rebuild, count in zip(self.structures, self.counts, strict=True):
            results.append(rebuild(found[at : at + count]))
            at += count
        return results


def _trace(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], wrt: Sequence[int | str]) -> _Traced:
    """Run f once with the arguments named by `wrt` replaced by tracers."""
    recording = Recording()
    positional, named = list(args), dict(kwargs)
    inputs: list[Node] = []
    structures, counts = [], []
    for place in wrt:
        container: Any = positional if isinstance(place, int) else named
        leaves, rebuild = flatten(container[place])
        tracers = [recording.variable(_variable(leaf, place)) for leaf in leaves]
        inputs += [tracer._node for tracer in tracers]
        structures.append(rebuild)
        counts.append(len(leaves))
        container[place] = rebuild(tracers)
    with recording:
        leaves, rebuild = flatten(f(*positional, **named))
    return _Traced(recording, inputs, structures, counts, leaves, rebuild)


def _untraced(leaf: Array, recording: Recording) -> Array:
    return leaf._node.value if type(leaf) is Tracer and leaf._recording is recording else leaf


def _variable(leaf: Any, place: int | str) -> Array:
    """Check that a derivative can be taken by this leaf, and return it as an array."""
    array = as_array(leaf)
    if array.dtype.kind not in "fc":
        raise InputError(
            f"{at_user_line()}the derivative by argument {place!r} was asked for, which is {_described(leaf)}; "
            "integers and the like have no derivative: pass floating-point numbers, such as 2.0 for 2 or "
            "x.astype(float) for x."
        )
    return array


def _described(x: Any) -> str:
    x = value_of(x)
    if isinstance(x, np.ndarray):
        return f"an array of {x.dtype} of shape {x.shape}"
    return f"{x!r} ({type(x).__name__})"


def _places(f: Callable[..., Any], wrt: Where, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[int | str]:
    """Find each argument named by `wrt` among those of this call."""
    return [_place(f, one, args, kwargs) for one in (wrt if isinstance(wrt, tuple) else (wrt,))]


def _place(f: Callable[..., Any], wrt: int | str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str:
    name = getattr(f, "__name__", "the function")
    if isinstance(wrt, str):
        if wrt in kwargs:
            return wrt
        names = list(inspect.signature(f).parameters)
        if wrt in names and names.index(wrt) < len(args):
            return names.index(wrt)
        raise InputError(
            f"the derivative by {wrt!r} was asked for, but {name} was called without it; "
            f"its arguments are {', '.join(names) or 'none'}."
        )
    if not -len(args) <= wrt < len(args):
        raise InputError(
            f"the derivative by argument {wrt} was asked for, but {name} was called with {len(args)} positional "
            f"argument{'s' if len(args) != 1 else ''}; count from 0, or give the argument's name."
        )
    return wrt % len(args)


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
    The chain rule for vectors, ∂C/∂x = (∂y/∂x)ᵀ ∂C/∂y: paper, section IV.2.

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
    traced = _trace(f, args, {}, range(len(args)))

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        given, _ = flatten(cotangent)
        if len(given) != len(traced.leaves):
            raise InputError(
                f"the function returns {len(traced.leaves)} arrays, and the cotangent holds {len(given)}; "
                "give one of the value's own structure."
            )
        return tuple(traced.pull_back([_fitting(g, y) for g, y in zip(given, traced.leaves, strict=True)]))

    return traced.value, pullback


def _fitting(cotangent: Any, value: Array) -> Array:
    """Check a cotangent's shape, and give it the value's type."""
    cotangent, shape = as_array(cotangent), np.shape(value)
    if cotangent.shape != shape:
        raise InputError(
            f"the cotangent has shape {cotangent.shape} and the value it belongs to has shape {shape}; "
            "give one of the value's shape."
        )
    dtype = value.dtype if hasattr(value, "dtype") else cotangent.dtype
    return cotangent if cotangent.dtype == dtype else np.astype(cotangent, dtype)


def value_and_grad(f: Callable[..., Any], wrt: Where = 0) -> Callable[..., tuple[Any, Any]]:
    """Return a function that gives both f's value and its gradient, for little more than the gradient's price.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy, with a scalar result: a cost C.
    wrt : int, str, or tuple of them
        The arguments to differentiate by: positions, names, or several.

    Returns
    -------
    callable
        Takes f's arguments; returns ``(value, gradient)``, the gradient as `grad` gives it.

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
        traced = _trace(f, args, kwargs, _places(f, wrt, args, kwargs))
        y = _scalar_result(f, traced)
        gradients = traced.pull_back([np.ones((), y.dtype)[()]])
        return traced.value, tuple(gradients) if isinstance(wrt, tuple) else gradients[0]

    return value_and_gradient


def _scalar_result(f: Callable[..., Any], traced: _Traced) -> Array:
    """Return the one scalar that f came to; anything else has a Jacobian, not a gradient."""
    name = getattr(f, "__name__", "the function")
    leaves = traced.leaves
    if len(leaves) != 1 or np.shape(leaves[0]) != ():
        came = f"shape {np.shape(leaves[0])}" if len(leaves) == 1 else f"{len(leaves)} arrays"
        raise InputError(
            f"{at_user_line()}a gradient belongs to a scalar, and {name} returned {came}; "
            "sum it up to one number, or use chainrule.jacobian."
        )
    y = as_array(leaves[0])
    if y.dtype.kind == "c":
        raise InputError(
            f"{at_user_line()}a gradient belongs to a real number, and {name} returned {_described(y)}; "
            "return its real part or its absolute value."
        )
    return y


def grad(f: Callable[..., Any], wrt: Where = 0) -> Callable[..., Any]:
    """Return the gradient of a function, as a function of the same arguments.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy, with a scalar result: a cost C.
    wrt : int, str, or tuple of them
        The arguments to differentiate by: positions, names, or several.

    Returns
    -------
    callable
        Takes f's arguments. Returns ∂f/∂argument in the argument's own shape, type and structure; for a tuple
        `wrt`, a tuple of these.

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
    value_and_gradient = value_and_grad(f, wrt)

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return value_and_gradient(*args, **kwargs)[1]

    return gradient


def jacobian(f: Callable[..., Any], wrt: Where = 0) -> Callable[..., Any]:
    """Return the Jacobian of a function of arrays, as a function of the same arguments.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy, with an array as its result.
    wrt : int, str, or tuple of them
        The arguments to differentiate by: positions, names, or several.

    Returns
    -------
    callable
        Takes f's arguments. Returns an array of shape ``result.shape + argument.shape``: of a vector by a vector the
        Jacobian matrix; of a vector by a matrix the rank-3 tensor T_ijk = ∂f_i/∂w_jk. For an argument that is a
        nested structure, the same structure of such arrays; for a tuple `wrt`, a tuple.

    Raises
    ------
    InputError, RecordingError
        When called: as `grad`, but for the result's shape, which is free.

    Notes
    -----
    The kinds of derivative and their shapes: paper, section IV.1 and figure 7.

    Examples
    --------
    >>> import numpy as np
    >>> jacobian(lambda a: a**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    >>> jacobian(lambda W, a: W @ a)(np.ones((2, 3)), np.ones(3)).shape
    (2, 2, 3)
    """

    @functools.wraps(f)
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        places = _places(f, wrt, args, kwargs)
        traced = _trace(f, args, kwargs, places)
        if len(traced.leaves) != 1:
            raise InputError(
                f"{at_user_line()}a Jacobian belongs to one array, and the function returned {len(traced.leaves)}; "
                "return one of them, or join them."
            )
        y = as_array(_untraced(traced.leaves[0], traced.recording))
        # One row a pullback: the rows of the identity, in the result's shape, are the cotangents.
        identity = np.eye(y.size, dtype=y.dtype).reshape((y.size, *y.shape))
        rows = [flatten(traced.pull_back([row]))[0] for row in identity]
        inputs = [node.value for node in traced.inputs]
        stacked = [
            np.stack(column).reshape(y.shape + x.shape) if rows else np.zeros(y.shape + x.shape, y.dtype)
            for column, x in zip(zip(*rows, strict=True) if rows else [()] * len(inputs), inputs, strict=True)
        ]
        results, at = [], 0
        for rebuild, count in zip(traced.structures, traced.counts, strict=True):
            results.append(rebuild(stacked[at : at + count]))
            at += count
        return tuple(results) if isinstance(wrt, tuple) else results[0]

    return jacobian_of_f
