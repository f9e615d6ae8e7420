"""Programs: recorded functions, compiled to native code and run by it, or by NumPy where that cannot be."""

from chainrule.compiler.compiled import Compiled, compile
from chainrule.compiler.program import Program

__all__ = ["Compiled", "Program", "compile"]
