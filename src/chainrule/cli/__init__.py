"""The command ``chainrule``: train, test and use the network that reads handwritten digits."""

from chainrule.cli.app import main

__all__ = ["main"]
