"""All of MNIST, with the paper's settings."""

import pytest

from chainrule.networks import Network


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "least"),
    [
        (["--seed", 0], 95.2),
        (["--seed", 1], 95.2),
        (["--seed", 2], 95.2),
        (["--weights", "normal"], 94.0),
    ],
    ids=["scaled-0", "scaled-1", "scaled-2", "normal-0"],
)
def test_thirty_epochs(chainrule, accuracy, mnist, tmp_path, arguments, least):
    done = chainrule("train", "--data", mnist, "--out", "mnist.safetensors", *arguments, folder=tmp_path)
    assert "50,000 images to train, 10,000 to validate, 10,000 to test" in done.stdout
    assert accuracy(done.stdout) >= least
    assert Network.load(tmp_path / "mnist.safetensors").epochs == 30


def test_the_papers_own_network(chainrule, accuracy, mnist, paper_network, tmp_path):
    chainrule("convert", paper_network, "--out", "paper.safetensors", folder=tmp_path)
    tested = chainrule("test", "paper.safetensors", "--data", mnist, folder=tmp_path)
    assert accuracy(tested.stdout) in (94.99, 95.00)
