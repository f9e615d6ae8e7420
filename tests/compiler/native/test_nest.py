import numpy as np
import pytest

pytest.importorskip("llvmlite")

from chainrule.compiler.native.nest import ROWS, TURNS, Loop, Reduction, order, reduction, simplify
from chainrule.compiler.plan import Kernel, Read, Store

F8 = np.dtype(np.float64)


def copying(shape, source, target, **more):
    return Kernel(shape, (Read(0, source, F8),), (Store(0, 1, target, **more),))


def test_axes_that_go_on_where_the_next_one_ends_become_one():
    kernel, scale = simplify(copying((4, 5, 6), (30, 6, 1), (30, 6, 1)))
    assert (kernel.shape, scale) == ((120,), 30)
    assert kernel.stores[0].strides == (1,)
    kernel, scale = simplify(copying((4, 5, 6), (30, 6, 1), (60, 12, 2)))
    assert (kernel.shape, scale) == ((120,), 30)


@pytest.mark.parametrize("source", [(0, 6, 1), (31, 6, 1), (-30, 6, 1), (1, 24, 4)])
def test_the_first_axis_stays_where_it_runs_unevenly(source):
    kernel, scale = simplify(copying((4, 5, 6), source, (30, 6, 1)))
    assert kernel.shape[0] == 4
    assert scale == 1


def test_axes_of_which_only_one_is_reduced_stay():
    kernel, scale = simplify(copying((4, 5), (5, 1), (1, 0), reduce="add", axes=(1,)))
    assert (kernel.shape, scale) == ((4, 5), 1)
    kernel, scale = simplify(copying((4, 5), (5, 1), (0, 0), reduce="add", axes=(0, 1)))
    assert (kernel.shape, kernel.stores[0].axes, scale) == ((20,), (0,), 5)


def test_axes_of_size_1_vanish():
    kernel, scale = simplify(copying((1, 5, 1), (0, 1, 7), (5, 1, 3)))
    assert (kernel.shape, scale) == ((5,), 0)
    kernel, scale = simplify(copying((1, 1), (0, 0), (0, 0), reduce="add", axes=(1,)))
    assert (kernel.shape, kernel.stores[0].reduce, scale) == ((), None, 0)


def test_a_reduced_axis_runs_inside_the_vectors_of_the_last_one():
    kernel = copying((10, 50), (50, 1), (0, 1), reduce="add", axes=(0,))
    loops = order(kernel, 32)
    assert loops == (Loop(1), Loop(0))
    assert reduction(kernel.stores[0], kernel, loops, 32) == Reduction((1,), first=1, partial=False)


def test_a_long_one_does_so_in_blocks():
    kernel = copying((1000, 50), (50, 1), (0, 1), reduce="add", axes=(0,))
    loops = order(kernel, 32)
    assert loops == (Loop(0, "blocks", ROWS), Loop(1), Loop(0, "within", ROWS))
    assert reduction(kernel.stores[0], kernel, loops, 32) == Reduction((2,), first=0, partial=True)


def test_a_long_row_is_added_up_in_blocks():
    kernel = copying((10**6,), (1,), (0,), reduce="add", axes=(0,))
    loops = order(kernel, 32)
    assert loops == (Loop(0, "blocks", 32 * TURNS), Loop(0, "within", 32 * TURNS))
    assert reduction(kernel.stores[0], kernel, loops, 32) == Reduction((0, 1), first=0, partial=False)
