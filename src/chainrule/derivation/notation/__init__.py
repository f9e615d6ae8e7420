"""How each primitive is written as a formula; whatever has no notation of its own is written as a call."""

from chainrule.derivation.notation import arrays, elementwise, products
from chainrule.derivation.notation.table import FAMILIES, NOTATION, call, write

__all__ = ["FAMILIES", "NOTATION", "arrays", "call", "elementwise", "products", "write"]
