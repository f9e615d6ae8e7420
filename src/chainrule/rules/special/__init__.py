"""SciPy's special functions, which are ufuncs and so reach a tracer as NumPy's do: a file for each family.

This package is loaded when a function of `scipy.special` first meets a traced array, not by ``import chainrule``
(see `chainrule.graph.table.LATE`). Formulas are those of the NIST Digital Library of Mathematical Functions
(https://dlmf.nist.gov, "DLMF" below), in a form that has no singularity where the function has none. Every partial
is written with functions that are in the table themselves, so that derivatives of any order follow.

An operand by which no derivative is known in closed form (the order of a Bessel function, the shape of a gamma
distribution) is written as its name in place of its partial: it may be any plain number or array, and a traced one
is refused.
"""

from chainrule.rules.special import bessel, distributions, elementary, elliptic, error, gamma, hypergeometric

__all__ = ["bessel", "distributions", "elementary", "elliptic", "error", "gamma", "hypergeometric"]
