"""Sums of products in Einstein's notation, against central differences."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.numerics import assert_derivatives

import chainrule.rules.einsum  # noqa: F401  (enters its rules)
from chainrule import grad, jacobian, vjp

PATTERNS = [
    # one operand
    ("i", (3,)),
    ("i->", (3,)),
    ("ij->ji", (2, 3)),
    ("ji", (2, 3)),
    ("ijk->ki", (2, 3, 2)),
    ("ii", (3, 3)),
    ("ii->i", (3, 3)),
    ("iij->ji", (2, 2, 3)),
    ("iii->i", (2, 2, 2)),
    ("iijj->ij", (2, 2, 3, 3)),
    ("iijj", (2, 2, 3, 3)),
    ("...", (2, 3)),
    ("...ij->...ji", (2, 3, 2)),
    ("...ii->...", (2, 3, 3)),
    ("i...i", (3, 2, 3)),
    ("i...->...", (3, 2)),
    ("", ()),
    # two
    ("ij,jk", (2, 3), (3, 2)),
    ("ij,jk->ik", (2, 3), (3, 2)),
    ("ij,jk->ki", (2, 3), (3, 2)),
    ("ij,jk->", (2, 3), (3, 2)),
    ("i,j->ij", (2,), (3,)),
    ("i,i", (3,), (3,)),
    ("i,j", (2,), (3,)),
    (",", (), ()),
    (",ij", (), (2, 3)),
    ("ij,kl->jl", (2, 3), (2, 2)),
    ("ii,ij->j", (2, 2), (2, 3)),
    ("ij,ij->ij", (1, 3), (2, 3)),
    ("ij,jk->ik", (2, 1), (3, 2)),
    ("i,i->i", (1,), (0,)),
    ("i,ij->j", (3,), (3, 0)),
    ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
    ("...ij,...jk", (2, 1, 2, 3), (3, 3, 2)),
    ("...i,...i", (2, 3), (1, 3)),
    ("i...,j", (2, 3), (2,)),
    ("b...,b...->b...", (2, 1, 3), (2, 2, 1)),
    # more
    ("i,ij,j->", (2,), (2, 3), (3,)),
    ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ij,ik,il->jkl", (3, 2), (3, 2), (3, 2)),
    ("ii,jj,kk->ik", (2, 2), (2, 2), (3, 3)),
    ("a,b,c,d->abcd", (2,), (2,), (1,), (2,)),
    (" i j , j -> i ", (2, 3), (3,)),
]


def operands(shapes, kind=float):
    random = np.random.default_rng(7)
    real = [random.normal(size=shape) for shape in shapes]
    return real if kind is float else [x + 1j * random.normal(size=x.shape) for x in real]


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize(("subscripts", "shapes"), [(p[0], p[1:]) for p in PATTERNS])
def test_pattern(subscripts, shapes, optimize, kind):
    # Two orders of the products of several factors, in reals without a path, and one of the rest.
    order = 2 if kind is float and not optimize and len(shapes) < 4 else 1
    assert_derivatives(
        lambda *xs: np.einsum(subscripts, *xs, optimize=optimize), *operands(shapes, kind), order=order, rtol=1e-4
    )


SUBLISTS = {
    "one": lambda a, b: np.einsum(a, [0, 1], [1, 0]),
    "implied": lambda a, b: np.einsum(a, [0, 1], b, [1, 2]),
    "implied, not sorted": lambda a, b: np.einsum(a, [30, 1], b, [1, 2]),
    "implied, not sorted, with a path": lambda a, b: np.einsum(a, [30, 1], b, [1, 2], optimize=True),
    "explicit": lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [2, 0]),
    "ellipsis": lambda a, b: np.einsum(a, [Ellipsis, 1], b, [1, 2], [2, Ellipsis]),
    "scalar": lambda a, b: np.einsum(a, [0, 1], b, [1, 0], []),
}


@pytest.mark.parametrize("name", SUBLISTS)
def test_lists_of_numbers_for_subscripts(name):
    assert_derivatives(SUBLISTS[name], *operands([(2, 3), (3, 2)]))


OPTIONS: dict[str, dict[str, Any]] = {
    "greedy": {"optimize": "greedy"},
    "optimal": {"optimize": "optimal"},
    "path": {"optimize": ["einsum_path", (1, 2), (0, 1)]},
    "limit": {"optimize": ("greedy", 100)},
    "none": {"optimize": False},
    "order": {"order": "F"},
    "dtype": {"dtype": np.float64},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name):
    xs = operands([(2, 3), (3, 4), (4, 2)])
    assert_derivatives(lambda a, b, c: np.einsum("ij,jk,kl->il", a, b, c, **OPTIONS[name]), *xs)


def test_the_order_of_the_result_is_kept():
    assert vjp(lambda x: np.einsum("ij,jk->ik", x, x, order="F"), np.ones((2, 2)))[0].flags.f_contiguous


def test_a_path_is_found_for_traced_operands():
    def f(a, b, c):
        path, _ = np.einsum_path("ij,jk,kl->il", a, b, c)
        return np.einsum("ij,jk,kl->il", a, b, c, optimize=path)

    assert_derivatives(f, *operands([(2, 3), (3, 4), (4, 2)]))


@st.composite
def sums(draw):
    """A sum of products of any form: letters repeated, summed, shared, broadcast."""
    sizes = {letter: draw(st.integers(0, 3)) for letter in "ijkl"}
    terms = draw(st.lists(st.text("ijkl", max_size=3), min_size=1, max_size=3))
    seen = sorted(set("".join(terms)))
    output = "".join(draw(st.permutations(seen))[: draw(st.integers(0, len(seen)))])
    shapes = []
    for term in terms:
        once = draw(st.sampled_from(["", *(letter for letter in term if term.count(letter) == 1)]))
        shapes.append(tuple(1 if letter == once else sizes[letter] for letter in term))
    return f"{','.join(terms)}->{output}", shapes


@settings(max_examples=60)
@given(case=sums(), optimize=st.booleans())
def test_any_sum_of_products(case, optimize):
    subscripts, shapes = case
    xs = operands(shapes)
    try:
        np.einsum(subscripts, *xs, optimize=optimize)
    except ValueError:  # an axis of size 1 that NumPy's matrix products do not broadcast
        return
    assert_derivatives(lambda *xs: np.einsum(subscripts, *xs, optimize=optimize), *xs, order=1, rtol=1e-4)


def test_one_array_in_several_places():
    assert_derivatives(lambda x: np.einsum("ij,jk,ki->", x, x, x), operands([(3, 3)])[0])


def test_plain_operands_and_lists_of_numbers_among_the_traced():
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(grad(lambda x: np.einsum("i,i,->", x, [3, 4], 2))(x), [6, 8])
    np.testing.assert_array_equal(grad(lambda x: np.einsum("i,i->", x, np.array([True, False])))(x), [1, 0])


def test_float32_stays_float32():
    a, b = (x.astype(np.float32) for x in operands([(3, 3), (3, 2)]))
    value, pullback = vjp(lambda a, b: np.einsum("ii,ij->j", a, b), a, b)
    assert {x.dtype for x in (value, *pullback(np.ones(2, np.float32)))} == {np.dtype(np.float32)}


def test_dtype_computes_in_another_type_and_gives_the_cotangent_back_in_the_own_one():
    a = np.ones((2, 3), np.float32)
    value, pullback = vjp(lambda a: np.einsum("ij->i", a, dtype=np.float64), a)
    assert value.dtype == np.float64
    assert pullback(np.ones(2))[0].dtype == np.float32
    with pytest.raises(TypeError, match="Cannot cast"):
        grad(lambda a: np.einsum("ij->", a, dtype=np.float32))(np.ones((2, 3)))


def test_operands_that_are_not_contiguous():
    a, b = operands([(3, 4, 2), (4, 6)])
    assert_derivatives(lambda a, b: np.einsum("jki,kl->il", a, b), a[::-1, :, ::-1], b[:, ::2])


def test_a_diagonal_is_a_view_that_can_be_written_into():
    def f(x):
        y = x.copy()
        np.einsum("ii->i", y)[:] = x[0] ** 2
        np.einsum("ij->ji", y)[0] *= 3
        return y

    assert_derivatives(f, operands([(3, 3)])[0])


def test_out_may_be_given():
    def f(x):
        out = np.zeros_like(x)
        np.einsum("ij,jk->ik", x, x, out=out)
        return out * 2

    assert_derivatives(f, operands([(3, 3)])[0])


def test_numpy_refuses_what_it_refuses():
    with pytest.raises(ValueError, match="collapsing index"):
        grad(lambda x: np.einsum("ii", x))(np.ones((2, 3)))
    with pytest.raises(ValueError, match="subscripts"):
        grad(lambda x: np.einsum("ijk->", x))(np.ones((2, 3)))


def test_the_jacobian_of_a_trace_is_the_identity():
    np.testing.assert_array_equal(jacobian(lambda x: np.einsum("ii", x))(np.ones((3, 3))), np.eye(3))
