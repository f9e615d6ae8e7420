"""A recorded function: its nodes, the tracer that records it, and the user's own names for what it holds."""

from chainrule.graph import memory, operators  # noqa: F401  (to import them is all)
from chainrule.graph.graph import Graph, record

__all__ = ["Graph", "record"]
