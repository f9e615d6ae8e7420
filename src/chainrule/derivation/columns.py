"""A network's graph, drawn as the paper draws it: layers as columns of units, and between them all the weights.

The first axis of x, z and a counts the units; a second one, where there is one, the examples of a batch.
"""

from collections.abc import Sequence
from typing import NamedTuple

from chainrule.derivation.layout import layered, path_data
from chainrule.derivation.steps import Quantity
from chainrule.derivation.strokes import FAINT, GROUND, INK, SOFT, Drawn, box, box_size, caption, edge, label, place
from chainrule.document.markup import element

_MOST = 8  # of more units in a layer, the first three and the last three are drawn
_UNIT, _BETWEEN = 8.0, 24.0  # a unit's radius, and how far one is from the next
_REACH = 13.0  # how far a column's ground reaches from the middles of its units
_WEIGHTS_WIDTH, _SIGMA_WIDTH, _GAP, _EDGE = 116.0, 62.0, 26.0, 26.0
_BOX = 46.0
_HEAD = 98.0  # the weights' boxes and the columns' names stand above the units
_FOOT = 52.0  # the biases' boxes below


class Layer(NamedTuple):
    """The quantities of a layer; of a last one whose activation is part of the cost, a is None."""

    W: Quantity
    b: Quantity
    z: Quantity
    a: Quantity | None


class Network(NamedTuple):
    """A network's input, layers, and what is computed from its output, with whatever is compared to it."""

    x: Quantity
    layers: tuple[Layer, ...]
    rest: tuple[Quantity, ...]

    @property
    def output(self) -> Quantity:
        """What the last layer gives."""
        return self.layers[-1].a or self.layers[-1].z


def network(quantities: Sequence[Quantity]) -> Network | None:
    """Find a network's layers among a derivation's quantities; None where they are not all there, in a row."""
    count = max((quantity.layer or 0 for quantity in quantities), default=0)
    layers = [_layer([q for q in quantities if q.layer == number]) for number in range(1, count + 1)]
    found = [layer for layer in layers if layer is not None]
    if not found or len(found) < count or any(layer.a is None for layer in found[:-1]):
        return None
    inputs = [q for q in quantities if q.key in found[0].z.operands and q.key not in (found[0].W.key, found[0].b.key)]
    if len(inputs) != 1 or not inputs[0].value.ndim:
        return None
    before = inputs[0]
    for layer in found:
        if {layer.W.key, before.key, layer.b.key} != set(layer.z.operands):
            return None
        before = layer.a or layer.z
    own = {inputs[0].key, *(q.key for layer in found for q in layer if q is not None)}
    rest = tuple(q for q in quantities if q.key not in own)
    allowed = {before.key, *(q.key for q in rest)}
    if any(not allowed.issuperset(q.operands) for q in rest):
        return None
    return Network(inputs[0], tuple(found), rest)


def _layer(quantities: list[Quantity]) -> Layer | None:
    given = sorted((q for q in quantities if q.formula is None), key=lambda q: -q.value.ndim)
    computed = [q for q in quantities if q.formula is not None]
    if [q.value.ndim for q in given] != [2, 1] or not 1 <= len(computed) <= 2:
        return None
    if any(not q.value.ndim for q in computed) or (len(computed) == 2 and computed[1].operands != (computed[0].key,)):
        return None
    return Layer(given[0], given[1], computed[0], computed[1] if len(computed) == 2 else None)


class _Column(NamedTuple):
    quantity: Quantity
    x: float
    units: tuple[float, ...]  # the heights of those that are drawn
    middle: float


