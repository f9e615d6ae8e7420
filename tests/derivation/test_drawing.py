"""A derivation's graph as SVG, alone and in a browser."""

import itertools
import xml.etree.ElementTree as ET

import pytest
from tests.derivation import samples

from chainrule.derivation.drawing import svg

SVG = "{http://www.w3.org/2000/svg}"
SAMPLES = {
    "network": samples.network,
    "wide": lambda: samples.network(784, 30, 10),
    "graph": samples.graph,
    "long": samples.long,
}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_every_quantity_has_a_place_and_every_use_an_edge(sample):
    derivation = sample()
    root = ET.fromstring(svg(derivation))
    assert root.tag == f"{SVG}svg"
    places = [found.attrib["data-node"] for found in root.iter(f"{SVG}g") if "data-node" in found.attrib]
    assert sorted(places) == sorted(q.key for q in derivation.quantities)
    uses = [found.attrib for found in root.iter(f"{SVG}g") if "data-to" in found.attrib]
    edges = [(use["data-from"], use["data-to"]) for use in uses]
    assert sorted(edges) == sorted((o, q.key) for q in derivation.quantities for o in q.operands)
    assert len(set(edges)) == len(edges)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_nothing_overlaps_and_no_label_leaves_its_box(open_page, sample):
    page = open_page(f"<!DOCTYPE html>{svg(sample())}")
    frames = page.evaluate(
        """[...document.querySelectorAll(".node")].map(node => {
            const box = b => [b.left, b.top, b.right, b.bottom];
            return [box(node.getBoundingClientRect()), box(node.querySelector("rect").getBoundingClientRect()),
                [...node.querySelectorAll("text")].map(text => box(text.getBoundingClientRect())),
                node.classList.contains("box")];
        })"""
    )
    for (whole, _, _, _), (other, _, _, _) in itertools.combinations(frames, 2):
        apart = whole[2] <= other[0] or other[2] <= whole[0] or whole[3] <= other[1] or other[3] <= whole[1]
        assert apart, (whole, other)
    for _, rect, texts, is_box in frames:
        for left, top, right, bottom in texts if is_box else ():
            assert rect[0] <= left
            assert right <= rect[2]
            assert rect[1] <= top
            assert bottom <= rect[3] + 1


def test_names_are_set_with_greek_and_indices():
    texts = ["".join(found.itertext()) for found in ET.fromstring(svg(samples.long())).iter(f"{SVG}text")]
    assert "gate1" in texts  # the one raised, the word upright
    assert "3 entries" in texts


def test_markup_in_a_name_is_text():
    drawn = svg(samples.hostile())
    assert "<script" not in drawn
    assert "The graph of <script>" in "".join(ET.fromstring(drawn).itertext())
