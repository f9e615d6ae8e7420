import json

import pytest

from chainrule.networks import Network
from chainrule.teaching.exercises import exercise

RIGHT = """
import numpy as np

def backprop(weights, biases, x, y):
    a = [np.atleast_2d(x)]
    for W, b in zip(weights, biases):
        a.append(1 / (1 + np.exp(-(a[-1] @ W.T + b))))
    delta = (a[-1] - y) * a[-1] * (1 - a[-1])
    found = {"dW": [], "db": []}
    for l in reversed(range(len(weights))):
        found["dW"].insert(0, delta.T @ a[l] / len(a[0]))
        found["db"].insert(0, delta.mean(axis=0))
        delta = delta @ weights[l] * a[l] * (1 - a[l])
    return found
"""
WRONG = RIGHT.replace("weights[l] * a[l] * (1 - a[l])", "weights[l]")


@pytest.fixture
def file(tmp_path):
    def write(source, name="mine.py"):
        path = tmp_path / name
        path.write_text(source, encoding="utf-8")
        return path

    return write


def test_a_right_file(run, file):
    file(RIGHT)
    checked = run("check", "mine.py")
    assert (checked.code, checked.err) == (0, "")
    assert "✓ right  backprop gives the right" in checked.out
    assert "✗" not in checked.out


def test_a_wrong_file(run, file):
    file(WRONG)
    checked = run("check", "mine.py", "--layers", "3,4,2", "--examples", "one")
    assert (checked.code, checked.err) == (1, "")
    assert "sigma-prime-missing" in checked.out
    assert "1 layer above" in checked.out
    assert all(len(line) <= 80 for line in checked.out.splitlines())


def test_every_report(run, file, tmp_path):
    file(WRONG)
    checked = run(
        "check", "mine.py:backprop", "--html", "r.html", "--json", "r.json", "--gradescope", "results.json",
        "--points", "40", "--layers", "3,4,2",
    )  # fmt: skip
    assert checked.code == 1
    assert [line for line in checked.out.splitlines() if line.startswith("Written")] == [
        "Written to r.html.", "Written to r.json.", "Written to results.json.",
    ]  # fmt: skip
    assert "sigma-prime-missing" in (tmp_path / "r.html").read_text("utf-8")
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["ok"] is False
    graded = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert 0 < graded["score"] < 40
    assert sum(test["max_score"] for test in graded["tests"]) == pytest.approx(40)


def test_on_a_network_of_ones_own(run, file, tmp_path):
    file(RIGHT)
    Network([4, 3, 2], seed=3).save(tmp_path / "model.safetensors")
    checked = run("check", "mine.py", "--network", "model.safetensors")
    assert checked.code == 0
    assert "4-3-2" in checked.out
    assert run("check", "mine.py", "--network", "model.safetensors", "--layers", "3,2").code == 2


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def backprop(", "the file is no Python"),
        ("x = 1", "it has no function at all"),
        ("def backprop(w, b, x, y):\n    while True: pass", "did not come to an end within 0.6 seconds"),
        ("def backprop(w, b, x, y):\n    import os; os._exit(0)", "ended its own process with exit code 0"),
        ("import sys; sys.exit(0)", "must not end its process"),
        ("def backprop(w, b, x, y): return 1 / 0", "ZeroDivisionError"),
        ("def backprop(w, b, x, y): return None", "it returned nothing"),
        ("def backprop(w, b, x, y):\n    while True: print('spam' * 100)", "did not come to an end"),
    ],
)
def test_a_file_that_fails_is_told_and_graded_zero(run, file, tmp_path, source, words):
    file(source)
    checked = run("check", "mine.py", "--timeout", "0.6", "--gradescope", "results.json")
    assert (checked.code, checked.err) == (1, "")
    assert words in " ".join(checked.out.split())
    graded = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert graded["score"] == 0
    assert words in graded["output"] + graded["tests"][0]["output"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "one of the two"),
        (["mine.py", "--exercise", "sheet.md"], "one of the two"),
        (["missing.py"], "missing.py cannot be read: no such file"),
        (["mine.ipynb"], "no Python file"),
        (["mine.py", "--layers", "3"], "--layers is '3'"),
        (["mine.py", "--cost", "squares"], "cost is 'squares'"),
        (["mine.py", "--network", "missing.safetensors"], "missing.safetensors"),
        (["mine.py", "--timeout", "0"], "time limit"),
        (["mine.py", "--memory", "1"], "memory limit"),
        (["mine.py", "--points", "-1"], "--points is -1"),
        (["--exercise", "missing.md"], "missing.md cannot be read"),
        (["--exercise", "mine.py"], "does not say which exercise"),
        (["--exercise", "mine.py", "--layers", "3,2"], "leave those options out"),
        (["mine.py", "--key", "sheet.md"], "--key goes with --exercise"),
    ],
)
def test_wrong_usage_is_one_sentence_and_graded_zero(run, file, tmp_path, arguments, words):
    file(RIGHT)
    failed = run("check", *arguments, "--gradescope", "results.json")
    assert failed.code == 2
    assert words in failed.sentence
    graded = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert graded["score"] == 0
    assert words in graded["output"]


def test_a_bug_of_ours_is_graded_zero_too_and_keeps_its_traceback(run, file, tmp_path, monkeypatch):
    def fail(*arguments, **options):
        # Were it ended here from outside, there would be a file already.
        assert json.loads((tmp_path / "results.json").read_text("utf-8"))["score"] == 0
        raise ZeroDivisionError("a bug")

    file(RIGHT)
    monkeypatch.setattr("chainrule.cli.check.check_file", fail)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        run("check", "mine.py", "--gradescope", "results.json")
    assert "a bug" in json.loads((tmp_path / "results.json").read_text("utf-8"))["output"]


def test_an_output_that_cannot_be_written_is_said_before_anything_runs(run, file):
    file("print('ran')\ndef backprop(w, b, x, y): pass")
    failed = run("check", "mine.py", "--html", "missing/r.html")
    assert failed.code == 2
    assert "no folder" in failed.sentence
    assert failed.out == ""


def test_an_exercise_is_marked(run, tmp_path):
    made = exercise([2, 2], seed=1)
    lines = [made.command]
    for one in made.asked:
        numbers = ", ".join(f"{number:.4f}" for number in made.values[one.label].reshape(-1))
        lines.append(f"{one.label} = {numbers}")
    (tmp_path / "answers.txt").write_text("\n".join(lines))
    marked = run("check", "--exercise", "answers.txt", "--gradescope", "results.json", "--json", "marks.json")
    assert (marked.code, marked.err) == (0, "")
    assert "All 8 answers are right." in marked.out
    assert json.loads((tmp_path / "results.json").read_text("utf-8"))["score"] == 10
    (tmp_path / "answers.txt").write_text("\n".join(lines[:-1]))
    marked = run("check", "--exercise", "answers.txt")
    assert marked.code == 1
    assert "not answered" in marked.out


def test_a_key_holds_which_exercise_was_set(run, tmp_path):
    run("exercise", "--layers", "3,4,2", "--out", "set.md")
    run("exercise", "--layers", "1,1", "--out", "easy.md")
    refused = run("check", "--exercise", "easy.md", "--key", "set.md")
    assert refused.code == 2
    assert "what was set" in refused.sentence
    assert run("check", "--exercise", "set.md", "--key", "set.md").code == 1
