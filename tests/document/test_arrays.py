"""Arrays as HTML."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from chainrule.document import Symbol, Values
from chainrule.document.arrays import values


def figure(array, as_pictures=None):
    markup = values(Values(Symbol("W", key="q1"), np.asarray(array), as_pictures), {}, "q1")
    return ET.fromstring(
        markup.replace('alt="', 'alt="').replace("></figure>", "></figure>") if "<img" not in markup else closed(markup)
    )


def closed(markup):
    """Close images, which HTML leaves open."""
    head, *rest = markup.split("<img ")
    return head + "".join("<img " + part.replace(">", "/>", 1) for part in rest)


def said(found):
    return " ".join("".join(found.itertext()).split())


def tags(found):
    return {element.tag for element in found.iter()}


def test_a_number_is_an_equation():
    assert said(figure(0.25)) == "W=0.25"


def test_a_small_array_is_shown_whole():
    found = figure([[1.5, -2.0], [0.0, 3.25]])
    assert [said(cell) for cell in found.iter("mtd")] == ["1.50", "−2.00", "0.00", "3.25"]
    assert "2 × 2" in said(found)
    assert "img" not in tags(found)


def test_a_vector_is_a_column_with_bars():
    found = figure([1.0, -2.0, 0.5])
    assert [len(row) for row in found.iter("mtr")] == [1, 1, 1]
    up, down, half = found.iter("rect")
    axis = float(next(found.iter("line")).get("y1"))
    assert float(up.get("y")) + float(up.get("height")) == pytest.approx(axis)
    assert float(down.get("y")) == pytest.approx(axis)
    assert (up.get("class"), down.get("class")) == (None, "negative")
    assert float(down.get("height")) == pytest.approx(4 * float(half.get("height")))
    assert said(down) == "[1] −2"


def test_a_large_matrix_is_a_picture_a_summary_and_entries():
    array = np.zeros((40, 50))
    array[3, 17], array[5, 0] = -2.0, 1.0
    found = figure(array)
    text = said(found)
    assert "From −2 to 1" in text
    assert "1,998 of 2,000 are zero" in text
    assert [said(item) for item in found.iter("li")][:2] == ["[3, 17] −2", "[5, 0] 1"]
    image = next(found.iter("img"))
    assert image.get("alt") == "Heat map of 40 × 50 entries"
    assert "dark: −2" in text
    assert "light: 2" in text


def test_rows_as_pictures():
    found = figure(np.ones((30, 784)), (28, 28))
    assert "30 pictures, one of each row, 28 × 28" in next(found.iter("img")).get("alt")
    found = figure(np.ones((784, 8)), (28, 28))
    assert "8 pictures, one of each column, 28 × 28" in str(next(found.iter("img")).get("alt"))
    found = figure(np.ones(784), (28, 28))
    assert next(found.iter("img")).get("alt") == "Its entries as a picture of 28 × 28"


def test_pictures_that_do_not_fit_are_not_drawn():
    assert "pictures" not in (next(figure(np.ones((30, 100)), (28, 28)).iter("img")).get("alt") or "")


def test_what_is_not_finite_is_said_first():
    array = np.ones((20, 20))
    array[7, 7] = np.nan
    found = figure(array)
    assert "1 not finite" in said(found)
    assert said(next(found.iter("li"))) == "[7, 7] nan"


@given(
    npst.arrays(
        st.sampled_from([np.float64, np.float32, np.complex128, np.int64, np.bool_]),
        npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=15),
        elements=None,
    )
)
def test_any_array_is_shown(array):
    assert said(figure(array)).startswith("W")


@pytest.mark.parametrize("shape", [(129,), (1000,), (1, 600), (600, 1), (13, 13), (5, 2, 2), (2, 13, 2, 2)])
def test_shapes_beyond_what_is_shown_whole(shape):
    found = figure(np.linspace(-1, 1, int(np.prod(shape))).reshape(shape))
    assert tags(found) & {"img", "svg"}
    assert len(list(found.iter("li"))) == 5
