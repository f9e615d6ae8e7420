"""Numerical derivatives to hold the rules against, and arrays to try them on."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp


def central_difference(f, x, direction, step=1e-6):
    """The derivative of f at x along a direction, in float64."""
    return (f(x + step * direction) - f(x - step * direction)) / (2 * step)


def assert_pullback_is_derivative(f, *arguments, seed=0, rtol=1e-5, atol=1e-7):
    """Hold the pullback of f against central differences along random directions, in every argument."""
    from chainrule import vjp

    random = np.random.default_rng(seed)
    value, pullback = vjp(f, *arguments)
    assert np.shape(value) == np.shape(f(*arguments))
    np.testing.assert_array_equal(value, f(*arguments))
    cotangent = random.normal(size=np.shape(value))
    cotangents = pullback(cotangent)
    for i, (argument, found) in enumerate(zip(arguments, cotangents, strict=True)):
        assert found.shape == np.shape(argument)
        assert found.dtype == argument.dtype
        direction = random.normal(size=np.shape(argument))

        def along(x, i=i):
            return f(*arguments[:i], x, *arguments[i + 1 :])

        expected = np.sum(cotangent * central_difference(along, argument, direction))
        np.testing.assert_allclose(np.sum(found * direction), expected, rtol=rtol, atol=atol)


def shapes(max_dims=3):
    """Shapes with 0-d, empty and ordinary ones among them."""
    return hnp.array_shapes(min_dims=0, max_dims=max_dims, min_side=0, max_side=4)


@st.composite
def arrays(draw, shape=None, low=-2.0, high=2.0):
    """Float64 arrays of distinct entries, some of them views with negative strides or swapped axes."""
    shape = draw(shapes()) if shape is None else shape
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    array = random.uniform(low, high, size=shape)
    layout = draw(st.sampled_from(["plain", "reversed", "fortran", "strided"]))
    if layout == "reversed":
        return array[::-1] if array.ndim else array
    if layout == "fortran":
        return np.asfortranarray(array)
    if layout == "strided" and array.ndim:
        return np.repeat(array, 2, axis=-1)[..., ::2]
    return array
