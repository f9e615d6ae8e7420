import os
import pty
import signal
import subprocess
import sys

import numpy as np
import pytest

from chainrule.cli import train
from chainrule.compiler import fallback
from chainrule.compiler.native import engine
from chainrule.errors import InputError
from chainrule.networks import Network

QUICK = ("--epochs", 1, "--layers", "784,5,10")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--layers", "784,x,10"], ["--layers", "'784,x,10'", "784,30,10"]),
        (["--layers", "784,,10"], ["--layers", "'784,,10'"]),
        (["--layers", "784,0,10"], ["--layers", "positive"]),
        (["--layers", "784,-3,10"], ["--layers", "positive"]),
        (["--layers", "784,²,10"], ["--layers", "whole numbers"]),
        (["--layers", ""], ["--layers", "''"]),
        (["--layers", "784"], ["--layers", "single layer"]),
        (["--layers", "100,30,10"], ["begins with 100", "784 pixels", "784,30,10"]),
        (["--layers", "784,30,9"], ["ends with 9", "10 digits", "784,30,10"]),
        (["--layers", "784,20,30,11"], ["784,20,30,10"]),
        (["--epochs", "0"], ["--epochs is 0", "from 1 up"]),
        (["--batch", "0"], ["--batch is 0", "from 1 up"]),
        (["--batch", "4001"], ["--batch is 4001", "4,000 images", "at most 4000"]),
        (["--eta", "0"], ["--eta", "is 0", "positive"]),
        (["--eta=-1"], ["--eta", "is -1", "positive"]),
        (["--eta", "nan"], ["--eta", "is nan", "positive"]),
        (["--eta", "inf"], ["--eta", "is inf", "positive"]),
        (["--weights", "scald"], ["--weights", "'scald'", "scaled or normal"]),
        (["--seed=-1"], ["--seed is -1", "from 0 up"]),
        (["--data", "didgits"], ["didgits", "digits, mnist or a folder"]),
        (["--data", "."], ["train-images"]),
        (["--out", "missing/network.safetensors"], ["missing", "cannot be written"]),
        (["--out", "."], ["folder"]),
        (["--out", "/proc/network.safetensors"], ["/proc", "cannot be written"]),
        (["--eta", "1e39"], ["diverged", "smaller eta"]),
    ],
    ids=lambda value: " ".join(value) if value and value[0].startswith("--") else None,
)
def test_bad_input_is_one_sentence(run, tmp_path, arguments, words):
    failed = run("train", *arguments)
    assert failed.code == 2
    for word in words:
        assert word in failed.sentence
    assert list(tmp_path.iterdir()) == []


def test_what_was_learnt_before_a_divergence_is_kept(run, monkeypatch, tmp_path):
    def fit(network, *arguments, **options):
        network.epochs = 7
        raise InputError("the training diverged in epoch 8.")

    monkeypatch.setattr(Network, "fit", fit)
    failed = run("train", "--out", "mine.safetensors")
    assert failed.code == 2
    assert failed.sentence.endswith("in epoch 8. The network of epoch 7 was written to mine.safetensors.")
    assert Network.load(tmp_path / "mine.safetensors").epochs == 7


def test_too_large_a_network_is_one_sentence(run, monkeypatch):
    def no_memory(*arguments, **options):
        raise MemoryError

    monkeypatch.setattr(train, "Network", no_memory)
    failed = run("train", "--layers", "784,1000000,10")
    assert failed.code == 2
    assert "795,000,010 parameters" in failed.sentence
    assert "memory" in failed.sentence


@pytest.mark.parametrize("arguments", [["--out", "."], ["--eta", "0"], ["--layers", "7"], ["--batch", "0"]])
def test_what_needs_no_data_is_found_before_loading_any(run, monkeypatch, arguments):
    def load(name):
        pytest.fail("the data were loaded first")

    monkeypatch.setattr("chainrule.datasets.load", load)
    assert run("train", *arguments).code == 2


def test_what_it_says(run, tmp_path):
    trained = run("train", "--epochs", 2)
    assert (trained.code, trained.err) == (0, "")
    lines = trained.out.splitlines()
    assert lines[:3] == [
        "Data      digits: 4,000 images to train, 1,000 to test",
        "Network   784-30-10: 23,860 weights and biases, scaled, from seed 0",
        "Training  2 epochs, mini-batches of 10 (400 steps an epoch), eta 3",
    ]
    assert lines[4].split()[:5] == ["epoch", "cost", "test", "accuracy", "examples/s"]
    assert [line.split()[0] for line in lines[5:7]] == ["1", "2"]
    last_accuracy = lines[6].split()[2]
    assert f" {last_accuracy} % of the test images are read right" in trained.out
    assert "the network's answer" in trained.out
    assert "    chainrule predict network.safetensors PICTURE" in lines
    assert "(compiled to native code) and written to network.safetensors." in trained.out
    assert max(map(len, lines)) <= 80


def test_it_says_where_nothing_was_compiled(run, folder, monkeypatch):
    monkeypatch.setattr(engine, "available", lambda: False)
    monkeypatch.setattr(fallback, "_said", set())
    printed = run("train", "--data", folder, *QUICK).out
    assert "(not compiled: llvmlite is not installed) and written" in printed
    assert printed.count("For speed: pip install llvmlite.") == 1


