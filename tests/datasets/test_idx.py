import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.datasets import read_idx
from chainrule.errors import DataError, InputError

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), code=st.sampled_from(sorted(TYPES)), packed=st.booleans())
def test_any_array_written_by_the_description_is_read_back(
    data: st.DataObject, code: int, packed: bool, tmp_path: Path
) -> None:
    shapes = arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4)
    array = data.draw(arrays.arrays(TYPES[code], shapes))
    header = bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    written = header + array.tobytes()
    file = tmp_path / "file"
    file.write_bytes(gzip.compress(written) if packed else written)

    read = read_idx(file)
    np.testing.assert_array_equal(read, array)
    assert read.dtype.isnative
    assert read.dtype == array.dtype.newbyteorder("=")


@pytest.mark.parametrize("packed", [True, False])
def test_every_way_of_cutting_a_file_short_is_noticed(tmp_path: Path, packed: bool) -> None:
    whole = gzip.compress(LABELS) if packed else LABELS
    file = tmp_path / "labels"
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(DataError, match="labels is "):
            read_idx(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not an IDX file: it begins with nothing"),
        (b"\x89PNG\r\n\x1a\n", "not an IDX file: it begins with 89 50 4e 47"),
        (bytes([0, 0, 7, 1, 0, 0, 0, 0]), "not an IDX file: it begins with 00 00 07 01"),
        (bytes([0, 0, 8, 0, 5]), "not an IDX file"),
        (LABELS[:6], "cut short within its header of 8 bytes"),
        (LABELS[:-1], "cut short: its header promises 11 bytes for shape .3,., and it has 10"),
        (LABELS + b"\0", "too long: its header promises 11 bytes"),
        (bytes([0, 0, 14, 4]) + b"\xff" * 16, "cut short"),
        (gzip.compress(LABELS)[:-9], "damaged gzip file .Compressed file ended"),
        (gzip.compress(LABELS)[:-8] + b"\0" * 8, "damaged gzip file .CRC check failed"),
        (gzip.compress(LABELS)[:10] + b"\xff" * 20, "damaged gzip file"),
        (gzip.compress(LABELS) + b"more", "damaged gzip file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_foreign_or_damaged_file_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "some-file"
    file.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_idx(file)
    assert str(file) in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="does not exist: an IDX file is expected there"):
        read_idx(tmp_path / "missing")
    with pytest.raises(DataError, match="is a folder, and an IDX file is expected"):
        read_idx(tmp_path)
    with pytest.raises(DataError, match="cannot be looked up: File name too long"):
        read_idx("x" * 5000)
    for nonsense in (7, None, b"bytes"):
        with pytest.raises(InputError, match=r"a string or a pathlib\.Path"):
            read_idx(nonsense)  # type: ignore[arg-type]

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    file = tmp_path / "secret"
    file.write_bytes(LABELS)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match="secret cannot be read: Permission denied"):
        read_idx(file)
