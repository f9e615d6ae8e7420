"""check_backprop: right passes in every form are called right, and planted mistakes are found with their place."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.teaching.students import PLANTED, can_be_made, student

from chainrule import InputError, Network, check_backprop
from chainrule.document.terminal import terminal_text

ALL = ("delta", "dW", "db")
KINDS = [ALL, ("dW", "db"), ("delta",), ("dW",), ("db",), ("delta", "dW")]


def network_and_point(sizes, activation, cost, dtype, m, seed):
    """A network with weights of a size at which nothing saturates, and an example or a batch."""
    random = np.random.default_rng(seed)
    network = Network(sizes, activation=activation, cost=cost, dtype=dtype, seed=seed)
    network.weights = [
        random.uniform(0.3, 1.2, w.shape).astype(dtype) * random.choice([-1, 1], w.shape).astype(dtype)
        for w in network.weights
    ]
    network.biases = [random.uniform(-0.5, 0.5, b.shape).astype(dtype) for b in network.biases]
    x = random.uniform(-1, 1, (m, sizes[0]) if m else sizes[0])
    y = random.uniform(0.1, 0.9, (m, sizes[-1]) if m else sizes[-1])
    return network, x, y


KNOWN = [
    ("sigmoid", "quadratic"),
    ("sigmoid", "cross_entropy"),
    ("tanh", "quadratic"),
    ("relu", "quadratic"),
    ("identity", "quadratic"),
]
networks = st.tuples(
    st.lists(st.integers(1, 6), min_size=2, max_size=6),
    st.sampled_from(KNOWN),
    st.sampled_from(["float64", "float32"]),
    st.sampled_from([0, 0, 1, 2, 3, 5]),
    st.integers(0, 10_000),
)


@settings(max_examples=600, deadline=None)
@given(
    networks,
    st.sampled_from(["flat", "columns"]),
    st.sampled_from(["dict", "pair", "transposed", "divided"]),
    st.sampled_from(KINDS),
    st.sampled_from([np.float64, np.float32]),
)
def test_what_is_right_is_never_accused(network, form, answer, kinds, computed_in):
    sizes, (activation, cost), dtype, m, seed = network
    made, x, y = network_and_point(sizes, activation, cost, dtype, m, seed)
    right = student(sizes, activation, cost, form=form, answer=answer, kinds=kinds, computed_in=computed_in)
    report = check_backprop(right, made, x, y)
    assert report.ok, f"{report}"


@pytest.mark.parametrize("sizes", [[4, 3, 2, 2], [2, 2], [3, 2, 5], [2, 1, 1]])
@pytest.mark.parametrize("form", ["flat", "columns"])
def test_deltas_that_are_square_in_some_layers_are_read_as_rows_or_as_columns(sizes, form):
    made, x, y = network_and_point(sizes, "sigmoid", "quadratic", "float64", 2, 0)
    assert check_backprop(student(sizes, "sigmoid", "quadratic", form=form), made, x, y)


def test_the_target_that_is_drawn_elsewhere_is_of_the_kind_that_was_given():
    """For one-hot targets this is right; for others it is not."""

    def of_labels(weights, biases, x, y):
        a = 1 / (1 + np.exp(-(weights[0] @ x + biases[0])))
        delta = a.copy()
        delta[np.argmax(y)] -= 1
        return {"delta": [delta], "dW": [np.outer(delta, x)], "db": [delta]}

    network = Network([3, 4], cost="cross_entropy", seed=0)
    assert check_backprop(of_labels, network, [0.1, 0.2, 0.3], 2)


def test_a_function_that_takes_no_other_examples_is_checked_where_it_was_asked():
    x = [0.1, 0.2, 0.3]
    right = student([3, 4, 2], "sigmoid", "quadratic")
    wrong = student([3, 4, 2], "sigmoid", "quadratic", [(("delta", "sign"), 1)])

    def for_these(found):
        def my_backprop(weights, biases, given_x, y):
            if not np.array_equal(given_x, x):
                raise ValueError("not my example")
            return found(weights, biases, given_x, y)

        return my_backprop

    network = Network([3, 4, 2], dtype="float64", seed=0)
    assert check_backprop(for_these(right), network, x, 1)
    report = check_backprop(for_these(wrong), network, x, 1)
    assert (report.layer, report.quantity) == (1, "delta")


@pytest.mark.parametrize("corner", [lambda z: z > 0, lambda z: z >= 0])
def test_where_relu_has_no_derivative_any_is_right(corner):
    """All of z^1 is 0."""
    network = Network([3, 4, 2], activation="relu", dtype="float64", seed=0)
    network.biases = [np.zeros(4), np.ones(2)]

    def my_backprop(weights, biases, x, y):
        z = weights[0] @ x + biases[0]
        above = weights[1] @ np.maximum(z, 0) + biases[1]
        last = (np.maximum(above, 0) - y) * corner(above)
        first = weights[1].T @ last * corner(z)
        return {"delta": [first, last]}

    report = check_backprop(my_backprop, network, np.zeros(3), 1)
    assert report
    assert "relu has no derivative" in str(report)


@pytest.mark.parametrize("answer", ["dict", "pair"])
def test_what_the_forward_pass_rounds_is_allowed(answer):
    """a^1 is a small difference of large numbers: in single precision it has three digits."""
    network = Network([2, 1, 2], activation="identity", dtype="float64", seed=0)
    network.weights = [np.array([[1.0, -1.0]]), np.array([[1.0], [2.0]])]
    network.biases = [np.zeros(1), np.zeros(2)]
    right = student([2, 1, 2], "identity", "quadratic", answer=answer, computed_in=np.float32)
    for small in (1.1e-4, 2.3e-4, 3.7e-4):
        report = check_backprop(right, network, [1.0, 1.0 + small], 1)
        assert report.ok, f"{report}"


@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy"])
def test_where_units_saturate_either_way_to_write_the_slope_is_right(cost):
    """σ'(z) from exp(−z) and from a (1 − a), where a is rounded to nearly 1."""

    def my_backprop(weights, biases, x, y):
        a, slopes = [x], []
        for W, b in zip(weights, biases, strict=True):
            grown = np.exp(-np.abs(W @ a[-1] + b))
            slopes.append(grown / (1 + grown) ** 2)
            a.append(1 / (1 + np.exp(-(W @ a[-1] + b))))
        last = (a[-1] - y) * (slopes[1] if cost == "quadratic" else 1)
        return {"delta": [weights[1].T @ last * slopes[0], last]}

    network = Network([3, 4, 2], cost=cost, dtype="float64", seed=0)
    for scale in (1, 5, 10, 20, 100):
        report = check_backprop(my_backprop, network, scale * np.array([1.0, -2.0, 3.0]), 1)
        assert report.ok, f"{report}"


