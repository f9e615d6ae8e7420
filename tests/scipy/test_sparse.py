"""Sparse arrays: products with constant ones as SciPy writes them, and entries that are differentiated by."""

import numpy as np
import pytest
import scipy.sparse as ss
import scipy.sparse.linalg
from tests.numerics import assert_derivatives

from chainrule import InputError, RecordingError, grad, jacobian, record, vjp
from chainrule.scipy import sparse
from chainrule.scipy.sparse.linalg import spsolve

RANDOM = np.random.default_rng(2)
DENSE = RANDOM.normal(size=(4, 3)) * (RANDOM.random((4, 3)) < 0.6)
A = ss.csr_array(DENSE)
x, X, y, Y = (RANDOM.normal(size=shape) for shape in ((3,), (3, 2), (4,), (2, 4)))
FORMATS = ["csr", "csc", "coo", "bsr", "dia", "dok", "lil"]


@pytest.mark.parametrize("kind", [ss.csr_array, ss.csr_matrix])
@pytest.mark.parametrize("form", FORMATS)
def test_products_with_constant_arrays(form, kind):
    a = kind(A).asformat(form)
    for f, operand in (
        (lambda x: a @ x, x),
        (lambda x: a @ x, X),
        (lambda y: y @ a, y),
        (lambda y: y @ a, Y),
        (lambda y: a.T @ y, y),
    ):
        assert_derivatives(f, operand)


def test_products_with_complex_and_whole_numbers():
    assert_derivatives(lambda x: (A * (1 + 2j)) @ x, x)
    assert_derivatives(lambda x: (A * (1 + 2j)) @ x, x * 1j + 1)
    assert_derivatives(lambda x: A.astype(int) @ x, x)
    single = x.astype(np.float32)
    assert vjp(lambda x: A.astype(np.float32) @ x, single)[1](np.ones(4, np.float32))[0].dtype == np.float32


def test_the_method_dot_and_an_array_of_one_axis():
    assert_derivatives(lambda x: A.dot(x), x)
    row = ss.coo_array(DENSE[0])
    np.testing.assert_allclose(grad(lambda x: row @ x)(x), DENSE[0])
    np.testing.assert_allclose(jacobian(lambda x: row @ x)(X)[1, :, 1], DENSE[0])
    assert_derivatives(lambda x: row.reshape(1, -1) @ x, x)
    places = (np.zeros(3, int), np.arange(3))
    assert_derivatives(lambda data, x: sparse.coo_array((data, places)) @ x, DENSE[0], x)
    assert_derivatives(lambda data, x: x @ sparse.coo_array((data, places)).T, DENSE[0], x)


def test_a_constant_array_is_written_by_its_shape():
    assert "sparse_matmul(x, A=csr_array (4, 3))" in str(record(lambda x: A @ x, x))


def test_shapes_that_do_not_fit_are_scipys_error():
    with pytest.raises(ValueError, match="dimension mismatch"):
        grad(lambda x: np.sum(A @ x))(y)


CHANGES = {
    "data": lambda a: np.multiply(a.data, 2, out=a.data),
    "entry": lambda a: a.__setitem__((0, 1), 5.0),
    "new entry": lambda a: a.__setitem__((2, 0), 5.0),
    "all": lambda a: a.__imul__(2.0),
    "diagonal": lambda a: a.setdiag(3.0),
    "places": lambda a: a.indices.__setitem__(slice(None), 0),
    "coordinates": lambda a: a.coords[0].__setitem__(slice(None), 0),
}


@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_constant_array_that_changes_afterwards_is_noticed_or_does_no_harm(form, what, large):
    """As of plain arrays, what is small may be copied, and then the derivative is that of the value that took part."""
    whole = np.tile(DENSE[:3], (100, 100)) if large else DENSE[:3]
    for product in (lambda a, x: a @ x, lambda a, x: x @ a):
        a = ss.coo_array(whole).asformat(form).copy()

        def f(x, a=a, product=product):
            y = product(a, x)
            CHANGES[what](a)
            return np.sum(y)

        try:
            CHANGES[what](a.copy())
        except (AttributeError, NotImplementedError, TypeError):
            continue  # this format cannot be changed so
        try:
            found = grad(f)(np.ones(len(whole)))
        except RecordingError as refused:
            assert "a plain array is changed after" in str(refused)  # noqa: PT017
            CHANGES[what](a)  # it can be changed again
        else:
            np.testing.assert_allclose(found, product(whole.T, np.ones(len(whole))))


