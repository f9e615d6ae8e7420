import numpy as np
import pytest

from chainrule import InputError
from chainrule.descent.steps import PlainEpochs, step_of


def downhill(parameters, gradient, eta):
    return [theta - rate * dC for theta, dC, rate in zip(parameters, gradient, eta, strict=True)]


def mean(parameters, x):
    """½ (u - x)², of which the gradient is u minus the mean of x."""
    (u,) = parameters
    return np.mean((u - x) ** 2) / 2, [u - np.mean(x)]


def test_a_step_is_the_cost_before_it_and_the_optimizers_parameters():
    u = np.array(4.0)
    (after,), C = step_of(mean, downhill)([u], [np.array([1.0, 3.0])], [0.5])
    np.testing.assert_array_equal([after, C, u], [3.0, 2.5, 4.0])


def test_parts_are_steps_and_each_begins_where_the_last_one_ended():
    x = np.arange(5.0)
    parts = list(PlainEpochs(step_of(mean, downhill), 5, 2).parts([np.array(0.0)], [x], [0.5], (3, 1)))
    order = np.random.default_rng((3, 1)).permutation(5)
    u = 0.0
    assert [part.examples for part in parts] == [2, 2, 1]
    for part, rows in zip(parts, (order[:2], order[2:4], order[4:]), strict=True):
        np.testing.assert_allclose(part.costs, [np.sum((u - x[rows]) ** 2) / 2])
        u -= 0.5 * (u - np.mean(x[rows]))
        np.testing.assert_allclose(part.parameters[0], u)


@pytest.mark.parametrize(("C", "shape"), [(np.ones(1), r"\(1,\)"), ([1.0, 2.0], r"\(2,\)")])
def test_a_cost_that_is_no_number_is_refused(C, shape):
    step = step_of(lambda parameters: (C, parameters), downhill)
    with pytest.raises(InputError, match=rf"the cost came with shape {shape}; give the mean"):
        step([np.ones(1)], [], [])
