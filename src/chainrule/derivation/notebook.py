"""A derivation in a notebook: as a part of a page, as Markdown, as one formula, and in a line."""

from typing import TYPE_CHECKING

from chainrule.derivation.telling import equation
from chainrule.document.latex_formulas import latex_math
from chainrule.document.latex_lines import latex_lines
from chainrule.document.page import fragment

if TYPE_CHECKING:
    from chainrule.derivation.derivation import Derivation
    from chainrule.derivation.steps import Step


def html(derivation: "Derivation") -> str:
    """Write a derivation as a part of another's page: with its own look, without a script and without names of ids.

    So several stand in one notebook, and leave the rest of it as it is.
    """
    return fragment(derivation.document())


def latex(derivation: "Derivation") -> str:
    r"""Write the way back as one formula, a line for each step.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import derive
    >>> def cost(x):
    ...     a = np.sin(x)
    ...     return a * x
    >>> print(latex(derive(cost)(0.5)))
    $$\begin{aligned} \frac{\partial C}{\partial a} &= x \\
    \frac{\partial C}{\partial x} &= \frac{\partial C}{\partial a} \cos(x) + a \end{aligned}$$
    """
    lines = [line for step in derivation.steps if step.contributions for line in _lines(step)]
    return r"$$\begin{aligned} " + " \\\\\n".join(lines) + r" \end{aligned}$$"


def _lines(step: "Step") -> list[str]:
    whole = equation(step)
    lines = latex_lines(whole)
    if lines != [latex_math(whole)]:
        return lines
    left, right = map(latex_math, whole.sides)
    return [f"{left} &= {right}"]


def line(derivation: "Derivation") -> str:
    """Say in a line what it is, and how to read it.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import derive
    >>> derive(np.sin)(0.5)
    <derivation of sin: 1 step back; print it to read it>
    """
    steps = sum(bool(step.contributions) for step in derivation.steps)
    wrong = sum(step.check.ok is False for step in derivation.steps)
    found = f", {wrong} found wrong" if wrong else ""
    return (
        f"<derivation of {derivation.name}: {steps} step{'s' if steps != 1 else ''} back{found}; print it to read it>"
    )
