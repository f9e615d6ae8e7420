"""Numerical derivatives to hold the rules against, and arrays to try them on."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp


def central_difference(f, x, direction, step=1e-6):
    """The derivative of f at x along a direction, in float64."""
    return (f(x + step * direction) - f(x - step * direction)) / (2 * step)


def assert_derivatives(f, *arguments, seed=0, order=2, rtol=1e-5, atol=1e-7, exact=True):
    """Hold both directions of f's derivative against central differences, and each other, up to an order.

    Every argument is a real or complex array. A cotangent g stands for the real-linear map v ↦ Re Σ g v.
    """
    from chainrule import jvp, vjp

    random = np.random.default_rng(seed)
    plain = f(*arguments)
    value, pullback = vjp(f, *arguments)
    assert np.shape(value) == np.shape(plain)
    # The value is NumPy's own to the last bit; of a derivative, what is traced may lie in memory in another order.
    np.testing.assert_allclose(value, plain, rtol=0 if exact else 1e-12, atol=0 if exact else 1e-14)
    cotangent = _random_like(random, plain)
    cotangents = pullback(cotangent)
    directions = [_random_like(random, argument) for argument in arguments]
    for i, (argument, found, direction) in enumerate(zip(arguments, cotangents, directions, strict=True)):
        assert found.shape == np.shape(argument)
        assert found.dtype == argument.dtype

        def along(x, i=i):
            return f(*arguments[:i], x, *arguments[i + 1 :])

        difference = central_difference(along, argument, direction)
        np.testing.assert_allclose(
            np.sum(found * direction).real, np.sum(cotangent * difference).real, rtol=rtol, atol=atol
        )
    pushed_value, pushed = jvp(f, arguments, directions)
    np.testing.assert_allclose(pushed_value, plain, rtol=0 if exact else 1e-12, atol=0 if exact else 1e-14)
    assert pushed.shape == np.shape(plain)
    forward = np.sum(cotangent * pushed).real
    backward = sum(np.sum(g * t).real for g, t in zip(cotangents, directions, strict=True))
    np.testing.assert_allclose(forward, backward, rtol=1e-8, atol=1e-10)
    if order > 1:
        for i in range(len(arguments)):
            assert_derivatives(
                lambda *xs, i=i: vjp(f, *xs)[1](cotangent)[i], *arguments,
                seed=seed + 1, order=order - 1, rtol=max(rtol, 1e-4), atol=max(atol, 1e-6), exact=False,
            )  # fmt: skip
        assert_derivatives(
            lambda *xs: jvp(f, xs, directions)[1], *arguments,
            seed=seed + 2, order=order - 1, rtol=max(rtol, 1e-4), atol=max(atol, 1e-6), exact=False,
        )  # fmt: skip


def _random_like(random, x):
    real = random.normal(size=np.shape(x))
    return real + 1j * random.normal(size=np.shape(x)) if np.iscomplexobj(x) else real


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
