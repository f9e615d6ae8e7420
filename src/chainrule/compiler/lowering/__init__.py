"""From a recorded graph to the few kinds of value that compilation knows: each family of rules has its file."""

from chainrule.compiler.lowering import indexing, loops, products, reductions, shapes, stopping  # noqa: F401  (each enters its family)
from chainrule.compiler.lowering.graphs import lower

__all__ = ["lower"]
