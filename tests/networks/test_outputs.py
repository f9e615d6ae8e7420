import numpy as np
import pytest

from chainrule.compiler.native import engine
from chainrule.networks import Network, outputs
from chainrule.networks.activations import ACTIVATIONS


@pytest.fixture
def case():
    """A network and 23 examples, with what it answers to each."""
    network = Network([4, 5, 3], "tanh", dtype="float64")
    x = np.random.default_rng(0).normal(size=(23, 4))
    return network, x, np.array([network.forward(row).a[-1] for row in x])


@pytest.mark.parametrize(
    ("name", "limit"), [("ROWS_AT_A_TIME", 7), ("WEIGHTS_AT_A_TIME", 80), ("WEIGHTS_AT_A_TIME", 1)]
)
def test_large_data_go_through_in_blocks(monkeypatch, case, name, limit):
    network, x, expected = case
    monkeypatch.setattr(outputs, name, limit)
    plain, sizes = outputs.carrier(ACTIVATIONS["tanh"], len(x)), []

    def carry(W, b, block):
        sizes.append(len(block))
        return plain(W, b, block)

    found = outputs.outputs(carry, network.weights, network.biases, x)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    assert len(sizes) > 1
    assert sum(sizes) == 23
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) * (1 if name == "ROWS_AT_A_TIME" else 35) <= max(limit, 35)


@pytest.mark.parametrize("available", [True, False])
def test_for_many_examples_it_is_compiled_where_that_is_possible(monkeypatch, case, available):
    network, x, expected = case
    monkeypatch.setattr(engine, "available", lambda: available)
    carry = outputs.carrier(ACTIVATIONS["tanh"], outputs.WORTH_COMPILING)
    assert hasattr(carry, "__wrapped__") is available
    np.testing.assert_allclose(carry(network.weights, network.biases, x), expected, rtol=1e-13)
    assert not hasattr(outputs.carrier(ACTIVATIONS["tanh"], outputs.WORTH_COMPILING - 1), "__wrapped__")
