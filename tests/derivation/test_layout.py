"""The layout of graphs: nothing overlaps, whatever the graph."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.derivation.layout import layered, path_data


@st.composite
def graphs(draw):
    """Boxes of any size, each computed from some of those before it."""
    n = draw(st.integers(1, 25))
    side = st.floats(5, 120)
    sizes = {f"q{i}": (draw(side), draw(side)) for i in range(n)}
    edges = []
    for i in range(1, n):
        edges += [(f"q{j}", f"q{i}") for j in draw(st.sets(st.integers(0, i - 1), max_size=3))]
    return sizes, edges


def frame(layout, sizes, box):
    (x, y), (width, height) = layout.centres[box], sizes[box]
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


@given(graphs())
def test_boxes_keep_apart_and_inside(graph):
    sizes, edges = graph
    layout = layered(sizes, edges)
    frames = [frame(layout, sizes, box) for box in sizes]
    for left, top, right, bottom in frames:
        assert min(left, top) >= -1e-6
        assert right <= layout.width + 1e-6
        assert bottom <= layout.height + 1e-6
    for (l0, t0, r0, b0), (l1, t1, r1, b1) in itertools.combinations(frames, 2):
        assert r0 < l1 or r1 < l0 or b0 < t1 or b1 < t0


@given(graphs())
def test_ways_lead_from_box_to_box_and_past_all_others(graph):
    sizes, edges = graph
    layout = layered(sizes, edges)
    assert set(layout.routes) == set(edges)
    for (start, end), points in layout.routes.items():
        _, top, right, bottom = frame(layout, sizes, start)
        assert points[0] == pytest.approx((right, (top + bottom) / 2))
        left, top, _, bottom = frame(layout, sizes, end)
        assert points[-1][0] == pytest.approx(left)
        assert top < points[-1][1] < bottom
        assert [x for x, _ in points] == pytest.approx(sorted(x for x, _ in points))
        # A way bends between layers only; where it passes a layer it is straight, and no box is in its way.
        for (x0, y0), (x1, y1) in zip(points[::2], points[1::2], strict=True):
            assert y0 == pytest.approx(y1)
            for box in sizes.keys() - {start, end}:
                l, t, r, b = frame(layout, sizes, box)  # noqa: E741
                assert not (t < y0 < b and l < x1 and x0 < r and x1 - x0 > 1e-9)


@given(graphs())
def test_what_is_computed_stands_to_the_right(graph):
    sizes, edges = graph
    layout = layered(sizes, edges)
    for start, end in edges:
        assert frame(layout, sizes, start)[2] < frame(layout, sizes, end)[0]


def test_a_simple_graph_has_no_crossing():
    """Two chains that are given in a crossed order are drawn one above the other."""
    sizes = dict.fromkeys(("a", "b", "b2", "a2", "a3", "b3"), (10.0, 10.0))
    layout = layered(sizes, [("a", "a2"), ("b", "b2"), ("a2", "a3"), ("b2", "b3")])
    (a, b), (a2, b2), (a3, b3) = (
        [layout.centres[x][1] for x in pair] for pair in (("a", "b"), ("a2", "b2"), ("a3", "b3"))
    )
    assert (a < b) == (a2 < b2) == (a3 < b3)
    assert a == pytest.approx(a2) == pytest.approx(a3)


def test_an_argument_stands_near_its_first_use():
    sizes = dict.fromkeys(("x", "late", "y", "z", "C"), (10.0, 10.0))
    layout = layered(sizes, [("x", "y"), ("y", "z"), ("z", "C"), ("late", "C")])
    assert layout.centres["late"][0] == layout.centres["z"][0]


def test_edges_of_one_box_share_their_way():
    sizes = dict.fromkeys(("x", "a", "b", "c", "d"), (10.0, 10.0))
    layout = layered(sizes, [("x", "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("x", "c"), ("x", "d")])
    short, far = layout.routes["x", "c"], layout.routes["x", "d"]
    assert far[: len(short) - 2] == short[:-2]


def test_no_boxes():
    assert layered({}, []).centres == {}


def test_a_path_is_straight_then_bent():
    assert path_data([(0, 0), (5, 0), (15, 8), (20, 8)]) == "M0.0 0.0L5.0 0.0C10.0 0.0 10.0 8.0 15.0 8.0L20.0 8.0"
