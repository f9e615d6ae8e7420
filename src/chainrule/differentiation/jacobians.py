"""Derivatives of arrays by arrays: Jacobians, Hessians, and the Hessian's product with a vector."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from chainrule.differentiation.operators import grad, jvp
from chainrule.differentiation.tracing import Trace, Wrt, places
from chainrule.errors import InputError
from chainrule.graph.graph import as_array
from chainrule.graph.node import Array

Mode = Literal["auto", "reverse", "forward"]


def jacobian(f: Callable[..., Any], wrt: Wrt = 0, mode: Mode = "auto") -> Callable[..., Any]:
    """Return the Jacobian of a function of arrays, as a function of the same arguments.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy; its result is an array, or a nested structure of arrays.
    wrt : int, str, or tuple of them
        The arguments to differentiate by: positions, names, or several.
    mode : {"auto", "reverse", "forward"}
        Reverse mode takes one pass for each entry of the result, forward mode one for each entry of the arguments;
        "auto" takes the fewer.

    Returns
    -------
    callable
        Takes f's arguments. Returns an array of shape ``result.shape + argument.shape``: of a vector by a vector the
        Jacobian matrix; of a vector by a matrix the rank-3 tensor T_ijk = ∂f_i/∂w_jk. For a nested result its own
        structure, and within it that of the argument; for a tuple `wrt`, a tuple of what each argument gives.

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
    if mode not in ("auto", "reverse", "forward"):
        raise InputError(f'mode is {mode!r}; give "auto", "reverse" or "forward".')

    @functools.wraps(f)
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        trace = Trace(f, args, kwargs, places(f, wrt, args, kwargs))
        results = [as_array(y) for y in trace.values]
        inputs = [x.value for x in trace.inputs]
        backward = sum(y.size for y in results) <= sum(x.size for x in inputs) if mode == "auto" else mode == "reverse"
        blocks = (_by_rows if backward else _by_columns)(trace, results, inputs)
        by_argument = [trace.in_arguments(row) for row in blocks]
        found = [trace.rebuild([row[i] for row in by_argument]) for i in range(len(trace.structures))]
        return tuple(found) if isinstance(wrt, tuple) else found[0]

    return jacobian_of_f


def _by_rows(trace: Trace, results: Sequence[Array], inputs: Sequence[Array]) -> list[list[Array]]:
    """Pull the rows of the identity back, one a pass: for each result, its derivative by each input."""
    blocks = []
    for which, y in enumerate(results):
        cotangents = [np.zeros(other.shape, other.dtype) for other in results]
        rows = []
        for unit in _identity(y):
            cotangents[which] = unit
            rows.append(trace.pull_back(cotangents))
        blocks.append([_stacked([row[i] for row in rows], y, x, 0) for i, x in enumerate(inputs)])
    return blocks


def _by_columns(trace: Trace, results: Sequence[Array], inputs: Sequence[Array]) -> list[list[Array]]:
    """Push the columns of the identity forward, one a pass."""
    blocks: list[list[Array]] = [[] for _ in results]
    for which, x in enumerate(inputs):
        tangents = [np.zeros(other.shape, other.dtype) for other in inputs]
        columns = []
        for unit in _identity(x):
            tangents[which] = unit
            columns.append(trace.push_forward(tangents))
        for i, y in enumerate(results):
            blocks[i].append(_stacked([column[i] for column in columns], y, x, -1))
    return blocks


def _identity(x: Array) -> Array:
    """Return one array of x's shape for each of its entries: 1 there, 0 elsewhere."""
    return np.eye(x.size, dtype=x.dtype).reshape((x.size, *x.shape))


def _stacked(arrays: list[Array], y: Array, x: Array, axis: int) -> Array:
    shape = y.shape + x.shape
    return np.stack(arrays, axis).reshape(shape) if arrays else np.zeros(shape, np.result_type(y.dtype, x.dtype))


def hessian(f: Callable[..., Any], wrt: Wrt = 0) -> Callable[..., Any]:
    """Return the Hessian, the matrix of second derivatives, of a function with a scalar result.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy, with a real scalar result.
    wrt : int, str, or tuple of them
        The arguments to differentiate by, both times.

    Returns
    -------
    callable
        Takes f's arguments; returns an array of shape ``argument.shape + argument.shape``. For a nested argument or
        a tuple `wrt`: H[i][j], the derivative by argument j of the gradient by argument i, in nested structures.

    Raises
    ------
    InputError, RecordingError
        When called: as `grad`.

    Examples
    --------
    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    if not isinstance(wrt, tuple):
        return jacobian(grad(f, wrt), wrt, mode="forward")

    @functools.wraps(f)
    def hessian_of_f(*args: Any, **kwargs: Any) -> Any:
        return tuple(jacobian(grad(f, one), wrt, mode="forward")(*args, **kwargs) for one in wrt)

    return hessian_of_f


def hvp(f: Callable[..., Any], args: Sequence[Any], vector: Any, wrt: int | str = 0) -> Any:
    """Multiply the Hessian of f with a vector, without forming the Hessian: for the price of a few gradients.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy, with a real scalar result.
    args : sequence
        The point: f's arguments, as a tuple or list.
    vector : array, or a nested structure of them
        In the structure and shapes of the argument that `wrt` names.
    wrt : int or str
        The argument to differentiate by, both times.

    Returns
    -------
    array, or a nested structure of them
        ∂²f/∂x² · vector, like `vector`.

    Raises
    ------
    InputError, RecordingError
        As `grad` and `jvp`.

    Examples
    --------
    >>> import numpy as np
    >>> hvp(lambda x: x[0] ** 2 * x[1], (np.array([3.0, 5.0]),), np.array([1.0, 0.0]))
    array([10.,  6.])
    """
    if not isinstance(args, tuple | list):
        raise InputError("hvp takes f's arguments as a tuple; write hvp(f, (x,), v) for one.")
    if isinstance(wrt, tuple):
        raise InputError(f"hvp multiplies by one argument's Hessian, and wrt is {wrt!r}; give one position or name.")
    (place,) = places(f, wrt, tuple(args), {})
    assert isinstance(place, int)  # args holds positional arguments only

    def gradient(x: Any) -> Any:
        return grad(f, place)(*args[:place], x, *args[place + 1 :])

    return jvp(gradient, (args[place],), (vector,))[1]
