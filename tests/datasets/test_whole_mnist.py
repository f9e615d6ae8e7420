import gzip
import sys
from collections.abc import Callable
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chainrule.datasets import mnist, read_idx
from chainrule.errors import DataError, InputError

sklearn_datasets = pytest.importorskip("sklearn.datasets")
IdxWriter = Callable[[Path, NDArray[np.uint8]], Path]


def test_the_real_mnist_is_split_as_usual(real_mnist: Path) -> None:
    data = mnist(real_mnist)
    assert data.validation is not None
    assert (len(data.train), len(data.validation), len(data.test)) == (50_000, 10_000, 10_000)
    assert data.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    images = read_idx(real_mnist / "train-images-idx3-ubyte.gz")
    np.testing.assert_array_equal(data.validation.x, images[50_000:].reshape(-1, 784) / np.float32(255))
    assert data.train.x.max() == 1


def test_the_last_sixth_is_for_validation_and_the_order_is_kept(small_mnist: Path) -> None:
    data = mnist(small_mnist)
    assert data.validation is not None
    assert (data.name, len(data.train), len(data.validation), len(data.test)) == ("small", 10, 2, 4)
    images = read_idx(small_mnist / "train-images-idx3-ubyte").reshape(12, 784)
    labels = read_idx(small_mnist / "train-labels-idx1-ubyte")
    np.testing.assert_array_equal(np.rint(np.concatenate([data.train.x, data.validation.x]) * 255), images)
    np.testing.assert_array_equal(np.concatenate([data.train.labels, data.validation.labels]), labels)


def test_too_few_examples_leave_none_for_validation(small_mnist: Path, write_idx: IdxWriter) -> None:
    write_idx(small_mnist / "train-images-idx3-ubyte", np.zeros((5, 28, 28), dtype=np.uint8))
    write_idx(small_mnist / "train-labels-idx1-ubyte", np.zeros(5, dtype=np.uint8))
    data = mnist(str(small_mnist))
    assert data.validation is None
    assert len(data.train) == 5


@pytest.mark.parametrize("joint", ["-", "."])
@pytest.mark.parametrize("packed", [True, False])
def test_the_usual_names_are_found(small_mnist: Path, joint: str, packed: bool) -> None:
    before = mnist(small_mnist)
    for file in list(small_mnist.iterdir()):
        content = file.read_bytes()
        file.unlink()
        name = file.name.replace("-idx", f"{joint}idx") + (".gz" if packed else "")
        (small_mnist / name).write_bytes(gzip.compress(content) if packed else content)
    np.testing.assert_array_equal(mnist(small_mnist).train.x, before.train.x)


def test_a_missing_file_is_named_with_all_its_names(small_mnist: Path) -> None:
    (small_mnist / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="has no file of t10k-labels") as caught:
        mnist(small_mnist)
    for name in ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte", "idx1-ubyte.gz"):
        assert name in str(caught.value)


def test_what_is_no_folder_is_refused(small_mnist: Path) -> None:
    with pytest.raises(DataError, match="nowhere does not exist: give the folder"):
        mnist(small_mnist / "nowhere")
    with pytest.raises(DataError, match="is not a folder"):
        mnist(small_mnist / "t10k-labels-idx1-ubyte")
    with pytest.raises(InputError, match=r"a string or a pathlib\.Path"):
        mnist(5)  # type: ignore[arg-type]


