"""Files of students, right and wrong, checked as a whole; what runs in them is held in sandbox/test_process.py."""

import json

import numpy as np
import pytest

from chainrule.document.page import html
from chainrule.document.terminal import terminal_text
from chainrule.errors import InputError
from chainrule.networks import Network
from chainrule.teaching.checking import check_file
from chainrule.teaching.sandbox import Limits

ROWS = '''
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def my_backprop(weights, biases, x, y):
    """DOC"""
    X, Y = np.atleast_2d(x), np.atleast_2d(y)
    a = [X]
    for W, b in zip(weights, biases):
        a.append(sigmoid(a[-1] @ W.T + b))
    delta = FIRST
    ds, dWs, dbs = [], [], []
    for l in reversed(range(len(weights))):
        ds.insert(0, delta if x.ndim == 2 else delta[0])
        dWs.insert(0, BY_W)
        dbs.insert(0, BY_B)
        if l:
            delta = delta @ weights[l] * SLOPE
    return {"delta": ds, "dW": dWs, "db": dbs}
'''
RIGHT = {
    "DOC": "Mine.",
    "FIRST": "(a[-1] - Y) * a[-1] * (1 - a[-1])",
    "BY_W": "delta.T @ a[l] / len(X)",
    "BY_B": "delta.mean(axis=0)",
    "SLOPE": "a[l] * (1 - a[l])",
}
# As the paper's repository has it: one example at a time, columns, the pair (nabla_b, nabla_w).
COLUMNS = """
import numpy as np

def backprop(weights, biases, x, y):
    a, s = [x], []
    for W, b in zip(weights, biases):
        a.append(1 / (1 + np.exp(-(W @ a[-1] + b))))
    assert x.shape[1] == 1
    delta = (a[-1] - y) * a[-1] * (1 - a[-1])
    nabla_b, nabla_w = [delta], [delta @ a[-2].T]
    for l in range(2, len(weights) + 1):
        delta = weights[-l + 1].T @ delta * a[-l] * (1 - a[-l])
        nabla_b.insert(0, delta)
        nabla_w.insert(0, delta @ a[-l - 1].T)
    return nabla_b, nabla_w
"""


@pytest.fixture
def student(tmp_path):
    """Write a student's file: the right one, with changes."""

    def write(source=ROWS, **changes):
        for name, code in (RIGHT | changes).items():
            source = source.replace(name, code)
        path = tmp_path / "student.py"
        path.write_text(source, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("seed", range(5))
def test_a_right_file_is_never_accused(student, seed):
    report = check_file(student(), seed=seed)
    assert report.ok, terminal_text(report.document())
    assert len(report.cases) == 8
    assert all(part.share == 1 for part in report.parts())
    assert report.verdict() == "my_backprop gives the right δ, ∂C/∂W, ∂C/∂b in all 8 cases."


@pytest.mark.parametrize(
    ("changes", "names", "lost"),
    [
        ({"SLOPE": "1"}, {"sigma-prime-missing", "dC/da-as-delta"}, {"δ of the hidden layers"}),
        ({"FIRST": "(Y - a[-1]) * a[-1] * (1 - a[-1])"}, {"target-minus-output"}, {"δ of the last layer"}),
        ({"FIRST": "a[-1] - Y"}, {"cross-entropy-delta", "sigma-prime-missing"}, {"δ of the last layer"}),
        ({"BY_W": "-delta.T @ a[l] / len(X)"}, {"sign"}, {"∂C/∂W"}),
    ],
)
def test_a_mistake_is_found_and_graded(student, changes, names, lost):
    report = check_file(student(**changes))
    assert not report
    assert {case.report.mistakes[0].name for case in report.cases if case.report.mistakes} <= names
    wrong = {part.name.rpartition(",")[0] for part in report.parts() if part.share < 1}
    assert wrong == lost


def test_a_mistake_of_mini_batches_only(student):
    report = check_file(student(BY_B="delta.sum(axis=0)"))
    assert {part.name for part in report.parts() if part.share < 1} == {"∂C/∂b, a mini-batch"}
    assert any("--examples one" in note for note in report.notes)
    assert check_file(student(BY_B="delta.sum(axis=0)"), examples="one").ok


def test_the_way_of_the_papers_repository(student):
    assert check_file(student(COLUMNS), examples="one").ok
    both = check_file(student(COLUMNS))
    assert not both.ok
    assert any("--examples one" in note for note in both.notes)


def test_layers_are_graded_one_by_one_where_they_are_given(student):
    report = check_file(student(SLOPE="1"), layers=[3, 4, 3, 2])
    shares = {part.name: part.share for part in report.parts()}
    assert len(shares) == 2 * 3 * 3
    assert [shares[f"δ^{layer}, one example"] for layer in (3, 2, 1)] == [1, 0, 0]
    assert shares["∂C/∂W^1, one example"] == 1


def test_without_delta_a_mistake_costs_what_is_made_of_it(student):
    source = ROWS.replace('"delta": ds, ', "")
    shares = {part.name: part.share for part in check_file(student(source, SLOPE="1"), layers=[3, 4, 2]).parts()}
    assert shares["∂C/∂W^2, one example"] == 1
    assert shares["∂C/∂W^1, one example"] == 0
    assert not any(name.startswith("δ") for name in shares)


def test_what_is_not_returned_earns_nothing(student):
    report = check_file(student(ROWS.replace(', "db": dbs', "")))
    assert report.ok
    assert any("∂C/∂b" in note for note in report.notes)
    assert {part.share for part in report.parts() if part.name.startswith("∂C/∂b")} == {0}


def test_the_cost_and_the_activation_that_the_docstring_names(student):
    cross = {"DOC": "For the cross-entropy cost.", "FIRST": "a[-1] - Y"}
    report = check_file(student(**cross))
    assert report.ok
    assert any("docstring: cost cross_entropy" in note for note in report.notes)
    assert {case.network.cost_name for case in report.cases} == {"cross_entropy"}
    assert not check_file(student(**cross), cost="quadratic").ok
    tanh = {
        "DOC": "With tanh, and either cost: quadratic or cross-entropy.",
        "FIRST": "(a[-1] - Y) * (1 - a[-1] ** 2)",
        "SLOPE": "(1 - a[l] ** 2)",
    }
    source = ROWS.replace("return 1 / (1 + np.exp(-z))", "return np.tanh(z)")
    assert check_file(student(source, **tanh)).ok


def test_on_a_network_of_ones_own(student):
    network = Network([6, 5, 3], seed=7)
    report = check_file(student(), network=network)
    assert report.ok
    assert [case.network for case in report.cases] == [network, network]


def test_the_function_is_chosen_by_name(student):
    source = ROWS.replace("def my_backprop", "def mine")
    assert check_file(student(source), "mine").ok
    assert "there is no function my_backprop or backprop" in check_file(student(source)).failure


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def my_backprop(", "the file is no Python"),
        ("import os\ndef my_backprop(w, b, x, y): os._exit(0)", "ended its own process"),
        ("def my_backprop(w, b, x, y):\n    while True: pass", "(student.py, line 2: `while True: pass`)"),
    ],
)
def test_what_cannot_be_checked(student, source, words):
    report = check_file(student(source), limits=Limits(0.7))
    assert words in report.verdict()
    assert not report.ok
    assert report.cases == ()
    (part,) = report.parts()
    assert (part.share, part.words) == (0, report.verdict())
    assert words in terminal_text(report.document()).replace("\n  ", " ")


