"""Numbers as the commands print them: each a pure function from a value to a few characters."""

import math
from collections.abc import Sequence
from itertools import pairwise


def percent(share: float) -> str:
    """Write a share in 0..1 as a percentage with two decimals.

    Only a whole is written as 100.00 %: one error in a million images is still an error.

    Examples
    --------
    >>> percent(0.95), percent(0.999999), percent(1.0)
    ('95.00 %', '99.99 %', '100.00 %')
    """
    shown = 100 * share
    if shown < 100:
        shown = min(shown, 99.99)
    return f"{shown:.2f} %"


def count(number: int, noun: str = "", plural: str = "") -> str:
    """Write a number with its thousands apart, and what it counts.

    Examples
    --------
    >>> count(50000), count(1, "epoch"), count(30, "epoch"), count(2, "mini-batch", "mini-batches")
    ('50,000', '1 epoch', '30 epochs', '2 mini-batches')
    """
    if not noun:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def cost(value: float) -> str:
    """Write a cost in at most eight characters: four decimals where they say enough, else a power of ten.

    Examples
    --------
    >>> cost(0.03125), cost(0.0000123), cost(123456.0), cost(float("nan"))
    ('0.0312', '1.23e-05', '1.23e+05', 'nan')
    """
    if not math.isfinite(value) or value == 0 or 1e-3 <= abs(value) < 1e3:
        return f"{value:.4f}"
    return f"{value:.2e}"


def rate(examples_per_second: float) -> str:
    """Write a speed in examples a second, to three significant digits.

    Examples
    --------
    >>> rate(312345.6), rate(87.0), rate(9.876), rate(float("inf"))
    ('312,000', '87', '10', 'inf')
    """
    if not math.isfinite(examples_per_second):
        return f"{examples_per_second:.0f}"
    return f"{float(f'{examples_per_second:.3g}'):,.0f}"


def duration(seconds: float) -> str:
    """Write a time in the two units that a person would use.

    Examples
    --------
    >>> duration(0.042), duration(7.25), duration(65), duration(3725)
    ('0.04 s', '7.2 s', '1 min 05 s', '1 h 02 min')
    """
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def layers(sizes: Sequence[int]) -> str:
    """Write the sizes of a network's layers as the paper does.

    Examples
    --------
    >>> layers([784, 30, 10])
    '784-30-10'
    """
    return "-".join(str(size) for size in sizes)


def parameters(sizes: Sequence[int]) -> int:
    """Count a network's parameters: every W^l has n_l × n_(l-1) of them, every b^l has n_l (section II.1).

    Examples
    --------
    >>> parameters([784, 30, 10])
    23860
    """
    return sum(n * (n_before + 1) for n_before, n in pairwise(sizes))
