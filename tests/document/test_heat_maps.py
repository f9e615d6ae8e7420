"""Arrays as PNG: read again by a library that knows nothing of us."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from chainrule.document.heat_maps import heat_map, picture_sheet


def read(address):
    assert address.startswith("data:image/png;base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    return np.asarray(picture.convert("RGBA")).astype(int)


def lightness(pixels):
    return pixels[..., :3] @ np.array([0.2126, 0.7152, 0.0722])


def test_lightness_follows_the_number():
    """The sign is read without seeing colour."""
    shades = lightness(read(heat_map(np.linspace(-1, 1, 41)[None, :])))[0]
    assert (np.diff(shades) > 0).all()
    assert shades[0] < 60
    assert 120 < shades[20] < 180
    assert shades[-1] > 220


def test_zero_is_grey_whatever_the_reach():
    for matrix in (np.array([[0.0, 5.0]]), np.array([[0.0, -1e-9]]), np.zeros((2, 3))):
        red, green, blue, alpha = read(heat_map(matrix))[0, 0]
        assert max(red, green, blue) - min(red, green, blue) < 10
        assert alpha == 255


def test_what_is_not_finite_stands_out():
    pixels = read(heat_map(np.array([[np.nan, np.inf, 0.0, 1.0]])))[0]
    assert tuple(pixels[0, :3]) == tuple(pixels[1, :3]) == (214, 0, 110)
    assert (pixels[3, :3] > 150).all()  # the reach is the finite entries'


def test_one_pixel_an_entry_and_the_extremes_of_large_ones():
    assert read(heat_map(np.zeros((3, 7)))).shape == (3, 7, 4)
    matrix = np.zeros((2000, 3))
    matrix[1234, 1], matrix[777, 0] = 1.0, -1.0
    shades = lightness(read(heat_map(matrix)))
    assert shades.shape == (512, 3)
    assert shades.max() > 220
    assert shades.min() < 60


@pytest.mark.parametrize("n", [1, 3, 10, 30])
def test_rows_as_pictures(n):
    rows = np.arange(n * 6.0).reshape(n, 6)
    address, across = picture_sheet(rows, (2, 3))
    sheet = read(address)
    assert across == min(n, 10)
    for i in range(n):
        y, x = (i // across) * 3, (i % across) * 4
        part = sheet[y : y + 2, x : x + 3]
        assert (part[..., 3] == 255).all()
        assert (np.diff(lightness(part).ravel()) >= 0).all()
    assert (sheet[2::3, :, 3] == 0).all()  # what lies between is transparent
    assert (sheet[:, 3::4, 3] == 0).all()
