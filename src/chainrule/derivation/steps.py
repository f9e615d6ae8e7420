"""What a derivation says, as data: quantities going forward, steps going backward, and what each rests on."""

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from chainrule.document import Expression, Symbol
from chainrule.graph.blame import Line

Numbers = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Quantity:
    """An argument, a constant that is written into, or an intermediate result, on the way forward.

    Attributes
    ----------
    key : str
        Stable within a derivation: "q0", "q1", … in the order of the forward pass.
    symbol : Symbol
        Its name, the user's own where there is one.
    formula : Expression or None
        What it is computed by, in the symbols of other quantities; None for an argument.
    operands : tuple of str
        The keys of the quantities in its formula, each once.
    rule : str
        The primitive's name; of several that were recognised as one, what they are together ("sigmoid").
    meaning : str
        What was recognised, in words; "" where nothing was.
    value : array
        Its numbers.
    wanted : bool
        Whether the derivative by it was asked for.
    line : Line or None
        The line of the user's source that computes it.
    layer : int or None
        In a network, l of W^l, b^l, z^l and a^l.
    """

    key: str
    symbol: Symbol
    formula: Expression | None
    operands: tuple[str, ...]
    rule: str
    meaning: str
    value: Numbers
    wanted: bool = False
    line: Line | None = None
    layer: int | None = None


@dataclass(frozen=True, eq=False)
class Price:
    """What one way of computing takes: multiplications of two numbers, and bytes of the arrays formed on the way."""

    multiplications: int
    bytes: int


@dataclass(frozen=True, eq=False)
class Literal:
    """A contribution by the literal formula: the local derivative really formed, and contracted.

    Attributes
    ----------
    derivative : array
        ∂y/∂x, of y's shape followed by x's.
    value : array
        Σ_i ∂C/∂y_i ∂y_i/∂x, over all entries i of y.
    difference : float
        The largest distance to what the shortcut gives, relative to the largest entry.
    price, shortcut_price : Price
        Of this way, and of the shortcut.
    """

    derivative: Numbers
    value: Numbers
    difference: float
    price: Price
    shortcut_price: Price


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one quantity hands back to one of its operands: (∂y/∂x)ᵀ ∂C/∂y.

    Attributes
    ----------
    through : str
        The key of y.
    kind : str
        "derivative", "gradient", "Jacobian", "matrix derivative", "rank-3 tensor", … : what ∂y/∂x is (paper, IV.1).
    shape : tuple of int
        Of ∂y/∂x: y's shape followed by x's.
    structure : str
        "diagonal", "identity", "outer product", "block", "selection", "permutation", "dense", "ones".
    zeros : float
        The share of entries of ∂y/∂x that are zero by that structure, from 0 to 1.
    local : Expression
        ∂y/∂x written out, as an equation.
    chain : Expression
        The chain rule in matrix form, or as a contraction, before any shortcut: an equation.
    shortcut : Expression
        What is computed instead: an expression in ∂C/∂y and the quantities' symbols.
    why : str
        Why the shortcut is equal, in a sentence.
    value : array
        The contribution's numbers, of x's shape.
    literal : Literal or None
        The literal form, where it was asked for.
    """

    through: str
    kind: str
    shape: tuple[int, ...]
    structure: str
    zeros: float
    local: Expression
    chain: Expression
    shortcut: Expression
    why: str
    value: Numbers
    literal: Literal | None = None


@dataclass(frozen=True, eq=False)
class Check:
    """The cotangent beside numerical derivatives of the rest of the computation.

    Attributes
    ----------
    ok : bool or None
        Whether they agree; None where no check was possible, `note` says why.
    method : str
        "complex step" or "central difference".
    entries, of : int
        How many entries were checked, of how many.
    error, tolerance : float
        The largest distance, and what the method can tell.
    note : str
    """

    ok: bool | None
    method: str
    entries: int
    of: int
    error: float
    tolerance: float
    note: str = ""


@dataclass(frozen=True, eq=False)
class Step:
    """One step backward: ∂C/∂x of one quantity x, from what depends on x directly.

    Attributes
    ----------
    of : str
        The key of x.
    symbol : Expression
        What the cotangent is called: ∂C/∂x, or δ^l where x is a z^l of a network.
    contributions : tuple of Contribution
        One for each use of x; where there are several, the cotangent is their sum. None for the cost itself, where
        ∂C/∂C = 1.
    cotangent : array
        ∂C/∂x, of x's shape.
    check : Check
    """

    of: str
    symbol: Expression
    contributions: tuple[Contribution, ...]
    cotangent: Numbers
    check: Check


@dataclass(frozen=True, eq=False)
class Update:
    """A step of gradient descent that the derivation ends in: W^l ← W^l − η ∂C/∂W^l."""

    of: str
    formula: Expression
    eta: float
    value: Numbers
