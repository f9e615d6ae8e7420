"""``chainrule convert``: bring the network that the paper's own program trained into chainrule's format."""

import math
import shlex
from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli import screen, wording
from chainrule.errors import InputError
from chainrule.interop import read_paper_pickle
from chainrule.networks import check_writable


def convert(
    pickle: Annotated[Path, typer.Argument(metavar="PICKLE", help="The pickled network, such as trained_network.pkl.")],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write the network; a file of that name is replaced.")
    ],
    divisor: Annotated[
        float,
        typer.Option(
            metavar="NUMBER", help="What the network's inputs were divided by: pixel/256 in the paper's program."
        ),
    ] = 256,
) -> None:
    """Convert the paper's pickled network, without running anything that the pickle holds.

    Only plain NumPy arrays, lists, numbers and strings are read from it; anything else is refused.
    """
    if not 0 < divisor < math.inf:
        raise InputError(f"--divisor is {divisor:g}; give a positive number, such as 256.")
    check_writable(out)
    network = read_paper_pickle(pickle, divisor=divisor)
    network.save(out)
    sizes = network.sizes
    screen.say(f"Found a network of layers {wording.layers(sizes)}: {wording.parameters(sizes):,} weights and biases.")
    if divisor != 255:
        screen.say(
            f"Its inputs were pixel/{divisor:g}, those of chainrule are pixel/255: "
            f"so W1 was multiplied by 255/{divisor:g}."
        )
    screen.say(
        f"Written to {out}. Test it on MNIST:",
        "",
        f"    chainrule test {shlex.quote(str(out))} --data mnist",
    )
