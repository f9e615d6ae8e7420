"""The kinds of rule. Each takes the mathematics of a primitive and derives both directions of the chain rule from it.

- `Elementwise`: stated by its partial derivatives. The Jacobian is diagonal, so the pullback is a product ⊙.
- `Linear`: stated by its transpose, for all of its operands together (concatenate) or one by one.
- `Multilinear`: linear in each operand while the others stay (matmul); stated by a transpose for each.
- `General`: stated by a pullback and a pushforward for each operand.
- `Flat`: has no derivative other than zero (comparisons, floor, argmax): its value flows on, no cotangent returns.
"""

import math
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from chainrule.graph.node import Array, Node, Rule
from chainrule.graph.tracer import apply

Partial = Callable[..., Array] | int
"""∂f/∂x_i as a function of the operands and the result, ``partial(x, y, result)``; or the constant 1 or -1."""

MANY = 1_000
"""The entries of an array from which on the work on it costs more than the calls."""
_LARGE = 16_384  # entries, from which on a sample is not computed

QUICK: ContextVar[bool] = ContextVar("quick", default=False)
"""Whether a recording for all values makes do with samples of the right shape and type; large ones are then zero."""
_SHORT = 128  # entries, in a row; longer ones NumPy adds up fast, and more exactly

Map = Callable[..., Array]
"""A linear map of a cotangent or a tangent: ``map(v, result, *operands, **parameters)``."""


class Primitive(Rule):
    """A rule that can be called: on arrays it computes, on tracers it is recorded."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        super().__init__(name, function)
        self.__name__ = name
        self.__doc__ = function.__doc__

    def __call__(self, *operands: Array, **parameters: Any) -> Array:
        """Compute the primitive, and record it where an operand is traced."""
        return apply(self, operands, parameters)


class Elementwise(Primitive):
    """A primitive that works entry by entry, broadcasting its operands, stated by its partial derivatives.

    Parameters
    ----------
    name, function
        As for every `Rule`.
    *partials : callable or ±1
        ∂f/∂x_i for each operand, as ``partial(*operands, result)``.
    """

    def __init__(self, name: str, function: Callable[..., Any], *partials: Partial) -> None:
        super().__init__(name, function)
        self.partials = partials

    def sample(self, *operands: Array, **parameters: Any) -> Any:
        """Compute the result; or where it is large and that will do, give zeros, whose memory nobody touches."""
        large = [x for x in operands if isinstance(x, np.ndarray) and x.size > _LARGE]
        if large and QUICK.get() and all(x.flags.c_contiguous for x in large):
            first = self.function(*(x[(slice(0, 1),) * x.ndim] if isinstance(x, np.ndarray) else x for x in operands))
            if isinstance(first, np.ndarray):
                return np.zeros(np.broadcast_shapes(*(np.shape(x) for x in operands)), first.dtype)
        return self.function(*operands, **parameters)

    def pullback(self, i: int, cotangent: Array, node: Node) -> Array:
        """Multiply by the diagonal of the Jacobian, and sum over the axes that operand i was broadcast along."""
        partial, shape = self.partials[i], node.values[i].shape
        if callable(partial):
            cotangent = cotangent * partial(*node.values, node.value)
        if cotangent.shape != shape:
            cotangent = unbroadcast(cotangent, shape)
        return -cotangent if partial == -1 else cotangent

    def pushforward(self, i: int, tangent: Array, node: Node) -> Array:
        """Multiply by the diagonal of the Jacobian."""
        scaled = self._scale(i, tangent, node)
        shape = node.value.shape
        return scaled if scaled.shape == shape else np.broadcast_to(scaled, shape)

    def _scale(self, i: int, v: Array, node: Node) -> Array:
        partial = self.partials[i]
        if callable(partial):
            return v * partial(*node.values, node.value)
        return v if partial == 1 else -v


class Linear(Primitive):
    """A primitive that is linear in all its differentiable operands together.

    Parameters
    ----------
    name, function
        As for every `Rule`.
    *transposes : callable or None
        For each operand, ``transpose(cotangent, result, *operands, **parameters)`` gives that operand's cotangent.
        None marks an operand that is data, not a variable (an index, a condition).
    """

    def __init__(self, name: str, function: Callable[..., Any], *transposes: Map | None) -> None:
        super().__init__(name, function)
        self.transposes = transposes

    def pullback(self, i: int, cotangent: Array, node: Node) -> Array | None:
        """Apply the transpose."""
        transpose = self.transposes[i]
        return None if transpose is None else transpose(cotangent, node.value, *node.values, **node.parameters)

    def pushforward(self, i: int, tangent: Array, node: Node) -> Array | None:
        """Apply the primitive itself to the tangent, with zero for the other variables."""
        if self.transposes[i] is None:
            return None
        operands = [
            tangent if j == i else x if self.transposes[j] is None else _zero(x) for j, x in enumerate(node.values)
        ]
        return self(*operands, **node.parameters)


class Multilinear(Linear):
    """A primitive that is linear in each of its operands while the others are held."""

    def pushforward(self, i: int, tangent: Array, node: Node) -> Array | None:
        """Apply the primitive itself with the tangent in the place of operand i."""
        if self.transposes[i] is None:
            return None
        operands = [tangent if j == i else x for j, x in enumerate(node.values)]
        return self(*operands, **node.parameters)


class General(Primitive):
    """A primitive whose linear maps are stated in both directions.

    Parameters
    ----------
    name, function
        As for every `Rule`.
    pullbacks, pushforwards : sequence of callable or None
        For each operand, ``map(v, result, *operands, **parameters)``. None: that operand's derivative is zero.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        pullbacks: tuple[Map | None, ...],
        pushforwards: tuple[Map | None, ...],
    ) -> None:
        super().__init__(name, function)
        self.pullbacks = pullbacks
        self.pushforwards = pushforwards

    def pullback(self, i: int, cotangent: Array, node: Node) -> Array | None:
        """Apply the stated pullback of operand i."""
        return _apply_map(self.pullbacks[i], cotangent, node)

    def pushforward(self, i: int, tangent: Array, node: Node) -> Array | None:
        """Apply the stated pushforward of operand i."""
        return _apply_map(self.pushforwards[i], tangent, node)


