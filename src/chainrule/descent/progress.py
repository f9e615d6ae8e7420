"""The progress bar of a training: epoch, cost, accuracy, examples a second, time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from chainrule.descent.history import History

if TYPE_CHECKING:
    from rich.progress import Progress

# A drawing takes a few milliseconds: at four a second the bar looks alive and costs the training about one percent.
SECONDS_BETWEEN_DRAWINGS = 0.25

Report = Callable[[int, float], None]


@contextmanager
def progress_bar(history: History, *, first: int, last: int, examples: int, shown: bool) -> Iterator[Report]:
    """Show a bar while the block runs.

    It is drawn on rich's own console (`rich.get_console`), so what others print there appears above it. On
    anything but a terminal only the last state is printed, as one line without control characters.

    Parameters
    ----------
    history : History
        The training's record so far; the bar shows its last accuracy, and whether the steps are compiled.
    first, last : int
        The numbers of the epochs to come, both included.
    examples : int
        The examples in one epoch.
    shown : bool
        False to show nothing.

    Yields
    ------
    callable
        To be called after a step with the number of examples done in this epoch and the sum of their costs.
        It draws a few times a second; otherwise it only reads the clock.
    """
    if not shown or last < first:
        yield lambda done, total: None
        return
    with _bar() as bar:
        task = bar.add_task("", total=(last - first + 1) * examples, figures="")
        next_drawing = 0.0

        def draw(done: int, cost: float) -> None:
            epoch = min(first + len(history.epochs), last)
            figures = [f"cost {cost:.4f}"]
            if history.accuracy:
                figures.append(f"accuracy {history.accuracy[-1]:.2%}".replace("%", " %"))
            # Before the first epoch has been measured, rich's own estimate has to do.
            if speed := history.examples_per_second[-1] if history.examples_per_second else bar.tasks[task].speed:
                figures.append(f"{speed:,.0f} examples/s")
            if history.compiled:
                figures.append("compiled")
            bar.update(task, description=f"epoch {epoch}/{last}", completed=done, figures=", ".join(figures))
            bar.refresh()

        def report(done: int, total: float) -> None:
            nonlocal next_drawing
            now = perf_counter()
            if now >= next_drawing:
                next_drawing = now + SECONDS_BETWEEN_DRAWINGS
                draw(len(history.epochs) * examples + done, total / done)

        try:
            yield report
        finally:
            if history.epochs:
                draw(len(history.epochs) * examples, history.cost[-1])


def _bar() -> "Progress":
    # Here and not above: `import chainrule` does without rich.
    from rich import get_console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=get_console(),
        # A thread of rich's that redraws ten times a second would take its time from the training.
        auto_refresh=False,
    )