def test_what_is_no_terminal_gets_no_control_characters(run):
    printed = run("train", *QUICK).out
    assert all(character.isprintable() or character == "\n" for character in printed)


def test_the_network_is_the_one_that_was_asked_for(run, folder, tmp_path):
    arguments = ["--layers", "784,7,6,10", "--epochs", 3, "--batch", 20, "--eta", 1.5, "--weights", "normal"]
    assert run("train", "--data", folder, *arguments, "--seed", 5, "--out", "a.safetensors").code == 0
    written = Network.load(tmp_path / "a.safetensors")
    assert (written.sizes, written.epochs) == ([784, 7, 6, 10], 3)

    from chainrule import datasets

    data = datasets.load(folder).train
    expected = Network([784, 7, 6, 10], weights="normal", seed=5)
    expected.fit(data.x, data.labels, epochs=3, batch_size=20, eta=1.5, seed=5, progress=False)
    for W, W_expected in zip(written.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(W, W_expected)


def test_a_folder_has_validation_images_too(run, folder):
    printed = run("train", "--data", folder, *QUICK).out
    assert f"Data      {folder.name}: 500 images to train, 100 to validate, 100 to test" in printed
    assert "% of the test images are read right" in printed
    assert "% of the validation images are read right" in printed


@pytest.mark.parametrize(
    ("batch", "form"),
    [
        (1, "one image a step (stochastic gradient descent)"),
        (500, "all images in one step (batch gradient descent)"),
        (499, "mini-batches of 499 (2 steps an epoch)"),
    ],
)
def test_the_three_forms_of_descent(run, folder, batch, form):
    assert form in run("train", "--data", folder, "--batch", batch, *QUICK).out


def test_without_out_nothing_is_overwritten(run, folder, tmp_path):
    (tmp_path / "network.safetensors").write_text("precious")
    for name in ("network-2.safetensors", "network-3.safetensors"):
        trained = run("train", "--data", folder, *QUICK)
        assert f"written to {name}." in trained.out
        assert Network.load(tmp_path / name).sizes == [784, 5, 10]
    assert (tmp_path / "network.safetensors").read_text() == "precious"


def test_a_name_taken_during_the_training_is_not_overwritten(run, folder, tmp_path, monkeypatch):
    fit = Network.fit

    def slow_fit(self, *arguments, **options):
        (tmp_path / "network.safetensors").write_text("another training's")
        return fit(self, *arguments, **options)

    monkeypatch.setattr(Network, "fit", slow_fit)
    assert "written to network-2.safetensors." in run("train", "--data", folder, *QUICK).out
    assert (tmp_path / "network.safetensors").read_text() == "another training's"


def test_an_explicit_out_is_replaced(run, folder, tmp_path):
    (tmp_path / "my net.bin").write_text("old")
    trained = run("train", "--data", folder, *QUICK, "--out", "my net.bin")
    assert Network.load(tmp_path / "my net.bin").sizes == [784, 5, 10]
    assert "chainrule predict 'my net.bin' PICTURE" in trained.out
    assert [path.name for path in tmp_path.iterdir()] == ["my net.bin"]


def listening_process(arguments, **options):
    """Start a process that hears Ctrl-C, even where this one was told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen([sys.executable, "-m", "chainrule", *arguments], **options)
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_keeps_the_network_so_far(tmp_path):
    with listening_process(
        ["train", "--epochs", "100000"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split()[:1] == ["3"]:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert err == ""
    assert process.returncode == 130
    network = Network.load(tmp_path / "network.safetensors")
    assert network.epochs >= 3
    assert f"Stopped by Ctrl-C after {network.epochs:,} of 100,000 epochs." in out
    assert "% of the test images are read right" in out
    assert "chainrule predict network.safetensors PICTURE" in out


def test_a_second_ctrl_c_does_not_hit_the_writing(run, folder, tmp_path, monkeypatch):
    save = Network.save

    def interrupted_save(self, path):
        os.kill(os.getpid(), signal.SIGINT)
        save(self, path)

    monkeypatch.setattr(Network, "save", interrupted_save)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert run("train", "--data", folder, *QUICK).code == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert Network.load(tmp_path / "network.safetensors").epochs == 1


def read_all(terminal):
    """Everything that a process writes to its terminal until it ends."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux reports the other end's closing as an error
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


def test_a_terminal_gets_a_progress_bar_below_the_table(tmp_path):
    here, there = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    try:
        process = listening_process(
            ["train", "--epochs", "5"], cwd=tmp_path, stdout=there, stderr=there, stdin=there, env=environment
        )
    finally:
        os.close(there)
    try:
        printed = read_all(here)
    finally:
        os.close(here)
    assert process.wait(timeout=120) == 0
    assert "epoch 5/5" in printed
    assert "left" in printed
    assert "\x1b[" in printed
    assert "test accuracy" in printed
    assert Network.load(tmp_path / "network.safetensors").epochs == 5