class Flat(Primitive):
    """A primitive whose derivative is zero wherever it exists."""

    def pullback(self, i: int, cotangent: Array, node: Node) -> None:
        """No cotangent returns through a step function."""

    def pushforward(self, i: int, tangent: Array, node: Node) -> None:
        """No tangent passes a step function."""


def _zero(x: Any) -> Any:
    return np.zeros(x.shape, x.dtype) if hasattr(x, "shape") else 0


def _apply_map(linear_map: Map | None, v: Array, node: Node) -> Array | None:
    return None if linear_map is None else linear_map(v, node.value, *node.values, **node.parameters)


def unbroadcast(x: Array, shape: tuple[int, ...]) -> Array:
    """Sum x over the axes along which an array of the given shape was broadcast: the transpose of broadcasting.

    Parameters
    ----------
    x : array
        Of a shape that `shape` broadcasts to.
    shape : tuple of int
        The shape to come back to.

    Returns
    -------
    array of the given shape

    Examples
    --------
    >>> unbroadcast(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    """
    if x.shape == shape:
        return x
    leading = x.ndim - len(shape)
    stretched = [leading + axis for axis, n in enumerate(shape) if n == 1 and x.shape[leading + axis] != 1]
    total = summed(x, (*range(leading), *stretched))
    return total.reshape(shape) if stretched else total


def summed(x: Array, axes: tuple[int, ...]) -> Array:
    """Return the sum over axes, counted from 0 and in order, to within rounding."""
    # NumPy adds up rows, as of a bias's cotangent, and short rows each by itself, one at a time; a product with ones,
    # which BLAS does, is up to ten times as fast.
    if x.size > MANY and type(x) is np.ndarray and x.dtype.char in "fd":
        if axes == (x.ndim - 2,):
            return np.ones(x.shape[-2], x.dtype) @ x
        if axes == (x.ndim - 1,):
            if x.shape[-1] <= _SHORT:
                return x @ np.ones(x.shape[-1], x.dtype)
        elif axes == tuple(range(len(axes))) and x.flags.c_contiguous:
            rows = math.prod(x.shape[: len(axes)])
            return (np.ones(rows, x.dtype) @ x.reshape(rows, -1)).reshape(x.shape[len(axes) :])
    return np.add.reduce(x, axis=axes)
