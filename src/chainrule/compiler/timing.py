"""Where a program's time goes: each step run by itself, with a clock."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from chainrule.compiler.plan import Loop, Plan
from chainrule.compiler.source import lines_of

Run = Callable[[int, tuple[int, ...]], float]
"""``run(number, turns)`` does a step, in the given turn of each loop around it, and returns the seconds it took. Steps
are numbered in order, loops and those within them too."""


class Timing(NamedTuple):
    """The time of one step.

    Attributes
    ----------
    label : str
        The step, as the program's source has it.
    seconds : float
        Of all turns together; for a loop, of all that is in it.
    share : float
        Of the whole program, from 0 to 1.
    depth : int
        In how many loops it is.
    """

    label: str
    seconds: float
    share: float
    depth: int


class Timings(list[Timing]):
    """The times of all steps, in order; printed as a table."""

    def __str__(self) -> str:
        """Write a line for each step: microseconds, share, and the step."""
        return "\n".join(f"{x.seconds * 1e6:12.1f} µs {x.share:6.1%}  {'  ' * x.depth}{x.label}" for x in self)


def timed(plan: Plan, names: Sequence[str], run: Run) -> Timings:
    """Run a plan step by step, and measure each.

    Parameters
    ----------
    plan : Plan
    names : sequence of str
        What its arguments are called.
    run : callable
        Does a step, and measures it.

    Returns
    -------
    Timings
    """
    spent: dict[int, float] = {}

    def go(steps: Sequence[Any], turns: tuple[int, ...], first: int) -> int:
        """Run steps, which are numbered in order, those within loops too; return the next number."""
        for step in steps:
            if isinstance(step, Loop):
                after = first + 1
                for t in range(step.length):
                    after = go(step.steps, (*turns, t), first + 1)
                first = after if step.length else first + 1 + _count(step.steps)
            else:
                spent[first] = spent.get(first, 0.0) + run(first, turns)
                first += 1
        return first

    go(plan.steps, (), 0)
    lines = list(lines_of(plan, names))
    seconds = [spent.get(k, 0.0) for k in range(len(lines))]
    for k, (depth, _, step) in reversed(list(enumerate(lines))):
        if isinstance(step, Loop):
            inside = [i for i in range(k + 1, k + 1 + _count(step.steps)) if lines[i][0] == depth + 1]
            seconds[k] = sum(seconds[i] for i in inside)
    total = sum(x for x, (depth, _, _) in zip(seconds, lines, strict=True) if depth == 0) or 1.0
    return Timings(
        Timing("; ".join(text), x, x / total, depth) for x, (depth, text, _) in zip(seconds, lines, strict=True)
    )


def _count(steps: Sequence[Any]) -> int:
    return sum(1 + _count(step.steps) if isinstance(step, Loop) else 1 for step in steps)
