"""A network's weights and biases: drawn at first, named in files, checked where others may have changed them."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.descent.checks import finite
from chainrule.errors import InputError
from chainrule.graph.node import Array

# The standard deviation of a layer's weights by the number n_in of its inputs.
DEVIATIONS: dict[str, Callable[[int], float]] = {
    # z then starts with about the same spread however many inputs there are, and sigmoids start where they slope.
    "scaled": lambda n_in: n_in**-0.5,
    # As the repository that goes with the paper has it.
    "normal": lambda n_in: 1.0,
}


def initial_parameters(
    sizes: Sequence[int], weights: str, seed: int, dtype: np.dtype[Any]
) -> tuple[list[Array], list[Array]]:
    """Draw W^1..W^L and b^1..b^L.

    Parameters
    ----------
    sizes : sequence of int
        n_0..n_L, the units in each layer.
    weights : {"scaled", "normal"}
        From N(0, 1/n_in) or from N(0, 1). Biases are from N(0, 1) either way.
    seed : int
        The same seed gives the same parameters, in float32 those of float64, rounded.
    dtype : np.dtype
        The type of the arrays.

    Returns
    -------
    weights : list of arrays
        W^l of shape (n_l, n_{l-1}).
    biases : list of arrays
        b^l of shape (n_l,).
    """
    random = np.random.default_rng(seed)
    W, b = [], []
    for n_in, n_out in pairwise(sizes):
        W.append((DEVIATIONS[weights](n_in) * random.standard_normal((n_out, n_in))).astype(dtype))
        b.append(random.standard_normal(n_out).astype(dtype))
    return W, b


def expected_shapes(sizes: list[int]) -> dict[str, tuple[int, ...]]:
    """Give the shape of every array of a network by the array's name.

    Parameters
    ----------
    sizes : list of int
        n_0..n_L.

    Returns
    -------
    dict of str to tuple

    Examples
    --------
    >>> expected_shapes([3, 2, 1])
    {'W1': (2, 3), 'b1': (2,), 'W2': (1, 2), 'b2': (1,)}
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
        shapes |= {f"W{layer}": (n_out, n_in), f"b{layer}": (n_out,)}
    return shapes


def named(weights: Sequence[Array], biases: Sequence[Array]) -> dict[str, Array]:
    """Give every array its name in a network file: W1, b1, W2, b2, ..."""
    arrays: dict[str, Array] = {}
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
        arrays |= {f"W{layer}": W, f"b{layer}": b}
    return arrays


def check(weights: Sequence[Array], biases: Sequence[Array], sizes: list[int], dtype: np.dtype[Any]) -> None:
    """Make sure that weights and biases, which everybody may write to, still fit their network."""
    layers = len(sizes) - 1
    if len(weights) != layers or len(biases) != layers:
        raise InputError(
            f"the network has {len(weights)} weight and {len(biases)} bias arrays; sizes {sizes} need {layers} of each."
        )
    shapes = expected_shapes(sizes)
    for name, array in named(weights, biases).items():
        if not isinstance(array, np.ndarray) or array.shape != shapes[name] or array.dtype != dtype:
            what = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
            raise InputError(f"the network's {name} is {what}; it must be an array, {dtype} {shapes[name]}.")
        finite(array, name)
