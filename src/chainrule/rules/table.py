"""How the files of this folder enter what they state into the table that a tracer looks functions up in."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from chainrule.graph.node import Rule
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Elementwise, Flat, Partial

F = TypeVar("F", bound=Callable[..., Any])

FAMILIES: dict[str, Callable[..., Rule]] = {}
"""What makes the rules of a family, by the full name of the function."""

ORIGINS: dict[Rule, tuple[str, tuple[Any, ...]]] = {}
"""For each rule of a family: the family, and the member's arguments."""


def elementwise(ufunc: np.ufunc, *partials: Partial) -> None:
    """State an elementwise ufunc by its partial derivatives, each ``partial(*operands, result)``, or 1 or -1."""
    TABLE[ufunc] = Elementwise(ufunc.__name__, ufunc, *partials)


def flat(*functions: Callable[..., Any]) -> None:
    """Enter functions whose derivative is zero wherever it exists."""
    for function in functions:
        TABLE[function] = Flat(function.__name__, function)


def spells(*functions: Callable[..., Any]) -> Callable[[F], F]:
    """Enter a Python function as what a tracer does in NumPy's place; it takes NumPy's own arguments."""

    def enter(spelling: F) -> F:
        for function in functions:
            TABLE[function] = spelling
        return spelling

    return enter


def family(make: Callable[..., Rule]) -> Callable[..., Any]:
    """Enter a function that makes rules: for the same arguments it then gives the same rule, which can be named."""
    name = f"{make.__module__}.{make.__qualname__}"

    @functools.cache
    def member(*args: Any) -> Rule:
        rule = make(*args)
        ORIGINS[rule] = (name, args)
        return rule

    FAMILIES[name] = member
    return member
