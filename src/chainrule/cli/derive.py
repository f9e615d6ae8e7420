"""``chainrule derive``: the chain rule written out, for a network's cost or for a function in a file."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import rich
import typer

from chainrule import datasets, disk
from chainrule.cli import screen
from chainrule.cli.files import load_network
from chainrule.cli.own_file import OwnFiles, bound, call_at, split_name, suggestion, telling
from chainrule.derivation import Derivation
from chainrule.derivation import derive as derive_function
from chainrule.derivation.outcome import outcome
from chainrule.derivation.saving import FORMATS, encoded
from chainrule.document import terminal
from chainrule.document.describing import plain
from chainrule.errors import InputError
from chainrule.networks.checks import one_of
from chainrule.networks.network import ETA

WRONG = 1  # the exit code where a check finds a step wrong
ENDINGS = {
    "terminal": ".txt",
    "html": ".html",
    "latex": ".tex",
    "md": ".md",
    "json": ".json",
    "python": ".py",
    "svg": ".svg",
}
POINT = "point"  # what the point is called where nothing else is said


def derive(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="A network's file, as written by train or convert; or FILE.py:name, a function in a Python file of "
            "your own that returns one number.",
            show_default=False,
        ),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="digits|mnist|DIR",
            help="Of a network: whose test images to take: digits; mnist, downloaded once; or a folder with MNIST's "
            "four IDX files.",
            show_default="digits",
        ),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Of a network: which test image, counted from 0; several, such as 3,5,7, are a mini-batch.",
            show_default="0",
        ),
    ] = None,
    eta: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Of a network: the learning rate of the update at the end.",
            show_default=f"{ETA:g}",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="POINT",
            help="Of a function: where to derive it. A name in the same file, or FILE.py:name, of a dict by parameter, "
            "a tuple, or a function that returns one of these.",
            show_default=f"{POINT}, in the same file",
        ),
    ] = None,
    wrt: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Of a function: the parameters to derive by, such as W or W,b.",
            show_default="all that hold floating-point numbers",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Form every Jacobian and tensor as well, and compare it with the shortcut.")
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(ENDINGS),
            help="The format.",
            show_default="what the file's name ends in, or terminal",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write it; a file of that name is replaced. It may also end in .png.",
            show_default="standard output",
        ),
    ] = None,
) -> None:
    """Write out the chain rule: every step forward, and every step back to the gradient, with its numbers.

    A Python file is run as it is, as if by python FILE.py: give one of your own, or one that you trust. The exit code
    is 1 where a numerical check finds a step wrong.
    """
    ending = _ending(to, out)
    if out is not None:
        disk.check_writable(out, InputError)
    path, name = split_name(what)
    if name or path.suffix == ".py":
        _refuse("a function in a file", {"--data": data, "--index": index, "--eta": eta})
        derivation = _of_function(path, name, at, [] if wrt is None else wrt, full=full)
    else:
        _refuse("a network", {"--at": at, "--wrt": wrt})
        derivation = _of_network(path, data or "digits", index or "0", eta, full=full)
    if out is not None:
        disk.write_whole(out, encoded(derivation, ending), InputError)
        screen.say(f"{plain(outcome(derivation).parts)} Written to {out}.")
    elif ending == ENDINGS["terminal"]:
        terminal.show(derivation.document(), rich.get_console())
    else:
        typer.echo(encoded(derivation, ending), nl=False)
    if not derivation.ok:
        raise typer.Exit(WRONG)


def _ending(to: str | None, out: Path | None) -> str:
    """Choose the format, by its file ending."""
    if to is not None:
        return ENDINGS[one_of("--to", to, ENDINGS)]
    if out is None:
        return ENDINGS["terminal"]
    ending = out.suffix.lower()
    if ending not in FORMATS:
        raise InputError(
            f"--out is {out}, which ends in none of {', '.join(FORMATS)}; end it so, or give the format with --to."
        )
    return ending


def _refuse(what: str, options: dict[str, object]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise InputError(f"{' and '.join(given)} cannot be given with {what}; leave that out.")


def _of_network(path: Path, data: str, index: str, eta: float | None, *, full: bool) -> Derivation:
    network = load_network(path)
    examples = datasets.load(data).test
    chosen = parse_index(index, len(examples))
    rows = chosen[0] if len(chosen) == 1 else chosen
    found = network.derive(examples.x[rows], examples.y[rows], eta=eta, full=full)
    images = f"test image{'s' if len(chosen) > 1 else ''} {', '.join(map(str, chosen))}"
    digits = ", ".join(str(examples.labels[i]) for i in chosen)
    return replace(found, name=f"the network at {images} (labelled {digits})")


def parse_index(index: str, images: int) -> list[int]:
    """Read the numbers of one image or of several.

    Examples
    --------
    >>> parse_index("7", 10), parse_index("3, 5", 10)
    ([7], [3, 5])
    """
    try:
        chosen = [int(number) for number in index.split(",")]
    except ValueError:
        raise InputError(f"--index is {index!r}; give whole numbers, such as 7 or 3,5,7.") from None
    for i in chosen:
        if not 0 <= i < images:
            raise InputError(
                f"--index is {i}, but there are {images:,} test images; count them from 0 to {images - 1}."
            )
    return chosen


def _of_function(path: Path, name: str, at: str | None, wrt: Sequence[str], *, full: bool) -> Derivation:
    files = OwnFiles()
    point_file, point_name = _place(at or POINT, path)
    with files.open():
        f = files.find(path, name, "function")
        if not callable(f):
            raise InputError(f"{name} in {path} is {f!r:.60}, and no function; give the name of one.")
        arguments = bound(f, name, call_at(files.find(point_file, point_name, "point")))
        chosen = _wanted(name, wrt, list(arguments.arguments))
        with telling(f"{name} fails at this point"):
            f(*arguments.args, **arguments.kwargs)
        return derive_function(f, chosen, full=full)(*arguments.args, **arguments.kwargs)


def _place(at: str, beside: Path) -> tuple[Path, str]:
    """Say in which file a point is, and what it is called there."""
    path, name = split_name(at)
    if name:
        return path, name
    return (path, POINT) if path.suffix == ".py" else (beside, at)


def _wanted(called: str, wrt: Sequence[str], names: Sequence[str]) -> str | tuple[str, ...] | None:
    chosen = [name.strip() for several in wrt for name in several.split(",")]
    for name in chosen:
        if name not in names:
            raise InputError(f"--wrt is {name!r}, and {called} is given {', '.join(names)}{suggestion(name, names)}")
    return (chosen[0] if len(chosen) == 1 else tuple(chosen)) if chosen else None
