import json
import os
import stat
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from chainrule import NetworkFileError
from chainrule.networks import Network, check_writable, files


@pytest.fixture
def network():
    network = Network([3, 4, 2], "tanh", weights="normal", seed=7, dtype="float64")
    network.fit(np.eye(3), [0, 1, 0], epochs=2, batch_size=2, eta=0.1, progress=False)
    return network


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "network.safetensors"
    network.save(path)
    return path


def test_what_is_saved_is_what_is_loaded(network, saved):
    loaded = Network.load(str(saved))
    assert repr(loaded) == repr(network)
    assert loaded.epochs == 2
    for ours, theirs in zip(loaded.weights + loaded.biases, network.weights + network.biases, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
        assert ours.flags.writeable


def test_any_reader_of_safetensors_can_read_it(network, saved):
    tensors = load_file(saved)
    assert set(tensors) == {"W1", "b1", "W2", "b2"}
    np.testing.assert_array_equal(tensors["W2"], network.weights[1])
    length = struct.unpack("<Q", saved.read_bytes()[:8])[0]
    metadata = json.loads(saved.read_bytes()[8 : 8 + length])["__metadata__"]
    assert (metadata["format"], metadata["version"]) == ("chainrule-network", "1")
    assert json.loads(metadata["architecture"])["sizes"] == [3, 4, 2]


def test_a_weight_array_that_is_not_contiguous_is_saved_right(network, tmp_path):
    network.weights[0] = np.asfortranarray(network.weights[0])
    network.save(tmp_path / "n.safetensors")
    np.testing.assert_array_equal(Network.load(tmp_path / "n.safetensors").weights[0], network.weights[0])


def test_a_failed_save_leaves_the_old_file_and_nothing_else(network, saved, monkeypatch):
    before = saved.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NetworkFileError, match="cannot be written: no space left on device"):
        network.save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_save_keeps_the_mode_of_the_file_and_follows_a_link(network, saved, tmp_path):
    saved.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(saved)
    network.epochs = 9
    network.save(link)
    assert link.is_symlink()
    assert Network.load(saved).epochs == 9
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600


def test_a_new_file_has_the_usual_mode(saved):
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o666 & ~mask


def unwritable(tmp_path):
    (tmp_path / "file").write_text("a file")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    return {
        tmp_path: "is a folder",
        tmp_path / "missing" / "n.safetensors": "there is no folder",
        tmp_path / "file" / "n.safetensors": "there is no folder",
        pipe: "is not an ordinary file",
        tmp_path / ("n" * 300): "cannot be written: file name too long",
        f"{tmp_path}/nul\0": "cannot be written",
    }


