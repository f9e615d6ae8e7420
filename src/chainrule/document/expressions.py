"""A formula as data: a tree that each rendering sets in its own way, as text, LaTeX or MathML.

Only what is drawn is said here, not what is computed: two trees that mean the same number may differ. Every class is
frozen and compares by what it holds.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Symbol:
    """A name for a quantity: z, W¹, δ₂.

    Attributes
    ----------
    name : str
        As in the source: Greek letters are spelt out ("delta"), and what follows an underscore or stands as digits at
        the end is a subscript ("delta_2", "W1").
    above : str
        A superscript that is no power: the layer, or which of the quantities of that name.
    key : str
        Which value a reader is shown who points at it; "" for none.
    """

    name: str
    above: str = ""
    key: str = ""


@dataclass(frozen=True)
class Number:
    """A constant: 2, 0.5, 1e-3, or a complex number."""

    value: complex


@dataclass(frozen=True)
class Words:
    """Plain words inside a formula."""

    text: str


@dataclass(frozen=True)
class Call:
    """A function of arguments: exp(z), or σ(z); `options` are what is not an array, as axis = 0.

    Attributes
    ----------
    function : str
        Spelt as a `Symbol`'s name is ("sigma", "tanh", "exp"); a prime is written at the end ("sigma'").
    arguments : tuple of Expression
    options : tuple of pairs of str
    """

    function: str
    arguments: tuple["Expression", ...]
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Product:
    """Factors side by side. sign is "" for products of matrices and scalars, "⊙" entry by entry, "·", "⊗" or "×"."""

    factors: tuple["Expression", ...]
    sign: str = ""


@dataclass(frozen=True)
class Total:
    """A sum of terms; a term is subtracted where its place in `minus` is true (so one term alone may be a negative)."""

    terms: tuple["Expression", ...]
    minus: tuple[bool, ...]


@dataclass(frozen=True)
class Fraction:
    """One expression over another, entry by entry where they are arrays."""

    over: "Expression"
    under: "Expression"


@dataclass(frozen=True)
class Power:
    """A base to an exponent, entry by entry where they are arrays."""

    base: "Expression"
    exponent: "Expression"


@dataclass(frozen=True)
class Transposed:
    """Aᵀ."""

    of: "Expression"


@dataclass(frozen=True)
class Derivative:
    """∂of/∂by."""

    of: "Expression"
    by: "Expression"


@dataclass(frozen=True)
class Sum:
    """Σ over an index (or, where that is "", over all entries) of a body."""

    body: "Expression"
    index: str = ""


@dataclass(frozen=True)
class Norm:
    """‖x‖, with its order as a subscript where that is not ""."""

    of: "Expression"
    order: str = ""


@dataclass(frozen=True)
class Absolute:
    """|x|."""

    of: "Expression"


@dataclass(frozen=True)
class Indexed:
    """x with an index as its subscript: x[0, :], written as the source writes it."""

    of: "Expression"
    index: str


@dataclass(frozen=True)
class Infix:
    """Two expressions with a sign between that is none of the others': a ≤ b, x ∈ y."""

    left: "Expression"
    sign: str
    right: "Expression"


@dataclass(frozen=True)
class Cases:
    """One expression or another, as a condition says: pairs (expression, condition)."""

    cases: tuple[tuple["Expression", "Expression"], ...]


@dataclass(frozen=True)
class Matrix:
    """Entries in rows, between brackets; a vector is a matrix of one column."""

    rows: tuple[tuple["Expression", ...], ...]


@dataclass(frozen=True)
class Equation:
    """Sides with a sign between each two: "=", "≈", "≠", "←", "≡"."""

    sides: tuple["Expression", ...]
    signs: tuple[str, ...]


Expression: TypeAlias = (
    Symbol
    | Number
    | Words
    | Call
    | Product
    | Total
    | Fraction
    | Power
    | Transposed
    | Derivative
    | Sum
    | Norm
    | Absolute
    | Indexed
    | Infix
    | Cases
    | Matrix
    | Equation
)
"""Any formula."""
