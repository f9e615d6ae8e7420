"""From an installed package to a digit that is read, without any network access."""

import numpy as np
import pytest
from PIL import Image

from chainrule import datasets
from chainrule.networks import Network


@pytest.fixture(scope="module")
def trained(chainrule, tmp_path_factory):
    """A folder in which `chainrule train` has run for three epochs, and what it printed."""
    folder = tmp_path_factory.mktemp("trained")
    return folder, chainrule("train", "--epochs", 3, folder=folder)


def test_train_writes_a_network_that_loads(trained, accuracy):
    folder, done = trained
    assert done.stderr == ""
    network = Network.load(folder / "network.safetensors")
    assert (network.sizes, network.epochs) == ([784, 30, 10], 3)
    test = datasets.digits().test
    assert accuracy(done.stdout) == pytest.approx(100 * network.accuracy(test.x, test.labels), abs=0.005)


def test_test_says_what_train_said(trained, chainrule, accuracy):
    folder, done = trained
    tested = chainrule("test", "network.safetensors", folder=folder)
    assert accuracy(tested.stdout) == accuracy(done.stdout) > 85


def test_predict_reads_pictures_of_real_digits(trained, chainrule, tmp_path):
    folder, _ = trained
    test = datasets.digits().test
    for digit in range(10):
        for number, row in enumerate(np.flatnonzero(test.labels == digit)[:3]):
            pixels = np.uint8(255 * test.x[row].reshape(28, 28))
            dark_on_light = number % 2 == 0
            picture = Image.fromarray(255 - pixels if dark_on_light else pixels).resize((210, 210))
            picture.save(tmp_path / f"{digit}-{number}.png")
    paths = sorted(tmp_path.iterdir())
    done = chainrule("predict", "network.safetensors", *paths, folder=folder)
    answers = [line.rpartition(": ")[2] for line in done.stdout.splitlines() if ".png: " in line]
    assert len(answers) == len(paths) == 30
    right = sum(answer == path.name[0] for answer, path in zip(answers, paths, strict=True))
    assert right >= 24
    assert done.stdout.count("◀") == 30


def test_a_bad_picture_is_told_and_the_rest_is_read(trained, chainrule, tmp_path):
    folder, _ = trained
    (tmp_path / "bad.png").write_text("no picture")
    done = chainrule("predict", "network.safetensors", tmp_path / "bad.png", folder=folder, code=2)
    assert done.stderr.count("\n") == 1
    assert "bad.png" in done.stderr


def test_the_default_training_ends_above_90_percent(chainrule, accuracy, tmp_path):
    """What `make train` runs."""
    assert accuracy(chainrule("train", folder=tmp_path).stdout) > 90


def test_two_trainings_with_one_seed_are_the_same(trained, chainrule, tmp_path):
    folder, _ = trained
    chainrule("train", "--epochs", 3, folder=tmp_path)
    one, other = (Network.load(path / "network.safetensors") for path in (folder, tmp_path))
    for parameter, same in zip(one.weights + one.biases, other.weights + other.biases, strict=True):
        np.testing.assert_array_equal(parameter, same)
