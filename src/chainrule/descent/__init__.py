"""Gradient descent on any cost of any parameters: the loop, its mini-batches, its record and its progress bar."""

from chainrule.descent.history import History
from chainrule.descent.loop import gradient_descent

__all__ = ["History", "gradient_descent"]
