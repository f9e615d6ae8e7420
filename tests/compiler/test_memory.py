"""Where a program's arrays lie: parts of an arena that are used again, and arenas of loops that share their place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compiler.comparing import assert_compiled

from chainrule import checkpoint, grad, scan
from chainrule.compiler.memory import Blocks, Memory
from chainrule.compiler.plan import Buffer
from chainrule.compiler.program import program_of


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 9))))
def test_parts_of_an_arena_do_not_overlap_while_they_are_in_use(wishes):
    """Each wish takes a part, and gives back the one that was taken so many wishes before."""
    blocks = Blocks()
    taken: list[tuple[int, int]] = []
    for nbytes, back in wishes:
        offset = blocks.take(nbytes)
        assert offset % 64 == 0
        assert offset + nbytes <= blocks.size
        assert all(offset + max(nbytes, 1) <= o or o + max(n, 1) <= offset for o, n in taken)
        taken.append((offset, nbytes))
        if back < len(taken):
            blocks.give_back(*taken.pop(-1 - back))


def test_neighbours_that_were_given_back_are_one_part():
    blocks = Blocks()
    parts = [blocks.take(64) for _ in range(3)]
    for offset in (parts[0], parts[2], parts[1]):
        blocks.give_back(offset, 64)
    assert blocks.take(192) == 0
    assert blocks.size == 192


def test_the_smallest_part_that_is_large_enough_is_taken():
    blocks = Blocks()
    parts = [blocks.take(n) for n in (256, 64, 128, 64)]
    blocks.give_back(parts[0], 256)
    blocks.give_back(parts[2], 128)
    assert blocks.take(100) == parts[2]


def test_arenas_of_loops_lie_behind_the_one_around_them_and_share_their_place():
    memory = Memory()
    whole = memory.arena(None)
    first, second = memory.arena(whole), memory.arena(whole)
    inner = memory.arena(second)
    for k, nbytes in ((whole, 64), (first, 640), (second, 128), (inner, 192)):
        memory.buffers[k] = Buffer("scratch", 0, nbytes)
    assert memory.lay_out() == 64 + 640
    assert [memory.buffers[k].number for k in (whole, first, second, inner)] == [0, 64, 64, 64 + 128]


def chain(n, checkpoint):
    def cost(w, a):
        return np.sum(scan(lambda c, _: (np.sin(w * c), None), a, length=n, checkpoint=checkpoint)[0])

    return cost


A = np.ones(512)


@pytest.mark.parametrize("derivative", [grad, lambda f: grad(lambda w, a: grad(f)(w, a) ** 2)], ids=["first", "second"])
def test_with_checkpoints_memory_grows_with_the_square_root_of_the_length(derivative):
    def growth(checkpoint):
        short, long = (program_of(derivative(chain(n, checkpoint)), (0.5, A), native=False) for n in (36, 576))
        return long.memory.arena / short.memory.arena

    assert growth(True) < 4.5  # 4, as of √16
    assert growth(False) > 12  # 16


def blocks(n, wrap):
    def block(w, a):
        for _ in range(10):
            a = np.sin(w @ a)
        return a

    def cost(w, a):
        for _ in range(n):
            a = (checkpoint(block) if wrap else block)(w, a)
        return np.sum(a**2)

    return cost


def test_of_a_checkpointed_function_only_what_it_begins_with_is_kept():
    W, a = np.eye(5), np.ones((5, 80))

    def growth(wrap):
        short, long = (program_of(grad(blocks(n, wrap)), (W, a), native=False).memory.arena for n in (4, 24))
        return (long - short) / (20 * a.nbytes)

    assert growth(True) < 2  # what it begins with, and little of what its derivative does
    assert growth(False) > 10
    assert_compiled(grad(blocks(4, True), (0, 1)), W, a)
