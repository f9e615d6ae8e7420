import numpy as np
import pytest

from chainrule import InputError
from chainrule.networks import Network
from chainrule.networks.parameters import initial_parameters


@pytest.mark.parametrize(("weights", "deviation"), [("scaled", 1 / 20), ("normal", 1.0)])
def test_spread_of_weights_and_biases(weights, deviation):
    W, b = initial_parameters([400, 300, 500], weights, 0, np.dtype("float64"))
    assert [w.shape for w in W] == [(300, 400), (500, 300)]
    assert [v.shape for v in b] == [(300,), (500,)]
    assert W[0].std() == pytest.approx(deviation, rel=0.02)
    assert abs(W[0].mean()) < 0.02 * deviation
    assert np.concatenate(b).std() == pytest.approx(1, rel=0.1)


def test_the_seed_and_the_type():
    first, again, other = (Network([5, 4, 3], seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.weights[1], again.weights[1])
    assert not np.array_equal(first.weights[1], other.weights[1])
    precise = Network([5, 4, 3], seed=1, dtype="float64")
    np.testing.assert_array_equal(first.weights[1], precise.weights[1].astype("float32"))
    assert first.biases[0].dtype == "float32"
    assert precise.biases[0].dtype == "float64"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda n: n.weights.pop(), "1 weight and 2 bias arrays; sizes .3, 2, 1. need 2 of each"),
        (lambda n: n.weights.__setitem__(0, np.ones((2, 2), "float32")), r"W1 is float32 \(2, 2\); .*\(2, 3\)"),
        (lambda n: n.biases.__setitem__(1, np.ones(1)), "b2 is float64"),
        (lambda n: n.biases.__setitem__(1, [1.0]), "b2 is a list"),
        (lambda n: n.weights[1].fill(np.nan), r"W2\[0, 0\] is nan"),
    ],
)
def test_spoilt_parameters_are_found_before_training_and_saving(spoil, sentence, tmp_path):
    network = Network([3, 2, 1])
    spoil(network)
    with pytest.raises(InputError, match=sentence):
        network.fit(np.ones((2, 3)), np.ones((2, 1)), batch_size=1, progress=False)
    with pytest.raises(InputError, match=sentence):
        network.save(tmp_path / "spoilt.safetensors")
    assert list(tmp_path.iterdir()) == []
