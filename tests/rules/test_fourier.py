"""Discrete Fourier transforms against central differences: even and odd lengths, cropped and padded, all norms."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import vjp

random = np.random.default_rng(19)
NORMS = [None, "ortho", "forward"]


def signal(*shape, kind="f"):
    x = random.normal(size=shape)
    return x + 1j * random.normal(size=shape) if kind == "c" else x


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [None, 3, 4, 5, 6, 9])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_along_one_axis(name, n, norm):
    f = getattr(np.fft, name)
    for length in (5, 6):
        for kind in "f" if name in ("rfft", "ihfft") else "cf":
            assert_derivatives(lambda x: f(x, n, norm=norm), signal(length, kind=kind), order=1)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_along_another_axis_and_twice(name):
    f = getattr(np.fft, name)
    x = signal(2, 4, 3, kind="f" if name in ("rfft", "ihfft") else "c")
    assert_derivatives(lambda x: f(x, axis=1), x)
    assert_derivatives(lambda x: np.abs(f(x, 5, 0)) ** 2, x)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"])
def test_over_several_axes(name):
    f = getattr(np.fft, name)
    x = signal(3, 4, 5, kind="f" if name.startswith("rfft") else "c")
    assert_derivatives(lambda x: f(x), x, order=1)
    assert_derivatives(lambda x: f(x, s=(3, 6), axes=(2, 0), norm="ortho"), x, order=1)
    assert_derivatives(lambda x: f(x, s=(-1, 5), axes=(-1, 1)), x, order=1)
    assert_derivatives(lambda x: f(x, axes=(1,)), x, order=1)


@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
def test_shifts(name):
    f = getattr(np.fft, name)
    assert_derivatives(lambda x: f(x), signal(3, 4, kind="c"))
    assert_derivatives(lambda x: f(x, axes=1), signal(3, 5))
    assert_derivatives(lambda x: f(x, axes=(0, -1)), signal(3, 5, 2))


def test_float32_stays_float32():
    x = signal(6).astype(np.float32)
    for f in (np.fft.fft, np.fft.rfft, np.fft.irfft):
        value, pull = vjp(f, x)
        assert value.dtype == f(x).dtype
        assert pull(np.ones(value.shape))[0].dtype == np.float32


def test_convolution_by_the_transform_has_the_derivatives_of_convolution():
    x, v = signal(6), signal(3)
    f = lambda x, v: np.fft.irfft(np.fft.rfft(x, 8) * np.fft.rfft(v, 8), 8)  # noqa: E731
    g = signal(8)
    for found, expected in zip(vjp(f, x, v)[1](g), vjp(np.convolve, x, v)[1](g), strict=True):
        np.testing.assert_allclose(found, expected)


def test_lengths_and_axes_must_fit():
    with pytest.raises(ValueError, match="different lengths"):
        vjp(lambda x: np.fft.fftn(x, s=(2,), axes=(0, 1)), signal(3, 3))
    with pytest.raises(ValueError, match="out of bounds"):
        vjp(lambda x: np.fft.fft(x, axis=2), signal(3, 3))
