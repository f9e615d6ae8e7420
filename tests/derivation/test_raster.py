"""Drawings as PNG."""

import io
import sys

import numpy as np
import pytest
from PIL import Image
from tests.derivation import samples

from chainrule.derivation import raster
from chainrule.derivation.drawing import png, svg
from chainrule.errors import InputError


def pixels(file):
    return np.asarray(Image.open(io.BytesIO(file)).convert("L"))


@pytest.mark.parametrize("sample", [samples.network, samples.graph, samples.long, samples.hostile])
def test_twice_as_many_pixels_as_units(sample):
    derivation = sample()
    width = int(svg(derivation).partition('width="')[2].partition('"')[0])
    found = pixels(png(derivation))
    assert abs(found.shape[1] - 2 * width) <= 1


def test_it_looks_as_in_a_browser(browser):
    """Blurred a little, since fonts differ, ink is where the browser puts it."""
    derivation = samples.network()
    page = browser.new_page(viewport={"width": 800, "height": 400})
    page.set_content(f"<body style='margin:0'>{svg(derivation)}")
    seen = pixels(page.locator("svg").screenshot())
    page.close()
    height, width = seen.shape
    ours = np.asarray(Image.fromarray(pixels(png(derivation))).resize((width, height)))
    near, ink = (blurred(255.0 - picture) for picture in (ours, seen))
    assert np.corrcoef(near.ravel(), ink.ravel())[0, 1] > 0.9


def test_ways_have_arrowheads():
    drawn = svg(samples.graph())
    pointed, blunt = (
        int((pixels(raster.png(text)) < 200).sum()) for text in (drawn, drawn.replace("marker-end", "id"))
    )
    assert pointed - blunt > 5 * 50  # five edges


def blurred(picture, size=6):
    height, width = (n // size * size for n in picture.shape)
    return picture[:height, :width].reshape(height // size, size, width // size, size).mean(axis=(1, 3))


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match=r"chainrule\[figures\]"):
        png(samples.graph())
