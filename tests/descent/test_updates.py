import numpy as np

from chainrule.descent.updates import plain


def test_plain_goes_down_the_gradient_and_changes_nothing_in_place():
    theta, dC = np.array([1.0, 2.0]), np.array([4.0, -4.0])
    (after,) = plain([theta], [dC], [0.25])
    np.testing.assert_array_equal(after, [0.0, 3.0])
    np.testing.assert_array_equal(theta, [1.0, 2.0])


def test_a_wider_gradient_leaves_a_parameter_its_type():
    (after,) = plain([np.ones(2, np.float32)], [np.ones(2)], [0.5])
    assert after.dtype == np.float32
    np.testing.assert_array_equal(after, [0.5, 0.5])
