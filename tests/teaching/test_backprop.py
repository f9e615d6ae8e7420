"""check_backprop: right passes in every form are called right, and planted mistakes are found with their place."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.teaching.students import PLANTED, can_be_made, student

from chainrule import InputError, Network, check_backprop

ALL = ("delta", "dW", "db")
KINDS = [ALL, ("dW", "db"), ("delta",), ("dW",), ("db",), ("delta", "dW")]


def network_and_point(sizes, activation, cost, dtype, m, seed):
    """A network with weights of a size at which nothing saturates, and an example or a batch."""
    random = np.random.default_rng(seed)
    network = Network(sizes, activation=activation, cost=cost, dtype=dtype, seed=seed)
    network.weights = [
        random.uniform(0.3, 1.2, w.shape).astype(dtype) * random.choice([-1, 1], w.shape).astype(dtype)
        for w in network.weights
    ]
    network.biases = [random.uniform(-0.5, 0.5, b.shape).astype(dtype) for b in network.biases]
    x = random.uniform(-1, 1, (m, sizes[0]) if m else sizes[0])
    y = random.uniform(0.1, 0.9, (m, sizes[-1]) if m else sizes[-1])
    return network, x, y


networks = st.tuples(
    st.lists(st.integers(1, 6), min_size=2, max_size=6),
    st.sampled_from(
        [
            ("sigmoid", "quadratic"),
            ("sigmoid", "cross_entropy"),
            ("tanh", "quadratic"),
            ("relu", "quadratic"),
            ("identity", "quadratic"),
        ]
    ),
    st.sampled_from(["float64", "float32"]),
    st.sampled_from([0, 0, 1, 2, 3, 5]),
    st.integers(0, 10_000),
)


@settings(max_examples=1000, deadline=None)
@given(
    networks,
    st.sampled_from(["flat", "columns"]),
    st.sampled_from(["dict", "pair", "transposed", "divided"]),
    st.sampled_from(KINDS),
)
def test_what_is_right_is_never_accused(network, form, answer, kinds):
    sizes, (activation, cost), dtype, m, seed = network
    made, x, y = network_and_point(sizes, activation, cost, dtype, m, seed)
    report = check_backprop(student(sizes, activation, cost, form=form, answer=answer, kinds=kinds), made, x, y)
    assert report.ok, f"{report}"


def names_of(report, quantity, layer):
    return [name for m in report.mistakes if (m.quantity, m.layer) == (quantity, layer) for name in (m.name, *m.also)]


@pytest.mark.parametrize("mistake", PLANTED, ids=["-".join(p) for p in PLANTED])
@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_planted_mistake_is_found(mistake, data):
    sizes = data.draw(st.lists(st.integers(2, 4), min_size=2, max_size=6))
    activation, cost = data.draw(
        st.sampled_from([("sigmoid", "quadratic"), ("sigmoid", "cross_entropy"), ("tanh", "quadratic")])
    )
    m = data.draw(st.sampled_from([0, 3, 5]))
    layers = [layer for layer in range(1, len(sizes)) if can_be_made(mistake, layer, sizes, activation, cost, m)]
    if not layers:
        return
    layer = data.draw(st.sampled_from(layers))
    made, x, y = network_and_point(sizes, activation, cost, "float64", m, data.draw(st.integers(0, 1000)))
    form = data.draw(st.sampled_from(["flat", "columns"])) if mistake[1] != "broadcasting" else "flat"
    report = check_backprop(student(sizes, activation, cost, [(mistake, layer)], form), made, x, y)
    assert not report.ok
    assert (report.layer, report.quantity) == (layer, mistake[0]), f"{report}"
    assert mistake[1] in names_of(report, mistake[0], layer), f"{report}"
    assert len(report.mistakes) == 1, f"{report}"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_two_mistakes_in_different_layers_are_both_found(data):
    sizes = data.draw(st.lists(st.integers(2, 4), min_size=3, max_size=6))
    activation, cost = data.draw(
        st.sampled_from([("sigmoid", "quadratic"), ("sigmoid", "cross_entropy"), ("tanh", "quadratic")])
    )
    m = data.draw(st.sampled_from([0, 3, 5]))
    possible = [
        (mistake, layer)
        for mistake in PLANTED
        for layer in range(1, len(sizes))
        if mistake[1] != "broadcasting" and can_be_made(mistake, layer, sizes, activation, cost, m)
    ]
    first = data.draw(st.sampled_from(possible))
    second = data.draw(st.sampled_from([p for p in possible if p[1] != first[1]]))
    made, x, y = network_and_point(sizes, activation, cost, "float64", m, data.draw(st.integers(0, 1000)))
    report = check_backprop(student(sizes, activation, cost, [first, second]), made, x, y)
    assert report.layer == max(first[1], second[1])
    for (quantity, name), layer in (first, second):
        assert name in names_of(report, quantity, layer), f"{first} {second} {report}"
    assert len(report.mistakes) == 2, f"{report}"


@pytest.mark.parametrize("mistake", [p for p in PLANTED if p[1] != "broadcasting"], ids="-".join)
@settings(max_examples=10, deadline=None)
@given(st.data())
def test_without_delta_the_place_is_still_found(mistake, data):
    sizes = data.draw(st.lists(st.integers(2, 4), min_size=2, max_size=5))
    m = data.draw(st.sampled_from([0, 3]))
    layers = [layer for layer in range(1, len(sizes)) if can_be_made(mistake, layer, sizes, "sigmoid", "quadratic", m)]
    if not layers:
        return
    layer = data.draw(st.sampled_from(layers))
    made, x, y = network_and_point(sizes, "sigmoid", "quadratic", "float64", m, data.draw(st.integers(0, 1000)))
    report = check_backprop(student(sizes, "sigmoid", "quadratic", [(mistake, layer)], answer="pair"), made, x, y)
    assert report.layer == layer, f"{report}"
    assert mistake[1] in [name for found in report.mistakes for name in (found.name, *found.also)], f"{report}"


def test_weights_that_are_changed_are_noticed():
    network = Network([3, 4, 2], dtype="float64")
    right = student([3, 4, 2], "sigmoid", "quadratic")

    def impatient(weights, biases, x, y):
        found = right(weights, biases, x, y)
        for w, g in zip(weights, found["dW"], strict=True):
            w -= g
        return found

    before = [w.copy() for w in network.weights]
    report = check_backprop(impatient, network, [0.1, 0.2, 0.3], 1)
    assert report.ok
    assert "changed the weights" in " ".join(report.notes)
    assert all(np.array_equal(w, v) for w, v in zip(network.weights, before, strict=True))


def failing(returned):
    def my_backprop(weights, biases, x, y):
        if isinstance(returned, Exception):
            raise returned
        return returned

    return my_backprop


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "it returned nothing"),
        ({"dw": []}, "a dict came with 'dw'"),
        ({"dW": [np.zeros((2, 3))] * 3}, "dW came as 3 of them; give a list of 1"),
        ({"dW": ["a"]}, "does not hold numbers"),
        (ValueError("shapes differ"), "it raised ValueError in "),
        ({"db": [np.zeros(7)]}, "has shape (7,), and should have (2,)"),
        ({"db": [np.full(2, np.nan)]}, "holds NaN or infinity"),
        ({"db": [np.array([3.0, 4.0])]}, "none of the known mistakes gives these numbers"),
    ],
    ids=["nothing", "unknown key", "count", "words", "raises", "shape", "nan", "unknown"],
)
def test_what_cannot_be_read_is_told(returned, words):
    report = check_backprop(failing(returned), Network([3, 2]), [0.1, 0.2, 0.3], 1)
    assert not report
    assert words in str(report)


def test_no_network_is_refused():
    sizes: Any = [1, 2]
    with pytest.raises(InputError, match=r"a network was expected, and a list came"):
        check_backprop(student([3, 2], "sigmoid", "quadratic"), sizes, [0.1, 0.2, 0.3], 1)
