"""Polynomials against central differences: values, arithmetic, roots and fits."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

import chainrule.rules.decompositions
import chainrule.rules.linear_algebra  # noqa: F401
from chainrule import grad

random = np.random.default_rng(41)
B = random.normal(size=(3, 5))
V = random.normal(size=6)
C = V + 1j * V[::-1]
S = np.float64(0.7)
X = np.sort(random.uniform(0, 3, size=6))

FUNCTIONS = {
    "polyval": (lambda p, x: np.polyval(p, x), V, B),
    "polyval, complex": (lambda p, x: np.polyval(p, x), C, C[:2]),
    "polyadd": (lambda p, q: np.polyadd(p, q), V, V[:2]),
    "polysub": (lambda p, q: np.polysub(p, q), V[:3], V),
    "polymul": (lambda p, q: np.polymul(p, q), V, V[:3]),
    "polymul, leading zeros": (lambda p: np.polymul(p, [0.0, 0.0, 1.0, 2.0]), V),
    "polymul, by nothing": (lambda p: np.polymul(p, [0.0]), V),
    "polyder": (lambda p: np.polyder(p, 2), V),
    "polyint": (lambda p, k: np.polyint(p, 2, k), V, V[:2]),
    "polyint, constant": (lambda p, k: np.polyint(p, 2, k), V, S),
    "polyint, plain": (lambda p: np.polyint(p), V),
    "polydiv": (lambda u, v: np.concatenate(np.polydiv(u, v)), V, V[1:4]),
    "polydiv, short": (lambda u, v: np.concatenate(np.polydiv(u, v)), V[:2], V[1:4]),
    "poly1d": (lambda c, x: np.poly1d(c)(x) + (np.poly1d(c) * np.poly1d(c).deriv())(x), V, B),
    "poly": (lambda x: np.poly(x), V),
    "poly, complex": (lambda x: np.poly(x), C),
    "poly, of a matrix": (lambda x: np.poly(x), B[:, :3] + B[:, :3].T),
    "poly, conjugate zeros": (lambda x: np.poly(np.stack([x, np.conj(x)])), C[0]),
    "roots": (lambda p: np.sort(np.roots(p)), np.array([1.0, -6.0, 11.0, -6.0])),
    "roots, complex": (lambda p: np.sort(np.roots(p)), np.array([0.0, 1.0, 0.5, 2.0, 1.0])[1:]),
    "roots, at zero": (lambda p: np.roots(np.append(p, [0.0, 0.0])), V[:2]),
    "roots, none": (lambda p: np.roots(p[:1]), V),
    "polyfit": (lambda x, y, w: np.polyfit(x, y, 2, w=w), X, V, X + 1),
    "polyfit, columns": (lambda x, y: np.polyfit(x, y, 1), X, np.stack([V, V**2], axis=1)),
    "polyfit, with covariance": (lambda x, y: np.polyfit(x, y, 1, cov=True)[1], X, V),
    "polyfit, unscaled": (lambda x, y: np.polyfit(x, y, 1, cov="unscaled")[1], X, V),
    "polyfit, full": (lambda x, y: np.polyfit(x, y, 1, full=True)[1], X, V),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    f, *arguments = FUNCTIONS[name]
    assert_derivatives(f, *arguments)


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: np.polyint(x, 3, k=[1.0, 2.0]), "k must be"),
        (lambda x: np.polyint(x, -1), "positive"),
        (lambda x: np.polyder(x, -1), "positive"),
        (lambda x: np.poly(x[None, None]), "square"),
        (lambda x: np.roots(x[None]), "rank-1"),
        (lambda x: np.polyfit(x, x[:2], 1), "degree"),
        (lambda x: np.polyfit(x[:2], x[:2], 1, cov=True)[1], "data points"),
    ],
)
def test_wrong_arguments(f, words):
    with pytest.raises(ValueError, match=words):
        grad(lambda x: np.sum(f(x)))(V)


def test_no_roots():
    assert grad(lambda p: np.sum(np.roots(p * 0)) + p[0])(V)[0] == 1


def test_a_poorly_conditioned_fit_warns():
    with pytest.warns(np.exceptions.RankWarning):
        grad(lambda y: np.sum(np.polyfit(np.ones(6), y, 1)))(V)
