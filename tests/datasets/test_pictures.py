import io
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from chainrule.datasets import digits, read_picture
from chainrule.errors import DataError, InputError

Image = pytest.importorskip("PIL.Image")
DIGITS = digits().test.x


def written(x: NDArray[np.float32], rng: np.random.Generator, dark: bool, largest: float = 20) -> Any:
    """Enlarge a digit 3 to `largest` times and put it somewhere on a larger sheet."""
    side = round(28 * rng.uniform(3, largest))
    digit = Image.fromarray(np.rint(x.reshape(28, 28) * 255).astype(np.uint8))
    height, width = side + rng.integers(0, 2 * side, 2)
    sheet = Image.new("L", (int(width), int(height)))
    place = int(rng.integers(0, width - side + 1)), int(rng.integers(0, height - side + 1))
    sheet.paste(digit.resize((side, side), Image.Resampling.BICUBIC), place)
    return sheet.point(lambda value: 255 - value) if dark else sheet


def likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize(
    "save", [{"format": "PNG"}, {"format": "JPEG", "quality": 75}, {"format": "JPEG", "quality": 40}]
)
@pytest.mark.parametrize("dark", [True, False])
def test_a_digit_is_found_again_wherever_and_however_large_it_is(
    tmp_path: Path, save: dict[str, Any], dark: bool
) -> None:
    rng = np.random.default_rng(0)
    found = []
    for x in DIGITS[:40]:
        written(x, rng, dark).save(tmp_path / "digit", **save)
        found.append(likeness(read_picture(tmp_path / "digit"), x))
    # Measured on 150 digits of each kind: mean 0.95, 5 % below 0.83.
    assert np.mean(found) > 0.92
    assert np.quantile(found, 0.1) > 0.75


def test_polarity_does_not_matter(tmp_path: Path) -> None:
    for seed, x in enumerate(DIGITS[:20]):
        # At most 756 pixels wide: larger pictures are shrunk first, and whole grey levels round one way only.
        dark, light = (written(x, np.random.default_rng(seed), dark, largest=9) for dark in (True, False))
        dark.save(tmp_path / "dark.png")
        light.save(tmp_path / "light.png")
        ours, theirs = read_picture(tmp_path / "dark.png"), read_picture(tmp_path / "light.png")
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_form_is_the_input_layer_s(tmp_path: Path) -> None:
    sheet().save(tmp_path / "digit.png")
    x = read_picture(str(tmp_path / "digit.png"))
    assert x.shape == (784,)
    assert x.dtype == np.float32
    assert (x.min(), x.max()) == (0, 1)


def sheet() -> Any:
    return written(DIGITS[0], np.random.default_rng(1), dark=True)


def with_paper(mode: str) -> Any:
    grey = sheet()
    if mode == "I;16":
        return Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    if mode == "P":
        return grey.convert("RGB").quantize(64)
    if mode == "PA":  # a palette of which one colour is transparent: the paper
        picture = grey.convert("RGB").quantize(64)
        picture.info["transparency"] = int(np.asarray(picture)[0, 0])
        return picture
    if mode == "RGBA, ink on nothing":
        picture = Image.new("RGBA", grey.size, (0, 0, 0, 255))
        picture.putalpha(grey.point(lambda value: 255 - value))
        return picture
    if mode == "RGBA, white ink on nothing":
        picture = Image.new("RGBA", grey.size, "white")
        picture.putalpha(grey.point(lambda value: 255 - value))
        return picture
    if mode == "LA, holes in the paper":
        alpha = np.full(np.asarray(grey).shape, 255, dtype=np.uint8)
        alpha[:9, :9] = 0
        picture = grey.point(lambda value: 255 - value).convert("LA")
        picture.putalpha(Image.fromarray(alpha))
        return picture
    return grey.convert(mode)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("L", "png"),
        ("1", "png"),
        ("I;16", "png"),
        ("P", "png"),
        ("PA", "png"),
        ("RGB", "png"),
        ("RGBA", "png"),
        ("LA", "png"),
        ("RGBA, ink on nothing", "png"),
        ("RGBA, white ink on nothing", "png"),
        ("LA, holes in the paper", "png"),
        ("CMYK", "jpg"),
        ("RGB", "jpg"),
    ],
)
def test_every_mode_gives_the_same_digit(tmp_path: Path, mode: str, suffix: str) -> None:
    sheet().save(tmp_path / "grey.png")
    with_paper(mode).save(tmp_path / f"other.{suffix}")
    grey, other = read_picture(tmp_path / "grey.png"), read_picture(tmp_path / f"other.{suffix}")
    assert likeness(grey, other) > 0.98