TRIES = 40


def tries(mistakes, seed, count=TRIES, kinds=KNOWN, depth=5):
    """Draw networks, points and layers at which these mistakes can be made, in different layers."""
    random = np.random.default_rng([seed, len(mistakes)])
    while count:
        sizes = [int(n) for n in random.integers(2, 5, random.integers(len(mistakes) + 1, depth + 2))]
        activation, cost = kinds[random.integers(len(kinds))]
        m = int(random.choice([0, 1, 2, 3, 5]))
        drawn = [random.choice(PLANTED) if one is None else one for one in mistakes]
        layers = random.permutation(np.arange(1, len(sizes)))[: len(drawn)]
        planted = [(tuple(map(str, one)), int(layer)) for one, layer in zip(drawn, layers, strict=True)]
        if all(can_be_made(*one, sizes, activation, cost, m) for one in planted) and not alike(planted, sizes):
            count -= 1
            point = network_and_point(sizes, activation, cost, "float64", m, int(random.integers(1000)))
            yield planted, sizes, activation, cost, point


def alike(planted, sizes):
    """Whether each layer's gradient by W is transposed: that is one of the forms in which an answer is right."""
    return [one for one, _ in planted] == [("dW", "transposed")] * (len(sizes) - 1)


def form_of(planted, turn):
    # In columns a gradient by b that is broadcast has the shape (n, n), in rows too: but there it is what was meant.
    return "flat" if any(name == "broadcasting" for (_, name), _ in planted) else ("flat", "columns")[turn % 2]


@pytest.mark.parametrize("mistake", PLANTED, ids="-".join)
def test_a_planted_mistake_is_found(mistake):
    for turn, (planted, sizes, activation, cost, point) in enumerate(tries([mistake], PLANTED.index(mistake))):
        report = check_backprop(student(sizes, activation, cost, planted, form_of(planted, turn)), *point)
        (quantity, name), layer = planted[0]
        assert (report.layer, report.quantity) == (layer, quantity), f"{planted} {sizes} {report}"
        assert name in names_of(report, quantity, layer), f"{planted} {sizes} {report}"
        assert len(report.mistakes) == 1, f"{planted} {sizes} {report}"


