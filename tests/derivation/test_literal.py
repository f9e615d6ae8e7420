"""The literal form, and what it costs beside the shortcut."""

import numpy as np
import pytest

from chainrule import Network, derive


def priced(derivation, name):
    """What is handed to a quantity: by the literal form, and by the shortcut."""
    (contribution,) = derivation.step(derivation.named(name).key).contributions
    return contribution.literal.price, contribution.literal.shortcut_price


def neurons(z):
    a = 1 / (1 + np.exp(-z))
    return 0.5 * np.sum(a**2)


def test_the_papers_first_layer_forms_a_tensor_where_an_outer_product_would_do():
    derivation = Network([784, 30, 10]).derive(np.full(784, 0.5), 7, full=True)
    literal, shortcut = priced(derivation, "W")
    assert (literal.multiplications, literal.bytes) == (30 * 30 * 784, 4 * 30 * 30 * 784)
    assert shortcut.multiplications == 30 * 784


@pytest.mark.parametrize("n", [1, 5, 20])
def test_of_what_was_recognised_the_formula_is_priced(n):
    """∂C/∂a ⊙ a ⊙ (1 − a) takes two products of n numbers, and forms one array on the way."""
    literal, shortcut = priced(derive(neurons, full=True)(np.linspace(-1, 1, n)), "z")
    assert (literal.multiplications, literal.bytes) == (n * n, 8 * n * n)
    assert (shortcut.multiplications, shortcut.bytes) == (2 * n, 8 * n)


def test_what_is_only_passed_on_is_free():
    derivation = Network([4, 3]).derive(np.full(4, 0.5), 2, full=True)
    _, shortcut = priced(derivation, "b")
    assert (shortcut.multiplications, shortcut.bytes) == (0, 0)
