"""A derivation's graph as SVG or PNG: a box for each quantity, or, for a network, its layers as columns of units."""

from typing import TYPE_CHECKING

from chainrule.derivation import columns, raster
from chainrule.derivation.layout import layered, path_data
from chainrule.derivation.strokes import GROUND, Drawn, box, box_size, edge, markers
from chainrule.document.markup import element, escaped

if TYPE_CHECKING:
    from chainrule.derivation.derivation import Derivation

_MARGIN = 16


def svg(derivation: "Derivation") -> str:
    """Draw a derivation's graph.

    Returns
    -------
    str
        An ``<svg>`` element: a file of its own, or a part of a page.
    """
    drawn = _drawn(derivation)
    width, height = round(drawn.width) + 2 * _MARGIN, round(drawn.height) + 2 * _MARGIN
    ground = element("rect", width=width, height=height, fill=GROUND, class_="ground")
    body = element("g", drawn.markup, transform=f"translate({_MARGIN} {_MARGIN})")
    return element(
        "svg",
        element("title", escaped(f"The graph of {derivation.name}")),
        markers(),
        ground,
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        font_family="Roboto, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif",
        class_="drawing",
        role="group",
    )


def png(derivation: "Derivation") -> bytes:
    """Draw a derivation's graph as a PNG file.

    Raises
    ------
    InputError
        matplotlib is not installed.
    """
    return raster.png(svg(derivation))


def _drawn(derivation: "Derivation") -> Drawn:
    network = columns.network(derivation.quantities)
    return _boxes(derivation) if network is None else columns.draw(network, derivation.result)


def _boxes(derivation: "Derivation") -> Drawn:
    quantities = derivation.quantities
    sizes = {q.key: box_size(q) for q in quantities}
    plan = layered(sizes, [(operand, q.key) for q in quantities for operand in q.operands])
    edges = [edge(first, last, [path_data(points)]) for (first, last), points in plan.routes.items()]
    boxes = [box(q, *plan.centres[q.key], result=q.key == derivation.result.key) for q in quantities]
    return Drawn(element("g", *edges) + "".join(boxes), plan.width, plan.height)