@pytest.mark.parametrize("mistake", PLANTED, ids="-".join)
def test_without_delta_the_place_is_still_found(mistake):
    for turn, (planted, sizes, activation, cost, point) in enumerate(tries([mistake], PLANTED.index(mistake), 15)):
        form = form_of(planted, turn)
        report = check_backprop(student(sizes, activation, cost, planted, form, answer="pair"), *point)
        assert [found.layer for found in report.mistakes] == [planted[0][1]], f"{planted} {sizes} {report}"
        found = report.mistakes[0]
        assert mistake[1] in (found.name, *found.also), f"{planted} {sizes} {report}"


def test_two_mistakes_in_different_layers_are_both_found():
    for planted, sizes, activation, cost, point in tries([None, None], 0, 300):
        report = check_backprop(student(sizes, activation, cost, planted, form_of(planted, 0)), *point)
        assert report.layer == max(layer for _, layer in planted), f"{planted} {sizes} {report}"
        for (quantity, name), layer in planted:
            assert name in names_of(report, quantity, layer), f"{planted} {sizes} {report}"
        assert len(report.mistakes) == 2, f"{planted} {sizes} {report}"


def names_of(report, quantity, layer):
    return [name for m in report.mistakes if (m.quantity, m.layer) == (quantity, layer) for name in (m.name, *m.also)]


def test_what_is_transposed_in_every_layer_is_a_form():
    made, x, y = network_and_point([3, 3, 4], "sigmoid", "quadratic", "float64", 3, 0)
    planted = [(("dW", "transposed"), layer) for layer in (1, 2)]
    report = check_backprop(student([3, 3, 4], "sigmoid", "quadratic", planted), made, x, y)
    assert report.ok
    assert "read as transposed, in every layer" in str(report)


@pytest.mark.parametrize("answer", ["dict", "pair"])
def test_of_one_example_a_sum_is_a_mean(answer):
    made, x, y = network_and_point([3, 4, 2], "sigmoid", "quadratic", "float64", 1, 0)
    planted = [(("dW", "sum-for-mean"), 1), (("db", "mean-for-sum"), 2)]
    assert check_backprop(student([3, 4, 2], "sigmoid", "quadratic", planted, answer=answer), made, x, y)


def test_of_two_examples_twice_and_the_sum_are_both_named():
    made, x, y = network_and_point([3, 4, 2], "sigmoid", "quadratic", "float64", 2, 0)
    report = check_backprop(student([3, 4, 2], "sigmoid", "quadratic", [(("dW", "factor-2"), 1)]), made, x, y)
    assert set(names_of(report, "dW", 1)) == {"sum-for-mean", "factor-2"}
    assert "The same numbers come from: factor-2." in str(report)


def test_an_unknown_mistake_in_delta_is_found_by_the_gradients_alone():
    """The gradients tell the δ that they were made from; what follows from it is not accused."""
    right = student([3, 4, 4, 2], "sigmoid", "quadratic")

    def my_backprop(weights, biases, x, y):
        delta = right(weights, biases, x, y)["delta"]
        a = [x]
        for W, b in zip(weights, biases, strict=True):
            a.append(1 / (1 + np.exp(-(W @ a[-1] + b))))
        delta[1] = delta[1] + 0.1 * np.arange(4)
        delta[0] = weights[1].T @ delta[1] * a[1] * (1 - a[1])
        return {"dW": [np.outer(d, v) for d, v in zip(delta, a[:-1], strict=True)], "db": delta}

    report = check_backprop(my_backprop, Network([3, 4, 4, 2], dtype="float64", seed=0), [0.1, 0.2, 0.3], 1)
    assert [(m.layer, m.quantity, m.name) for m in report.mistakes] == [(2, "delta", "unrecognised")]


def test_a_mistake_that_does_not_show_where_it_was_looked_for_is_found_elsewhere():
    """With W^2 = its transpose, both are the same."""
    made, x, y = network_and_point([3, 2, 2], "sigmoid", "quadratic", "float64", 0, 0)
    made.weights = [made.weights[0], np.array([[0.5, 0.25], [0.25, 1.0]])]
    report = check_backprop(
        student([3, 2, 2], "sigmoid", "quadratic", [(("delta", "W-not-transposed"), 1)]), made, x, y
    )
    assert [m.name for m in report.mistakes] == ["W-not-transposed"]
    assert "At the point that was given all numbers are right" in str(report)


