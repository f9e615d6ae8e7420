"""What `chainrule.derive` gives: a derivation, as data, and the ways to read it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.derivation.steps import Quantity, Step, Update
from chainrule.derivation.telling import document
from chainrule.document import Document


@dataclass(frozen=True, eq=False)
class Derivation:
    """The chain rule written out for one function at one point.

    Attributes
    ----------
    name : str
        The function's name.
    quantities : tuple of Quantity
        The way forward: arguments and constants first, then every intermediate result as it was computed.
    steps : tuple of Step
        The way back, from the cost to the arguments.
    result : Quantity
        The cost C.
    gradient : array, or nested structures of them
        What `grad` gives, exactly.
    full : bool
        Whether the literal form was asked for.
    updates : tuple of Update
        For a network, the step of gradient descent that the derivation ends in.
    """

    name: str
    quantities: tuple[Quantity, ...]
    steps: tuple[Step, ...]
    result: Quantity
    gradient: Any
    full: bool = False
    updates: tuple[Update, ...] = field(default=())
    _python: Callable[[], str] = field(default=str, repr=False)

    @property
    def ok(self) -> bool:
        """Whether no check found a step wrong."""
        return all(step.check.ok is not False for step in self.steps)

    def quantity(self, key: str) -> Quantity:
        """Return a quantity by its key."""
        return next(quantity for quantity in self.quantities if quantity.key == key)

    def step(self, key: str) -> Step:
        """Return the step that finds ∂C/∂x of the quantity x with this key."""
        return next(step for step in self.steps if step.of == key)

    def named(self, name: str) -> Quantity:
        """Return the first quantity that the user calls so.

        Raises
        ------
        KeyError
            There is none.
        """
        found = next((quantity for quantity in self.quantities if quantity.symbol.name == name), None)
        if found is None:
            raise KeyError(
                f"no quantity is called {name!r}; there are {sorted({q.symbol.name for q in self.quantities})}"
            )
        return found

    @property
    def difference(self) -> float:
        """Return how far the literal form is from the shortcuts, at most, relative to the largest entry."""
        return max(
            (c.literal.difference for step in self.steps for c in step.contributions if c.literal is not None),
            default=0.0,
        )

    def to_python(self) -> str:
        """Return the gradient as a readable, self-contained NumPy function, each line beside its step.

        Raises
        ------
        InputError
            The function uses a primitive that has no spelling in NumPy.
        """
        return self._python()

    def document(self) -> Document:
        """Return what the derivation says, block by block."""
        return document(self)

    def __repr__(self) -> str:
        shape = np.shape(self.result.value)
        return f"<derivation of {self.name}: {len(self.steps)} steps back, result of shape {shape}>"
