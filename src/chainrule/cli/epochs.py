"""The table of epochs that grows, a row an epoch, while a network learns."""

from rich.text import Text

from chainrule.cli import show, wording
from chainrule.descent import History

HEADER = " epoch      cost   test accuracy   examples/s  "


def heading() -> Text:
    """Write the table's head; its columns are those of `row`."""
    return Text(HEADER + "cost, drawn", style="bold")


def row(history: History, width: int, glyphs: show.Glyphs = show.UNICODE) -> Text:
    """Write the last epoch of a history as a row of the table.

    Parameters
    ----------
    history
        What the training has recorded so far; at least one epoch.
    width
        The columns that the row may take. The last of them draw the cost against that of the first epoch.
    glyphs
        The characters to draw with.

    Returns
    -------
    Text
        The row.
    """
    cost, first = history.cost[-1], history.cost[0]
    drawn = show.bar(cost / first if first else 0.0, max(width - len(HEADER), 0), glyphs)
    figures = (
        f"{history.epochs[-1]:>6}  {wording.cost(cost):>8}  {wording.percent(history.accuracy[-1]):>14}  "
        f"{wording.rate(history.examples_per_second[-1]):>11}  "
    )
    return Text.assemble(figures, (drawn, "cyan"))