def test_sixteen_bits_are_all_read(tmp_path: Path) -> None:
    deep = np.full((100, 100), 1000, dtype=np.uint16)
    deep[30:70, 45:55] = 9000  # within the lowest seventh of the range
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png").reshape(28, 28)[14, 14] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_the_camera_s_orientation_is_respected(tmp_path: Path, suffix: str) -> None:
    upright = sheet()
    upright.save(tmp_path / f"upright.{suffix}")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise when shown
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / f"turned.{suffix}", exif=exif)
    turned = read_picture(tmp_path / f"turned.{suffix}")
    assert likeness(turned, read_picture(tmp_path / f"upright.{suffix}")) > 0.99


def test_a_large_photograph_is_read(tmp_path: Path) -> None:
    small = sheet()
    small.resize((3000, 3000 * small.height // small.width)).convert("RGBA").save(tmp_path / "large.png")
    small.save(tmp_path / "small.png")
    assert likeness(read_picture(tmp_path / "large.png"), read_picture(tmp_path / "small.png")) > 0.95


@pytest.mark.parametrize("mode", ["L", "RGBA", "1", "I;16", "P"])
def test_a_blank_picture_says_so(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (90, 60)).save(tmp_path / "blank.png")
    with pytest.raises(DataError, match=r"blank\.png shows no digit: No ink stands out from the paper"):
        read_picture(tmp_path / "blank.png")


def png_of_size(width: int, height: int) -> bytes:
    """A PNG file that says it is so large, and has nothing in it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    header = chunk(b"IHDR", size + bytes([8, 0, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not a PNG or JPEG picture"),
        (b"0123456789" * 30, "is not a PNG or JPEG picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a PNG or JPEG picture"),
        (png_of_size(100, 100), "is a damaged picture"),
        (png_of_size(9_000, 9_000), "of 9,000 x 9,000 pixels, and at most 80,000,000"),
        (png_of_size(10_000, 10_000), "of 10,000 x 10,000 pixels, and at most 80,000,000"),
        (png_of_size(60_000, 60_000), "so large that Pillow refuses it, and at most 80,000,000"),
    ],
    ids=["empty", "foreign", "eps", "hollow", "large", "larger", "bomb"],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    file = tmp_path / "some.png"
    file.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_picture(file)
    assert str(file) in str(caught.value)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist: a PNG or JPEG picture is expected there"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(DataError, match="is a folder"):
        read_picture(tmp_path)
    with pytest.raises(InputError, match=r"a string or a pathlib\.Path"):
        read_picture(3)  # type: ignore[arg-type]


def encoded(kind: str) -> bytes:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    sheet().resize((60, 60)).save(stream, format=kind, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_truncated_picture_is_refused(tmp_path: Path, kind: str) -> None:
    whole = encoded(kind)
    file = tmp_path / "cut"
    for part in (0.1, 0.5, 0.9):
        file.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(DataError, match=r"damaged|not a PNG or JPEG"):
            read_picture(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(kind=st.sampled_from(["PNG", "JPEG"]), data=st.data())
def test_a_damaged_picture_is_read_or_refused_and_never_crashes(tmp_path: Path, kind: str, data: st.DataObject) -> None:
    content = bytearray(encoded(kind))
    places = st.integers(0, len(content) - 1) | st.integers(0, 150)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=8)):
        content[place] = value
    file = tmp_path / "damaged"
    file.write_bytes(content)
    try:
        x = read_picture(file)
    except DataError:
        return
    assert x.shape == (784,)
    assert np.isfinite(x).all()


def test_warnings_of_pillow_do_not_reach_the_reader(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(png_of_size(10_000, 10_000))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with pytest.raises(DataError):
            read_picture(tmp_path / "large.png")
    assert heard == []


def test_without_pillow_the_line_to_install_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet().save(tmp_path / "digit.png")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DataError, match=r'pip install "chainrule\[digits\]"'):
        read_picture(tmp_path / "digit.png")
