import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from chainrule.cli import show

GLYPHS = {"unicode": show.UNICODE, "ascii": show.ASCII}


def text_of(lines):
    return "".join(line.plain.rstrip() + "\n" for line in lines)


@pytest.fixture
def seven():
    """A 7 in strokes two pixels wide, its foot fading out."""
    pixels = np.zeros((28, 28), np.float32)
    pixels[6:8, 8:20] = 1
    for row in range(8, 22):
        column = 19 - (row - 8) // 2
        pixels[row, column - 1 : column + 1] = 1 if row < 18 else 0.3
    return pixels.ravel()


@pytest.fixture
def matrix():
    """A thousand images, a hundred of each digit; 4 and 9, 3 and 5 are hard to tell apart."""
    matrix = np.diag([100, 98, 91, 88, 90, 85, 97, 93, 92, 89])
    for true, answer, often in [(1, 2, 2), (2, 7, 9), (3, 5, 12), (4, 9, 10), (5, 3, 8), (5, 8, 7), (6, 0, 3)]:
        matrix[true, answer] = often
    for true, answer, often in [(7, 9, 7), (8, 3, 8), (9, 4, 11)]:
        matrix[true, answer] = often
    return matrix


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 60), st.sampled_from(sorted(GLYPHS)))
def test_bars_grow_with_the_value_and_stay_inside(one, other, width, name):
    glyphs = GLYPHS[name]
    shorter, longer = (show.bar(value, width, glyphs) for value in sorted((one, other)))

    def ink(bar):
        return sum(glyphs.eighths.index(cell) + 1 for cell in bar)

    assert ink(shorter) <= ink(longer)
    assert len(longer) <= width


@pytest.mark.parametrize("name", sorted(GLYPHS))
def test_bars_end_at_0_and_1(name):
    glyphs = GLYPHS[name]
    assert [show.bar(value, 5, glyphs) for value in (-3.0, 0.0, float("nan"))] == [""] * 3
    assert [show.bar(value, 5, glyphs) for value in (1.0, 7.0, float("inf"))] == [glyphs.eighths[-1] * 5] * 3


def test_a_bar_counts_eighths_of_a_cell():
    assert [show.bar(k / 8, 1) for k in range(9)] == ["", *"▏▎▍▌▋▊▉█"]


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-8", "unicode"), ("ascii", "ascii"), ("latin-1", "ascii"), ("no-such", "ascii")]
)
def test_glyphs_are_those_that_the_encoding_can_write(encoding, name):
    assert show.glyphs_for(encoding) is GLYPHS[name]


@pytest.mark.parametrize("name", sorted(GLYPHS))
def test_activations(golden, name):
    a = np.array([0.01, 0.0, 0.3333, 0.5, 0.002, 0.07, 1e-9, 0.9641, 0.11, 0.25])
    lines = show.activations(a, 47, GLYPHS[name])
    assert all(line.cell_len <= 47 for line in lines)
    golden(f"activations-{name}", text_of(lines))


def test_activations_outside_0_to_1_are_drawn_within_and_written_as_they_are():
    lines = show.activations(np.array([-2.5, 12.0]), 40)
    assert "█" not in lines[0].plain
    assert "-2.500" in lines[0].plain
    assert "12.000 ◀" in lines[1].plain


@pytest.mark.parametrize("name", sorted(GLYPHS))
def test_picture(golden, seven, name):
    lines = show.picture(seven, GLYPHS[name])
    assert [line.cell_len for line in lines] == [30] * 16
    golden(f"picture-{name}", text_of(lines))


@given(st.integers(0, 27), st.integers(0, 27))
def test_a_pixel_is_drawn_in_its_place(row, column):
    pixels = np.zeros((28, 28))
    pixels[row, column] = 1
    lines = [line.plain[1:-1] for line in show.picture(pixels.ravel())[1:-1]]
    assert lines[row // 2][column] == "▀▄"[row % 2]
    assert sum(not cell.isspace() for line in lines for cell in line) == 1


def test_a_picture_in_grey_has_two_pixels_in_each_cell():
    pixels = np.zeros((28, 28))
    pixels[2, 5], pixels[3, 5] = 1.0, 0.2
    line = show.picture(pixels.ravel(), grey=True)[2]
    (span,) = [span for span in line.spans if span.start <= 6 < span.end]
    assert str(span.style) == "#ffffff on #333333"


def test_beside_centres_the_shorter_block():
    tall, short = [Text("ab")] * 3, [Text("c")]
    assert [line.plain for line in show.beside(tall, short, 1)] == ["ab", "ab c", "ab"]
    assert [line.plain for line in show.beside(short, tall, 1)] == ["  ab", "c ab", "  ab"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=50))
def test_confusion_matrix_counts_every_pair(pairs):
    labels, answers = np.array(pairs, int).reshape(-1, 2).T
    matrix = show.confusion_matrix(labels, answers)
    assert {
        (true, answer): int(matrix[true, answer]) for true in range(10) for answer in range(10) if matrix[true, answer]
    } == {pair: pairs.count(pair) for pair in pairs}


def test_mistakes_are_the_most_frequent_ones(matrix):
    assert show.mistakes(matrix) == [(3, 5, 12), (9, 4, 11), (4, 9, 10)]
    assert show.mistakes(np.diag([3, 4])) == []


@pytest.mark.parametrize("name", sorted(GLYPHS))
def test_confusion(golden, matrix, name):
    golden(f"confusion-{name}", text_of(show.confusion(matrix, 80, GLYPHS[name])))


def test_confusion_of_ten_thousand_fits_into_80_columns(golden, matrix):
    lines = show.confusion(11 * matrix, 80)
    assert max(line.cell_len for line in lines) <= 80
    golden("confusion-thousands", text_of(lines))


@pytest.mark.parametrize("width", [56, 65])
def test_confusion_in_a_narrow_terminal_leaves_out_the_shares(matrix, width):
    lines = show.confusion(matrix, width)
    assert "%" not in text_of(lines)
    assert max(line.cell_len for line in lines[:12]) <= width


def test_confusion_without_any_mistake(golden):
    matrix = np.diag([3] * 9 + [0])
    golden("confusion-perfect", text_of(show.confusion(matrix, 80)))


def test_mistakes_stand_out_without_colour_too(matrix):
    lines = show.confusion(matrix, 80)
    row = lines[2 + 3].plain
    assert "[88]" in row
    assert "12!" in row
    mark = lines[2 + 3].plain.index("12!")
    (span,) = [span for span in lines[2 + 3].spans if span.start <= mark < span.end]
    assert "bold" in str(span.style)
