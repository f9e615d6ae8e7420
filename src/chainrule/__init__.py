"""A glass box for backpropagation: derivatives of ordinary NumPy code, and the network that learns by them."""

from chainrule.differentiation import elementwise_grad, grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from chainrule.errors import ChainruleError, DataError, InputError, NetworkFileError, RecordingError
from chainrule.graph import Graph, record
from chainrule.rules import primitive

__all__ = [
    "ChainruleError",
    "DataError",
    "Graph",
    "InputError",
    "NetworkFileError",
    "RecordingError",
    "elementwise_grad",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "primitive",
    "record",
    "value_and_grad",
    "vjp",
]
