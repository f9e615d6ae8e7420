"""``chainrule check``: a backward pass in a file, or an exercise worked out by hand, checked and graded."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol

import rich
import typer

from chainrule import disk
from chainrule.cli import screen
from chainrule.cli.own_file import split_name
from chainrule.cli.train import parse_layers
from chainrule.document import Document, page, terminal
from chainrule.errors import ChainruleError, InputError
from chainrule.networks import Network
from chainrule.teaching.checking import check_file
from chainrule.teaching.grading import Part, write_gradescope
from chainrule.teaching.marking import exercise_of, mark_file
from chainrule.teaching.sandbox import Limits

WRONG = 1  # the exit code where what was checked is not right
_CUT = "The check was ended before its time, from outside; submit again, or tell your teacher."


class _Report(Protocol):
    """What both kinds of check give."""

    @property
    def ok(self) -> bool: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    def verdict(self) -> str: ...
    def document(self) -> Document: ...
    def to_json(self) -> str: ...
    def parts(self) -> list[Part]: ...


def check(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="A Python file with a function my_backprop(weights, biases, x, y), or backprop; FILE.py:name "
            "chooses another function.",
            show_default=False,
        ),
    ] = None,
    exercise: Annotated[
        Path | None,
        typer.Option(
            metavar="SHEET",
            help="Mark this instead: a worksheet of chainrule exercise with its blanks filled in, or lines "
            "'label = numbers', or JSON.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="SHEET",
            help="With --exercise: the worksheet as it was set; answers to another one are refused.",
            show_default=False,
        ),
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="A network's file to check it on.", show_default=False),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(
            metavar="SIZES",
            help="The units in each layer of a random network to check it on, such as 3,4,2.",
            show_default="four networks of one to three layers",
        ),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="sigmoid, tanh, relu or identity.",
            show_default="the one that the function's docstring names, or sigmoid",
        ),
    ] = None,
    cost: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="quadratic or cross_entropy.",
            show_default="the one that the function's docstring names, or quadratic",
        ),
    ] = None,
    examples: Annotated[
        str, typer.Option(metavar="one|batch|both", help="Whether to give it one example, a mini-batch, or each.")
    ] = "both",
    seed: Annotated[int, typer.Option(metavar="N", help="Decides the networks and the examples.")] = 0,
    html: Annotated[Path | None, typer.Option(metavar="OUT", help="Write the report as a page.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="OUT", help="Write the report as JSON.")] = None,
    gradescope: Annotated[
        Path | None,
        typer.Option(metavar="OUT", help="Write points, part by part, as Gradescope's results.json."),
    ] = None,
    points: Annotated[float, typer.Option(metavar="NUMBER", help="For Gradescope: points in all.")] = 10,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long the file may run, all in all.")] = 10,
    memory: Annotated[int, typer.Option(metavar="MB", help="How much memory the file may take.")] = 512,
) -> None:
    """Check a backward pass written by hand, find where it goes wrong, and name the mistake.

    The file runs in a process of its own, with limits on time and memory, without the network. The exit code is 0
    where all is right, 1 where something is wrong, and 2 where nothing could be checked for wrong usage.
    """
    for out in (html, json, gradescope):
        if out is not None:
            disk.check_writable(out, InputError)

    def found() -> _Report:
        if (file is None) == (exercise is None):
            raise InputError("give a Python FILE to check, or a worksheet with --exercise: one of the two.")
        if not 0 < points < 1e6:
            raise InputError(f"--points is {points:g}; give a positive number, such as 10.")
        if exercise is not None:
            if network is not None or layers or activation or cost:
                raise InputError("a worksheet says itself what its network is; leave those options out.")
            return mark_file(exercise, None if key is None else exercise_of(key))
        assert file is not None
        if key is not None:
            raise InputError("--key goes with --exercise; leave it out.")
        path, function = split_name(file)
        if network is not None and (layers or activation or cost):
            raise InputError("--network brings its own layers, activation and cost; leave those options out.")
        return check_file(
            path,
            function,
            network=None if network is None else Network.load(network),
            layers=None if layers is None else parse_layers(layers),
            activation=activation,
            cost=cost,
            examples=examples,
            seed=seed,
            limits=Limits(timeout, memory * 2**20),
        )

    report = _graded(found, gradescope, points)
    document = report.document()
    if html is not None:
        disk.write_whole(html, page.html(document).encode(), InputError)
    if json is not None:
        disk.write_whole(json, (report.to_json() + "\n").encode(), InputError)
    terminal.show(document, rich.get_console())
    for out in (html, json, gradescope):
        if out is not None:
            screen.say(f"Written to {out}.")
    if not report.ok:
        raise typer.Exit(WRONG)


def _graded(found: Callable[[], _Report], path: Path | None, points: float) -> _Report:
    """Make a report and write its points, always: where there is no report, none, and why."""
    if path is not None:
        # Should this process be ended from outside, that is said already.
        write_gradescope(path, [Part("Submission", 0.0, _CUT)], _CUT)
    try:
        report = found()
        if path is not None:
            write_gradescope(path, report.parts(), "\n".join([report.verdict(), *report.notes]), points)
    except Exception as error:
        if path is not None:
            own = isinstance(error, ChainruleError)
            why = (
                str(error) if own else f"the check itself failed ({type(error).__name__}: {error}); tell your teacher."
            )
            write_gradescope(path, [Part("Submission", 0.0, why)], why, points if 0 < points < 1e6 else 10.0)
        raise
    return report
