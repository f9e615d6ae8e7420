import numpy as np
import pytest
from tests.compiler.comparing import assert_compiled

from chainrule import compile
from chainrule.compiler.plan import Product, Step

random = np.random.default_rng(0)
W, tall, short = random.normal(size=(30, 40)), random.normal(size=(5, 30)), random.normal(size=(5, 40))


def products(f, *args):
    """The products of the program for f, and how many other steps it has."""
    steps = compile(f).program(*args).plan.steps
    found = [step.work for step in steps if isinstance(step, Step) and isinstance(step.work, Product)]
    return found, len(steps) - len(found)


@pytest.mark.parametrize(
    "update",
    [
        lambda W, a, b, eta: W - eta * (a.T @ b),
        lambda W, a, b, eta: W - (b.T @ a).T * eta,
        lambda W, a, b, eta: eta[np.newaxis, np.newaxis] * (a.T @ b) + W,
    ],
)
@pytest.mark.parametrize("eta", [np.float64(0.5), np.float64(-3.0)])
def test_a_factor_goes_into_the_smaller_operand_and_the_product_onto_the_array(update, eta):
    (product,), others = products(update, W, tall, short, eta)
    assert product.beta == 1
    assert others <= 2  # the scaled operand, and W copied to where the result is
    assert_compiled(update, W, tall, short, eta)


def test_it_stays_outside_where_both_operands_are_larger_than_the_product():
    def f(a, b, eta):
        return eta * (a @ b)

    _, others = products(f, tall, W, np.float64(2.0))
    assert others == 1
    assert_compiled(f, tall, W, np.float64(2.0))
    assert_compiled(f, random.normal(size=(3, 50)), random.normal(size=(50, 3)), np.float64(2.0))


def test_a_product_that_others_read_keeps_its_factor_outside():
    def f(W, a, b, eta):
        dW = a.T @ b
        return W - eta * dW, dW

    assert_compiled(f, W, tall, short, np.float64(0.5))


def test_a_factor_that_is_not_one_number_stays_outside():
    assert_compiled(lambda W, a, b, eta: W - eta * (a.T @ b), W, tall, short, random.normal(size=40))
    assert_compiled(lambda W, a, b, eta: W - eta * (a.T @ b), W, tall, short, random.normal(size=(2, 1, 1)))
