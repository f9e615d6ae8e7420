import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.descent.batches import EXAMPLES_GATHERED, mini_batches


@given(
    examples=st.integers(1, 3 * EXAMPLES_GATHERED),
    batch_size=st.integers(1, 2 * EXAMPLES_GATHERED),
    seed=st.tuples(st.integers(0, 9), st.integers(1, 9)),
)
def test_every_example_comes_once_in_batches_of_the_right_size(examples, batch_size, seed):
    batch_size = min(batch_size, examples)
    x = np.arange(examples)
    batches = list(mini_batches([x, -x], examples, batch_size, seed=seed))
    assert all(size == len(a) == len(b) for size, (a, b) in batches)
    assert all(np.array_equal(a, -b) for _, (a, b) in batches)
    seen = np.concatenate([a for _, (a, _) in batches])
    np.testing.assert_array_equal(np.sort(seen), x)
    sizes = [size for size, _ in batches]
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
    assert 1 <= sizes[-1] <= batch_size


def orders(seed):
    return [int(row) for _, (rows,) in mini_batches([np.arange(50)], 50, 7, seed=seed) for row in rows]


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else():
    assert orders((0, 1)) == orders((0, 1))
    assert len({tuple(orders((seed, epoch))) for seed in (0, 1) for epoch in (1, 2)}) == 4


def test_the_whole_data_are_not_copied():
    x = np.arange(4)
    ((size, (batch,)),) = mini_batches([x], 4, 4, seed=(0, 1))
    assert size == 4
    assert batch is x


def test_without_data_an_epoch_is_one_step():
    assert list(mini_batches([], 1, 1, seed=(0, 1))) == [(1, [])]
