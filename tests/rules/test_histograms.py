"""Histograms against central differences, by their weights and by what their edges follow."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import grad, vjp

random = np.random.default_rng(53)
A = random.normal(size=(2, 3, 4))
B = random.normal(size=(3, 4))
V = random.normal(size=5)

FUNCTIONS = {
    "bincount": (lambda w: np.bincount([0, 2, 2, 5, 0], w, minlength=7), V),
    "bincount, found": (lambda w: np.bincount(np.digitize(w, [-0.5, 0.5]), weights=w), V),
    "histogram, weights": (lambda w: np.histogram(B[0], 3, weights=w)[0], V[:4]),
    "histogram, weights between edges": (lambda w: np.histogram(V, [-0.5, 0.5, 1.5], weights=w)[0], V),
    "histogram, edges": (lambda x: np.histogram(x, 4)[1], V),
    "histogram, density": (lambda x: np.histogram(x, 3, density=True)[0], V),
    "histogram_bin_edges": (lambda x: np.histogram_bin_edges(x, "auto"), A),
    "histogram2d": (lambda x: sum(np.sum(k * part) for k, part in enumerate(np.histogram2d(x, V**2, 2)[1:], 1)), V),
    "histogramdd": (lambda x: np.histogramdd(x, [2, 3], density=True)[0], random.normal(size=(6, 2))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


COUNTS = {
    "edges": lambda x: np.histogram(x, [-1.0, 0.0, 1.0])[0],
    "edges of both": lambda x: np.histogram2d(x, x, [[-1.0, 0.0, 1.0], [-1.0, 1.0]])[0],
    "the same edges": lambda x: np.histogram2d(x, x**2, np.arange(-1.0, 3.0))[0],
    "weights of pairs": lambda x: np.histogramdd([x, x], 2, weights=np.arange(5.0))[0],
    "range": lambda x: np.histogram(x, 4, range=(-1, 1))[0],
    "places": lambda x: np.bincount(np.digitize(x, [-1.0, 0.0])),
}


@pytest.mark.parametrize("name", COUNTS)
def test_counts_have_no_derivative(name):
    f = COUNTS[name]
    np.testing.assert_array_equal(vjp(f, V)[0], f(V))
    np.testing.assert_array_equal(grad(lambda x: np.sum(f(x)) * 1.0)(V), np.zeros(5))


def test_edges_that_follow_nothing():
    for edges in (
        lambda x: np.histogram_bin_edges(x, 3, range=(0, 1)),
        lambda x: np.histogram_bin_edges(x, [0.0, 1.0]),
        lambda x: np.histogram_bin_edges(x[:0], 3),
    ):
        np.testing.assert_array_equal(grad(lambda x: np.sum(edges(x)) + np.sum(x))(V), np.ones(5))  # noqa: B023
    np.testing.assert_array_equal(grad(lambda x: np.histogram_bin_edges(x, 1)[0])(np.ones(1)), [1])