def test_paths_that_cannot_be_written(network, tmp_path):
    for path, sentence in unwritable(tmp_path).items():
        before = sorted(tmp_path.iterdir())
        with pytest.raises(NetworkFileError, match=sentence):
            check_writable(path)
        with pytest.raises(NetworkFileError, match=sentence):
            network.save(path)
        assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def as_nobody():
    """Run as a user who may not write everywhere, where the tests are run by root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@pytest.mark.usefixtures("as_nobody")
def test_folders_and_files_that_one_may_not_write():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        saved = folder / "saved.safetensors"
        Network([2, 1]).save(saved)
        saved.chmod(0o400)
        with pytest.raises(NetworkFileError, match="write-protected"):
            check_writable(saved)
        folder.chmod(0o500)
        with pytest.raises(NetworkFileError, match="permission denied"):
            check_writable(folder / "new")
        folder.chmod(0o700)


def test_a_refused_permission_is_reported(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    with pytest.raises(NetworkFileError, match="cannot be written: permission denied; give another path"):
        check_writable(tmp_path / "n.safetensors")
    monkeypatch.setattr(os, "access", lambda path, mode, **options: False)
    (tmp_path / "there").write_bytes(b"")
    with pytest.raises(NetworkFileError, match="write-protected"):
        check_writable(tmp_path / "there")


def test_check_writable_leaves_no_trace(saved):
    before = saved.read_bytes(), saved.stat().st_mtime_ns
    check_writable(saved)
    check_writable(saved.parent / "new.safetensors")
    assert (saved.read_bytes(), saved.stat().st_mtime_ns) == before
    assert list(saved.parent.iterdir()) == [saved]


def rewritten(path, tensors=None, metadata=None, architecture=None):
    """Write the file anew with parts of it exchanged; None as a tensor takes it out."""
    old_tensors, old_architecture = files.read(path)
    new = {name: t for name, t in (old_tensors | (tensors or {})).items() if t is not None}
    header = {"format": "chainrule-network", "version": "1"}
    header["architecture"] = json.dumps(old_architecture | (architecture or {}))
    header |= metadata or {}
    save_file(new, path, {key: value for key, value in header.items() if value is not None})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"metadata": {"format": "pt"}}, "not a network of chainrule's"),
        ({"metadata": {"format": None}}, "not a network of chainrule's"),
        ({"metadata": {"version": "2"}}, "of version 2 of the format"),
        ({"metadata": {"architecture": None}}, "architecture cannot be read"),
        ({"metadata": {"architecture": "{"}}, "architecture cannot be read"),
        ({"metadata": {"architecture": "[]"}}, "architecture cannot be read"),
        ({"metadata": {"architecture": "[" * 100_000}}, "architecture cannot be read"),
        ({"architecture": {"sizes": "many"}}, "architecture cannot be read"),
        ({"architecture": {"sizes": [3, 5, 2]}}, r"W1 is float64 \(4, 3\), expected float64 \(5, 3\)"),
        ({"architecture": {"sizes": [3, 4, 2, 1]}}, "missing or unexpected are W3, b3"),
        ({"architecture": {"dtype": "float32"}}, "W1 is float64"),
        ({"architecture": {"activation": "sigmiod"}}, "damaged: in its architecture, .*sigmoid"),
        ({"architecture": {"cost": 3}}, "damaged: in its architecture"),
        ({"architecture": {"epochs": -1}}, "epochs is -1"),
        ({"architecture": {"colour": "red"}}, "colour"),
        ({"tensors": {"b2": None}}, "missing or unexpected are b2"),
        ({"tensors": {"W9": np.ones(3)}}, "missing or unexpected are W9"),
        ({"tensors": {"b1": np.ones(5)}}, r"b1 is float64 \(5,\), expected float64 \(4,\)"),
        ({"tensors": {"b1": np.ones(4, "float32")}}, "b1 is float32"),
        ({"tensors": {"b1": np.array([1.0, np.nan, 0, 0])}}, "b1 holds NaN"),
        ({"tensors": {"W1": np.full((4, 3), np.inf)}}, "W1 holds NaN or infinity"),
    ],
)
def test_files_that_are_no_such_network(saved, change, sentence):
    rewritten(saved, **change)
    with pytest.raises(NetworkFileError, match=sentence) as caught:
        Network.load(saved)
    assert str(saved) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"hello, world", b"\x80\x04N.", b"\xff" * 64, struct.pack("<Q", 2) + b"{}", struct.pack("<Q", 4) + b"nope"],
)
def test_files_of_another_kind(tmp_path, content):
    path = tmp_path / "stranger"
    path.write_bytes(content)
    with pytest.raises(NetworkFileError, match="stranger"):
        Network.load(path)


def test_every_truncated_file_is_refused(saved):
    whole = saved.read_bytes()
    for length in range(0, len(whole), 7):
        saved.write_bytes(whole[:length])
        with pytest.raises(NetworkFileError, match="is not a network file, or is damaged"):
            Network.load(saved)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(NetworkFileError, match=r"missing\.safetensors cannot be read: no such file"):
        Network.load(tmp_path / "missing.safetensors")
    with pytest.raises(NetworkFileError, match="cannot be read: is a directory"):
        Network.load(tmp_path)
