from pathlib import Path

import pytest

from chainrule.datasets import load, loading
from chainrule.errors import DataError, InputError


def test_names_and_folders(small_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load("digits").name == "digits"
    assert load(small_mnist).name == load(str(small_mnist)).name == "small"
    whole = load(small_mnist)
    monkeypatch.setattr(loading, "mnist", lambda: whole)
    assert load("mnist") is whole


def test_a_folder_may_have_a_data_set_s_name(small_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_mnist.rename(small_mnist.with_name("digits"))
    monkeypatch.chdir(small_mnist.parent)
    assert len(load("./digits").train) == 10


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set 'cifar': give digits, mnist or a folder"):
        load("cifar")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is not a folder"):
        load(tmp_path / "file")
    with pytest.raises(InputError, match=r"a string or a pathlib\.Path"):
        load(None)  # type: ignore[arg-type]
