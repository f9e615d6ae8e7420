"""A derivation told scene by scene."""

from dataclasses import replace

import numpy as np
from tests.derivation import samples

from chainrule.derivation.scenes import picture_size, scenes
from chainrule.derivation.steps import Update
from chainrule.document import Derivative, Equation, Formula, Number, Total, Values, Verdict
from chainrule.document.text import text
from chainrule.networks import Network


def test_every_quantity_then_every_step_then_every_update():
    derivation = samples.network()
    W1 = derivation.named("W1")
    learned = Equation((W1.symbol, Total((W1.symbol, Number(1)), (False, True))), ("←",))
    derivation = replace(derivation, updates=(Update(W1.key, learned, 0.5, W1.value - 0.5),))
    told = scenes(derivation)
    flows = [scene.flow for scene in told]
    n, m = len(derivation.quantities), len(derivation.steps)
    assert flows == ["forward"] * n + ["backward"] * m + ["update"]
    assert [scene.of for scene in told[:n]] == [q.key for q in derivation.quantities]
    assert [scene.of for scene in told[n:-1]] == [step.of for step in derivation.steps]
    formula, _, renewed = told[-1].blocks
    assert isinstance(formula, Formula)
    assert formula.note == "with η = 0.5"
    assert isinstance(renewed, Values)
    assert renewed.symbol != W1.symbol  # the value before is another
    np.testing.assert_array_equal(renewed.array, W1.value - 0.5)


def test_the_edges_of_a_scene():
    derivation = samples.graph()
    told = scenes(derivation)
    x, y, p, s, C = (q.key for q in derivation.quantities)
    assert {(scene.of, scene.flow): scene.others for scene in told} == {
        (x, "forward"): (),
        (y, "forward"): (),
        (p, "forward"): (x, y),
        (s, "forward"): (p, x),
        (C, "forward"): (s,),
        (C, "backward"): (),
        (s, "backward"): (C,),
        (p, "backward"): (s,),
        (x, "backward"): (p, s),
        (y, "backward"): (p,),
    }


def test_every_scene_shows_its_numbers_and_every_step_its_proof():
    derivation = samples.network()
    for scene in scenes(derivation):
        (shown,) = (block for block in scene.blocks if isinstance(block, Values))
        assert text(shown.symbol) == text(scene.title)
        if scene.flow == "backward":
            assert isinstance(scene.title, Derivative)
            assert isinstance(scene.blocks[-1], Verdict)


def test_what_belongs_to_pictures_is_shown_as_pictures():
    derivation = samples.network(784, 30, 10)
    assert picture_size(derivation.quantities) == (28, 28)
    pictured = {
        (scene.flow, text(block.symbol))
        for scene in scenes(derivation)
        for block in scene.blocks
        if isinstance(block, Values) and block.as_pictures == (28, 28)
    }
    assert pictured == {("forward", "x"), ("forward", "W₁"), ("backward", "∂C/∂W₁")}


def test_the_examples_of_a_batch_are_pictures():
    derivation = Network([784, 30, 10]).derive(np.zeros((4, 784)), np.arange(4), eta=0.5)
    pictured = {
        (scene.flow, text(block.symbol), block.array.shape)
        for scene in scenes(derivation)
        for block in scene.blocks
        if isinstance(block, Values) and block.as_pictures == (28, 28)
    }
    weights = {(flow, name, (30, 784)) for flow, name in (("forward", "W¹"), ("backward", "∂C/∂W¹"), ("update", "W¹"))}
    assert pictured == {("forward", "a⁰", (784, 4)), *weights}


def test_few_inputs_are_no_picture():
    assert picture_size(samples.network(4, 3, 2).quantities) is None
    assert picture_size(samples.network(50, 3, 2).quantities) is None
    assert picture_size(samples.graph().quantities) is None
