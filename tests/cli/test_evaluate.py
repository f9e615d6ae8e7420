import re

import pytest

from chainrule.networks import Network


def test_accuracy_and_counts(run, model, digits):
    tested = run("test", model)
    assert (tested.code, tested.err) == (0, "")
    right = round(1000 * Network.load(model).accuracy(digits.test.x, digits.test.labels))
    assert tested.out.splitlines()[0] == f" {right / 10:.2f} % of the test images are read right ({right} of 1,000)"
    assert "the network's answer" in tested.out


def test_the_confusion_matrix_counts_every_image(run, model):
    rows = re.findall(r"^ {4}\d ( .*?)  +\d+\.\d\d %$", run("test", model).out, re.MULTILINE)
    assert len(rows) == 10
    assert [sum(map(int, re.findall(r"\d+", row))) for row in rows] == [100] * 10


def test_without_the_confusion_matrix(run, model):
    assert len(run("test", model, "--no-confusion").out.splitlines()) == 1


def test_a_folder_with_validation_images(run, model, folder):
    lines = run("test", model, "--data", folder, "--no-confusion").out.splitlines()
    assert ["test images" in lines[0], "validation images" in lines[1]] == [True, True]
    assert "of 100)" in lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.safetensors"], ["nowhere.safetensors"]),
        (["text"], ["text", "network"]),
        (["small.safetensors"], ["4-3-10", "784"]),
        (["MODEL", "--data", "didgits"], ["didgits", "digits, mnist or a folder"]),
    ],
)
def test_bad_input_is_one_sentence(run, model, tmp_path, arguments, words):
    (tmp_path / "text").write_text("not a network")
    Network([4, 3, 10]).save(tmp_path / "small.safetensors")
    failed = run("test", *(model if argument == "MODEL" else argument for argument in arguments))
    assert failed.code == 2
    assert failed.out == ""
    for word in words:
        assert word in failed.sentence


def test_a_damaged_network_is_one_sentence(run, model, tmp_path):
    whole = model.read_bytes()
    (tmp_path / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    failed = run("test", "half.safetensors")
    assert failed.code == 2
    assert "half.safetensors" in failed.sentence
