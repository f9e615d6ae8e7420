import signal

import numpy as np
import pytest

from chainrule import InputError, NativeCodeWarning
from chainrule.compiler import fallback, program
from chainrule.compiler.native import engine
from chainrule.compiler.program import program_of
from chainrule.networks import Network, formulas
from chainrule.networks.activations import ACTIVATIONS
from chainrule.networks.costs import COSTS


def digits_in_miniature(m=200, seed=0):
    """Three clouds of points, which any network can tell apart."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, size=m)
    x = random.normal(scale=0.3, size=(m, 4)) + np.eye(3, 4)[labels] * 2
    return x, labels


def fitted(dtype="float32", **options):
    network = Network([4, 5, 3], seed=2, dtype=dtype)
    x, labels = digits_in_miniature()
    return network, network.fit(x, labels, **({"epochs": 5, "progress": False} | options))


def same(one, other):
    arrays = zip(one.weights + one.biases, other.weights + other.biases, strict=True)
    return all(p.tobytes() == q.tobytes() for p, q in arrays)


def test_forward_of_an_example_and_of_a_batch():
    network = Network([4, 5, 3], dtype="float64")
    x, _ = digits_in_miniature(7)
    batch = network.forward(x)
    assert [z.shape for z in batch.z] == [(7, 5), (7, 3)]
    assert [a.shape for a in batch.a] == [(7, 4), (7, 5), (7, 3)]
    one = network.forward(x[2])
    for whole, single in ((batch.z, one.z), (batch.a, one.a)):
        for rows, row in zip(whole, single, strict=True):
            np.testing.assert_allclose(rows[2], row, rtol=1e-13)
    np.testing.assert_allclose(one.z[0], network.weights[0] @ x[2] + network.biases[0], rtol=1e-13)


def test_predict_is_the_most_active_output():
    network = Network([4, 5, 3])
    x, _ = digits_in_miniature(20)
    found = network.predict(x)
    assert found.shape == (20,)
    np.testing.assert_array_equal(found, np.argmax(network.forward(x).a[-1], axis=1))
    assert network.predict(x[3]) == found[3]
    assert type(network.predict(x[3])) is int


def test_labels_and_one_hot_targets_are_the_same_thing():
    network = Network([4, 5, 3])
    x, labels = digits_in_miniature(20)
    y = np.eye(3)[labels]
    assert network.cost(x, labels) == network.cost(x, y)
    assert network.accuracy(x, labels) == network.accuracy(x, y)
    assert network.cost(x[0], int(labels[0])) == network.cost(x[0], y[0])
    for one, other in zip(network.gradient(x, labels).weights, network.gradient(x, y).weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_cost_of_a_batch_is_the_mean_of_its_examples():
    network = Network([4, 5, 3], cost="cross_entropy", dtype="float64")
    x, labels = digits_in_miniature(9)
    costs = [network.cost(*example) for example in zip(x, labels, strict=True)]
    assert network.cost(x, labels) == pytest.approx(np.mean(costs), rel=1e-13)


def test_a_network_with_one_output_answers_yes_or_no():
    network = Network([1, 1], dtype="float64")
    network.weights[0][:], network.biases[0][:] = 10.0, 0.0
    x = np.array([[-1.0], [1.0], [2.0], [3.0]])
    np.testing.assert_array_equal(network.predict(x), [0, 1, 1, 1])
    assert network.predict([-1.0]) == 0
    assert network.accuracy(x, [0, 1, 1, 0]) == network.accuracy(x, [[0.0], [1.0], [1.0], [0.0]]) == 0.75
    assert network.accuracy([2.0], 1) == 1.0
    assert network.cost([2.0], 1.0) == network.cost([2.0], [1.0])


@pytest.mark.parametrize(
    ("activation", "cost", "eta"),
    [
        ("sigmoid", "quadratic", 3.0),
        ("sigmoid", "cross_entropy", 0.5),
        ("tanh", "quadratic", 0.1),
        ("relu", "quadratic", 0.1),
        ("identity", "quadratic", 0.05),
    ],
)
def test_every_kind_of_network_learns(activation, cost, eta):
    network = Network([4, 8, 3], activation, cost)
    x, labels = digits_in_miniature()
    history = network.fit(x, labels, epochs=20, eta=eta, progress=False)
    assert history.cost[-1] < history.cost[0]
    assert history.accuracy[-1] == network.accuracy(x, labels) >= 0.97


def test_fit_takes_the_steps_of_the_papers_formulas():
    network, other = Network([4, 5, 3], dtype="float64"), Network([4, 5, 3], dtype="float64")
    x, labels = digits_in_miniature(5)
    y = np.eye(3)[labels]
    network.fit(x, y, epochs=1, batch_size=2, eta=0.7, seed=4, progress=False)
    order = np.random.default_rng([4, 1]).permutation(5)
    for rows in (order[:2], order[2:4], order[4:]):
        found = [formulas.one_example(other.weights, other.biases, x[row], y[row]) for row in rows]
        for theta, *gradients in zip(other.weights, *(one.weights for one in found), strict=True):
            theta -= 0.7 * np.mean(gradients, axis=0)
        for theta, *gradients in zip(other.biases, *(one.biases for one in found), strict=True):
            theta -= 0.7 * np.mean(gradients, axis=0)
    for ours, theirs in zip(network.weights + network.biases, other.weights + other.biases, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


PAIRS = [(a, c) for a in ACTIVATIONS for c in COSTS if COSTS[c].activation in (None, a)]


@pytest.mark.parametrize("hidden", [[], [5], [5, 4], [3, 5, 2], [4, 3, 1, 5]], ids=len)
@pytest.mark.parametrize(("activation", "cost"), PAIRS)
def test_compiled_training_is_that_of_the_literal_formulas(activation, cost, hidden):
    """Every example's gradient by the paper's general algorithm, with its tensors formed; batches of 7, 7, 6."""
    network, other = (Network([4, *hidden, 3], activation, cost, dtype="float64") for _ in range(2))
    x, labels = digits_in_miniature(20)
    y = np.eye(3)[labels]
    history = network.fit(x, y, epochs=2, batch_size=7, eta=0.05, seed=1, progress=False)
    assert history.compiled
    costs = []
    for epoch in (1, 2):
        order = np.random.default_rng((1, epoch)).permutation(20)
        for rows in np.split(order, [7, 14]):
            found = [
                formulas.literal(other.weights, other.biases, x[row], y[row], ACTIVATIONS[activation], COSTS[cost])
                for row in rows
            ]
            costs += [one.C for one in found]
            for arrays, gradients in (
                (other.weights, [one.weights for one in found]),
                (other.biases, [one.biases for one in found]),
            ):
                for theta, *each in zip(arrays, *gradients, strict=True):
                    theta -= 0.05 * np.mean(each, axis=0)
    np.testing.assert_allclose(history.cost, [np.mean(costs[:20]), np.mean(costs[20:])], rtol=1e-12)
    for ours, theirs in zip(network.weights + network.biases, other.weights + other.biases, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-13)


def test_compiled_training_in_float32_is_that_of_the_closed_formulas():
    network, other = Network([784, 30, 10]), Network([784, 30, 10])
    random = np.random.default_rng(0)
    x, labels = random.random((100, 784), np.float32), random.integers(0, 10, 100)
    y = np.eye(10, dtype=np.float32)[labels]
    network.fit(x, y, epochs=1, batch_size=32, progress=False)
    order = np.random.default_rng((0, 1)).permutation(100)
    for rows in np.split(order, [32, 64, 96]):
        found = formulas.mini_batch(other.weights, other.biases, x[rows], y[rows])
        gradients = found.weights + found.biases
        for theta, gradient in zip(other.weights + other.biases, gradients, strict=True):
            theta -= 3.0 * gradient
    for ours, theirs in zip(network.weights + network.biases, other.weights + other.biases, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_without_llvmlite_it_learns_the_same(monkeypatch):
    expected, _ = fitted(dtype="float64")
    monkeypatch.setattr(engine, "available", lambda: False)
    monkeypatch.setattr(fallback, "_said", set())
    with pytest.warns(NativeCodeWarning) as caught:
        network, history = fitted(dtype="float64")
    assert [each.filename for each in caught] == [__file__]
    assert not history.compiled
    for ours, theirs in zip(network.weights + network.biases, expected.weights + expected.biases, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


@pytest.mark.parametrize("batch_size", [1, 7, 200])
def test_two_fits_are_one_long_one(batch_size):
    whole, history = fitted(epochs=6, batch_size=batch_size)
    parts, _ = fitted(epochs=3, batch_size=batch_size)
    second = parts.fit(*digits_in_miniature(), epochs=3, batch_size=batch_size, progress=False)
    assert same(whole, parts)
    assert whole.epochs == parts.epochs == 6
    assert second.epochs == [4, 5, 6]
    assert second.cost == history.cost[3:]


def test_a_training_goes_on_after_a_save_and_a_load(tmp_path):
    whole, _ = fitted(epochs=6)
    part, _ = fitted(epochs=3)
    part.save(tmp_path / "network.safetensors")
    loaded = Network.load(tmp_path / "network.safetensors")
    loaded.fit(*digits_in_miniature(), epochs=3, progress=False)
    assert same(whole, loaded)


def test_the_seed_decides():
    assert same(fitted(seed=1)[0], fitted(seed=1)[0])
    assert not same(fitted(seed=1)[0], fitted(seed=2)[0])


def test_data_of_any_layout_and_type_give_the_same_training():
    expected, _ = fitted()
    x, labels = digits_in_miniature()
    x32 = x.astype("float32")
    for same_x, same_y in (
        (np.asfortranarray(x32), labels.astype(np.uint8)),
        (np.repeat(x32, 2, axis=0)[::2], np.eye(3, dtype=bool)[labels]),
        (x32.tolist(), labels.tolist()),
    ):
        network = Network([4, 5, 3], seed=2)
        network.fit(same_x, same_y, epochs=5, progress=False)
        assert same(network, expected)


def test_bytes_are_taken_as_they_are():
    network = Network([3, 2])
    pixels = np.array([[0, 1, 255]], dtype=np.uint8)
    np.testing.assert_array_equal(network.forward(pixels).a[0], [[0.0, 1.0, 255.0]])


def test_the_data_are_not_changed():
    x, labels = digits_in_miniature()
    before = x.copy(), labels.copy()
    fitted_on = Network([4, 3]).fit(x, labels, epochs=1, progress=False)
    assert fitted_on.epochs == [1]
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(labels, before[1])


def test_validation_is_what_the_accuracy_is_measured_on():
    x, labels = digits_in_miniature()
    network, history = fitted(validation=(x[:10], (labels[:10] + 1) % 3))
    assert history.accuracy[-1] == network.accuracy(x[:10], (labels[:10] + 1) % 3) < 0.5


def test_after_epoch_sees_a_network_that_has_counted_the_epoch():
    network = Network([4, 5, 3])
    seen = []
    network.fit(
        *digits_in_miniature(),
        epochs=3,
        progress=False,
        after_epoch=lambda history: seen.append((network.epochs, history.epochs[-1])),
    )
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_ctrl_c_keeps_the_network_and_the_next_fit_goes_on():
    def press(history):
        if history.epochs[-1] == 2:
            signal.raise_signal(signal.SIGINT)

    network, history = fitted(epochs=6, after_epoch=press)
    assert history.interrupted
    assert network.epochs == 2
    network.fit(*digits_in_miniature(), epochs=4, progress=False)
    assert same(network, fitted(epochs=6)[0])


def test_ctrl_c_while_the_accuracy_is_measured_leaves_the_epoch_uncounted(monkeypatch):
    accuracy = Network._accuracy

    def pressed(self, x, expected, carry):
        if self.epochs == 2:
            signal.raise_signal(signal.SIGINT)
        return accuracy(self, x, expected, carry)

    monkeypatch.setattr(Network, "_accuracy", pressed)
    network, history = fitted(epochs=6)
    assert history.interrupted
    assert network.epochs == 2
    assert [len(each) for each in (history.cost, history.accuracy, history.examples_per_second)] == [2, 2, 2]
    monkeypatch.undo()
    assert same(network, fitted(epochs=3)[0])  # what the third epoch taught is kept


def test_divergence_leaves_the_network_as_it_was_before_the_epoch():
    network = Network([4, 5, 3], "identity", dtype="float64")
    x, labels = digits_in_miniature()
    network.fit(x, labels, epochs=1, eta=0.05, progress=False)
    before = [theta.copy() for theta in network.weights + network.biases]
    with pytest.raises(InputError, match=r"diverged in epoch 2: with eta 50 .* smaller eta"):
        network.fit(x, labels, eta=50.0, progress=False)
    assert network.epochs == 1
    for theta, kept in zip(network.weights + network.biases, before, strict=True):
        np.testing.assert_array_equal(theta, kept)


def test_repr_is_the_call_that_makes_it():
    network = Network((3, 2), "tanh", weights="normal", seed=5, dtype="float64")
    assert repr(eval(repr(network))) == repr(network)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"sizes": []}, "at least an input and an output layer"),
        ({"sizes": [784]}, "at least an input and an output layer"),
        ({"sizes": [784, 0, 10]}, r"sizes\[1\] is 0; give an integer of at least 1"),
        ({"sizes": [784, 2.5]}, r"sizes\[1\] is 2.5"),
        ({"sizes": "784,10"}, "sizes is '784,10'; give the units of every layer"),
        ({"sizes": 784}, "sizes is 784"),
        ({"activation": "sigmiod"}, "activation is 'sigmiod'; did you mean 'sigmoid'"),
        ({"activation": None}, "'sigmoid', 'tanh', 'relu', 'identity'"),
        ({"cost": "cross-entropy"}, "did you mean 'cross_entropy'"),
        ({"cost": "cross_entropy", "activation": "tanh"}, "needs outputs between 0 and 1.*use activation 'sigmoid'"),
        ({"weights": "Scaled"}, "did you mean 'scaled'"),
        ({"seed": 1.0}, "seed is 1.0; give an integer"),
        ({"seed": -1}, "seed is -1"),
        ({"dtype": "float16"}, "dtype is 'float16'; did you mean"),
        ({"dtype": "double!"}, "dtype is 'double!'"),
    ],
)
def test_bad_architectures(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        Network(**({"sizes": [3, 2]} | arguments))


@pytest.mark.parametrize("dtype", ["float64", float, np.float64, np.dtype("float64")])
def test_spellings_of_a_dtype(dtype):
    assert Network([3, 2], dtype=dtype).weights[0].dtype == "float64"


GOOD_X, GOOD_Y = digits_in_miniature(6)


def with_entry(value):
    x = GOOD_X.copy()
    x[4, 1] = value
    return x


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"x": GOOD_X[:, :3]}, r"x has shape \(6, 3\); the network takes .* \(m, 4\)"),
        ({"x": GOOD_X[0]}, "give a batch"),
        ({"x": GOOD_X[:0], "y": GOOD_Y[:0]}, "no rows"),
        ({"x": [[1.0], [1.0, 2.0]]}, "rows of different lengths"),
        ({"x": GOOD_X.astype(str)}, "give numbers"),
        ({"x": with_entry(np.nan)}, r"x\[4, 1\] is nan"),
        ({"x": with_entry(1e200)}, r"x\[4, 1\] is inf"),
        ({"y": GOOD_Y[:5]}, "y has 5 rows and x has 6"),
        ({"y": np.array([0, 1, 2, 3, 0, 1])}, "y has the label 3; with 3 output units labels go from 0 to 2"),
        ({"y": np.array([0, 1, 2, -1, 0, 1])}, "the label -1"),
        ({"y": GOOD_Y.astype(float)}, r"y has dtype float64 and shape \(6,\); give one-hot .* \(6, 3\) or integer"),
        ({"y": np.eye(4)[GOOD_Y]}, r"y has dtype float64 and shape \(6, 4\)"),
        ({"y": np.eye(3)[GOOD_Y] * np.nan}, r"y\[0, 0\] is nan"),
        ({"y": GOOD_Y.astype(str)}, "give numbers"),
        ({"eta": 0.0}, "eta"),
        ({"eta": float("nan")}, "eta"),
        ({"batch_size": 7}, "batch_size is 7, but there are only 6 examples"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"epochs": 2.0}, "epochs is 2.0"),
        ({"seed": None}, "seed is None"),
        ({"validation": GOOD_X}, "give a pair"),
        ({"validation": (GOOD_X[0], GOOD_Y[0])}, "validation x has shape .*give a batch"),
        ({"validation": (GOOD_X[:, :2], GOOD_Y)}, "validation x has shape"),
        ({"validation": (GOOD_X, GOOD_Y + 1)}, "validation y has the label 3"),
        ({"validation": (with_entry(np.inf), GOOD_Y)}, r"validation x\[4, 1\] is inf"),
    ],
)
def test_bad_trainings_are_refused_before_anything_is_learnt(options, sentence):
    network = Network([4, 3])
    arguments = {"x": GOOD_X, "y": GOOD_Y, "batch_size": 2, "progress": False} | options
    with pytest.raises(InputError, match=sentence):
        network.fit(**arguments)
    assert same(network, Network([4, 3]))
    assert network.epochs == 0


@pytest.mark.parametrize("method", ["forward", "predict"])
def test_bad_inputs_to_a_forward_pass(method):
    for x in (np.ones(3), np.ones((2, 2, 4)), 1.0, np.full(4, np.nan)):
        with pytest.raises(InputError, match="x"):
            getattr(Network([4, 3]), method)(x)


def test_cross_entropy_takes_targets_between_0_and_1_only():
    network = Network([2, 2], cost="cross_entropy")
    with pytest.raises(InputError, match="targets from -1 to 2; cross-entropy needs them between 0 and 1"):
        network.cost([1.0, 1.0], [2.0, -1.0])


def test_another_network_of_the_same_kind_needs_no_recording(monkeypatch):
    recorded = []

    def counted(f, *args, **kwargs):
        recorded.append(f)
        return program_of(f, *args, **kwargs)

    monkeypatch.setattr(program, "program_of", counted)
    monkeypatch.setattr("chainrule.compiler.compiled.program_of", counted)
    monkeypatch.setattr("chainrule.networks.outputs.WORTH_COMPILING", 1)
    x, y = np.random.default_rng(0).random((57, 6), np.float32), np.arange(57) % 3

    def fit(eta, **architecture):
        network = Network([6, 5, 3], **architecture)
        history = network.fit(x, y, epochs=2, batch_size=8, eta=eta, progress=False)
        assert history.compiled
        return [theta.tobytes() for theta in network.weights + network.biases], history.cost, history.accuracy

    first = fit(1.0)
    count = len(recorded)
    assert count == 2  # the steps, and the accuracy
    assert fit(1.0) == first
    assert fit(0.5, seed=3) != first
    assert len(recorded) == count
    fit(1.0, activation="tanh")
    assert len(recorded) > count
