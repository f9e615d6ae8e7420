"""Pictures of a digit, as people have them: photographed, scanned or drawn, in PNG or JPEG files of any size."""

import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainrule.datasets.files import FilePath, existing_file
from chainrule.datasets.ink import Grey, border, digit_from_grey
from chainrule.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG")
_MOST_PIXELS = 80_000_000  # a large camera's; below the size at which Pillow begins to warn of bombs
_LONGEST_SIDE = 800  # enough to make 28 x 28 pixels of


def read_picture(path: FilePath) -> NDArray[np.float32]:
    """Read a picture of one digit and make of it what MNIST would have made.

    The ink may be darker or brighter than the paper, anywhere in the picture, and of any size: it is freed of
    the paper's shade, fitted into 20 x 20 pixels keeping its proportions, and centred by its centre of mass
    in 28 x 28. An opaque colour, a transparent paper, 16 bits, and a camera's note of how it was held all count.

    Parameters
    ----------
    path : str or path-like
        A PNG or JPEG file.

    Returns
    -------
    ndarray of float32, shape (784,)
        The ink's strength, 0 (paper) to 1 (full), row by row: what the network's input layer takes.

    Raises
    ------
    DataError
        If the file is missing, no PNG or JPEG, damaged or too large, or if nothing is written in the picture.

    Examples
    --------
    A black 1 on white paper, 300 pixels wide and 200 high:

    >>> import pathlib, tempfile
    >>> from PIL import Image, ImageDraw
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "one.png")
    >>> picture = Image.new("L", (300, 200), "white")
    >>> ImageDraw.Draw(picture).line([(40, 30), (40, 130)], fill="black", width=10)
    >>> picture.save(path)
    >>> x = read_picture(path).reshape(28, 28)
    >>> x[:, 14].round().astype(int)
    array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
           1, 1, 0, 0, 0, 0])
    >>> folder.cleanup()
    """
    file = existing_file(path, "a PNG or JPEG picture")
    grey = _read_grey(file)
    try:
        return digit_from_grey(grey)
    except DataError as error:
        raise DataError(f"{file} shows no digit: {error}") from error


def _read_grey(file: Path) -> Grey:
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError as error:
        raise DataError(
            'Pictures are read by Pillow, which is not installed: pip install "chainrule[digits]".'
        ) from error
    try:
        with warnings.catch_warnings():
            # Odd metadata is no reason to trouble the reader, and the size is checked just below.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=_FORMATS) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise _too_large(file, f"of {picture.width:,} x {picture.height:,} pixels")
                return _grey(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError as error:
        raise DataError(f"{file} is not a PNG or JPEG picture: save the digit as one of these.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(file, "so large that Pillow refuses it") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{file} is a damaged picture or cannot be read ({error}): save it again.") from error


def _too_large(file: Path, size: str) -> DataError:
    return DataError(f"{file} is {size}, and at most {_MOST_PIXELS:,} pixels are read: crop or shrink it.")


def _grey(picture: "Image") -> Grey:
    """Turn a picture of any mode into grey levels 0..1 of a handy size."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits of grey; converting to "L" would clip or drop half of them
        deep = np.asarray(picture, dtype=np.float32) / np.float32(65_535)
        return np.asarray(_shrunk(Image.fromarray(deep)), dtype=np.float64)
    if not picture.has_transparency_data:
        return np.asarray(_shrunk(picture.convert("RGB").convert("L"))) / 255
    colour = _shrunk(picture.convert("RGBA"))
    grey = np.asarray(colour.convert("RGB").convert("L")) / 255
    alpha = np.asarray(colour.getchannel("A")) / 255
    return alpha * grey + (1 - alpha) * _behind(grey, alpha)


def _behind(grey: Grey, alpha: Grey) -> float:
    """Choose the shade that shows through where the picture is transparent.

    Where the picture's edge is opaque, there is paper, and holes in it shall look like it. Otherwise the
    picture is ink alone: it lies on white, as paper is, unless all of it is so bright that it must be on black.
    """
    opaque_edge = border(grey)[border(alpha) > 0.5]
    if 2 * opaque_edge.size > border(alpha).size:
        return float(np.median(opaque_edge))
    # The darkest tenth and not the mean: a cut-out's rim often keeps something of the white it was cut from.
    darkest = np.quantile(grey[alpha >= alpha.max() / 2], 0.1)
    return 1.0 if darkest < 0.5 else 0.0


def _shrunk(picture: "Image") -> "Image":
    """Average squares of pixels so that the longest side is at most 800."""
    factor = math.ceil(max(picture.size) / _LONGEST_SIDE)
    return picture.reduce(factor) if factor > 1 else picture
