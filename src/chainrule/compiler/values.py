"""What a recorded function is made of once its rules are taken apart: a few kinds of value, which compilation knows.

The hundreds of rules come down to these (`chainrule.compiler.lowering`), and every later stage knows these only:

==============  ======================================================================  ===========================
kind            value                                                                   detail
==============  ======================================================================  ===========================
``input``       an argument of the program, or of a loop's body                         its number
``constant``    an array that is known                                                  the array
``empty``       memory that is written before it is read
``map``         a scalar function, entry by entry; operands broadcast                   the function's name
``reduce``      a sum, a product, an extreme over axes, which disappear                 name, axes
``reshape``     the same entries in another shape
``permute``     the same entries, axes in another order                                 axes
``broadcast``   the same entries, repeated
``slice``       every step-th entry from a start on, along each axis                    starts, steps
``write``       the first operand with the second written, or added, at such a slice    starts, steps, onto
``take``        rows of the first operand by the numbers in the second
``add_rows``    the first operand with the second's rows added at the third's numbers
``dot``         products of matrices (…, m, k) and (…, k, n); alpha A B, or             alpha
                C + alpha A B with a third operand
``call``        what only NumPy can compute                                             `Called`
``loop``        a body run again and again                                              `Looped`
``part``        one of the arrays that a call or a loop gives                           its number
==============  ======================================================================  ===========================
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Shape = tuple[int, ...]
VIEWS = frozenset({"reshape", "permute", "broadcast", "slice"})


class Value:
    """One array of a program that is being made."""

    __slots__ = ("detail", "dtype", "kind", "operands", "shape")

    def __init__(
        self, kind: str, operands: tuple["Value", ...], shape: Shape, dtype: Any, detail: tuple[Any, ...] = ()
    ) -> None:
        self.kind = kind
        self.operands = operands
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.detail = detail

    def __repr__(self) -> str:
        return f"<{self.kind} {self.detail if self.kind != 'constant' else ''} {self.dtype} {self.shape}>"


@dataclass(frozen=True, eq=False)
class Called:
    """A rule that NumPy computes: its function, the operands' places (None: the next value), and its parameters."""

    name: str
    function: Callable[..., Any]
    operands: tuple[Any, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    results: tuple[tuple[Shape, Any], ...] = ()
    several: bool = False


@dataclass(frozen=True, eq=False)
class Looped:
    """A loop's body, a function of carried values, one row of each of `rows` operands, and captured values."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    length: int
    carries: int
    rows: int
    reverse: bool


def in_order(outputs: Iterable[Value]) -> list[Value]:
    """Return all values that some depend on, operands first."""
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[tuple[Value, bool]] = [(v, False) for v in reversed(list(outputs))]
    while stack:
        value, ready = stack.pop()
        if ready:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack += [(x, False) for x in reversed(value.operands) if x not in seen]
    return order


def uses(order: Iterable[Value], outputs: Iterable[Value]) -> dict[Value, int]:
    """Count how often each value is an operand or an output."""
    counts: dict[Value, int] = {}
    for value in order:
        for x in value.operands:
            counts[x] = counts.get(x, 0) + 1
    for x in outputs:
        counts[x] = counts.get(x, 0) + 1
    return counts
