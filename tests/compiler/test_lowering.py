"""What each family of rules is taken apart into; and what is left to NumPy."""

from typing import Any

import numpy as np
import pytest
import scipy.special
from tests.compiler.comparing import assert_compiled
from tests.compiler.lowering_as_text import texts

from chainrule import scan, stop_gradient
from chainrule.compiler.lowering.indexing import region

X, C, V, S = np.arange(6.0).reshape(2, 3) / 7, np.arange(24.0).reshape(2, 3, 4), np.arange(3.0), np.eye(3) + 0.1
ROWS, M, ONE = np.array([1, 0]), np.array([[True, False, True], [False, True, True]]), np.float64(2)


def assigned(index: Any) -> Any:
    def f(x: Any, v: Any = 7.0) -> Any:
        y = x * 1.5
        y[index] = v
        return y

    return f


CASES: dict[str, tuple[Any, ...]] = {
    # entry by entry
    "a function": (np.exp, (X,), "exp(x0)"),
    "a number": (lambda x: x + 2, (X,), "add(x0, 2.0)"),
    "whole numbers": (lambda x: x + 1, (ROWS,), "add(x0, 1)"),
    "whole numbers become real ones": (np.exp, (ROWS,), "exp(astype(x0, float64))"),
    "types are joined": (np.multiply, (V.astype(np.float32), V), "multiply(astype(x0, float64), x1)"),
    "a comparison": (lambda x: np.logical_not(x > 1), (X,), "logical_not(greater(x0, 1.0))"),
    "a function of SciPy": (scipy.special.erf, (X,), "erf(x0)"),
    "an unknown function": (scipy.special.gamma, (X + 1,), "part(gamma(x0), 0)"),
    "an unknown type": (lambda x: x * 1j, (X,), "part(multiply(x0), 0)"),
    "several results": (lambda x: np.modf(x)[1], (X,), "part(modf(x0), 1)"),
    "where": (lambda x: np.where(M, x, 0), (X,), "where(constant(2, 3), x0, 0.0)"),
    "where, repeated": (lambda x: np.where(M, x, x), (ONE,), "where(constant(2, 3), x0, x0)"),
    "astype": (lambda x: x.astype(np.float32), (X,), "astype(x0, float32)"),
    "astype of an unknown type": (lambda x: x.astype(complex), (X,), "part(astype(x0), 0)"),
    "copy": (np.copy, (X,), "x0"),
    "stop_gradient": (stop_gradient, (X,), "x0"),
    # reductions
    "sum": (lambda x: np.sum(x, axis=0), (X,), "reduce(x0, add, (0,))"),
    "sum, kept": (lambda x: np.sum(x, axis=-1, keepdims=True), (X,), "reshape(reduce(x0, add, (1,)), (2, 1))"),
    "sum, where": (lambda x: np.sum(x, where=M), (X,), "reduce(where(constant(2, 3), x0, 0.0), add, (0, 1))"),
    "sum, initial": (lambda x: np.sum(x, axis=0, initial=2), (X,), "add(reduce(x0, add, (0,)), 2.0)"),
    "sum, dtype": (lambda x: np.sum(x, dtype=np.float32), (V,), "reduce(astype(x0, float32), add, (0,))"),
    "sum of whole numbers": (np.sum, (ROWS,), "part(sum(x0), 0)"),
    "prod, where": (lambda x: np.prod(x, where=M), (X,), "reduce(where(constant(2, 3), x0, 1.0), multiply, (0, 1))"),
    "mean": (np.mean, (V,), "reshape(divide(reshape(reduce(x0, add, (0,)), (1,)), 3.0), ())"),
    "mean, where": (lambda x: np.mean(x, where=M), (X,), "part(mean(x0, constant(2, 3)), 0)"),
    "max": (lambda x: np.max(x, axis=0), (X,), "reduce(x0, maximum, (0,))"),
    "min": (lambda x: np.min(x, axis=1), (X,), "reduce(x0, minimum, (1,))"),
    "var": (
        lambda x: np.var(x, axis=1, ddof=1), (X,),
        "multiply(reduce(square(subtract(x0, divide(reshape(reduce(x0, add, (1,)), (2, 1)), 3.0))), add, (1,)), 0.5)",
    ),
    "var of too little": (lambda x: np.var(x[:1], ddof=1), (V,), "part(var(slice(x0, (0,), (1,))), 0)"),
    # shapes
    "reshape": (lambda x: x.reshape(3, 2), (X,), "reshape(x0, (3, 2))"),
    "transpose": (lambda x: np.transpose(x, (1, -1, 0)), (C,), "permute(x0, (1, 2, 0))"),
    "T": (lambda x: x.T, (C,), "permute(x0, (2, 1, 0))"),
    "broadcast": (lambda x: np.broadcast_to(x, (2, 3)), (V,), "broadcast(x0, (2, 3))"),
    "flip": (lambda x: np.flip(x, -2), (X,), "slice(x0, (1, 0), (-1, 1))"),
    "flip of nothing": (lambda x: x[:0][::-1], (X,), "slice(x0, (0, 0), (-1, 1))"),
    "roll": (
        lambda x: np.roll(x, 1), (V,),
        "write(write(empty((3,)), slice(x0, (2,), (1,)), (0,), (1,)), slice(x0, (0,), (1,)), (1,), (1,))",
    ),
    "roll, all around": (lambda x: np.roll(x, 3, 1), (X,), "x0"),
    "concatenate": (
        lambda x, y: np.concatenate([x, y], 1), (X, X),
        "write(write(empty((2, 6)), x0, (0, 0), (1, 1)), x1, (0, 3), (1, 1))",
    ),
    "concatenate, of two types": (
        lambda x, y: np.concatenate([x, y]), (V, ROWS),
        "write(write(empty((5,)), x0, (0,), (1,)), astype(x1, float64), (3,), (1,))",
    ),
    # indices
    "slices": (lambda x: x[1:, ::-2], (X,), "slice(x0, (1, 2), (1, -2))"),
    "a number as index": (lambda x: x[-1], (X,), "reshape(slice(x0, (1, 0), (1, 1)), (3,))"),
    "a new axis": (lambda x: x[None, ..., 0], (X,), "reshape(slice(x0, (0, 0), (1, 1)), (1, 2))"),
    "rows by number": (lambda x: x[ROWS, :], (X,), "take(x0, constant(2,))"),
    "rows by traced numbers": (lambda x, i: x[i], (X, ROWS), "take(x0, x1)"),
    "rows by other numbers": (lambda x, i: x[i], (X, ROWS.astype(np.int32)), "part(getitem(x0, x1), 0)"),
    "columns by number": (lambda x: x[:, ROWS], (X,), "part(getitem(x0, constant(2,)), 0)"),
    "a mask": (lambda x: x[M], (X,), "part(getitem(x0, constant(2, 3)), 0)"),
    "writing": (
        assigned(np.s_[0]), (X,),
        "write(multiply(x0, 1.5), reshape(broadcast(7.0, (3,)), (1, 3)), (0, 0), (1, 1))",
    ),
    "writing everywhere": (assigned(np.s_[...]), (X, X), "x1"),
    "writing more axes than there are": (
        assigned(np.s_[1]), (X, V[None, None]),
        "write(multiply(x0, 1.5), reshape(x1, (1, 3)), (1, 0), (1, 1))",
    ),
    "writing rows by number": (assigned(ROWS), (S,), "part(setitem(7.0, multiply(x0, 1.5), constant(2,)), 0)"),
    # products
    "matrices": (np.matmul, (X, S), "dot(x0, x1)"),
    "a matrix and a vector": (np.matmul, (X, V), "reshape(dot(x0, reshape(x1, (3, 1))), (2,))"),
    "vectors": (np.matmul, (V, V), "reshape(dot(reshape(x0, (1, 3)), reshape(x1, (3, 1))), ())"),
    "many matrices and one": (np.matmul, (C[:, :, :3], S), "reshape(dot(reshape(x0, (6, 3)), x1), (2, 3, 3))"),
    "one matrix and many": (np.matmul, (S, C), "dot(broadcast(x0, (2, 3, 3)), x1)"),
    "products of two types": (np.matmul, (X, S.astype(np.float32)), "dot(x0, astype(x1, float64))"),
    "products of truths": (np.matmul, (M, S > 0), "part(matmul(x0, x1), 0)"),
    "products of complex numbers": (np.matmul, (X, S * 1j), "part(matmul(x0, x1), 0)"),
    "tensordot": (
        lambda x, y: np.tensordot(x, y, ((1,), (1,))), (X, C),
        "reshape(dot(x0, reshape(permute(x1, (1, 0, 2)), (3, 8))), (2, 2, 4))",
    ),
    "dot": (
        np.dot, (V, C),
        "reshape(dot(reshape(x0, (1, 3)), reshape(permute(x1, (1, 0, 2)), (3, 8))), (2, 4))",
    ),
    "dot with a number": (np.dot, (ONE, X), "multiply(x0, x1)"),
    "inner": (np.inner, (X, X), "dot(x0, permute(x1, (1, 0)))"),
    "einsum, summed": (
        lambda x, y: np.einsum("ij,kj->ki", x, y), (X, X),
        "permute(dot(x0, permute(x1, (1, 0))), (1, 0))",
    ),
    "einsum, entry by entry": (lambda x, y: np.einsum("i,i->i", x, y), (V, V), "multiply(x0, x1)"),
    "einsum of one": (lambda x: np.einsum("ij->j", x), (X,), "reduce(x0, add, (0,))"),
    "einsum, alone in one": (
        lambda x, y: np.einsum("ij,k->k", x, y), (X, V),
        "multiply(reshape(reduce(x0, add, (0, 1)), (1,)), x1)",
    ),
    "einsum, an axis of size 1 and one of 2": (
        lambda x, y: np.einsum("ij,ij->i", x, y), (X[:1], X),
        "part(einsum(x0, x1), 0)",
    ),
    "einsum, a diagonal": (lambda x: np.einsum("ii", x), (S,), "part(einsum(x0), 0)"),
    # the others
    "a rule that NumPy computes": (lambda x, y: np.linalg.solve(x, y), (S, V), "part(solve(x0, x1), 0)"),
    "scan": (lambda c, x: scan(lambda c, x: (c + x, c), c, x)[1], (ONE, V), "part(loop of 3(x0, x1), 1)"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
@pytest.mark.parametrize("name", CASES)
def test_a_rule_is_taken_apart(name):
    f, arguments, expected = CASES[name]
    with np.errstate(all="ignore"):
        assert texts(f, *arguments) == expected


@pytest.mark.filterwarnings("ignore:Degrees of freedom")
@pytest.mark.parametrize("name", CASES)
def test_it_is_what_it_was(name):
    f, arguments, _ = CASES[name]
    assert_compiled(f, *arguments)


@pytest.mark.parametrize(
    "index",
    [
        np.s_[1], np.s_[-1, 2], np.s_[...], np.s_[..., -1], np.s_[1:, ..., ::-1], np.s_[None, 0, None, 1:2],
        np.s_[::-2, 3:1:-1], np.s_[5:, :0], np.s_[-9:9, 9:-9:-1], np.s_[0, ..., 0, 0],
    ],
    ids=repr,
)  # fmt: skip
def test_a_region_is_what_an_index_takes(index):
    x = np.arange(60).reshape(3, 4, 5)
    starts, steps, sizes, shape = region(x.shape, index)
    taken = x[np.ix_(*(start + step * np.arange(n) for start, step, n in zip(starts, steps, sizes, strict=True)))]
    np.testing.assert_array_equal(taken.reshape(shape), x[index])
    assert shape == x[index].shape
