"""Derivations compiled by a real pdflatex, whose log must have nothing to complain of, and no line that sticks out."""

import numpy as np
import pytest
from tests.conftest import complaints, too_wide
from tests.derivation import samples
from tests.derivation.corpus import CORPUS

from chainrule import Network, derive

RANDOM = np.random.default_rng(3)


def small_network():
    return Network([4, 3, 2]).derive(RANDOM.random(4), 1, eta=0.5, full=True)


def papers_network():
    return Network([784, 30, 10]).derive(RANDOM.random(784), 7)


def mini_batch():
    return Network([6, 5, 3], activation="tanh").derive(RANDOM.random((4, 6)), np.array([0, 1, 2, 0]))


@pytest.mark.parametrize(
    "made", [small_network, papers_network, mini_batch, samples.long, samples.graph], ids=lambda made: made.__name__
)
def test_a_derivation_compiles_and_fits_the_page(made, pdflatex):
    log = pdflatex(made().to_latex())
    assert not complaints(log)
    assert not too_wide(log, 2)


@pytest.mark.long
@pytest.mark.parametrize(("f", "args"), CORPUS, ids=[f.__name__ for f, _ in CORPUS])
def test_every_kind_of_function_compiles_and_fits_the_page(f, args, pdflatex):
    log = pdflatex(derive(f)(*args).to_latex())
    assert not complaints(log)
    assert not too_wide(log, 2)
