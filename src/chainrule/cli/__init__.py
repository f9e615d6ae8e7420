"""The command ``chainrule``: the network that reads handwritten digits, and exercises in backpropagation."""

from chainrule.cli.app import main

__all__ = ["main"]
