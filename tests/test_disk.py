import os

import pytest

from chainrule import DataError
from chainrule.disk import check_writable, write_whole


def test_a_file_is_replaced_as_a_whole_and_keeps_its_mode(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"old and longer", DataError)
    path.chmod(0o600)
    write_whole(path, b"new", DataError)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    path.touch()
    link.symlink_to(path)
    write_whole(link, b"new", DataError)
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(
    "ask", [lambda path: write_whole(path, b"", DataError), lambda path: check_writable(path, DataError)]
)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".", "is a folder; give the name of a file in it"),
        ("missing/file", "there is no folder .*missing; create it first"),
        ("pipe", "is not an ordinary file; give another name"),
        ("a\0b", "cannot be written: "),
        ("n" * 300, "cannot be written: file name too long; give another path"),
    ],
)
def test_what_cannot_be_written_is_refused_with_the_error_that_is_asked_for(tmp_path, ask, name, reason):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match=reason):
        ask(tmp_path / name)
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_a_look_leaves_what_is_there(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    check_writable(path, DataError)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
