import os
import pickle
from itertools import pairwise

import numpy as np
import pytest

from chainrule.networks import Network


class Hostile:
    """What would run a command if the pickle were simply loaded."""

    def __reduce__(self):
        return os.mkdir, ("hacked",)


@pytest.fixture
def paper():
    """A network as the paper's program pickles it, untrained."""
    random, sizes = np.random.default_rng(0), [784, 6, 10]
    return {
        "sizes": sizes,
        "weights": [random.normal(size=(n, n_before)) for n_before, n in pairwise(sizes)],
        "biases": [random.normal(size=(n, 1)) for n in sizes[1:]],
    }


@pytest.fixture
def pickled(paper, tmp_path):
    path = tmp_path / "trained.pkl"
    path.write_bytes(pickle.dumps(paper))
    return path


def test_what_it_says_and_writes(run, pickled, paper, tmp_path):
    converted = run("convert", pickled, "--out", "paper.safetensors")
    assert (converted.code, converted.err) == (0, "")
    assert converted.out.splitlines() == [
        "Found a network of layers 784-6-10: 4,780 weights and biases.",
        "Its inputs were pixel/256, those of chainrule are pixel/255: so W1 was multiplied by 255/256.",
        "Written to paper.safetensors. Test it on MNIST:",
        "",
        "    chainrule test paper.safetensors --data mnist",
    ]
    network = Network.load(tmp_path / "paper.safetensors")
    np.testing.assert_allclose(network.weights[0], paper["weights"][0] * 255 / 256, rtol=1e-6)
    np.testing.assert_allclose(network.weights[1], paper["weights"][1], rtol=1e-6)


def test_another_divisor(run, pickled, paper, tmp_path):
    converted = run("convert", pickled, "--out", "paper.safetensors", "--divisor", "255")
    assert "multiplied" not in converted.out
    network = Network.load(tmp_path / "paper.safetensors")
    np.testing.assert_allclose(network.weights[0], paper["weights"][0], rtol=1e-6)


@pytest.mark.parametrize("divisor", ["0", "-1", "nan", "inf"])
def test_a_divisor_that_is_none(run, pickled, divisor):
    failed = run("convert", pickled, "--out", "paper.safetensors", f"--divisor={divisor}")
    assert failed.code == 2
    assert "--divisor" in failed.sentence


@pytest.mark.parametrize(
    "content",
    [pickle.dumps({"sizes": [784, 10], "weights": Hostile(), "biases": []}), b"no pickle", b"", pickle.dumps([1, 2])],
    ids=["hostile", "foreign", "empty", "a list"],
)
def test_anything_else_is_refused_and_nothing_is_run(run, tmp_path, content):
    (tmp_path / "bad.pkl").write_bytes(content)
    failed = run("convert", "bad.pkl", "--out", "paper.safetensors")
    assert failed.code == 2
    assert "bad.pkl" in failed.sentence
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pkl"]


def test_a_missing_pickle(run):
    failed = run("convert", "nowhere.pkl", "--out", "paper.safetensors")
    assert failed.code == 2
    assert "nowhere.pkl" in failed.sentence


def test_an_unwritable_out_is_found_before_reading(run):
    failed = run("convert", "nowhere.pkl", "--out", "missing/paper.safetensors")
    assert failed.code == 2
    assert "cannot be written" in failed.sentence


def test_out_must_be_given(run, pickled):
    failed = run("convert", pickled)
    assert failed.code == 2
    assert "--out" in failed.err
