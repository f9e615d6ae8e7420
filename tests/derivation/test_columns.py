"""Which derivations are drawn as a network's columns, and how."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from tests.derivation import samples

from chainrule.derivation.columns import draw, network
from chainrule.networks import Network


def names(quantities):
    return [q.symbol.name for q in quantities]


def test_a_network_is_found():
    found = network(samples.network().quantities)
    assert found is not None
    assert found.x.symbol.name == "x"
    assert [names(layer) for layer in found.layers] == [["W1", "b1", "z1", "a1"], ["W2", "b2", "z2", "a2"]]
    assert names(found.rest) == ["y", "C"]
    assert found.output.symbol.name == "a2"


def without_layer(quantity, name):
    return replace(quantity, layer=None) if quantity.symbol.name == name else quantity


@pytest.mark.parametrize("name", ["W1", "b2", "z1", "a1"])
def test_an_incomplete_network_is_none(name):
    assert network([without_layer(q, name) for q in samples.network().quantities]) is None


def test_a_last_layer_needs_no_activation_of_its_own():
    quantities = [without_layer(q, "a2") for q in samples.network().quantities]
    found = network(quantities)
    assert found is not None
    assert found.output.symbol.name == "z2"
    assert names(found.rest) == ["y", "a2", "C"]


def test_a_cost_that_reads_a_weight_is_no_plain_network():
    derivation = samples.network()
    weights = derivation.named("W1").key
    quantities = [
        replace(q, operands=(*q.operands, weights)) if q is derivation.result else q for q in derivation.quantities
    ]
    assert network(quantities) is None


def test_other_functions_are_none():
    assert network(samples.graph().quantities) is None


def drawn_network(derivation):
    found = network(derivation.quantities)
    assert found is not None
    return draw(found, derivation.result)


@pytest.mark.parametrize(("sizes", "circles"), [((4, 3, 2), 4 + 2 * 3 + 2 * 2), ((784, 30, 10), 5 * (6 + 3))])
def test_few_of_many_units_are_drawn(sizes, circles):
    derivation = samples.network(*sizes)
    drawn = drawn_network(derivation)
    root = ET.fromstring(f"<svg>{drawn.markup}</svg>")
    assert len(list(root.iter("circle"))) == circles
    assert {node.get("data-node") for node in root.iter("g")} - {None} == {q.key for q in derivation.quantities}


@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy"])
@pytest.mark.parametrize("m", [None, 4])
def test_every_network_of_ours_is_drawn_so_for_one_example_and_for_many(m, cost):
    x, y = np.zeros((m or 1, 784)), np.zeros(m or 1, int)
    derivation = Network([784, 30, 20, 10], cost=cost).derive(*((x[0], y[0]) if m is None else (x, y)))
    found = network(derivation.quantities)
    assert found is not None
    columns = 6 if cost == "cross_entropy" else 7  # the last σ is a part of the cross-entropy
    assert draw(found, derivation.result).markup.count("<circle") == columns * (6 + 3)


def test_all_is_within_the_drawing():
    drawn = drawn_network(samples.network(784, 30, 10))
    for x, y in re.findall(r'c?x="([-\d.]+)" c?y="([-\d.]+)"', drawn.markup):
        assert -1 <= float(x) <= drawn.width
        assert -1 <= float(y) <= drawn.height
