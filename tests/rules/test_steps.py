"""Searches, counts and questions: what is found may be used, and has no derivative of its own."""

import io

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import grad, jvp, record, vjp

random = np.random.default_rng(59)
A = random.normal(size=(2, 3, 4))
B = random.normal(size=(3, 4))
V = random.normal(size=5)

FUNCTIONS = {
    "nonzero": (lambda x: x[np.nonzero(x > 0.1)], A),
    "argwhere": (lambda x: x[np.argwhere(x > 0.1)[:, 0]], V),
    "flatnonzero": (lambda x: x[np.flatnonzero(x < 0)], V),
    "ix_": (lambda x: x[np.ix_(np.argsort(x[:, 0]), np.array([0, 2]))], B),
    "unravel_index": (lambda x: x[np.unravel_index(np.argmax(x), x.shape)], A),
    "ravel_multi_index": (lambda x: np.ravel(x)[np.ravel_multi_index(np.nonzero(x > 0), x.shape)], B),
    "lexsort": (lambda x: x[np.lexsort((x, np.round(x)))], V),
    "argpartition": (lambda x: x[np.argpartition(x, 2)], V),
    "isin": (lambda x: np.where(np.isin(x > 0, np.array([True])), x**2, x), V),
    "searchsorted": (lambda x: x * np.searchsorted([-1.0, 0.0, 1.0], v=x), A),
    "digitize": (lambda x: x * np.digitize(x=x, bins=[-1.0, 0.0, 1.0]), A),
    "count_nonzero": (lambda x: np.sum(x) / np.count_nonzero(x > 0), A),
    "count_nonzero, axis": (lambda x: np.sum(x, 1) * np.count_nonzero(x > 0, axis=1), A),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


STEPS = {
    "searches": lambda x: np.argsort(x) + np.argmax(x) + np.nanargmin(x) + np.count_nonzero(x),
    "rounding": lambda x: np.round(x, 1) + np.around(x) + np.fix(x) + np.spacing(x),
    "kinds": lambda x: np.isclose(x, 0.3) + np.isreal(x) + np.iscomplex(x) + np.isposinf(x) + np.isneginf(x),
    "divisors": lambda x: np.gcd(np.argsort(x), 4) + np.lcm(np.argsort(x), 3) + np.bitwise_count(np.argsort(x)),
}


@pytest.mark.parametrize("name", STEPS)
def test_steps_have_a_value_and_no_derivative(name):
    f = STEPS[name]
    np.testing.assert_array_equal(vjp(f, V)[0], f(V))
    np.testing.assert_array_equal(grad(lambda x: np.sum(f(x)) * 1.0)(V), np.zeros(5))
    np.testing.assert_array_equal(jvp(lambda x: f(x) * 1.0, (V,), (V,))[1], np.zeros(np.shape(f(V))))


def test_what_only_looks_answers_with_plain_values():
    def f(x):
        assert np.shape(x) == (5,)
        assert np.ndim(x) == 1
        assert np.size(x, 0) == 5
        assert np.result_type(x, np.float32) == np.float64
        assert np.can_cast(x.dtype, complex)
        assert np.common_type(x) is np.float64
        assert np.min_scalar_type(x) == np.float64
        assert np.isrealobj(x)
        assert not np.iscomplexobj(x)
        assert np.allclose(x, V) is True
        assert np.array_equal(x, V)
        assert np.array_equiv(x, a2=V)
        assert np.shares_memory(x, x)
        assert not np.may_share_memory(x, np.zeros(2))
        assert np.array_repr(x) == repr(V)
        assert np.array_str(x) == np.array2string(x) == str(V)
        assert len(np.tril_indices_from(np.outer(x, x))) == len(np.triu_indices_from(np.outer(x, x))) == 2
        assert len(np.diag_indices_from(np.outer(x, x))[0]) == 5
        file = io.BytesIO()
        np.save(file, x)
        file.seek(0)
        np.testing.assert_array_equal(np.load(file), V)
        return np.sum(x)

    np.testing.assert_array_equal(grad(f)(V), np.ones(5))


def test_a_recorded_search_searches_anew():
    graph = record(lambda x: np.take_along_axis(x, np.argsort(x), 0), V)
    np.testing.assert_array_equal(graph(V[::-1].copy()), np.sort(V))
    sorted_gradient = record(grad(lambda x: np.sum(np.sort(x) * np.arange(5.0))), V)
    np.testing.assert_array_equal(sorted_gradient(V[::-1].copy()), np.argsort(np.argsort(V[::-1])))