def test_a_weight_that_was_seen_to_change_was_updated_too_soon():
    def my_backprop(weights, biases, x, y):
        z = weights[0] @ x + biases[0]
        hidden = 1 / (1 + np.exp(-z))
        a = 1 / (1 + np.exp(-(weights[1] @ hidden + biases[1])))
        last = (a - y) * a * (1 - a)
        by_last = np.outer(last, hidden)
        weights[1] -= 0.5 * by_last
        first = weights[1].T @ last * hidden * (1 - hidden)
        return {"dW": [np.outer(first, x), by_last], "db": [first, last]}

    report = check_backprop(my_backprop, Network([3, 4, 2], dtype="float64", seed=0), [0.1, 0.2, 0.3], 1)
    assert [(m.name, m.layer) for m in report.mistakes] == [("update-before-gradient", 1)]
    assert "updated before" in report.mistakes[0].explanation
    assert "It changed the weights" in str(report)


def test_weights_that_are_changed_are_noticed():
    network = Network([3, 4, 2], dtype="float64")
    right = student([3, 4, 2], "sigmoid", "quadratic")

    def impatient(weights, biases, x, y):
        found = right(weights, biases, x, y)
        for w, g in zip(weights, found["dW"], strict=True):
            w -= g
        return found

    before = [w.copy() for w in network.weights]
    report = check_backprop(impatient, network, [0.1, 0.2, 0.3], 1)
    assert report.ok
    assert "changed the weights" in " ".join(report.notes)
    assert all(np.array_equal(w, v) for w, v in zip(network.weights, before, strict=True))


def failing(returned):
    def my_backprop(weights, biases, x, y):
        if isinstance(returned, Exception):
            raise returned
        return returned

    return my_backprop


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "it returned nothing"),
        ({"dw": []}, "a dict came with 'dw'"),
        ({"dW": [np.zeros((2, 3))] * 3}, "dW came as 3 of them; give a list of 1"),
        ({"dW": ["a"]}, "does not hold real numbers"),
        (ValueError("shapes differ"), "it raised ValueError in "),
        ({"db": [np.zeros(7)]}, "has shape (7,), and should have (2,)"),
        ({"db": [np.full(2, np.nan)]}, "holds NaN or infinity"),
        ({"db": [np.array([3.0, 4.0])]}, "none of the known mistakes gives these numbers"),
    ],
    ids=["nothing", "unknown key", "count", "words", "raises", "shape", "nan", "unknown"],
)
def test_what_cannot_be_read_is_told(returned, words):
    report = check_backprop(failing(returned), Network([3, 2]), [0.1, 0.2, 0.3], 1)
    assert not report
    assert words in str(report)


def test_where_nothing_could_be_checked_nothing_is_said_of_a_layer():
    report = check_backprop(failing(ValueError("no")), Network([3, 4, 2]), [0.1, 0.2, 0.3], 1)
    assert (report.ok, report.layer, report.quantity, report.checked) == (False, None, None, ())
    assert str(report).startswith("Nothing could be checked: it raised ValueError in ")
    assert "layer" not in terminal_text(report.document()).lower()


def test_what_is_said_of_the_layers():
    def said(sizes, mistakes=(), **how):
        made, x, y = network_and_point(sizes, "sigmoid", "quadratic", "float64", 3, 0)
        report = check_backprop(student(sizes, "sigmoid", "quadratic", mistakes, **how), made, x, y)
        return f"{report}\n{terminal_text(report.document())}"

    assert "Right: δ, ∂C/∂W, ∂C/∂b of the only layer." in said([3, 2])
    assert "Right: ∂C/∂W of all 2 layers." in said([3, 4, 2], kinds=("dW",))
    words = said([3, 4, 3, 2], [(("delta", "sign"), 2)])
    assert "Wrong, first in layer 2, in δ (sign); the 1 layer above is right; 1 mistake in all." in words
    assert "Layer 3 is right." in words
    assert "Layer 1 follows rightly from the δ that layer 2 handed on." in words
    assert "Layer 1 is right." in said([3, 4, 2], [(("dW", "sign"), 2)])
    everywhere = [((kind, "sum-for-mean"), layer) for kind in ("dW", "db") for layer in (1, 2)]
    assert "in ∂C/∂W (sum-for-mean); the same mistake 4 times." in said([3, 4, 2], everywhere)


def test_no_network_is_refused():
    sizes: Any = [1, 2]
    with pytest.raises(InputError, match=r"a network was expected, and a list came"):
        check_backprop(student([3, 2], "sigmoid", "quadratic"), sizes, [0.1, 0.2, 0.3], 1)
