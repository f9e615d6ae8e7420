"""The table that recording looks functions up in: what a tracer does in the place of each."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from chainrule.graph.refusals import refuse_function

TABLE: dict[Callable[..., Any], Callable[..., Any]] = {}
"""For each NumPy (or SciPy) function: what a tracer does in its place. `chainrule.rules` fills it."""

LATE: dict[str, str] = {}
"""For each library that is imported by whoever uses it, and not by chainrule: the module of its functions' rules."""

MADE: set[Callable[..., Any]] = set()
"""Functions that make arrays: with ``like=`` a tracer, what they make is traced. `chainrule.rules` fills it."""


def find(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a tracer does in a function's place, after loading the rules of the libraries now in use."""
    if function not in TABLE:
        for library, rules in LATE.items():
            if library in sys.modules:
                import_module(rules)
    if function not in TABLE:
        refuse_function(_full_name(function))
    return TABLE[function]


def _full_name(function: Callable[..., Any]) -> str:
    """Return what the user calls a function; a ufunc does not say where it is from."""
    name = function.__name__
    for module, short in (("numpy", "np"), ("scipy.special", "scipy.special")):
        if getattr(sys.modules.get(module), name, None) is function:
            return f"{short}.{name}"
    return name if isinstance(function, np.ufunc) else f"{function.__module__}.{name}"
