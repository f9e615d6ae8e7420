"""``chainrule predict``: what digit a picture shows, with the ten activations and what the network saw."""

from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.text import Text

from chainrule.cli import screen, show
from chainrule.cli.files import load_network
from chainrule.datasets import read_picture
from chainrule.errors import DataError
from chainrule.networks import Network

PICTURE_WIDTH = show.SIDE + 2  # with its frame
MARGIN = 2
GAP = 3
LEAST_BARS = 30  # columns; where there are fewer beside the picture, the bars go below it


def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The network's file, as written by train or convert.")],
    pictures: Annotated[
        list[Path],
        typer.Argument(
            metavar="PICTURE",
            help="PNG or JPEG files, each with one digit, of any size, dark on light or light on dark.",
        ),
    ],
) -> None:
    """Read the digit in each picture, and show how sure the network is of each of the ten.

    A picture is first centred and scaled as MNIST's images were; what the network then sees is drawn beside its
    answer.
    """
    network = load_network(model)
    failed = False
    for path in pictures:
        try:
            x = read_picture(path)
        except DataError as error:
            screen.complain(str(error))
            failed = True
            continue
        _print_answer(network, path, x)
    if failed:
        raise typer.Exit(2)


def _print_answer(network: Network, path: Path, x: npt.NDArray[np.float32]) -> None:
    a = network.forward(x).a[-1]
    screen.say(f"{path}: {int(np.argmax(a))}", style="bold")
    screen.say(*drawing(x, a, screen.width(), screen.glyphs(), grey=screen.shades()), "")


def drawing(
    x: npt.NDArray[np.float32],
    a: npt.NDArray[np.floating],
    width: int,
    glyphs: show.Glyphs = show.UNICODE,
    *,
    grey: bool = False,
) -> list[Text]:
    """Draw the picture that the network saw and, beside or below it, its ten activations.

    Parameters
    ----------
    x
        The picture's 784 pixels.
    a
        The activations of the output layer.
    width
        The columns that a line may take.
    glyphs
        The characters to draw with.
    grey
        Whether the terminal can show shades of grey.

    Returns
    -------
    list of Text
        The lines.
    """
    room = width - MARGIN - PICTURE_WIDTH - GAP
    picture = show.picture(x, glyphs, grey=grey)
    if room >= LEAST_BARS:
        lines = show.beside(picture, show.activations(a, room, glyphs), GAP)
    else:
        lines = [*picture, *show.activations(a, max(width - MARGIN, LEAST_BARS), glyphs)]
    return [Text(" " * MARGIN).append_text(line) for line in lines]
