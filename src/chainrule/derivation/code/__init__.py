"""From a derivation to code: the gradient as a NumPy function that a person can read, and that runs by itself."""

from chainrule.derivation.code.program import python

__all__ = ["python"]
