"""The closed formulas, the literal algorithm, the engine and finite differences say the same of every network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import jacobian
from chainrule.networks import Network, formulas
from chainrule.networks.activations import ACTIVATIONS
from chainrule.networks.costs import COSTS

PAIRS = [(a, c) for a in ACTIVATIONS for c in COSTS if COSTS[c].activation in (None, a)]


@st.composite
def cases(draw):
    """A network of 1 to 4 hidden layers in float64 with a batch of examples and targets for it."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=3, max_size=6))
    activation, cost = draw(st.sampled_from(PAIRS))
    seed = draw(st.integers(0, 2**31))
    weights = draw(st.sampled_from(["scaled", "normal"]))
    network = Network(sizes, activation, cost, weights, seed, "float64")
    random = np.random.default_rng(seed + 1)
    m = draw(st.integers(1, 5))
    return network, random.normal(size=(m, sizes[0])), random.uniform(size=(m, sizes[-1]))


def rules(network):
    return ACTIVATIONS[network.activation], COSTS[network.cost_name]


def assert_alike(found, expected, rtol=1e-12):
    """Compare lists of arrays, each to `rtol` of the largest entry of its array."""
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * np.abs(theirs).max())


@given(cases())
def test_closed_formulas_literal_algorithm_and_engine_agree_for_an_example(case):
    network, (x, *_), (y, *_) = case
    closed = formulas.one_example(network.weights, network.biases, x, y, *rules(network))
    literal = formulas.literal(network.weights, network.biases, x, y, *rules(network))
    engine = network.gradient(x, y)
    for other in (literal, engine):
        assert_alike(other.weights, closed.weights)
        assert_alike(other.biases, closed.biases)
    assert_alike(literal.deltas, closed.deltas)
    np.testing.assert_allclose([literal.C, network.cost(x, y)], closed.C, rtol=1e-12)


@given(cases())
def test_closed_formulas_literal_algorithm_and_engine_agree_for_a_batch(case):
    network, x, y = case
    m = len(x)
    closed = formulas.mini_batch(network.weights, network.biases, x, y, *rules(network))
    engine = network.gradient(x, y)
    assert_alike(engine.weights, closed.weights)
    assert_alike(engine.biases, closed.biases)
    literal = [
        formulas.literal(network.weights, network.biases, *example, *rules(network))
        for example in zip(x, y, strict=True)
    ]
    for field in ("weights", "biases"):
        means = [np.mean(layer, axis=0) for layer in zip(*(getattr(one, field) for one in literal), strict=True)]
        assert_alike(getattr(closed, field), means)
    rows = [np.array(layer) / m for layer in zip(*(one.deltas for one in literal), strict=True)]
    assert_alike(closed.deltas, rows)
    np.testing.assert_allclose(closed.C, np.mean([one.C for one in literal]), rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_all_agree_with_central_differences(case):
    network, x, y = case
    # A step across relu's corner would see two slopes.
    if network.activation == "relu":
        z = np.concatenate([z.ravel() for z in network.forward(x).z])
        if np.abs(z).min() < 1e-3:
            return
    found = network.gradient(x, y)
    random = np.random.default_rng(0)
    h = 1e-6
    for arrays, gradients in ((network.weights, found.weights), (network.biases, found.biases)):
        for theta, gradient in zip(arrays, gradients, strict=True):
            direction = random.normal(size=theta.shape)
            theta += h * direction
            above = network.cost(x, y)
            theta -= 2 * h * direction
            below = network.cost(x, y)
            theta += h * direction
            slope = (above - below) / (2 * h)
            np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layer_jacobian_and_weight_tensor_are_what_the_engine_says(activation):
    sigma = ACTIVATIONS[activation]
    random = np.random.default_rng(3)
    W, b, a = random.normal(size=(4, 3)), random.normal(size=4), random.normal(size=3)

    def layer(W, a):
        return sigma.function(W @ a + b)

    z = W @ a + b
    slope = sigma.derivative(z, layer(W, a))
    np.testing.assert_allclose(formulas.layer_jacobian(slope, W), jacobian(layer, wrt=1)(W, a), rtol=1e-12)
    tensor = formulas.weight_tensor(slope, a)
    assert tensor.shape == (4, 4, 3)
    np.testing.assert_allclose(tensor, jacobian(layer, wrt=0)(W, a), rtol=1e-12)


def test_the_papers_example_by_hand():
    """Two sigmoids in a row, every number worked out on paper: a = ½ everywhere, so σ' = ¼."""
    W, b = [np.zeros((1, 1)), np.array([[2.0]])], [np.zeros(1), np.array([-1.0])]
    for found in (
        formulas.one_example(W, b, np.array([3.0]), np.array([1.0])),
        formulas.literal(W, b, np.array([3.0]), np.array([1.0])),
    ):
        assert found.C == 0.125
        np.testing.assert_array_equal(found.deltas, [[-0.0625], [-0.125]])  # W δ σ' = 2·(-1/8)/4; (½ - 1)/4
        np.testing.assert_array_equal(found.weights, [[[-0.1875]], [[-0.0625]]])
        np.testing.assert_array_equal(found.biases, found.deltas)


def test_forward_counts_as_the_paper_does():
    W, b = [np.array([[1.0, 2.0]])], [np.array([0.5])]
    x = np.array([3.0, 4.0])
    z, a = formulas.forward(W, b, x, ACTIVATIONS["identity"])
    assert a[0] is x
    np.testing.assert_array_equal(z, [[11.5]])
    np.testing.assert_array_equal(a[1], [11.5])


@pytest.mark.parametrize("sizes", [[5, 4], [7, 5, 3], [4, 6, 2, 3]])
def test_price_counts_what_the_literal_algorithm_forms(sizes, monkeypatch):
    """Count the entries of the arrays while the algorithm runs, and hold the formula of the price against them."""
    formed = []

    def counting(function):
        def counted(*args, **kwargs):
            result = function(*args, **kwargs)
            formed.append(result.size)
            return result

        return counted

    monkeypatch.setattr(formulas, "weight_tensor", counting(formulas.weight_tensor))
    monkeypatch.setattr(formulas, "layer_jacobian", counting(formulas.layer_jacobian))
    network = Network(sizes, dtype="float64")
    formulas.literal(network.weights, network.biases, np.ones(sizes[0]), np.zeros(sizes[-1]))
    small = sum(2 * n * n + n for n in sizes[1:])
    assert formulas.price(sizes)["literal"].numbers == sum(formed) + small
    assert formulas.price(sizes)["closed"].numbers == sum(sizes[1:])


def test_price_of_a_neuron_with_two_inputs_by_hand():
    closed, literal = formulas.price([2, 1]).values()
    assert closed == (1 + 2, 1)  # σ' times ∂C/∂a, and δ times each input
    # two diagonal matrices, a tensor of 2 formed (by two products each) and contracted, a Jacobian formed and applied
    assert literal == (2 + 4 + 2 + 2 + 2, 2 + 2 + 2 + 1)


def test_price_of_the_papers_network():
    price = formulas.price([784, 30, 10])
    assert price["closed"].multiplications == 30 * 784 + 30 + 10 * 30 + 10 + 10 * 30
    assert price["literal"].bytes() == 8 * price["literal"].numbers > 5_000_000
    assert price["closed"].bytes(itemsize=4) == 160