def test_an_exception_is_told_with_its_line(student):
    report = check_file(student(SLOPE="missing_name"))
    assert "NameError: name 'missing_name' is not defined (student.py, line 20:" in report.parts()[0].words
    assert not any(part.share for part in report.parts())


@pytest.mark.parametrize("returned", ["None", "3", "[]", "{}", "{'dW': 1}", "([1], [2])", "'text'", "lambda: 0"])
def test_what_is_no_answer(student, returned):
    report = check_file(student(f"def my_backprop(w, b, x, y): return {returned}"))
    assert not report.ok
    assert not report.failure
    assert not any(part.share for part in report.parts())


def test_what_is_forged_is_only_an_answer(student):
    """The student's process cannot say that it is right: it can only send numbers, and these are checked."""
    forged = (
        "import os, json\n"
        "def my_backprop(w, b, x, y):\n"
        "    message = json.dumps({'dict': [['ok', True], ['found', {'dict': []}], ['given', None]]}).encode()\n"
        "    for f in range(3, 30):\n"
        "        try: os.write(f, len(message).to_bytes(8, 'big') + message)\n"
        "        except OSError: pass\n"
        "    return {'ok': True}\n"
    )
    report = check_file(student(forged))
    assert not report.ok
    assert not any(part.share for part in report.parts())


def test_what_it_prints_is_shown_and_cannot_become_active(student):
    report = check_file(student(ROWS + "\nprint('<script>alert(1)</script>')"))
    assert report.printed == "<script>alert(1)</script>"
    assert "<script>alert" not in html(report.document())
    assert "<script>alert" in terminal_text(report.document())


def test_the_report_as_json(student):
    found = json.loads(check_file(student(SLOPE="1"), layers=[3, 4, 2]).to_json())
    assert found["chainrule check"] == 1
    assert (found["ok"], found["file"], found["function"]) == (False, "student.py", "my_backprop")
    assert [case["examples"] is None for case in found["cases"]] == [True, False]
    assert found["cases"][0]["report"]["mistakes"][0]["layer"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"examples": "two"}, "examples is 'two'"),
        ({"activation": "sigmoind"}, "did you mean 'sigmoid'"),
        ({"cost": "squares"}, "cost is 'squares'"),
        ({"layers": [3]}, "at least an input and an output layer"),
        ({"seed": -1}, "seed"),
        ({"cost": "cross_entropy", "activation": "tanh"}, "activation 'tanh'"),
    ],
)
def test_options_that_make_no_sense(student, options, words):
    with pytest.raises(InputError, match=words):
        check_file(student(), **options)


def test_a_network_of_one_output(student):
    assert check_file(student(), layers=[3, 1]).ok
    assert check_file(student(), layers=[1, 1, 1]).ok
    assert np.all([case.report.ok for case in check_file(student(), layers=[2, 2]).cases])
