"""Histograms. How many entries a bin has is found, and so has no derivative; the weights they count with have one.

Where the bins' edges are follows the least and the greatest entry, unless a range or the edges themselves are given.
"""

from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.tracer import Tracer, value_of
from chainrule.rules.choosing import entries
from chainrule.rules.kinds import Flat, Linear
from chainrule.rules.operands import operand, untraced
from chainrule.rules.table import spells

BINCOUNT = Linear(
    "bincount",
    lambda weights, x, minlength: np.bincount(x, weights, minlength),
    lambda g, y, weights, x, minlength: np.astype(entries(g, x), weights.dtype),
    None,
)
COUNTED = Flat("bincount", np.bincount)


@spells(np.bincount)
def _bincount(x: Array, /, weights: Array | None = None, minlength: int = 0) -> Array:
    x = operand(x)
    value_of(x)  # the largest of which says how long the result is
    if weights is None:
        return COUNTED(x, minlength=minlength)
    return BINCOUNT(operand(weights), x, minlength=minlength)


@spells(np.histogram_bin_edges)
def _histogram_bin_edges(a: Array, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:  # noqa: A002
    if np.ndim(untraced(bins)) == 1:
        return operand(bins)
    a = operand(a)
    edges = np.histogram_bin_edges(value_of(a), bins, range, untraced(weights))
    return edges if range is not None or a.size == 0 else _between_extremes(a, edges)


def _between_extremes(a: Array, edges: Array) -> Array:
    """Return the edges as they follow the extremes of the entries."""
    first, last = np.min(a), np.max(a)
    if first == last:
        first, last = first - 0.5, last + 0.5
    return np.linspace(first, last, len(edges), dtype=edges.dtype)


def _weighted_counts(weights: Array, a: Array, edges: Array, bins: Any, range: Any) -> Array:  # noqa: A002
    return np.histogram(a, edges if bins is None else bins, range, weights=weights)[0]


def _weights_of_bins(g: Array, y: Array, weights: Array, a: Array, edges: Array, **_: Any) -> Array:
    """Give each entry what its bin has got; the last bin has both of its edges, the others have the left one."""
    last = edges.shape[0] - 2
    place = np.where(a == edges[-1], last, np.digitize(a, edges) - 1)
    inside = np.logical_and(place >= 0, place <= last)
    return np.astype(np.where(inside, entries(g, np.clip(place, 0, last)), 0), weights.dtype)


WEIGHTED = Linear("histogram", _weighted_counts, _weights_of_bins, None, None)
HISTOGRAM = Flat("histogram", lambda a, edges: np.histogram(a, edges)[0])


@spells(np.histogram)
def _histogram(
    a: Array,
    bins: Any = 10,
    range: Any = None,  # noqa: A002
    density: bool | None = None,
    weights: Any = None,
) -> tuple[Array, Array]:
    a = operand(a)
    edges = np.histogram_bin_edges(a, bins, range, weights)
    if weights is None:
        counts = HISTOGRAM(a, edges)
    else:
        count = bins if np.ndim(untraced(bins)) == 0 else None
        counts = WEIGHTED(operand(weights), a, edges, bins=count, range=range)
    if density:
        counts = counts / np.astype(np.diff(edges), float) / np.sum(counts)
    return counts, edges


@spells(np.histogram2d)
def _histogram2d(
    x: Array,
    y: Array,
    bins: Any = 10,
    range: Any = None,  # noqa: A002
    density: bool | None = None,
    weights: Any = None,
) -> tuple[Array, Array, Array]:
    if hasattr(bins, "__len__") and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, edges = np.histogramdd([x, y], bins, range, density, weights)
    return counts, edges[0], edges[1]


@spells(np.histogramdd)
def _histogramdd(
    sample: Any,
    bins: Any = 10,
    range: Any = None,  # noqa: A002
    density: bool | None = None,
    weights: Any = None,
) -> tuple[Array, tuple[Array, ...]]:
    columns = list(sample.T) if type(sample) is Tracer or isinstance(sample, np.ndarray) else list(sample)
    columns = [operand(column) for column in columns]
    columns = [np.astype(column, np.result_type(*(x.dtype for x in columns))) for column in columns]
    each_bins = bins if hasattr(bins, "__len__") else [bins] * len(columns)
    each_range = [None] * len(columns) if range is None else range
    edges = [
        np.histogram_bin_edges(x, b, r) if np.ndim(untraced(b)) == 0 else operand(b)
        for x, b, r in zip(columns, each_bins, each_range, strict=True)
    ]
    counts = HISTOGRAMDD(None if weights is None else operand(untraced(weights)), *columns, *edges)
    if density:
        total = np.sum(counts)
        for i, edge in enumerate(edges):
            counts = counts / np.reshape(np.diff(edge), (1,) * i + (-1,) + (1,) * (len(edges) - i - 1))
        counts = counts / total
    return counts, tuple(edges)


def _counts(weights: Any, *arrays: Any) -> Any:
    half = len(arrays) // 2
    return np.histogramdd(list(arrays[:half]), list(arrays[half:]), weights=weights)[0]


HISTOGRAMDD = Flat("histogramdd", _counts)
