"""Deriving: a recorded function's chain rule written out, step by step, with its numbers and their proof."""

from chainrule.derivation.derivation import Derivation
from chainrule.derivation.deriving import derive, derive_named
from chainrule.derivation.naming import Names
from chainrule.derivation.steps import Check, Contribution, Literal, Price, Quantity, Step, Update

__all__ = [
    "Check",
    "Contribution",
    "Derivation",
    "Literal",
    "Names",
    "Price",
    "Quantity",
    "Step",
    "Update",
    "derive",
    "derive_named",
]
