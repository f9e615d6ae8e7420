"""Reverse mode, and the operators made of it. Importing this package brings the rules with it."""

from chainrule import rules as _rules  # noqa: F401  (it fills the table that recording looks functions up in)
from chainrule.differentiation.operators import grad, jacobian, value_and_grad, vjp

__all__ = ["grad", "jacobian", "value_and_grad", "vjp"]
