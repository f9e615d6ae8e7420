import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.datasets import digits
from chainrule.datasets.ink import digit_from_grey
from chainrule.errors import DataError

DIGITS = digits().test.x.astype(np.float64)


def test_an_image_of_mnist_comes_out_nearly_as_it_went_in() -> None:
    some = DIGITS[:300]
    likeness = np.array([np.corrcoef(digit_from_grey(x.reshape(28, 28)), x)[0, 1] for x in some])
    # A faint edge that is taken for paper can move the centre by one pixel: measured in 1 of 50.
    assert np.quantile(likeness, 0.05) > 0.99
    assert likeness.mean() > 0.98


@settings(deadline=None, max_examples=20)
@given(
    which=st.lists(st.integers(0, len(DIGITS) - 1), min_size=7, max_size=7, unique=True),
    paper=st.floats(0, 0.3),
    contrast=st.floats(0.2, 0.7),
    pad=st.tuples(*[st.integers(0, 60)] * 4),
)
def test_neither_polarity_nor_contrast_nor_place_matters(
    which: list[int], paper: float, contrast: float, pad: tuple[int, int, int, int]
) -> None:
    change = []
    for x in DIGITS[which].reshape(-1, 28, 28):
        canvas = paper + contrast * np.pad(x, (pad[:2], pad[2:]))
        reference = digit_from_grey(x)
        change.append(np.abs(digit_from_grey(canvas) - reference).max())
        change.append(np.abs(digit_from_grey(1 - canvas) - reference).max())
    # The median, as a centre of mass that lies just between two pixels may be rounded either way.
    assert np.median(change) < 0.01


def test_the_longer_side_is_20_and_the_centre_of_mass_in_the_middle() -> None:
    for x in DIGITS[:100]:
        canvas = np.kron(np.pad(x.reshape(28, 28), ((3, 40), (20, 0))), np.ones((5, 5)))
        digit = digit_from_grey(canvas).reshape(28, 28)
        assert (digit.min(), digit.max()) == (0, 1)
        used = [np.flatnonzero(digit.any(axis=axis)) for axis in (0, 1)]
        assert max(places[-1] - places[0] + 1 for places in used) in (19, 20)  # the cubic may clear an edge
        for axis in (0, 1):
            amounts = digit.sum(axis=axis)
            assert abs(np.average(np.arange(28), weights=amounts) - 14) <= 0.51


def test_proportions_are_kept() -> None:
    canvas = np.zeros((200, 300))
    canvas[20:120, 50:100] = 1  # twice as high as wide
    digit = digit_from_grey(canvas).reshape(28, 28) > 0.5
    assert (digit.any(axis=1).sum(), digit.any(axis=0).sum()) == (20, 10)


@pytest.mark.parametrize("dark", [True, False])
def test_uneven_paper_grain_and_dust_leave_the_digit(dark: bool) -> None:
    rng = np.random.default_rng(0)
    v, u = np.meshgrid(np.linspace(-1, 1, 240), np.linspace(-1, 1, 320), indexing="ij")
    shade = 0.06 * u - 0.04 * v - 0.03 * u * v - 0.03 * v * v
    likeness = []
    for x in DIGITS[:40]:
        ink = np.zeros((240, 320))
        ink[40:208, 90:258] = np.kron(x.reshape(28, 28), np.ones((6, 6)))
        ink[5:8, 5:8] = 1  # dust
        grey = (0.8 - 0.6 * ink if dark else 0.2 + 0.6 * ink) + shade + 0.01 * rng.standard_normal(ink.shape)
        likeness.append(np.corrcoef(digit_from_grey(grey), x)[0, 1])
    assert np.mean(likeness) > 0.93


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (28, 28), (300, 200)])
@pytest.mark.parametrize("shade", [0.0, 0.5, 1.0])
def test_an_even_picture_is_blank(shape: tuple[int, int], shade: float) -> None:
    with pytest.raises(DataError, match="No ink stands out"):
        digit_from_grey(np.full(shape, shade))


def test_grain_and_shade_alone_are_no_ink() -> None:
    rng = np.random.default_rng(0)
    slope = np.linspace(0.3, 0.7, 200)[None, :] * np.ones((150, 1))
    for deviation in (0, 0.01, 0.03, 0.1):
        with pytest.raises(DataError, match="No ink stands out"):
            digit_from_grey(slope + deviation * rng.standard_normal(slope.shape))


def test_a_single_pixel_is_no_ink() -> None:
    grey = np.ones((28, 28))
    grey[10, 10] = 0
    with pytest.raises(DataError, match="No ink stands out"):
        digit_from_grey(grey)
