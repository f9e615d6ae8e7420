import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from tests.compiler.native.running import arrays_of, check, compiled, plain, products

from chainrule.compiler.native import products as own
from chainrule.compiler.native.blas import blas_takes, choose, emit_blas, extent, link
from chainrule.compiler.native.products import emit_product

LAYOUTS = ["".join(letters) for letters in itertools.product("NT", repeat=3)]
link()


@given(products(for_blas=True))
def test_what_blas_takes_it_computes(product):
    assert blas_takes(product)
    check(product, compiled(emit_blas, product), [(0, product.batch[0] if product.batch else 1)])


@pytest.mark.parametrize("shape", [(10, 30, 784), (3, 3, 3), (1, 40, 37), (40, 1, 37), (5, 6, 1), (1, 1, 1), (1, 1, 9)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_layouts_without_gaps_are_taken(shape, layout):
    m, n, k = shape
    for dtype, (alpha, beta) in [("f4", (-0.3, 1.0)), ("f8", (1.0, 0.0)), ("f8", (2.0, -0.5))]:
        product = plain(dtype, m, n, k, layout, alpha=alpha, beta=beta)
        assert blas_takes(product)
        check(product, compiled(emit_blas, product), [(0, 1)])


def test_a_batch_is_a_loop():
    product = plain("f4", 6, 7, 5, batch=(3, 4), a_batch=(120, 30), b_batch=(35, 0), c_batch=(42, 126), beta=1.0)
    function = compiled(emit_blas, product)
    np.testing.assert_array_equal(
        check(product, function, [(0, 3)]), check(product, function, [(2, 3), (0, 1), (1, 2), (1, 1)])
    )


def test_an_empty_part_does_nothing():
    product = plain("f4", 6, 7, 5)
    arrays = arrays_of(product)
    compiled(emit_blas, product)(arrays, 0, 0)
    assert np.all(np.isnan(arrays[2].view))


@pytest.mark.parametrize(
    "change",
    [
        {"a_strides": (10, 2)},
        {"a_strides": (-5, 1)},
        {"b_strides": (0, 1)},
        {"b_strides": (3, 1)},
        {"b_strides": (1, 3)},
        {"c_strides": (7, -1)},
        {"alpha": 0.0},
        {"bias": True},
        {"k": 0},
        {"a_strides": (2**31, 1)},
    ],
)
def test_what_blas_cannot_read_it_does_not_take(change):
    fine = plain("f4", 6, 7, 5)
    assert blas_takes(fine)
    assert not blas_takes(replace(fine, **change))


def test_small_products_are_ours_and_large_thin_ones_blas():
    small, large = plain("f4", 10, 30, 784, "NT"), plain("f8", 2100, 1, 2100)
    assert (choose(small), choose(large)) == (emit_product, emit_blas)
    assert (extent(small), extent(large)) == (own.extent(small), 1)
    assert choose(plain("f8", 2100, 1, 2100, bias=True)) is emit_product
