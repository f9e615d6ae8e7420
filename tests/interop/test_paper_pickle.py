import os
import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from chainrule import InputError, NetworkFileError
from chainrule.interop import read_paper_pickle
from chainrule.networks import Network


def paper_like(dtype="float64", column=True, seed=0):
    """A dict such as the paper's repository pickles."""
    random = np.random.default_rng(seed)
    sizes = [5, 4, 3]
    return {
        "sizes": sizes,
        "weights": [random.normal(size=(n, m)).astype(dtype) for m, n in pairwise(sizes)],
        "biases": [random.normal(size=(n, 1) if column else n).astype(dtype) for n in sizes[1:]],
    }


def write(path, value, protocol=4):
    path.write_bytes(pickle.dumps(value, protocol))
    return path


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("column", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_network_computes_what_it_did_on_the_same_picture(tmp_path, protocol, column, dtype):
    value = paper_like(dtype, column)
    network = read_paper_pickle(write(tmp_path / "n.pkl", value, protocol))
    assert network.sizes == [5, 4, 3]
    assert (network.activation, network.cost_name, network.dtype.name) == ("sigmoid", "quadratic", "float64")
    grey = np.array([0.0, 17.0, 128.0, 200.0, 255.0])
    a = grey[:, None] / 256
    for W, b in zip(value["weights"], value["biases"], strict=True):
        a = 1 / (1 + np.exp(-(W.astype("float64") @ a + b.reshape(-1, 1))))
    np.testing.assert_allclose(network.forward(grey / 255).a[-1], a[:, 0], rtol=1e-12)


def test_another_divisor(tmp_path):
    value = paper_like()
    path = write(tmp_path / "n.pkl", value)
    np.testing.assert_array_equal(read_paper_pickle(path, divisor=255).weights[0], value["weights"][0])
    np.testing.assert_allclose(read_paper_pickle(path, divisor=1).weights[0], 255 * value["weights"][0])
    np.testing.assert_array_equal(read_paper_pickle(path, divisor=1).weights[1], value["weights"][1])


@pytest.mark.parametrize("divisor", [0, -1, float("nan"), float("inf"), "256", True])
def test_bad_divisors(tmp_path, divisor):
    with pytest.raises(InputError, match="divisor is"):
        read_paper_pickle(write(tmp_path / "n.pkl", paper_like()), divisor=divisor)


def test_it_can_be_saved_and_trained_on(tmp_path):
    network = read_paper_pickle(write(tmp_path / "n.pkl", paper_like()))
    history = network.fit(np.eye(5), [0, 1, 2, 0, 1], epochs=2, batch_size=1, progress=False)
    assert history.epochs == [1, 2]
    network.save(tmp_path / "n.safetensors")
    np.testing.assert_array_equal(Network.load(tmp_path / "n.safetensors").weights[1], network.weights[1])


class Hostile:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def change(**parts):
    return lambda marker: paper_like() | parts


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (Hostile, "holds (posix|nt).system, which is not part of an array; .* nothing in it was run"),
        (lambda marker: paper_like() | {"weights": [Hostile(marker)]}, "nothing in it was run"),
        (lambda marker: paper_like() | {"extra": {"deep": [Hostile(marker)]}}, "nothing in it was run"),
        (lambda marker: [1, 2], "holds no dict with sizes, weights and biases"),
        (lambda marker: {"sizes": [5, 4, 3]}, "holds no dict with sizes, weights and biases"),
        (change(sizes=[5]), "sizes that are no list of positive integers"),
        (change(sizes=[5, 0, 3]), "sizes that are no list"),
        (change(sizes=[5, 4.0, 3]), "sizes that are no list"),
        (change(sizes="543"), "sizes that are no list"),
        (change(sizes=[5, 4, 3, 2]), "weights that do not fit its sizes"),
        (change(weights={}), "weights that do not fit"),
        (change(biases=[]), "biases that do not fit"),
        (change(sizes=[5, 4, 2]), r"weights of layer 2 are of shape \(3, 4\); expected an array of shape \(2, 4\)"),
        (change(biases=[np.ones((4, 1)), np.ones((1, 3))]), r"biases of layer 2 are of shape \(1, 3\)"),
        (change(biases=[np.ones((4, 1)), [1.0, 2.0, 3.0]]), "biases of layer 2 are of type list"),
        (change(biases=[np.ones((4, 1)), np.full((3, 1), np.nan)]), "biases of layer 2 hold NaN or infinity"),
    ],
)
def test_pickles_that_are_no_such_network(tmp_path, value, sentence):
    marker = tmp_path / "it-ran"
    path = write(tmp_path / "n.pkl", value(marker))
    with pytest.raises(NetworkFileError, match=sentence) as caught:
        read_paper_pickle(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not marker.exists()


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(NetworkFileError, match=r"missing\.pkl cannot be read: no such file"):
        read_paper_pickle(tmp_path / "missing.pkl")
    with pytest.raises(NetworkFileError, match="cannot be read: is a directory"):
        read_paper_pickle(tmp_path)


def test_a_truncated_file(tmp_path):
    path = write(tmp_path / "n.pkl", paper_like())
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(NetworkFileError, match="is no pickle, or a damaged one"):
        read_paper_pickle(path)


@pytest.fixture
def papers_own():
    """The pickle that the paper's repository ships: CHAINRULE_PAPER_NETWORK says where it is."""
    path = os.environ.get("CHAINRULE_PAPER_NETWORK")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "set CHAINRULE_PAPER_NETWORK to the path of the paper's trained_network.pkl to test its conversion"
        )
    return Path(path)


def test_the_papers_own_network(papers_own):
    network = read_paper_pickle(papers_own)
    assert network.sizes == [784, 30, 10]
    unscaled = read_paper_pickle(papers_own, divisor=255)
    np.testing.assert_allclose(network.weights[0], unscaled.weights[0] * 255 / 256, rtol=1e-15)
    np.testing.assert_array_equal(network.weights[1], unscaled.weights[1])
