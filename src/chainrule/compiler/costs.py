"""What a plan costs: the memory it needs, and the arithmetic it does."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from chainrule.compiler.plan import Apply, Kernel, Loop, Plan, Product, Step


class Memory(NamedTuple):
    """The bytes that a program needs.

    Attributes
    ----------
    inputs, outputs : int
        Of its arguments and its results, which are the caller's.
    constants : int
        Of the arrays that it has of its own.
    arena : int
        Of what it computes on the way. It is taken once, and used again by each run.
    """

    inputs: int
    outputs: int
    constants: int
    arena: int


def memory_of(plan: Plan) -> Memory:
    """Return the bytes that a plan needs."""
    inputs, outputs = (sum(math.prod(v.shape) * v.dtype.itemsize for v in side) for side in (plan.inputs, plan.outputs))
    return Memory(inputs, outputs, sum(x.nbytes for x in plan.constants), plan.arena)


def flops_of(steps: Sequence[Any]) -> int:
    """Count the operations on numbers in steps: additions, products, and calls of functions such as exp, each as one.

    What NumPy is called for is not counted, and neither are copies and conversions.
    """
    return sum(_flops(step) for step in steps)


def _flops(step: Any) -> int:
    if isinstance(step, Loop):
        return step.length * flops_of(step.steps)
    if not isinstance(step, Step):
        return 0
    if isinstance(step.work, Product):
        return 2 * math.prod(step.work.batch) * step.work.m * step.work.n * step.work.k
    if isinstance(step.work, Kernel):
        applied = sum(isinstance(e, Apply) and e.function != "astype" for e in step.work.expressions)
        collected = sum(s.reduce is not None or s.onto for s in step.work.stores)
        return math.prod(step.work.shape) * (applied + collected)
    return step.work.count * step.work.length if step.work.add else 0
