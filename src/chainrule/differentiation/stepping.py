"""A user's loop as one node: the step is run once, and becomes the body of a `Scan`."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.differentiation.scans import run_turns
from chainrule.differentiation.tracing import name_of
from chainrule.errors import InputError
from chainrule.graph.blame import at_user_line
from chainrule.graph.graph import as_array
from chainrule.graph.node import Array
from chainrule.graph.structure import Rebuild, flatten, outline
from chainrule.graph.tracer import Tracer

Step = Callable[[Any, Any], tuple[Any, Any]]
"""One step of a loop: from the state and a row of the input to the state after it and a row of the output."""


def pair(step: Step, result: Any) -> tuple[Any, Any]:
    """Return what a step gave, once it is known to be a carry and a y."""
    if not isinstance(result, tuple) or len(result) != 2:
        raise InputError(f"{name_of(step)} is to return a pair (carry, y); where there is no y, (carry, None).")
    return result


def scan_as_node(
    step: Step, carry: Any, arrays: list[Array], rebuild: Rebuild, n: int, checkpoint: bool
) -> tuple[Any, Any]:
    """Do as `chainrule.scan`, in a recording for all values.

    With `checkpoint` it is a loop over segments, whose body is a loop over √n steps. For the way back a loop keeps
    what each of its turns began with and computes the turn again: so segments keep their beginning, and the segment
    that is being computed again keeps each of its steps'.
    """
    if not checkpoint:
        return _run(step, carry, arrays, rebuild, n)
    size = math.isqrt(n - 1) + 1
    whole = n // size

    def segment(carry: Any, arrays: Any) -> tuple[Any, Any]:
        return _run(step, carry, arrays, rebuild, size)

    segment.__name__ = f"segment_of_{name_of(step)}"
    blocks = [x[: whole * size].reshape((whole, size, *x.shape[1:])) for x in arrays]
    carry, ys = _run(segment, carry, blocks, list, whole)
    leaves, rebuild_y = flatten(ys)
    leaves = [y.reshape((whole * size, *y.shape[2:])) for y in leaves]
    if whole * size < n:
        carry, ys = _run(step, carry, [x[whole * size :] for x in arrays], rebuild, n - whole * size)
        leaves = [np.concatenate(two) for two in zip(leaves, flatten(ys)[0], strict=True)]
    return carry, rebuild_y(leaves)


def _run(step: Step, carry: Any, arrays: list[Array], rebuild: Rebuild, n: int) -> tuple[Any, Any]:
    """Run n steps as one node."""
    leaves, rebuild_carry = flatten(carry)
    state = [as_array(x) for x in leaves]
    rebuild_results: list[Rebuild] = []

    def turn(state: list[Array], row: list[Array], same: list[Array]) -> tuple[list[Array], list[Array]]:
        following, y = pair(step, step(rebuild_carry(state), rebuild(row)))
        if outline(following) != outline(carry):
            raise InputError(
                f"{at_user_line()}{name_of(step)} gave a carry of another structure than it takes, which a step of "
                "a compiled loop cannot do; give the same lists, tuples and dicts, a dict's keys in the same order."
            )
        new, rebuild_new = flatten(following)
        ys, rebuild_y = flatten(y)
        rebuild_results[:] = [rebuild_new, rebuild_y]
        new = [as_array(x) for x in new]
        for i, (before, after) in enumerate(zip(state, new, strict=True)):
            _check_carried(step, "the carry" if len(new) == 1 else f"array {i + 1} of the carry", before, after)
        return new, [as_array(x) for x in ys]

    turns = run_turns(name_of(step), turn, state, arrays, [], n)
    rebuild_new, rebuild_y = rebuild_results
    return rebuild_new(turns.carry), rebuild_y(turns.given)


def call_as_node(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function as a loop of one turn, in a recording for all values.

    Of a turn is kept what it begins with, and on the way back it is computed again.
    """
    leaves, rebuild = flatten((args, kwargs))
    traced = [k for k, x in enumerate(leaves) if type(x) is Tracer]
    rebuild_results: list[Rebuild] = []

    def turn(carry: list[Array], row: list[Array], same: list[Array]) -> tuple[list[Array], list[Array]]:
        inside = dict(zip(traced, same, strict=False))
        args, kwargs = rebuild([inside.get(k, x) for k, x in enumerate(leaves)])
        results, rebuild_result = flatten(f(*args, **kwargs))
        rebuild_results[:] = [rebuild_result]
        return [], [as_array(x) for x in results]

    turns = run_turns(name_of(f), turn, [], [], [leaves[k] for k in traced], 1)
    return rebuild_results[0]([x[0] for x in turns.given])


def _check_carried(step: Step, which: str, before: Array, after: Array) -> None:
    """Check that a step gives an array of the carry as it takes it."""
    if (before.shape, before.dtype) == (after.shape, after.dtype):
        return
    if before.shape != after.shape:
        remedy = f"begin with an array of shape {after.shape}, such as np.zeros({after.shape}) for 0.0"
    elif before.dtype.kind in "biu" and after.dtype.kind in "fc":
        remedy = "begin with floating-point numbers, such as 0.0 for 0"
    else:
        remedy = f"begin with entries of {after.dtype}, or end the step with .astype({before.dtype})"
    raise InputError(
        f"{at_user_line()}{name_of(step)} takes {which} as {before.dtype} of shape {before.shape} and gives it as "
        f"{after.dtype} of shape {after.shape}, while every step of a compiled loop does the same; {remedy}."
    )
