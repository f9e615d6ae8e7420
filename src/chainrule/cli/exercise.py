"""``chainrule exercise``: a worksheet for backpropagation by hand, and its solution."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from chainrule import disk
from chainrule.cli import screen
from chainrule.cli.train import parse_layers
from chainrule.document import Document
from chainrule.document.latex import latex
from chainrule.document.markdown import markdown
from chainrule.document.page import html
from chainrule.errors import InputError
from chainrule.networks.checks import one_of
from chainrule.teaching.exercises import exercise as make

FORMATS: dict[str, Callable[[Document], str]] = {"md": markdown, "tex": latex, "html": html}


def exercise(
    layers: Annotated[str, typer.Option(metavar="SIZES", help="The units in each layer, at most eight.")] = "2,3,2",
    seed: Annotated[int, typer.Option(metavar="N", help="Which exercise of this kind.")] = 0,
    activation: Annotated[str, typer.Option(metavar="NAME", help="sigmoid, tanh, relu or identity.")] = "sigmoid",
    cost: Annotated[str, typer.Option(metavar="NAME", help="quadratic or cross_entropy.")] = "quadratic",
    batch: Annotated[
        int | None,
        typer.Option(metavar="N", help="Ask for a mini-batch of so many examples.", show_default="one example"),
    ] = None,
    eta: Annotated[float, typer.Option(metavar="NUMBER", help="The learning rate of the update at the end.")] = 0.5,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="md|tex|html",
            help="The format of the worksheet and the solution.",
            show_default="what the file's name ends in, or md",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write the worksheet.", show_default="standard output"),
    ] = None,
    solution: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the solution too, each step with its formula.")
    ] = None,
) -> None:
    """Write a worksheet: a small network with friendly numbers, and a blank for each step of backpropagation.

    The same options give the same worksheet. Filled in as Markdown or text, it is marked by
    chainrule check --exercise.
    """
    made = make(parse_layers(layers), seed, activation, cost, batch, eta)
    for path in (out, solution):
        if path is not None:
            disk.check_writable(path, InputError)
    if out is None:
        screen.say(*FORMATS[_format(to, None)](made.worksheet()).splitlines())
    else:
        _write(out, made.worksheet(), to)
    if solution is not None:
        _write(solution, made.solution(), to)
    if out is not None:
        screen.say(f"The worksheet was written to {out}" + (f", its solution to {solution}." if solution else "."))
        if _format(to, out) == "md":
            screen.say("Fill it in, and have it marked:", "", f"    chainrule check --exercise {shlex.quote(str(out))}")


def _format(to: str | None, path: Path | None) -> str:
    if to is not None:
        return one_of("--to", to, FORMATS)
    ending = path.suffix[1:].lower() if path is not None else ""
    return ending if ending in FORMATS else "md"


def _write(path: Path, document: Document, to: str | None) -> None:
    disk.write_whole(path, FORMATS[_format(to, path)](document).encode(), InputError)
