"""Loops that carry a state along and read and write arrays row by row, such as recurrent networks and integrators."""

import functools
import math
import operator
from typing import Any, SupportsIndex

import numpy as np

from chainrule.differentiation.bundles import joined, pieces, rows, stacked
from chainrule.differentiation.checkpoints import call_checkpointed
from chainrule.differentiation.stepping import Step, pair, scan_as_node
from chainrule.differentiation.tracing import name_of
from chainrule.errors import InputError
from chainrule.graph.graph import as_array
from chainrule.graph.structure import Rebuild, flatten
from chainrule.graph.tracer import OPEN


def scan(
    step: Step, carry: Any, xs: Any = None, *, length: SupportsIndex | None = None, checkpoint: bool = False
) -> tuple[Any, Any]:
    """Run a step over the rows of xs, handing a state on from each step to the next, and stack what the steps give.

    It is this loop, for nested structures of arrays::

        ys = []
        for x in xs:
            carry, y = step(carry, x)
            ys.append(y)
        return carry, np.stack(ys)

    Parameters
    ----------
    step : callable
        ``step(carry, x)`` returns ``(carry, y)``. It may close over traced values; y may be None.
    carry : array, or a nested structure of them
        The state before the first step.
    xs : array, or a nested structure of them, or None
        What the steps read: n rows along the first axis of each array. None: each step is given None, `length` times.
    length : int, optional
        How many steps to run; needed only where xs is None.
    checkpoint : bool
        Whether to keep only every √n-th state when a derivative is taken, and to run the steps between two of these
        again on the way back. Memory then grows with √n and not with n, beside what xs and ys take; the time grows by
        that of one more run. `step` must then do what `chainrule.checkpoint` asks of a function.

    Returns
    -------
    carry
        The state after the last step.
    ys
        What the steps gave, stacked along a new first axis, in the structure of one y; None where y was None.

    Raises
    ------
    InputError
        The arrays of xs differ in length, or there is no step to run, or a step does not give a pair, or the steps'
        y differ in structure or shape. While a function is compiled: a step gives a carry unlike the one it takes.
    RecordingError
        With `checkpoint`: as functions under `chainrule.checkpoint`.

    Notes
    -----
    While a function is compiled, `step` runs once, for all rows: the loop is one step of the program. The carry must
    then keep its structure, its shapes and its types from each step to the next.

    On the way back a row's cotangent stays a row: reading n rows costs n. Square-root checkpointing: Griewank and
    Walther, "Evaluating Derivatives" (2nd ed., 2008), section 12.

    Examples
    --------
    A recurrent layer, and its cost's gradient by the weights that its step closes over:

    >>> from chainrule import grad
    >>> def cost(W, xs):
    ...     a, zs = scan(lambda a, x: (np.tanh(W @ a + x), a), np.zeros(2), xs)
    ...     return np.sum(a**2)
    >>> scan(lambda total, x: (total + x, total + x), 0.0, np.array([1.0, 2.0, 3.0]))
    (np.float64(6.0), array([1., 3., 6.]))
    >>> grad(cost)(np.eye(2), np.ones((5, 2))).shape
    (2, 2)
    """
    leaves, rebuild = flatten(xs)
    arrays = [as_array(leaf) for leaf in leaves]
    n = _length([np.shape(x) for x in arrays], length)
    if any(recording.for_all_values for recording in OPEN.get()):
        return scan_as_node(step, carry, arrays, rebuild, n, checkpoint)
    if checkpoint:
        return _in_segments(step, carry, arrays, rebuild, n)
    return _in_order(step, carry, [rows(x) for x in arrays], rebuild, n)


def _length(shapes: list[tuple[int, ...]], length: SupportsIndex | None) -> int:
    """Return how many steps there are, once all that tells it agrees."""
    if () in shapes:
        raise InputError("an array of xs has no axis to take rows from; give arrays with one row for each step.")
    counts = {shape[0] for shape in shapes}
    if length is not None:
        try:
            counts.add(operator.index(length))
        except TypeError:
            raise InputError(f"length is {length!r}; give the number of steps as an integer.") from None
    if not counts:
        raise InputError("scan was given neither xs nor length; give the number of steps as length.")
    if len(counts) > 1:
        raise InputError(
            f"the arrays of xs, and length where given, name different numbers of steps: {sorted(counts)}; give every "
            "array one row for each step."
        )
    (n,) = counts
    if n < 1:
        raise InputError(f"scan was given {n} steps, and what they would return is known from a step only; give one.")
    return n


def _in_order(step: Step, carry: Any, columns: list[list[Any]], rebuild: Rebuild, n: int) -> tuple[Any, Any]:
    """Run the steps one after the other."""
    outputs: list[list[Any]] = []
    for t in range(n):
        carry, y = pair(step, step(carry, rebuild([column[t] for column in columns])))
        leaves, rebuild_y = flatten(y)
        outputs.append([as_array(leaf) for leaf in leaves])
        _check_alike(step, [leaf.shape for leaf in outputs[0]], [leaf.shape for leaf in outputs[t]])
    return carry, rebuild_y([stacked(column) for column in zip(*outputs, strict=True)])


def _in_segments(step: Step, carry: Any, arrays: list[Any], rebuild: Rebuild, n: int) -> tuple[Any, Any]:
    """Run about √n segments of about √n steps, of each of which only the beginning is kept."""

    @functools.wraps(step)
    def segment(carry: Any, arrays: list[Any], steps: int) -> tuple[Any, Any]:
        return _in_order(step, carry, [rows(x) for x in arrays], rebuild, steps)

    size = math.isqrt(n - 1) + 1
    sizes = [min(size, n - start) for start in range(0, n, size)]
    columns = [pieces(x, sizes) for x in arrays]
    outputs: list[list[Any]] = []
    for k, steps in enumerate(sizes):
        carry, ys = call_checkpointed(segment, carry, [column[k] for column in columns], steps)
        leaves, rebuild_y = flatten(ys)
        outputs.append(leaves)
        _check_alike(step, [leaf.shape[1:] for leaf in outputs[0]], [leaf.shape[1:] for leaf in leaves])
    return carry, rebuild_y([joined(column) for column in zip(*outputs, strict=True)])


def _check_alike(step: Step, first: list[tuple[int, ...]], now: list[tuple[int, ...]]) -> None:
    """Check that what a step gives can be stacked upon what the first one gave."""
    if first != now:
        raise InputError(
            f"{name_of(step)} gave a y of {_shapes(first)} at first and of {_shapes(now)} later; give the same in "
            "every step, so that they can be stacked."
        )


def _shapes(shapes: list[tuple[int, ...]]) -> str:
    return f"shape {shapes[0]}" if len(shapes) == 1 else f"{len(shapes)} arrays of shapes {shapes}"
