"""``chainrule train``: make a network, let it learn, show how well it reads digits, write it to a file."""

import math
import shlex
import warnings
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from chainrule import datasets
from chainrule.cli import epochs as table
from chainrule.cli import screen, wording
from chainrule.cli.evaluate import report
from chainrule.cli.files import free_name
from chainrule.compiler.native import engine
from chainrule.datasets import Dataset
from chainrule.descent import History
from chainrule.descent.interruption import interruption
from chainrule.errors import InputError, NativeCodeWarning
from chainrule.networks import Network, check_writable

DEFAULT_OUT = Path("network.safetensors")
WEIGHTS = ("scaled", "normal")


def train(
    data: Annotated[
        str,
        typer.Option(
            metavar="digits|mnist|DIR",
            help="What to learn from: digits, 5,000 real digits that need no download; mnist, all 70,000, "
            "downloaded once; or a folder with MNIST's four IDX files.",
        ),
    ] = "digits",
    layers: Annotated[
        str,
        typer.Option(
            metavar="SIZES",
            help="The number of units in each layer: 784 pixels first, any hidden layers, the 10 digits last.",
        ),
    ] = "784,30,10",
    epochs: Annotated[int, typer.Option(metavar="N", help="How many times to go through all training images.")] = 30,
    batch: Annotated[
        int,
        typer.Option(
            metavar="N", help="Images in a mini-batch: 1 is stochastic gradient descent; all of them, batch descent."
        ),
    ] = 10,
    eta: Annotated[
        float, typer.Option(metavar="NUMBER", help="The learning rate: how far to go down the gradient in a step.")
    ] = 3.0,
    weights: Annotated[
        str,
        typer.Option(
            metavar="scaled|normal",
            help="How the weights begin, at random: scaled has variance 1/n for a unit with n inputs; "
            "normal has variance 1, as in the paper's own program.",
        ),
    ] = "scaled",
    seed: Annotated[
        int,
        typer.Option(
            metavar="N", help="Decides the first weights and the order of the images: same seed, same training."
        ),
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write the network; a file of that name is replaced.",
            show_default="network.safetensors or the next free name, such as network-2.safetensors",
        ),
    ] = None,
) -> None:
    """Train a network on images of handwritten digits and write it to a file.

    Ctrl-C ends the training early and keeps what was learnt.
    """
    sizes = parse_layers(layers)
    _check_settings(epochs, batch, eta, weights, seed)
    check_writable(out or free_name(DEFAULT_OUT))
    if data == "mnist":
        screen.say("Loading MNIST; the first time it is downloaded, which takes some minutes.")
    dataset = datasets.load(data)
    _check_fit(sizes, batch, dataset)
    network = _network(sizes, weights, seed)
    screen.say(*_announcement(dataset, network, epochs, batch, eta, weights, seed), "")
    if not engine.available():
        screen.say("llvmlite is not installed, so NumPy trains, more slowly. For speed: pip install llvmlite.", "")

    start = perf_counter()
    # An impatient second Ctrl-C shall not hit while the file is written.
    with interruption():
        try:
            history = _fit(network, dataset, epochs, batch, eta, seed)
        except InputError as error:
            raise _with_what_was_learnt(error, network, out) from error
        seconds = perf_counter() - start
        # Chosen anew, because a training beside this one may have taken the name in the meantime.
        path = out or free_name(DEFAULT_OUT)
        network.save(path)

    screen.say("")
    if history.interrupted:
        done = len(history.epochs)
        screen.say(f"Stopped by Ctrl-C after {done} of {wording.count(epochs, 'epoch')}. The network so far:", "")
    report(network, dataset)
    screen.say(
        "",
        f"Trained in {wording.duration(seconds)} ({_way(history)}) and written to {path}.",
        "Let it read a digit of yours, in a PNG or JPEG file:",
        "",
        f"    chainrule predict {shlex.quote(str(path))} PICTURE",
    )
    if history.interrupted:
        raise typer.Exit(130)


def _way(history: History) -> str:
    """Say how the steps were taken."""
    return "compiled to native code" if history.compiled else f"not compiled: {history.note}"


def _with_what_was_learnt(error: InputError, network: Network, out: Path | None) -> InputError:
    """Write the network of a training that diverged, as it was before that epoch, and say so with the error."""
    if network.epochs == 0:
        return error
    path = out or free_name(DEFAULT_OUT)
    network.save(path)
    return InputError(f"{error} The network of epoch {network.epochs} was written to {path}.")


