"""The network that the paper's own repository ships: a pickle of a dict of arrays."""

import math
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import InputError, NetworkFileError
from chainrule.graph.node import Array
from chainrule.interop import restricted_pickle
from chainrule.networks import Network

# chainrule's pixels are grey levels divided by this.
DIVISOR = 255


def read_paper_pickle(path: str | PathLike[str], divisor: float = 256) -> Network:
    """Read a network that was pickled as the paper's repository does it; nothing in the pickle is run.

    Parameters
    ----------
    path : str or path
        A pickle of a dict with ``sizes``, ``weights`` (W^l of shape (n_l, n_{l-1})) and ``biases`` (b^l of shape
        (n_l, 1) or (n_l,)), float32 or float64, of a network of sigmoids with the quadratic cost.
    divisor : float
        What that network's inputs were grey levels 0..255 divided by. chainrule divides by 255, so W^1 is multiplied
        by 255 / divisor: for the same picture z^1 is then the same.

    Returns
    -------
    Network
        In float64.

    Raises
    ------
    NetworkFileError
        If the file is missing or damaged, is no such network, or holds anything but plain data and NumPy arrays.
    InputError
        If the divisor is not a positive number.
    """
    if isinstance(divisor, bool) or not isinstance(divisor, int | float) or not 0 < divisor < math.inf:
        raise InputError(f"divisor is {divisor!r}; give the positive number that grey levels were divided by.")
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NetworkFileError(f"{path} cannot be read: {str(reason).lower()}; check the path.") from None
    try:
        found = restricted_pickle.load(data)
    except restricted_pickle.RefusedPickleError as refusal:
        raise NetworkFileError(
            f"{path} {refusal}; only a pickled dict of NumPy float arrays is read, and nothing in it was run."
        ) from None
    weights, biases = _parameters(path, found)
    network = Network([weights[0].shape[1], *(len(b) for b in biases)], dtype="float64")
    network.weights, network.biases = weights, biases
    network.weights[0] *= DIVISOR / divisor
    return network


def _parameters(path: str | PathLike[str], found: Any) -> tuple[list[Array], list[Array]]:
    """Check that these are the arrays of one network, and give them as chainrule has them."""
    if not isinstance(found, dict) or not {"sizes", "weights", "biases"} <= set(found):
        raise NetworkFileError(f"{path} holds no dict with sizes, weights and biases; give a network of the paper's.")
    sizes, weights, biases = found["sizes"], found["weights"], found["biases"]
    if not isinstance(sizes, list | tuple) or len(sizes) < 2 or not all(type(n) is int and n > 0 for n in sizes):
        raise NetworkFileError(
            f"{path} has sizes that are no list of positive integers; give a network of the paper's."
        )
    for name, arrays in (("weights", weights), ("biases", biases)):
        if not isinstance(arrays, list) or len(arrays) != len(sizes) - 1:
            raise NetworkFileError(f"{path} has {name} that do not fit its sizes {list(sizes)}: one array a layer.")
    W, b = [], []
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        W.append(_array(path, f"weights of layer {layer}", weights[layer - 1], [(n_out, n_in)]))
        b.append(_array(path, f"biases of layer {layer}", biases[layer - 1], [(n_out, 1), (n_out,)]).reshape(n_out))
    return W, b


def _array(path: str | PathLike[str], name: str, array: Any, shapes: list[tuple[int, ...]]) -> Array:
    if not isinstance(array, np.ndarray) or array.shape not in shapes:
        what = f"shape {array.shape}" if isinstance(array, np.ndarray) else f"type {type(array).__name__}"
        raise NetworkFileError(f"{path}: the {name} are of {what}; expected an array of shape {shapes[0]}.")
    if not np.isfinite(array).all():
        raise NetworkFileError(f"{path}: the {name} hold NaN or infinity; use another copy of the file.")
    return array.astype(np.float64)
