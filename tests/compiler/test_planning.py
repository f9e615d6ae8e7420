import numpy as np
import pytest
from tests.compiler.comparing import assert_compiled

from chainrule import scan
from chainrule.graph.structure import flatten

X = np.random.default_rng(0).normal(size=70)
A = np.random.default_rng(1).normal(size=(20, 20))


def written(target, source):
    def f(x):
        y = x * 2
        y[target] = y[source]
        return y

    return f


@pytest.mark.parametrize(
    ("target", "source"),
    [
        (np.s_[1:], np.s_[:-1]),
        (np.s_[:-1], np.s_[1:]),
        (np.s_[...], np.s_[::-1]),
        (np.s_[::2], np.s_[1::2]),
        (np.s_[:35], np.s_[35:]),
    ],
)
@pytest.mark.parametrize("after", [lambda y: y, lambda y: y + 1], ids=["the result", "within"])
def test_what_is_written_into_may_be_what_is_read(target, source, after):
    assert_compiled(lambda x: after(written(target, source)(x)), X)


@pytest.mark.parametrize("product", [lambda B: B + B @ B, lambda B: B @ A + B.T, lambda B: (B @ B) + B.T])
def test_a_product_is_not_added_onto_its_own_factor(product):
    assert_compiled(lambda x: product(x * 2), A)
    assert_compiled(lambda x: product(x * 2)[::-1] + 1, A)


def test_a_carry_does_not_take_the_memory_of_what_the_turns_read():
    def captured(x):
        y = x * 2
        return scan(lambda c, _: (c * 0.5 + y, np.sum(c)), y, length=5)

    def rows(x):
        y = x * 2
        return scan(lambda c, row: (c * 0.5 + np.sum(row), c + row[0]), y, y)

    def both(x):
        y = x * 2
        return scan(lambda c, _: ((c[1] * 0.5, c[0] + c[1][::-1]), c[1]), (y, y), length=5)

    for f in (captured, rows, both):
        assert_compiled(f, A)
        assert_compiled(lambda x, f=f: [y[::-1] + 1 for y in flatten(f(x))[0]], A)


def test_carries_that_change_places():
    def swapped(x):
        return scan(lambda c, _: ((c[1], c[0]), c[0]), (x * 2, x + 1), length=5)

    def turned(x):
        return scan(lambda c, _: ((c[1], c[0][::-1]), c[1]), (x * 2, x + 1), length=5)

    assert_compiled(swapped, X)
    assert_compiled(turned, X)
    assert_compiled(lambda x: scan(lambda c, _: (c[::-1], c), x, length=5), X)
    assert_compiled(lambda x: scan(lambda c, _: (c[::-1] + c, np.sum(c)), x, length=5), X)
    assert_compiled(lambda x: scan(lambda c, _: (c.T @ c * 0.1 + c, c[0]), x, length=5), A)


def test_results_that_are_arguments_views_constants_or_the_same_twice():
    assert_compiled(lambda x: (x, x.T, x[::-1], x), A)
    assert_compiled(lambda x: (x * 2, x * 2, np.ones(3), np.float64(3.0), x[0], np.zeros((0, 2))), A)
    assert_compiled(lambda x: (lambda y: (y, y.T, y[1:], y[0, 0]))(x * 2), A)


def test_truth_and_whole_numbers_are_moved_too():
    assert_compiled(lambda x: ((x > 0).T.reshape(-1), np.concatenate([x > 0, x < 1])[::2].reshape(-1)), A)
    assert_compiled(lambda x: (x.astype(np.int32).T.reshape(-1), (x + 1j).T.reshape(-1)), A)
