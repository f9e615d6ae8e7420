import numpy as np
import pytest
from PIL import Image

from chainrule.cli import show
from chainrule.cli.predict import drawing
from chainrule.networks import Network


@pytest.fixture
def picture(digits, tmp_path):
    """Make a PNG of the first test image of a digit, dark on light."""

    def make(digit, name=None):
        x = digits.test.x[np.flatnonzero(digits.test.labels == digit)[0]]
        path = tmp_path / (name or f"{digit}.png")
        Image.fromarray(np.uint8(255 - 255 * x.reshape(28, 28))).resize((140, 140)).save(path)
        return path

    return make


def test_the_digit_and_its_activations(run, model, picture):
    from chainrule import datasets

    path = picture(0)
    answered = run("predict", model, path)
    assert (answered.code, answered.err) == (0, "")
    a = Network.load(model).forward(datasets.read_picture(path)).a[-1]
    assert answered.out.splitlines()[0] == f"{path}: {np.argmax(a)}"
    for unit, value in enumerate(a):
        (line,) = [line for line in answered.out.splitlines() if f"   {unit} " in line and "." in line]
        assert f"{value:.3f}" in line
        assert line.endswith("◀") == (unit == np.argmax(a))
    assert all(character.isprintable() or character == "\n" for character in answered.out)


def test_a_bad_picture_does_not_stop_the_others(run, model, picture, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    answered = run("predict", model, picture(0), "bad.png", "missing.png", picture(1))
    assert answered.code == 2
    assert answered.out.count("◀") == 2
    bad, missing = answered.err.splitlines()
    assert "bad.png" in bad
    assert "missing.png" in missing


@pytest.mark.parametrize("sizes", [[100, 10], [784, 3]])
def test_a_network_that_reads_no_digits_is_one_sentence(run, picture, tmp_path, sizes):
    Network(sizes).save(tmp_path / "other.safetensors")
    failed = run("predict", "other.safetensors", picture(0))
    assert failed.code == 2
    assert "784 inputs" in failed.sentence


def test_a_name_in_any_alphabet(run, model, picture):
    assert "七 7.png: " in run("predict", model, picture(7, "七 7.png")).out


@pytest.mark.parametrize(("name", "width"), [("wide", 80), ("narrow", 50)])
def test_drawing(golden, name, width):
    pixels = np.zeros((28, 28), np.float32)
    pixels[5:23, 13:15] = 1
    a = np.array([0.0, 0.95, 0.01, 0.02, 0.3, 0.0, 0.0, 0.4, 0.05, 0.0])
    lines = drawing(pixels.ravel(), a, width)
    assert max(line.cell_len for line in lines) <= width
    golden(f"predict-{name}", "".join(line.plain.rstrip() + "\n" for line in lines))


def test_drawing_in_ascii():
    lines = drawing(np.full(784, 0.5, np.float32), np.full(10, 0.5), 80, show.ASCII, grey=True)
    assert all(line.plain.isascii() for line in lines)
