"""A glass box for backpropagation: derivatives of ordinary NumPy code, and the network that learns by them."""

from chainrule.compiler import compile
from chainrule.derivation import Derivation, derive
from chainrule.differentiation import (
    GradientReport,
    HandReport,
    check_gradient,
    checkpoint,
    elementwise_grad,
    fixed_point,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    root,
    scan,
    stop_gradient,
    value_and_grad,
    vjp,
    watch_nonfinite,
)
from chainrule.errors import (
    ChainruleError,
    ConvergenceError,
    DataError,
    InputError,
    NativeCodeWarning,
    NetworkFileError,
    NonFiniteError,
    ProgramFileError,
    RecordingError,
)
from chainrule.graph import Graph, record
from chainrule.networks import Network
from chainrule.rules import primitive
from chainrule.teaching import BackpropReport, check_backprop

__all__ = [
    "BackpropReport",
    "ChainruleError",
    "ConvergenceError",
    "DataError",
    "Derivation",
    "GradientReport",
    "Graph",
    "HandReport",
    "InputError",
    "NativeCodeWarning",
    "Network",
    "NetworkFileError",
    "NonFiniteError",
    "ProgramFileError",
    "RecordingError",
    "check_backprop",
    "check_gradient",
    "checkpoint",
    "compile",
    "derive",
    "elementwise_grad",
    "fixed_point",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "primitive",
    "record",
    "root",
    "scan",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "watch_nonfinite",
]
