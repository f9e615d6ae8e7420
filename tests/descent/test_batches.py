import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.descent.batches import mini_batch, order_of


@given(examples=st.integers(2, 100), seed=st.tuples(st.integers(0, 9), st.integers(1, 9)))
def test_every_example_comes_once(examples, seed):
    order = order_of(examples, 1, seed=seed)
    np.testing.assert_array_equal(np.sort(order), np.arange(examples))


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else():
    orders = [tuple(order_of(50, 7, seed=(seed, epoch))) for seed in (0, 1) for epoch in (1, 2)]
    assert orders[0] == tuple(order_of(50, 8, seed=(0, 1)))
    assert len(set(orders)) == 4


def test_a_mini_batch_of_all_is_not_shuffled_and_not_copied():
    x = np.arange(4)
    order = order_of(4, 4, seed=(0, 1))
    assert order.tolist() == [0, 1, 2, 3]
    (batch,) = mini_batch([x], order, 4)
    assert batch is x


def test_a_mini_batch_has_the_same_rows_of_each_array():
    x = np.arange(10).reshape(5, 2)
    ours, theirs = mini_batch([x, -x], np.array([3, 1]), 5)
    np.testing.assert_array_equal(ours, [[6, 7], [2, 3]])
    np.testing.assert_array_equal(theirs, -ours)


def test_without_data_a_mini_batch_is_empty():
    assert mini_batch([], order_of(1, 1, seed=(0, 1)), 1) == []