def _fit(network: Network, dataset: Dataset, epochs: int, batch: int, eta: float, seed: int) -> History:
    """Train with a row of the table for each epoch, and the progress bar below it on a terminal.

    The accuracy is that on the test images, as in the paper's own program; nothing is chosen by it.
    """
    width, glyphs = screen.width(), screen.glyphs()
    screen.say(table.heading())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NativeCodeWarning)  # of which the screen has told already
        return network.fit(
            dataset.train.x,
            dataset.train.labels,
            epochs=epochs,
            batch_size=batch,
            eta=eta,
            seed=seed,
            validation=(dataset.test.x, dataset.test.labels),
            progress=screen.is_live(),
            after_epoch=lambda history: screen.say(table.row(history, width, glyphs)),
        )


def _network(sizes: list[int], weights: str, seed: int) -> Network:
    try:
        return Network(sizes, weights=weights, seed=seed)
    except MemoryError as error:
        raise InputError(
            f"--layers is {','.join(map(str, sizes))}, whose {wording.parameters(sizes):,} parameters do not fit "
            "into this computer's memory; give smaller layers."
        ) from error


def parse_layers(text: str) -> list[int]:
    """Read the sizes of a network's layers from what the user wrote.

    Raises
    ------
    InputError
        If these are not at least two positive whole numbers, separated by commas.

    Examples
    --------
    >>> parse_layers("784,30,10")
    [784, 30, 10]
    """
    parts = [part.strip() for part in text.split(",")]
    sizes = [int(part) for part in parts if part.isascii() and part.isdecimal()]
    if len(sizes) < len(parts) or 0 in sizes:
        raise InputError(f"--layers is {text!r}; give positive whole numbers separated by commas, such as 784,30,10.")
    if len(sizes) < 2:
        raise InputError(
            f"--layers is {text!r}, a single layer; give the sizes of the first layer to the last, such as 784,30,10."
        )
    return sizes


def _check_settings(epochs: int, batch: int, eta: float, weights: str, seed: int) -> None:
    """Refuse what can be seen to be wrong without the data."""
    if epochs < 1:
        raise InputError(f"--epochs is {epochs}; give a whole number from 1 up.")
    if batch < 1:
        raise InputError(f"--batch is {batch}; give a whole number from 1 up.")
    if not 0 < eta < math.inf:
        raise InputError(f"--eta, the learning rate, is {eta:g}; give a positive number, such as 3.0.")
    if weights not in WEIGHTS:
        raise InputError(f"--weights is {weights!r}; give {' or '.join(WEIGHTS)}.")
    if seed < 0:
        raise InputError(f"--seed is {seed}; give a whole number from 0 up.")


def _check_fit(sizes: list[int], batch: int, dataset: Dataset) -> None:
    """Refuse a network or a mini-batch that the data do not fit."""
    pixels, classes = dataset.train.x.shape[1], dataset.train.classes
    fitting = ",".join(map(str, [pixels, *sizes[1:-1], classes]))
    if sizes[0] != pixels:
        raise InputError(
            f"--layers begins with {sizes[0]}, but an image has {pixels} pixels; give {pixels} first, as in {fitting}."
        )
    if sizes[-1] != classes:
        raise InputError(
            f"--layers ends with {sizes[-1]}, but there are {classes} digits; give {classes} last, as in {fitting}."
        )
    if batch > len(dataset.train):
        raise InputError(
            f"--batch is {batch}, but there are {len(dataset.train):,} images to train on; "
            f"give at most {len(dataset.train)}."
        )


def _announcement(
    dataset: Dataset, network: Network, epochs: int, batch: int, eta: float, weights: str, seed: int
) -> list[str]:
    """Say what is about to be trained, on what, and how."""
    m = len(dataset.train)
    parts = [f"{m:,} images to train"]
    if dataset.validation is not None:
        parts.append(f"{len(dataset.validation):,} to validate")
    parts.append(f"{len(dataset.test):,} to test")
    steps = wording.count(-(-m // batch), "step")
    forms = {1: "one image a step (stochastic gradient descent)", m: "all images in one step (batch gradient descent)"}
    form = forms.get(batch, f"mini-batches of {batch:,} ({steps} an epoch)")
    return [
        f"Data      {dataset.name}: {', '.join(parts)}",
        f"Network   {wording.layers(network.sizes)}: {wording.parameters(network.sizes):,} weights and biases, "
        f"{weights}, from seed {seed}",
        f"Training  {wording.count(epochs, 'epoch')}, {form}, eta {eta:g}",
    ]
