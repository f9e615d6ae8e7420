"""The paper's network: its layers, activations, costs and formulas, and how it is trained and kept in files."""

from chainrule.networks import formulas
from chainrule.networks.files import check_writable
from chainrule.networks.formulas import Forward
from chainrule.networks.network import Gradient, Network

__all__ = ["Forward", "Gradient", "Network", "check_writable", "formulas"]
