"""What is said in words of a large array, the same for every rendering."""

from collections.abc import Sequence

from chainrule.document.blocks import Part
from chainrule.document.expressions import Expression, Indexed
from chainrule.document.numbers import Summary
from chainrule.document.text import text

LEGEND = "dark: large; striped: negative"


def gist(symbol: Expression, found: Summary) -> tuple[Part, ...]:
    """Say an array's shape, the range of its entries and which of them are largest.

    Parameters
    ----------
    symbol : Expression
        What has the value.
    found : Summary
        Of the value.

    Returns
    -------
    tuple of Part
        A sentence or two.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.document import Symbol
    >>> from chainrule.document.numbers import summary
    >>> print(plain(gist(Symbol("W"), summary(np.diag(np.arange(20.0))))[:3]))
    W has shape (20, 20); its entries lie between 0 and 19, their mean is 0.475. Largest in magnitude: W[19, 19]
    """
    if 0 in found.shape:
        return symbol, f" is empty: its shape is {found.shape}."
    words = f" has shape {found.shape}"
    if found.smallest:
        words += f"; its entries lie between {signed(found.smallest)} and {signed(found.largest)}, "
        words += f"their mean is {signed(found.mean)}"
    if found.not_finite:
        words += f"; {found.not_finite} of them {'is' if found.not_finite == 1 else 'are'} not finite"
    if not found.entries:
        return symbol, words + "."
    parts: list[Part] = [symbol, words + ". Largest in magnitude: "]
    for i, (index, value) in enumerate(found.entries):
        end = "." if i == len(found.entries) - 1 else ", "
        parts += [Indexed(symbol, ", ".join(map(str, index))), f"\u00a0=\u00a0{signed(value)}{end}"]
    return tuple(parts)


def part_of(symbol: Expression, index: str) -> Expression:
    """Name the slice of an array that an index in brackets stands for; "" for all of it.

    Examples
    --------
    >>> from chainrule.document import Symbol
    >>> part_of(Symbol("T"), "[0, :, :]")
    Indexed(of=Symbol(name='T', above='', key=''), index='0, :, :')
    """
    return Indexed(symbol, index.strip("[]")) if index else symbol


def plain(parts: Sequence[Part], blank: str = " ") -> str:
    """Write a sentence as text; `blank` stands for the blanks inside a formula.

    Examples
    --------
    >>> from chainrule.document import Symbol
    >>> plain((Symbol("delta"), " is small"))
    'δ is small'
    """
    return "".join(part if isinstance(part, str) else text(part).replace(" ", blank) for part in parts)


def signed(value: str) -> str:
    """Put a true minus sign before a written number.

    Examples
    --------
    >>> print(signed("-0.5"), signed("1e-07"))
    −0.5 1e-07
    """
    return "−" + value[1:] if value.startswith("-") else value


def verdict(ok: bool | None) -> tuple[str, str]:
    """Give the sign and the word for what a check found.

    Examples
    --------
    >>> print(*verdict(True))
    ✓ right
    """
    return {True: ("✓", "right"), False: ("✗", "wrong"), None: ("?", "not to be told")}[ok]
