"""``chainrule test``: how many test images a network reads right, and which digits it mistakes for which."""

from pathlib import Path
from typing import Annotated

import typer

from chainrule import datasets
from chainrule.cli import screen, show, wording
from chainrule.cli.files import load_network
from chainrule.datasets import Dataset, Examples
from chainrule.networks import Network


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The network's file, as written by train or convert.")],
    data: Annotated[
        str,
        typer.Option(
            metavar="digits|mnist|DIR",
            help="Whose test images to read: digits, 1,000; mnist, 10,000, downloaded once; or a folder "
            "with MNIST's four IDX files.",
        ),
    ] = "digits",
    confusion: Annotated[
        bool, typer.Option(help="Whether to show which digits were mistaken for which, as a table.")
    ] = True,
) -> None:
    """Test a network on images that it has not learnt from."""
    network = load_network(model)
    dataset = datasets.load(data)
    report(network, dataset, confusion=confusion)


def report(network: Network, dataset: Dataset, *, confusion: bool = True) -> None:
    """Print a network's accuracy on the data's test images, and on its validation images where it has any.

    Parameters
    ----------
    network
        The network to test.
    dataset
        The data; its training images are not used.
    confusion
        Whether to print the confusion matrix too.
    """
    test, classes = dataset.test, dataset.test.classes
    answers = network.predict(test.x)
    screen.say(_accuracy("test", test, int((answers == test.labels).sum())))
    if dataset.validation is not None:
        right = int((network.predict(dataset.validation.x) == dataset.validation.labels).sum())
        screen.say(_accuracy("validation", dataset.validation, right))
    if confusion:
        matrix = show.confusion_matrix(test.labels, answers, classes)
        screen.say("", *show.confusion(matrix, screen.width(), screen.glyphs()))


def _accuracy(part: str, examples: Examples, right: int) -> str:
    share = wording.percent(right / len(examples))
    return f"{share:>8} of the {part} images are read right ({right:,} of {len(examples):,})"
