"""Reverse mode, forward mode, and the operators made of them. Importing this package brings the rules with it."""

from chainrule import rules as _rules  # noqa: F401  (it fills the table that recording looks functions up in)
from chainrule.differentiation.checking import GradientReport, check_gradient
from chainrule.differentiation.checkpoints import checkpoint
from chainrule.differentiation.handmade import HandReport
from chainrule.differentiation.implicit import fixed_point, root
from chainrule.differentiation.jacobians import hessian, hvp, jacobian
from chainrule.differentiation.loops import scan
from chainrule.differentiation.operators import elementwise_grad, grad, jvp, value_and_grad, vjp
from chainrule.differentiation.stopping import stop_gradient
from chainrule.differentiation.watching import watch_nonfinite

__all__ = [
    "GradientReport",
    "HandReport",
    "check_gradient",
    "checkpoint",
    "elementwise_grad",
    "fixed_point",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "root",
    "scan",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "watch_nonfinite",
]
