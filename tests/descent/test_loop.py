import signal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import InputError, value_and_grad
from chainrule.descent import gradient_descent


def line_cost(parameters, x, y):
    """The mean squared error of a straight line."""
    slope, offset = parameters
    return np.mean((slope * x + offset - y) ** 2)


def line_data(m=23):
    x = np.linspace(-1, 1, m)
    return x, 3 * x - 1


def start():
    return [np.array(0.5), np.array([0.25])]


def descend(parameters, **options):
    x, y = line_data()
    return gradient_descent(
        value_and_grad(line_cost), parameters, x, y, **({"eta": 0.1, "progress": False, "epochs": 3} | options)
    )


def test_any_cost_of_any_parameters_finds_its_lowest_point():
    parameters = start()
    history = descend(parameters, epochs=200, batch_size=5)
    np.testing.assert_allclose(parameters[0], 3, rtol=1e-6)
    np.testing.assert_allclose(parameters[1], [-1], rtol=1e-6)
    assert history.cost[-1] < 1e-10 < history.cost[0]


@given(batch_size=st.integers(1, 23), eta=st.floats(1e-3, 0.2), seed=st.integers(0, 2**32), epochs=st.integers(0, 3))
def test_every_step_is_theta_minus_eta_times_the_gradient_of_its_mini_batch(batch_size, eta, seed, epochs):
    """The paper's update rule (II.3), written out example by example, batch after batch, the last one smaller."""
    x, y = line_data()
    parameters = start()
    history = descend(parameters, batch_size=batch_size, eta=eta, seed=seed, epochs=epochs)
    slope, offset = (theta.copy() for theta in start())
    costs = []
    for epoch in range(1, epochs + 1):
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        squares = []
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            errors = slope * x[rows] + offset - y[rows]
            squares += list(errors**2)
            slope, offset = slope - eta * np.mean(2 * errors * x[rows]), offset - eta * np.mean(2 * errors)
        costs.append(np.mean(squares))
    np.testing.assert_allclose(parameters[0], slope, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(parameters[1], offset, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(history.cost, costs, rtol=1e-12)
    assert history.epochs == list(range(1, epochs + 1))


def test_no_batch_size_is_batch_descent():
    one, other = start(), start()
    descend(one)
    descend(other, batch_size=23)
    assert one == other


@pytest.mark.parametrize("batch_size", [1, 10, 23])
def test_a_continued_descent_is_bit_for_bit_one_that_was_never_stopped(batch_size):
    whole, parts = start(), start()
    descend(whole, epochs=30, batch_size=batch_size)
    descend(parts, epochs=15, batch_size=batch_size)
    second = descend(parts, epochs=15, batch_size=batch_size, first_epoch=16)
    assert [theta.tobytes() for theta in whole] == [theta.tobytes() for theta in parts]
    assert second.epochs == list(range(16, 31))


def test_parameters_are_changed_in_place_and_keep_their_type():
    theta = np.ones(2, dtype=np.float32)
    gradient_descent(lambda p: (0.0, [np.array([1.0, 2.0])]), [theta], eta=0.5, epochs=1, progress=False)
    assert theta.dtype == np.float32
    np.testing.assert_array_equal(theta, [0.5, 0.0])


def test_history_and_callbacks():
    seen = []
    history = descend(
        start(),
        batch_size=5,
        evaluate=lambda: 0.5,
        after_epoch=lambda h: seen.append((h.epochs[-1], h.cost[-1], h.accuracy[-1])),
    )
    assert seen == list(zip(history.epochs, history.cost, [0.5] * 3, strict=True))
    assert len(history.examples_per_second) == 3
    assert min(history.examples_per_second) > 0
    assert not history.interrupted


def test_without_evaluate_there_is_no_accuracy():
    assert descend(start()).accuracy == []


def divergence(parameters):
    """Doubles away from 0 with eta 3, and the cost overflows."""
    (u,) = parameters
    return float(np.sum(u**2)), [u]


def test_divergence_stops_and_leaves_the_last_finite_epoch():
    # Each epoch is one step and multiplies u by -2. The seventh begins with 2**512, whose square no float64 holds.
    u = np.array([2.0**506])
    with pytest.raises(InputError, match=r"diverged in epoch 7: with eta 3 .* try a smaller eta"):
        gradient_descent(divergence, [u], eta=3.0, epochs=100, progress=False)
    np.testing.assert_array_equal(u, [2.0**512])


def test_a_parameter_that_overflows_is_divergence_even_while_the_cost_is_finite():
    u = np.array([-1e308])
    with pytest.raises(InputError, match="diverged in epoch 2"):
        gradient_descent(lambda p: (1.0, [np.array([7e307])]), [u], eta=1.0, epochs=5, progress=False)
    np.testing.assert_array_equal(u, [-1.7e308])


def test_ctrl_c_ends_after_the_step_under_way():
    steps = []

    def cost_and_gradient(parameters, x):
        steps.append(len(x))
        if len(steps) == 4:
            signal.raise_signal(signal.SIGINT)
        return 1.0, [np.ones(1)]

    theta = np.array([100.0])
    history = gradient_descent(
        cost_and_gradient, [theta], np.zeros(9), eta=1.0, epochs=5, batch_size=3, progress=False, compiled=False
    )
    assert history.interrupted
    assert history.epochs == [1]
    np.testing.assert_array_equal(theta, [96.0])


def test_ctrl_c_between_two_epochs():
    history = descend(start(), after_epoch=lambda h: signal.raise_signal(signal.SIGINT))
    assert history.interrupted
    assert history.epochs == [1]


def test_ctrl_c_at_the_very_end_interrupts_nothing():
    history = descend(start(), epochs=1, after_epoch=lambda h: signal.raise_signal(signal.SIGINT))
    assert history.epochs == [1]
    assert not history.interrupted


def test_second_ctrl_c_raises_at_once_and_the_old_handler_is_back():
    before = signal.getsignal(signal.SIGINT)

    def impatient(parameters, x, y):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    x, y = line_data()
    with pytest.raises(KeyboardInterrupt):
        gradient_descent(impatient, start(), x, y, eta=0.1, progress=False, compiled=False)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"eta": 0}, "eta, the learning rate, is 0; give a positive"),
        ({"eta": -1.0}, "positive"),
        ({"eta": float("nan")}, "positive"),
        ({"eta": float("inf")}, "finite"),
        ({"eta": "3"}, "'3'"),
        ({"eta": True}, "True"),
        ({"epochs": -1}, "epochs is -1; give an integer of at least 0"),
        ({"epochs": 1.5}, "epochs is 1.5; give an integer"),
        ({"batch_size": 0}, "batch_size is 0; give an integer of at least 1"),
        ({"batch_size": 24}, "batch_size is 24, but there are only 23 examples"),
        ({"batch_size": 2.0}, "integer"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"seed": True}, "seed is True"),
        ({"first_epoch": 0}, "first_epoch is 0"),
    ],
)
def test_bad_options_are_refused_before_anything_is_changed(options, sentence):
    parameters = start()
    with pytest.raises(InputError, match=sentence):
        descend(parameters, **options)
    assert parameters == start()


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ([1.0], r"parameters\[0\] is a float; give a writable array"),
        ([np.ones(2), np.ones(2, dtype=int)], r"parameters\[1\] is an array of int64"),
        ([np.broadcast_to(np.ones(1), 3)], "read-only"),
        ([np.array([1.0, np.nan])], r"parameters\[0\]\[1\] is nan"),
    ],
)
def test_bad_parameters(parameters, sentence):
    with pytest.raises(InputError, match=sentence):
        gradient_descent(lambda p: (0.0, p), parameters, eta=0.1, progress=False)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([np.array([[0.0, 1.0], [2.0, np.inf]])], r"data\[0\]\[1, 1\] is inf"),
        ([np.zeros(3), np.array(["a", "b", "c"])], r"data\[1\] has dtype <U1"),
        ([np.float64(3.0)], "one example a row"),
        ([np.zeros(3), np.zeros(4)], "3, 4 rows"),
        ([np.zeros((0, 2))], "no rows"),
    ],
)
def test_bad_data(data, sentence):
    with pytest.raises(InputError, match=sentence):
        gradient_descent(lambda p, *d: (0.0, p), [np.ones(1)], *data, eta=0.1, progress=False)


@pytest.mark.parametrize(
    ("gradient", "sentence"),
    [([np.ones(1)], "gradient of shape \\(1,\\) came for a parameter of shape \\(2,\\)"), ([], "came as 0 arrays")],
)
def test_a_gradient_that_does_not_fit_is_refused(gradient, sentence):
    with pytest.raises(InputError, match=sentence):
        gradient_descent(lambda p: (0.0, gradient), [np.ones(2)], eta=0.1, progress=False)


def test_a_large_finite_number_is_not_mistaken_for_infinity():
    data = np.full(4, 1.5e308)
    history = gradient_descent(lambda p, x: (0.0, [np.zeros(1)]), [np.ones(1)], data, eta=0.1, epochs=1, progress=False)
    assert history.epochs == [1]
