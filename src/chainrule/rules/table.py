"""How the files of this folder enter what they state into the table that a tracer looks functions up in."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Elementwise, Flat, Partial

F = TypeVar("F", bound=Callable[..., Any])


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