def zeros(*shape: int) -> NDArray[np.uint8]:
    return np.zeros(shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("name", "array", "says"),
    [
        ("train-images-idx3-ubyte", zeros(11, 28, 28), "has 11 images but train-labels-idx1-ubyte has 12 labels"),
        ("train-images-idx3-ubyte", zeros(12, 32, 32), "holds uint8 of shape .12, 32, 32., and uint8 images"),
        ("train-images-idx3-ubyte", zeros(12), "train-images-idx3-ubyte holds uint8 of shape .12,."),
        ("t10k-labels-idx1-ubyte", zeros(4, 1), "t10k-labels-idx1-ubyte holds uint8 of shape .4, 1."),
        ("t10k-labels-idx1-ubyte", zeros(4) + np.uint8(10), "t10k-labels-idx1-ubyte has a label 10"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    small_mnist: Path, write_idx: IdxWriter, name: str, array: NDArray[np.uint8], says: str
) -> None:
    write_idx(small_mnist / name, array)
    with pytest.raises(DataError, match=says):
        mnist(small_mnist)


def test_files_without_images_are_refused(small_mnist: Path, write_idx: IdxWriter) -> None:
    write_idx(small_mnist / "t10k-images-idx3-ubyte", zeros(0, 28, 28))
    write_idx(small_mnist / "t10k-labels-idx1-ubyte", zeros(0))
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte has no images"):
        mnist(small_mnist)


def test_a_damaged_file_is_named(small_mnist: Path) -> None:
    file = small_mnist / "t10k-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte is cut short"):
        mnist(small_mnist)


# What fetch_openml gives: float64 pixels, and labels as text.
Fetched = tuple[NDArray[np.float64], NDArray[Any]]


@pytest.fixture(scope="module")
def openml(real_mnist: Path) -> Fetched:
    parts = [read_idx(real_mnist / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k")]
    labels = [read_idx(real_mnist / f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")]
    x = np.concatenate(parts).reshape(-1, 784).astype(np.float64)
    return x, np.concatenate(labels).astype(str).astype(object)


def fetching(monkeypatch: pytest.MonkeyPatch, outcome: Any) -> list[Any]:
    """Let scikit-learn give this or raise it, and note what it was asked for."""
    asked: list[Any] = []

    def fetch_openml(*args: Any, **kwargs: Any) -> Any:
        asked.append((args, kwargs))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(sklearn_datasets, "fetch_openml", fetch_openml)
    return asked


def test_the_download_is_the_same_as_the_files(
    openml: Fetched, real_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fetching(monkeypatch, openml)
    downloaded, read = mnist(), mnist(real_mnist)
    assert downloaded.name == "mnist"
    ((args, kwargs),) = asked
    assert args == ("mnist_784",)
    assert kwargs == {"version": 1, "as_frame": False, "parser": "liac-arff", "return_X_y": True}
    assert downloaded.validation is not None
    assert read.validation is not None
    for ours, theirs in (
        (downloaded.train, read.train),
        (downloaded.validation, read.validation),
        (downloaded.test, read.test),
    ):
        np.testing.assert_array_equal(ours.x, theirs.x)
        np.testing.assert_array_equal(ours.labels, theirs.labels)


def test_a_download_with_one_wrong_pixel_or_label_is_refused(openml: Fetched, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = openml
    wrong_x = x.copy()
    wrong_x[60_001, 300] = 200 if x[60_001, 300] != 200 else 100
    fetching(monkeypatch, (wrong_x, y))
    with pytest.raises(DataError, match="not the original: the MD5 sum of its t10k-images is wrong"):
        mnist()
    wrong_y = y.copy()
    wrong_y[0] = "6"
    fetching(monkeypatch, (x, wrong_y))
    with pytest.raises(DataError, match="the MD5 sum of its train-labels is wrong"):
        mnist()


WHOLE = np.zeros((70_000, 784), dtype=np.uint8)
TEXTS = np.array(["0"] * 70_000, dtype=object)


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (WHOLE[1:], TEXTS, r"shapes \(69999, 784\) and \(70000,\)"),
        (WHOLE, TEXTS[1:], r"shapes \(70000, 784\) and \(69999,\)"),
        (np.broadcast_to(np.float64(256), WHOLE.shape), TEXTS, "not numbers from 0 to 255"),
        (np.broadcast_to(np.float64("nan"), WHOLE.shape), TEXTS, "not numbers from 0 to 255"),
        (np.broadcast_to(np.float64(-1), WHOLE.shape), TEXTS, "not numbers from 0 to 255"),
        (np.broadcast_to("5", WHOLE.shape), TEXTS, "not numbers from 0 to 255"),
        (WHOLE, np.array(["zero"] * 70_000, dtype=object), "labels that are not digits"),
        (WHOLE, np.array(["10"] * 70_000, dtype=object), "labels that are not digits"),
        (WHOLE, TEXTS, "MD5 sum of its train-images is wrong"),
    ],
)
def test_a_download_that_is_not_mnist_is_refused(monkeypatch: pytest.MonkeyPatch, x: Any, y: Any, says: str) -> None:
    fetching(monkeypatch, (x, y))
    with pytest.raises(DataError, match=says):
        mnist()


@pytest.mark.parametrize(
    "failure",
    [
        OSError("<urlopen error [Errno -3] Temporary failure in name resolution>"),
        IncompleteRead(b""),
        ValueError("md5 checksum of local file does not match description"),
    ],
)
def test_a_failed_download_says_what_to_do_instead(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    fetching(monkeypatch, failure)
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        mnist()
    assert "mnist(path)" in str(caught.value)
    assert "digits()" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is failure


def test_without_scikit_learn_the_line_to_install_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError, match=r'pip install "chainrule\[digits\]"'):
        mnist()
