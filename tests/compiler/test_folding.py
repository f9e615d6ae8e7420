"""Patterns that become one step: products that are added onto, scaled and turned, pieces added into their place."""

import numpy as np
import pytest
from tests.compiler.comparing import assert_compiled
from tests.compiler.lowering_as_text import lowered, text

from chainrule import compile
from chainrule.compiler.folding import fold
from chainrule.compiler.plan import Product, Step

A, B, C, ROW = (np.random.default_rng(7).normal(size=shape) for shape in ((2, 3), (3, 2), (2, 2), (2,)))


def placed(x, index, rest=0.0):
    y = np.zeros_like(x) + rest
    y[index] = x[index]
    return y


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda a, b, c: c + a @ b, "dot(x0, x1, x2)"),
        (lambda a, b, c: a @ b + c, "dot(x0, x1, x2)"),
        (lambda a, b, c: c - a @ b, "dot(x0, x1, x2, -1.0)"),
        (lambda a, b, c: a @ b - c, "subtract(dot(x0, x1), x2)"),
        (lambda a, b, c: 3 * (a @ b), "dot(x0, x1, 3.0)"),
        (lambda a, b, c: (a @ b) * 3 * 2, "dot(x0, x1, 6.0)"),
        (lambda a, b, c: c + 3 * (a @ b), "dot(x0, x1, x2, 3.0)"),
        (lambda a, b, c: c - -2 * (a @ b), "dot(x0, x1, x2, 2.0)"),
        (lambda a, b, c: (a @ b).T, "dot(permute(x1, (1, 0)), permute(x0, (1, 0)))"),
        (lambda a, b, c: (2 * (a @ b)).T, "dot(permute(x1, (1, 0)), permute(x0, (1, 0)), 2.0)"),
        (lambda a, b, c: (a.T @ b.T).T, "dot(x1, x0)"),
        (lambda a, b, c: a @ b + c @ c, "dot(x2, x2, dot(x0, x1))"),
        # a product that is asked for elsewhere too stays
        (lambda a, b, c: (a @ b, c + a @ b), "dot(x0, x1); add(x2, dot(x0, x1))"),
        (lambda a, b, c: a @ b + a @ b, "add(dot(x0, x1), dot(x0, x1))"),
        # what is repeated is not added onto
        (lambda a, b, c: c[0] + a @ b, "add(reshape(slice(x2, (0, 0), (1, 1)), (2,)), dot(x0, x1))"),
        (lambda a, b, c: c[0, 0] * (a @ b), "multiply(reshape(slice(x2, (0, 0), (1, 1)), ()), dot(x0, x1))"),
        (lambda a, b, c: np.inf * (a @ b), "multiply(inf, dot(x0, x1))"),
        # pieces among zeros
        (
            lambda a, b, c: c + placed(c * 2, np.s_[:1]),
            "write(x2, slice(multiply(x2, 2.0), (0, 0), (1, 1)), (0, 0), (1, 1), True)",
        ),
        (
            lambda a, b, c: placed(c, np.s_[:, 1:]) + c * 2,
            "write(multiply(x2, 2.0), slice(x2, (0, 1), (1, 1)), (0, 1), (1, 1), True)",
        ),
        (
            lambda a, b, c: c - placed(c, np.s_[:1]),
            "subtract(x2, write(broadcast(0.0, (2, 2)), slice(x2, (0, 0), (1, 1)), (0, 0), (1, 1)))",
        ),
        (
            lambda a, b, c: (placed(c, np.s_[:1]), c + placed(c, np.s_[:1])),
            "write(broadcast(0.0, (2, 2)), slice(x2, (0, 0), (1, 1)), (0, 0), (1, 1)); "
            "add(x2, write(broadcast(0.0, (2, 2)), slice(x2, (0, 0), (1, 1)), (0, 0), (1, 1)))",
        ),
        (
            lambda a, b, c: c + placed(c, np.s_[:1], 1.0),
            "add(x2, write(broadcast(1.0, (2, 2)), slice(x2, (0, 0), (1, 1)), (0, 0), (1, 1)))",
        ),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_is_folded(f, expected):
    builder, _, outputs = lowered(f, A, B, C)
    assert "; ".join(map(text, fold(builder, outputs))) == expected
    if "inf" not in expected:
        assert_compiled(f, A, B, C)


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
