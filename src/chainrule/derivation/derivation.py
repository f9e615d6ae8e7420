"""What `chainrule.derive` gives: a derivation, as data, and the ways to read it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Self

from chainrule.derivation.records import fields_of, written
from chainrule.derivation.saving import save
from chainrule.derivation.steps import Quantity, Step, Update
from chainrule.derivation.telling import document
from chainrule.document import Document
from chainrule.errors import InputError


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

    def to_python_or_none(self) -> str | None:
        """Return what `to_python` gives, or None where it cannot be given."""
        try:
            return self.to_python()
        except InputError:
            return None

    def document(self) -> Document:
        """Return what the derivation says, block by block."""
        return document(self)

    def show(self) -> None:
        """Print the derivation in the terminal."""
        from chainrule.document.terminal import show

        show(self.document())

    def to_markdown(self) -> str:
        """Return the derivation as Markdown, its formulas as LaTeX between dollar signs."""
        from chainrule.document.markdown import markdown

        return markdown(self.document())

    def to_latex(self) -> str:
        """Return the derivation as a LaTeX document, for pdflatex."""
        from chainrule.document.latex import latex

        return latex(self.document())

    def to_html(self) -> str:
        """Return the derivation as one HTML page with a player, which works without a network."""
        from chainrule.derivation.player import player

        return player(self)

    def to_svg(self) -> str:
        """Return a picture of the quantities and of what each is computed from, as SVG."""
        from chainrule.derivation.drawing import svg

        return svg(self)

    def to_json(self) -> str:
        """Return the derivation as JSON, with all numbers: `from_json` reads it."""
        return written(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` has written. Nothing in it is run; what `grad` gave comes as tuples, lists and dicts.

        Raises
        ------
        InputError
            The text is no derivation.
        """
        fields = fields_of(text)
        source = fields.pop("python", None)
        try:
            return cls(**fields, _python=lambda: _given(source))
        except TypeError as error:
            raise InputError(f"this is no derivation that to_json has written ({error}); give such a text.") from None

    def save(self, path: str | PathLike[str]) -> None:
        """Write the derivation to a file, whole or not at all, in the format that its ending says.

        Parameters
        ----------
        path : str or path
            With one of the endings .html, .md, .tex, .json, .py, .svg, .png and .txt.

        Raises
        ------
        InputError
            The ending is none of these, or the file cannot be written.
        """
        save(self, Path(path))

    def _repr_html_(self) -> str:
        from chainrule.derivation.notebook import html

        return html(self)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_latex_(self) -> str:
        from chainrule.derivation.notebook import latex

        return latex(self)

    def __str__(self) -> str:
        from chainrule.document.terminal import terminal_text

        return terminal_text(self.document())

    def __repr__(self) -> str:
        from chainrule.derivation.notebook import line

        return line(self)


def _given(source: str | None) -> str:
    if source is None:
        raise InputError("this derivation was read from a file that holds no Python code; derive it anew for that.")
    return source
