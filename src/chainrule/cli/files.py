"""The files that the commands name: where a network is written, and the network that a command is given."""

from pathlib import Path

from chainrule.cli import wording
from chainrule.errors import NetworkFileError
from chainrule.networks import Network

PIXELS = 28 * 28
DIGITS = 10


def free_name(path: Path) -> Path:
    """Give a path at which there is nothing yet: itself, or with -2, -3, … before its ending.

    Examples
    --------
    >>> free_name(Path("no-such-folder/network.safetensors")).name
    'network.safetensors'
    """
    candidate, number = path, 1
    while candidate.is_symlink() or candidate.exists():
        number += 1
        candidate = path.with_stem(f"{path.stem}-{number}")
    return candidate


def load_network(path: Path) -> Network:
    """Load a network that reads digits.

    Parameters
    ----------
    path
        The network's file.

    Returns
    -------
    Network
        A network with an input for each of an image's 784 pixels and an output for each of the ten digits.

    Raises
    ------
    NetworkFileError
        If there is no network in the file, or one of another shape.
    """
    network = Network.load(path)
    if network.sizes[0] != PIXELS or network.sizes[-1] != DIGITS:
        raise NetworkFileError(
            f"The network in {path} has layers {wording.layers(network.sizes)}, but reading digits takes {PIXELS} "
            f"inputs, the pixels, and {DIGITS} outputs; give a network such as `chainrule train` writes."
        )
    return network
