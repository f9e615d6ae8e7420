from pathlib import Path

import pytest

from chainrule.cli.files import free_name, load_network
from chainrule.errors import NetworkFileError
from chainrule.networks import Network


def test_free_name_counts_up(tmp_path):
    wanted = tmp_path / "network.safetensors"
    found = []
    for _ in range(3):
        path = free_name(wanted)
        path.touch()
        found.append(path.name)
    assert found == ["network.safetensors", "network-2.safetensors", "network-3.safetensors"]


def test_free_name_does_not_follow_a_dead_link(tmp_path):
    (tmp_path / "a.bin").symlink_to(tmp_path / "nowhere")
    assert free_name(tmp_path / "a.bin") == tmp_path / "a-2.bin"


def test_load_network(model):
    assert load_network(model).sizes == [784, 30, 10]


@pytest.mark.parametrize("sizes", [[4, 3, 10], [784, 30, 2]])
def test_a_network_of_another_shape_is_refused(tmp_path, sizes):
    path = tmp_path / "other.safetensors"
    Network(sizes).save(path)
    with pytest.raises(NetworkFileError, match=f"{sizes[0]}-.*784 inputs, the pixels, and 10 outputs"):
        load_network(path)


def test_a_missing_network_is_named():
    with pytest.raises(NetworkFileError, match=r"nowhere\.safetensors"):
        load_network(Path("nowhere.safetensors"))
