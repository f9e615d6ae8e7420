import contextlib
import ctypes
import itertools
import mmap
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided
from tests.compiler.native.running import Array, arrays_of, check, compiled, expected, plain, products

from chainrule.compiler.native.products import Target, emit_product, extent, host, is_fast

TARGETS = [Target(64, 32), Target(32, 16), Target(16, 16), Target(16, 32)]
LAYOUTS = ["".join(letters) for letters in itertools.product("NT", repeat=3)]
SHAPES = [(10, 30, 784), (10, 10, 30), (10, 30, 10), (30, 50, 10), (3, 3, 3), (1, 1, 100), (1, 40, 37), (40, 1, 37)]


def whole(product, target=None):
    """Compile a product for a target; give the function and its one part."""
    return compiled(emit_product, product, target), [(0, extent(product, target))]


@given(products(), st.sampled_from(TARGETS))
def test_products_of_any_layout(product, target):
    check(product, *whole(product, target))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [*SHAPES, (33, 70, 1), (17, 129, 65)])
def test_each_form_and_remainder(shape, layout):
    m, n, k = shape
    for dtype, (alpha, beta) in [("f4", (-0.3, 1.0)), ("f8", (1.0, 0.0))]:
        product = plain(dtype, m, n, k, layout, alpha=alpha, beta=beta)
        check(product, *whole(product))


@given(products(), st.data())
def test_parts_give_the_same_bits_as_the_whole(product, data):
    function, [(_, end)] = whole(product)
    cuts = sorted(data.draw(st.lists(st.integers(0, end), max_size=4)))
    parts = list(itertools.pairwise([0, *cuts, end]))
    # beta·C is added once by each part that covers an entry: a part done twice, or never, would show.
    one = check(product, function, [(0, end)])
    np.testing.assert_array_equal(check(product, function, data.draw(st.permutations(parts))), one)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_part_is_done_once(layout):
    product = plain("f4", 149, 257, 7, layout, beta=1.0)
    function, [(_, end)] = whole(product)
    assert end > 1
    check(product, function, [(part, part + 1) for part in reversed(range(end))])


@pytest.mark.skipif(sys.platform != "linux", reason="pages are guarded by what Linux calls mprotect")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_read_beyond_the_last_entry(layout, target):
    # A and B end where a page begins that nobody may touch: reading there ends the process.
    for m, n, k in [(3, 3, 3), (10, 30, 17), (37, 41, 10), (33, 18, 100)]:
        product = plain("f4", m, n, k, layout)
        arrays = arrays_of(product)
        wanted, error = expected(product, *arrays)
        with contextlib.ExitStack() as pages:
            guarded = [pages.enter_context(before_a_guarded_page(array)) for array in arrays]
            function, [(begin, end)] = whole(product, target)
            function(guarded, begin, end)
            assert np.all(np.abs(guarded[2].view - wanted) <= error)


@contextlib.contextmanager
def before_a_guarded_page(array):
    """Give a copy of an array that ends where a guarded page begins."""
    size = -(-array.buffer.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
    pages = mmap.mmap(-1, size + mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    assert protect(address + size, mmap.PAGESIZE, 0) == 0
    buffer = np.frombuffer(pages, array.buffer.dtype, array.buffer.size, size - array.buffer.nbytes)
    buffer[...] = array.buffer
    yield Array(as_strided(buffer, array.view.shape, array.view.strides), buffer)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_not_finite_is_passed_on_where_it_belongs(layout, value):
    product = plain("f4", 11, 19, 21, layout)
    a, b, c = arrays_of(product)
    a.view[4, 20] = b.view[3, 17] = value
    function, [(begin, end)] = whole(product)
    function([a, b, c], begin, end)
    with np.errstate(invalid="ignore"):
        wanted = a.view @ b.view
    assert np.count_nonzero(~np.isfinite(wanted)) == 11 + 19 - 1
    np.testing.assert_array_equal(np.isnan(c.view), np.isnan(wanted))
    np.testing.assert_array_equal(np.isposinf(c.view), np.isposinf(wanted))


def test_an_alpha_of_zero_keeps_nan():
    product = plain("f8", 3, 5, 4, alpha=0.0)
    a, b, c = arrays_of(product)
    a.view[1, 1] = np.nan
    function, [(begin, end)] = whole(product)
    function([a, b, c], begin, end)
    np.testing.assert_array_equal(np.isnan(c.view), [[False] * 5, [True] * 5, [False] * 5])


def test_a_part_without_rows_does_nothing():
    product = plain("f4", 7, 5, 3)
    arrays = arrays_of(product)
    function, _ = whole(product)
    for part in range(extent(product) + 1):
        function(arrays, part, part)
    assert np.all(np.isnan(arrays[2].view))


def test_the_parts_of_a_batch_are_its_first_axis():
    assert extent(plain("f4", 3, 3, 3, batch=(7, 2), a_batch=(18, 9), b_batch=(18, 9), c_batch=(18, 9))) == 7


def test_only_large_and_thin_products_are_not_fast():
    assert is_fast(plain("f4", 32, 100, 784))
    assert is_fast(plain("f4", 256, 2048, 2048))
    assert is_fast(plain("f8", 256, 2048, 2048))
    assert not is_fast(plain("f8", 2100, 1, 2100))


def test_what_is_not_wanted_of_a_tile_is_not_stored():
    # C is a part of a larger array, whose other entries must stay.
    product = plain("f4", 13, 19, 5)
    product = replace(product, c_strides=(40, 2))
    check(product, *whole(product))


def test_vectors_of_this_processor():
    assert host() in TARGETS