def test_a_constant_array_that_changes_in_place_is_noticed():
    n = 20_000
    a = ss.csr_array((np.ones(n), np.arange(n), np.arange(n + 1)))

    def f(x):
        y = a @ x
        a.data *= 2
        return np.sum(y)

    with pytest.raises(RecordingError, match=r"`a.data \*= 2`: a plain array is changed"):
        grad(f)(np.ones(n))
    a.data *= 2
    np.testing.assert_array_equal(a.data, np.full(n, 2.0))


def test_other_operations_of_constant_arrays_are_refused():
    for f in (lambda x: A * x, lambda x: A.multiply(x), lambda x: ss.csr_matrix(A) * x):
        with pytest.raises(RecordingError, match=r"plain (one|array)"):
            grad(f)(x)


MAKERS = {
    "csr": (lambda m, data: m.csr_array((data, A.indices, A.indptr), shape=A.shape), A.data),
    "csc": (lambda m, data: m.csc_array((data, A.tocsc().indices, A.tocsc().indptr), shape=A.shape), A.tocsc().data),
    "coo": (lambda m, data: m.coo_array((data, ([0, 2, 2, 3, 0], [1, 0, 1, 2, 1])), shape=(4, 3)), A.data[:5]),
}


@pytest.mark.parametrize("form", MAKERS)
def test_entries_that_are_differentiated_by(form):
    make, data = MAKERS[form]
    for f, operand in (
        (lambda a, x: a @ x, x),
        (lambda a, x: a @ x, X),
        (lambda a, x: a.dot(x), x),
        (lambda a, y: y @ a, y),
        (lambda a, y: y @ a, Y),
        (lambda a, y: a.T @ y, y),
        (lambda a, k: (-2 * a / 3 * k).toarray(), np.float64(1.5)),
    ):
        np.testing.assert_array_equal(
            vjp(lambda data, f=f, x=operand: f(make(sparse, data), x), data)[0], f(make(ss, data), operand)
        )
        assert_derivatives(lambda data, x, f=f: f(make(sparse, data), x), data, operand)
        assert_derivatives(lambda data, f=f, x=operand: f(make(sparse, data), x), data)
    assert_derivatives(lambda data: make(sparse, data).toarray(), data)


def test_what_is_known_of_traced_entries():
    def look(data):
        a = MAKERS["csr"][0](sparse, data)
        assert isinstance(a, sparse.SparseArray)
        assert (a.shape, a.ndim, a.nnz, a.dtype) == ((4, 3), 2, A.nnz, np.float64)
        assert a.transpose().shape == (3, 4)
        assert repr(a).startswith("SparseArray(csr_array (4, 3), array(")
        return a.data[0]

    grad(look)(A.data)


def test_the_shape_may_be_left_to_scipy():
    np.testing.assert_array_equal(grad(lambda d: np.sum(sparse.coo_array((d, ([0, 5], [1, 1]))).toarray()))(x[:2]), 1)


def test_plain_entries_make_scipys_own_arrays():
    assert type(sparse.csr_array(DENSE)) is ss.csr_array
    assert type(MAKERS["csc"][0](sparse, A.tocsc().data)) is ss.csc_array


def test_traced_entries_in_another_form_are_refused():
    with pytest.raises(RecordingError, match=r"give them as \(data, indices, indptr\)"):
        grad(lambda d: sparse.csr_array((d, ([0, 1], [0, 1]))).toarray()[0, 0])(x[:2])
    with pytest.raises(RecordingError, match=r"give them as \(data, \(row, col\)\)"):
        grad(lambda d: sparse.coo_array(d).toarray()[0, 0])(X)
    with pytest.raises(InputError, match="no other format"):
        grad(lambda d: sparse.csc_array(MAKERS["csr"][0](sparse, d)).toarray()[0, 0])(A.data)


SQUARE = ss.csr_array(DENSE[:3] + 3 * np.eye(3))


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_spsolve(form):
    a = SQUARE.asformat(form)
    make = getattr(sparse, f"{form}_array")

    def solve(data, b):
        return spsolve(make((data, a.indices, a.indptr)), b)

    for b in (x, X):
        np.testing.assert_array_equal(spsolve(a, b), scipy.sparse.linalg.spsolve(a, b))
        assert_derivatives(solve, a.data, b)
        assert_derivatives(lambda b: spsolve(a, b), b)
    np.testing.assert_array_equal(spsolve(a, x[:, None]), scipy.sparse.linalg.spsolve(a, x[:, None]))


def test_spsolve_takes_rows_or_columns():
    for a in (SQUARE.tocoo(), SQUARE.toarray()):
        with pytest.raises(InputError, match="by rows or by columns"):
            spsolve(a, x)
