"""Which rules are taken apart, and by what. What is not in the table, NumPy computes as a whole."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Value
from chainrule.graph.node import Rule

Lowered: TypeAlias = Value | list[Value] | None
Lowering: TypeAlias = Callable[..., Lowered]
"""``lowering(builder, node, *operands)`` gives a rule's value, or several; None: not this one, NumPy is to do it."""

LOWERINGS: dict[Rule, Lowering] = {}


def lowers(*rules: Rule) -> Callable[[Lowering], Lowering]:
    """Enter what takes rules apart."""

    def enter(lowering: Lowering) -> Lowering:
        for rule in rules:
            LOWERINGS[rule] = lowering
        return lowering

    return enter


def is_simple(dtype: Any) -> bool:
    """Say whether kernels compute with a type."""
    return np.dtype(dtype).name in ("float32", "float64", "bool", "int64")


def as_value(builder: Builder, x: Any) -> Value:
    """Return an operand as a value: a recorded one it is already, an array or a number becomes a constant."""
    return x if isinstance(x, Value) else builder.constant(x)
