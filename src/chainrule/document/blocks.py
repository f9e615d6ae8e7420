"""A document as data: what is said, block by block, before anything is said of how it looks."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy.typing as npt

from chainrule.document.expressions import Expression

Part: TypeAlias = str | Expression
"""A piece of a sentence: words, in which `backticks` set code, or a formula within the line."""


@dataclass(frozen=True)
class Heading:
    """A title of a part; level 1 is the highest below the document's own title."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Words and formulas in one flow."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Formula:
    """A formula on a line of its own; `note` stands beside it, in smaller print."""

    expression: Expression
    note: str = ""


@dataclass(frozen=True, eq=False)
class Values:
    """An array's numbers: whole where it is small; by its shape, a picture and the entries that matter where large.

    Attributes
    ----------
    symbol : Expression
        What has this value.
    array : array
    as_pictures : tuple of int, or None
        (height, width), where every row of the array is a picture of that size, as a row of W¹ is for MNIST; or every
        column, as an example is in a batch.
    """

    symbol: Expression
    array: npt.NDArray[Any]
    as_pictures: tuple[int, int] | None = None


@dataclass(frozen=True)
class Table:
    """Rows under a header; a cell is a sentence of parts. `caption` says what it shows."""

    header: tuple[str, ...]
    rows: tuple[tuple[tuple[Part, ...], ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Listing:
    """Lines of source code, as they stand."""

    code: str
    language: str = "python"


@dataclass(frozen=True)
class Verdict:
    """What a check found: right (ok), wrong, or not to be told (None), and the figures; never by colour alone."""

    ok: bool | None
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Picture:
    """A picture as SVG source, with what it shows in words for those who do not see it."""

    svg: str
    alt: str


@dataclass(frozen=True)
class Blank:
    """Room for an answer by hand.

    Attributes
    ----------
    label : str
        Stable: what the answer is found by again, as "delta_2".
    symbol : Expression
        What is asked for.
    shape : tuple of int
        Of the answer: so many fields are drawn.
    """

    label: str
    symbol: Expression
    shape: tuple[int, ...]


Block: TypeAlias = Heading | Paragraph | Formula | Values | Table | Listing | Verdict | Picture | Blank
"""Any part of a document."""


@dataclass(frozen=True)
class Document:
    """A title, and blocks from first to last."""

    title: str
    blocks: tuple[Block, ...]
