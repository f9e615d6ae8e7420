import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.document.text import text
from chainrule.networks import formulas
from chainrule.networks.activations import ACTIVATIONS
from chainrule.networks.costs import COSTS
from chainrule.teaching.asked import all_asked
from chainrule.teaching.exercises import exercise

exercises = st.builds(
    exercise,
    st.lists(st.integers(1, 5), min_size=2, max_size=5),
    seed=st.integers(0, 10_000),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    batch=st.none() | st.integers(1, 6),
    eta=st.sampled_from([0.1, 0.5, 3.0]),
) | st.builds(
    exercise,
    st.lists(st.integers(1, 5), min_size=2, max_size=5),
    seed=st.integers(0, 10_000),
    cost=st.just("cross_entropy"),
    batch=st.none() | st.integers(1, 6),
)


@given(exercises)
def test_the_answers_are_those_of_the_closed_formulas(made):
    """The formulas of a worksheet against those of section IV.4, and the gradient against `grad`."""
    L, v = len(made.layers) - 1, made.values
    W, b = made.network.weights, made.network.biases
    closed = formulas.one_example if made.batch is None else formulas.mini_batch
    found = closed(W, b, v["x"].T, v["y"].T, ACTIVATIONS[made.activation], COSTS[made.cost])
    gradient = made.network.gradient(v["x"].T, v["y"].T)
    np.testing.assert_allclose(v["C"], found.C, rtol=1e-9)
    for layer in range(1, L + 1):
        np.testing.assert_allclose(v[f"delta_{layer}"].T, found.deltas[layer - 1], atol=1e-12)
        np.testing.assert_allclose(v[f"dW_{layer}"], found.weights[layer - 1], atol=1e-12)
        np.testing.assert_allclose(v[f"db_{layer}"], found.biases[layer - 1], atol=1e-12)
        np.testing.assert_allclose(v[f"dW_{layer}"], gradient.weights[layer - 1], atol=1e-12)
        np.testing.assert_allclose(v[f"W_{layer}_new"], W[layer - 1] - made.eta * v[f"dW_{layer}"], atol=1e-12)
        np.testing.assert_allclose(v[f"b_{layer}_new"], b[layer - 1] - made.eta * v[f"db_{layer}"], atol=1e-12)


@given(exercises)
def test_each_has_the_shape_and_the_needs_it_names(made):
    before = dict(made.given)
    for one in made.asked:
        assert set(one.needs) <= before.keys()
        value = one.compute({name: before[name] for name in (*made.given, *one.needs)})
        assert value.shape == one.shape
        before[one.label] = value


def test_labels_are_told_apart():
    labels = [one.label for one in all_asked([2] * 6, "tanh", "quadratic", 2, 0.5)]
    assert len(set(labels)) == len(labels) == 5 * 7 + 1


@pytest.mark.parametrize(
    ("batch", "cost", "written"),
    [
        (None, "quadratic", ["C = ½ ‖a² − y‖²", "δ² = (a² − y) ⊙ σ'(z²)", "δ¹ = (W²)ᵀ δ² ⊙ σ'(z¹)", "∂C/∂b¹ = δ¹"]),
        (
            3,
            "quadratic",
            ["C = (1/6) ‖a² − y‖²", "δ² = (a² − y) / 3 ⊙ σ'(z²)", "∂C/∂W¹ = δ¹ xᵀ", "∂C/∂b¹ = Σⱼ δ¹[:, j]"],
        ),
        (None, "cross_entropy", ["δ² = a² − y", "C = −Σ (y ⊙ ln(a²) + (1 − y) ⊙ ln(1 − a²))"]),
        (2, "cross_entropy", ["δ² = (a² − y) / 2", "W_{new}¹ = W¹ − η ∂C/∂W¹", "z² = W² a¹ + b²"]),
    ],
)
def test_formulas_as_they_are_written(batch, cost, written):
    lines = [text(one.equation) for one in all_asked([3, 4, 2], "sigmoid", cost, batch, 0.5)]
    assert set(written) <= set(lines), lines
