"""Where the boxes of a graph are drawn, and how its edges run between them, so that nothing overlaps.

Layers by longest paths, arguments as late as their first use allows; within a layer, the order that crosses fewest
edges when each node moves to the middle of its neighbours (Sugiyama, Tagawa and Toda, 1981); then heights that keep
edges straight without changing that order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

Edge: TypeAlias = tuple[str, str]
Point: TypeAlias = tuple[float, float]
_Slot: TypeAlias = str | tuple[str, int]  # a box, or where the edges that leave one together pass a layer

_BETWEEN_LAYERS = 52.0
_BETWEEN_BOXES = 18.0
_PASSING = 10.0
_SWEEPS = 12


@dataclass(frozen=True)
class Layout:
    """Places in a plane whose y points down.

    Attributes
    ----------
    centres : dict
        The middle of each box.
    routes : dict
        For each edge the points it runs through, from the right of one box to the left of the other: between an even
        point and the next it is straight, from there to the following it bends. Edges that leave one box together
        part late.
    width, height : float
        Of the whole.
    """

    centres: dict[str, Point]
    routes: dict[Edge, list[Point]]
    width: float
    height: float


def layered(sizes: Mapping[str, tuple[float, float]], edges: Sequence[Edge]) -> Layout:
    """Lay out a graph without cycles, from left to right.

    Parameters
    ----------
    sizes
        (width, height) of each box; the boxes come in an order in which no edge goes back.
    edges
        Pairs (from, to), each once.

    Examples
    --------
    >>> layout = layered({"x": (20, 10), "y": (20, 10)}, [("x", "y")])
    >>> layout.centres
    {'x': (10.0, 5.0), 'y': (82.0, 5.0)}
    """
    depth = _depths(list(sizes), edges)
    layers, links = _slots(depth, edges)
    _order(layers, links)
    heights = {slot: sizes[slot][1] if isinstance(slot, str) else _PASSING for layer in layers for slot in layer}
    y = _heights(layers, links, heights)
    top = min((y[slot] - heights[slot] / 2 for slot in y), default=0.0)
    bottom = max((y[slot] + heights[slot] / 2 for slot in y), default=0.0)
    left, spans = 0.0, []
    for layer in layers:
        width = max((sizes[slot][0] for slot in layer if isinstance(slot, str)), default=0.0)
        spans.append((left, left + width))
        left += width + _BETWEEN_LAYERS
    centres = {box: (sum(spans[depth[box]]) / 2, y[box] - top) for box in sizes}
    ports = _ports(edges, sizes, depth, y)
    routes = {edge: _route(edge, depth, spans, centres, sizes, y, top, ports[edge]) for edge in edges}
    return Layout(centres, routes, max(left - _BETWEEN_LAYERS, 0.0), bottom - top)


def _depths(boxes: list[str], edges: Sequence[Edge]) -> dict[str, int]:
    before: dict[str, list[str]] = {box: [] for box in boxes}
    after: dict[str, list[str]] = {box: [] for box in boxes}
    for start, end in edges:
        before[end].append(start)
        after[start].append(end)
    depth: dict[str, int] = {}
    for box in boxes:
        depth[box] = 1 + max((depth[other] for other in before[box]), default=-1)
    for box in boxes:
        if not before[box] and after[box]:
            depth[box] = min(depth[other] for other in after[box]) - 1
    first = min(depth.values(), default=0)
    return {box: layer - first for box, layer in depth.items()}


def _slots(depth: dict[str, int], edges: Sequence[Edge]) -> tuple[list[list[_Slot]], list[tuple[_Slot, _Slot]]]:
    """Fill the layers, and link slots of neighbouring layers along the edges."""
    layers: list[list[_Slot]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for box, layer in depth.items():
        layers[layer].append(box)
    links: dict[tuple[_Slot, _Slot], None] = {}
    for start, end in edges:
        passing = range(depth[start] + 1, depth[end])
        for layer in passing:
            if (start, layer) not in layers[layer]:
                layers[layer].append((start, layer))
        links.update(dict.fromkeys(pairwise([start, *((start, layer) for layer in passing), end])))
    return layers, list(links)


def _neighbours(links: list[tuple[_Slot, _Slot]]) -> tuple[dict[_Slot, list[_Slot]], dict[_Slot, list[_Slot]]]:
    left: dict[_Slot, list[_Slot]] = {}
    right: dict[_Slot, list[_Slot]] = {}
    for start, end in links:
        right.setdefault(start, []).append(end)
        left.setdefault(end, []).append(start)
    return left, right


def _order(layers: list[list[_Slot]], links: list[tuple[_Slot, _Slot]]) -> None:
    left, right = _neighbours(links)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, right)
    for sweep in range(_SWEEPS):
        sides, order = (left, layers) if sweep % 2 == 0 else (right, layers[::-1])
        for near, layer in pairwise(order):
            place = {slot: i for i, slot in enumerate(near)}
            middle = {
                slot: sum(place[other] for other in sides[slot]) / len(sides[slot]) if slot in sides else float(i)
                for i, slot in enumerate(layer)
            }
            layer.sort(key=middle.__getitem__)
        if (crossings := _crossings(layers, right)) < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _crossings(layers: list[list[_Slot]], right: dict[_Slot, list[_Slot]]) -> int:
    count = 0
    for near, far in pairwise(layers):
        place = {slot: i for i, slot in enumerate(far)}
        ends = [sorted(place[other] for other in right.get(slot, ())) for slot in near]
        passed: list[int] = []
        for group in ends:
            count += sum(end < earlier for end in group for earlier in passed)
            passed += group
    return count


def _heights(
    layers: list[list[_Slot]], links: list[tuple[_Slot, _Slot]], heights: dict[_Slot, float]
) -> dict[_Slot, float]:
    left, right = _neighbours(links)
    y: dict[_Slot, float] = {}
    for layer in layers:
        y.update(_placed(layer, [0.0] * len(layer), heights))
    for sweep in range(_SWEEPS):
        sides, order = (left, layers) if sweep % 2 == 0 else (right, layers[::-1])
        for layer in order:
            wished = [sum(y[o] for o in sides[slot]) / len(sides[slot]) if slot in sides else y[slot] for slot in layer]
            y.update(_placed(layer, wished, heights))
    return y


def _placed(layer: list[_Slot], wished: list[float], heights: dict[_Slot, float]) -> dict[_Slot, float]:
    """Come as near to the wished heights as order and distance allow (least squares, by pooling what collides)."""
    offsets, below = [], 0.0
    for slot in layer:
        offsets.append(below + heights[slot] / 2)
        below += heights[slot] + _BETWEEN_BOXES
    pools: list[tuple[float, int]] = []  # the sum of a pool's wishes, less the offsets, and how many they are
    for wish, offset in zip(wished, offsets, strict=True):
        total, count = wish - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            earlier, size = pools.pop()
            total, count = total + earlier, count + size
        pools.append((total, count))
    bases = [total / count for total, count in pools for _ in range(count)]
    return {slot: base + offset for slot, base, offset in zip(layer, bases, offsets, strict=True)}


def _ports(
    edges: Sequence[Edge], sizes: Mapping[str, tuple[float, float]], depth: dict[str, int], y: dict[_Slot, float]
) -> dict[Edge, float]:
    """Let edges that end in one box arrive one below another: for each, how far from the box's middle."""
    arriving: dict[str, list[Edge]] = {}
    for edge in edges:
        arriving.setdefault(edge[1], []).append(edge)
    ports = {}
    for end, group in arriving.items():
        group.sort(key=lambda edge: y.get((edge[0], depth[edge[1]] - 1), y[edge[0]]))
        apart = min(9.0, sizes[end][1] / (len(group) + 1))
        for i, edge in enumerate(group):
            ports[edge] = (i - (len(group) - 1) / 2) * apart
    return ports


def _route(
    edge: Edge,
    depth: dict[str, int],
    spans: list[tuple[float, float]],
    centres: dict[str, Point],
    sizes: Mapping[str, tuple[float, float]],
    y: dict[_Slot, float],
    top: float,
    port: float,
) -> list[Point]:
    start, end = edge
    (x0, y0), (x1, y1) = centres[start], centres[end]
    points = [(x0 + sizes[start][0] / 2, y0), (spans[depth[start]][1], y0)]
    for layer in range(depth[start] + 1, depth[end]):
        points += [(side, y[start, layer] - top) for side in spans[layer]]
    return [*points, (spans[depth[end]][0], y1 + port), (x1 - sizes[end][0] / 2, y1 + port)]


def path_data(points: Sequence[Point]) -> str:
    """Write a route as the ``d`` of an SVG path: straight beside boxes, bent between layers."""
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for i, ((x0, y0), (x1, y1)) in enumerate(pairwise(points)):
        middle = (x0 + x1) / 2
        if i % 2 == 0:
            parts.append(f"L{x1:.1f} {y1:.1f}" if x1 != x0 or y1 != y0 else "")
        else:
            parts.append(f"C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
    return "".join(parts)