def draw(found: Network, result: Quantity) -> Drawn:
    """Draw a network: columns of units from left to right, and the cost behind."""
    columns = [found.x, *(q for layer in found.layers for q in (layer.z, layer.a) if q is not None)]
    half = max(_height(q) for q in columns) / 2
    behind, across, above, below = _behind(found, result)
    middle = max(_HEAD + half, above)
    column = _column(found.x, _EDGE, middle)
    nodes, edges = [_units(column)], []
    for layer in found.layers:
        z = _column(layer.z, column.x + _WEIGHTS_WIDTH, middle)
        weights, foot = (column.x + z.x) / 2, middle + half + _FOOT
        nodes += [_units(z), box(layer.W, weights, _BOX / 2), box(layer.b, z.x, foot)]
        edges.append(_bundle(column, z))
        edges.append(
            edge(layer.W.key, layer.z.key, [_line(weights, _BOX, weights, (column.units[0] + z.units[0]) / 2)])
        )
        edges.append(edge(layer.b.key, layer.z.key, [_line(z.x, foot - _BOX / 2, z.x, z.units[-1] + _REACH)]))
        column = z
        if layer.a is not None:
            a = _column(layer.a, z.x + _SIGMA_WIDTH, middle)
            nodes.append(_units(a))
            ways = [_line(z.x + _REACH, y, a.x - _REACH, y) for y in z.units]
            edges.append(edge(layer.z.key, layer.a.key, ways))
            column = a
    left = column.x + _REACH
    rest = element("g", behind, transform=f"translate({left:.1f} {middle:.1f})") if behind else ""
    height = max(middle + half + _FOOT + _BOX / 2, middle + below)
    return Drawn(element("g", *edges) + rest + "".join(nodes), max(left + across, column.x + _EDGE), height)


def _shown(n: int) -> int:
    """Return how many places a column of n units has; of more than `_MOST`, dots take the one in the middle."""
    return n if n <= _MOST else 7


def _height(quantity: Quantity) -> float:
    return _shown(quantity.value.shape[0]) * _BETWEEN


def _column(quantity: Quantity, x: float, middle: float) -> _Column:
    n = quantity.value.shape[0]
    places = _shown(n)
    heights = [middle + (i - (places - 1) / 2) * _BETWEEN for i in range(places)]
    return _Column(quantity, x, tuple(y for i, y in enumerate(heights) if n == places or i != places // 2), middle)


def _units(column: _Column) -> str:
    x, top, bottom = column.x, column.units[0], column.units[-1]
    # A ground for the whole, so that it can be pointed at, and lit, between the units too.
    at = {"x": x - _REACH, "y": top - _REACH, "width": 2 * _REACH, "height": bottom - top + 2 * _REACH}
    ground = element("rect", **at, rx=_REACH, fill=GROUND, stroke=FAINT)
    circles = [element("circle", cx=x, cy=y, r=_UNIT, fill=GROUND, stroke=INK, stroke_width=1.2) for y in column.units]
    if len(column.units) < column.quantity.value.shape[0]:
        circles += [
            element("circle", cx=x, cy=column.middle + i * 6, r=1.6, fill=SOFT, class_="dot") for i in (-1, 0, 1)
        ]
    shape = "×".join(map(str, column.quantity.value.shape))
    words = (label(column.quantity.symbol, x, top - 32), caption(shape, x, top - 17))
    return place(column.quantity, ground, *circles, *words, kind="column")


def _line(x0: float, y0: float, x1: float, y1: float) -> str:
    return f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"


def _bundle(start: _Column, end: _Column) -> str:
    """Draw the way from every unit to every unit, and one arrow for them all."""
    x0, x1 = start.x + _REACH, end.x - _REACH
    lines = [_line(x0, y0, x1, y1) for y0 in start.units for y1 in end.units]
    spine = _line(x0 + 6, start.middle, x1 - 6, end.middle)
    return edge(start.quantity.key, end.quantity.key, [spine], threads=lines)


def _behind(found: Network, result: Quantity) -> tuple[str, float, float, float]:
    """Draw what is computed from the output, which is at (0, 0); return how far it reaches across, above and below."""
    if not found.rest:
        return "", 0.0, 0.0, 0.0
    start, boxes = found.output.key, {q.key: q for q in found.rest}
    sizes = {start: (0.0, 10.0)} | {key: box_size(q) for key, q in boxes.items()}
    plan = layered(sizes, [(operand, q.key) for q in found.rest for operand in q.operands])
    _, y = plan.centres[start]
    edges = []
    for (first, last), points in plan.routes.items():
        moved = [(px + _GAP, py - y) for px, py in points]
        if first == start:
            moved[0] = (0.0, 0.0)
        edges.append(edge(first, last, [path_data(moved)]))
    nodes = [
        box(q, plan.centres[q.key][0] + _GAP, plan.centres[q.key][1] - y, result=q.key == result.key)
        for q in found.rest
    ]
    return element("g", *edges) + "".join(nodes), plan.width + _GAP, y, plan.height - y
