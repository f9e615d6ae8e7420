"""Deriving at the command line: what a person gives, what they get, and what they are told when it does not fit."""

import json
import runpy
import sys

import numpy as np
import pytest

from chainrule import Network, derive
from chainrule.derivation import Derivation

MINE = '''\
"""Logistic regression."""

from dataclasses import dataclass

import numpy as np

from beside import sigmoid
from chainrule import primitive


@dataclass
class Settings:
    rate: "float" = 0.1


def cost(W, b, X, y):
    print("called")
    z = X @ W + b
    p = sigmoid(z)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def square(x):
    return np.sum(x**2)


def fails(x):
    return [x][1]


def jump(x):
    return np.floor(x) + x


@primitive(partials=lambda x, y: 2 * y)
def exponential(x):
    return np.exp(x)


def point():
    return {"W": np.array([0.5, -1.0]), "b": 0.5, "X": np.eye(2), "y": np.array([0.0, 1.0])}


as_tuple = (np.array([0.5, -1.0]), 0.5, np.eye(2), np.array([0.0, 1.0]))
lacking = {"W": np.array([0.5, -1.0]), "X": np.eye(2)}
beyond = {**point(), "B": 1.0}
one = np.array([1.0, 2.0])
two_numbers = (1.0, 2.0)
whole = 3
half = 0.5
three = 3.0


def unfinished():
    raise KeyError("W")
'''
BESIDE = "import numpy as np\n\n\ndef sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"


def line(text):
    """The number of a line of the person's file."""
    return 1 + [one.strip() for one in MINE.splitlines()].index(text)


FAILS, RAISES = line("return [x][1]"), line('raise KeyError("W")')
X, Y = np.eye(2), np.array([0.0, 1.0])


@pytest.fixture
def mine(run, tmp_path):
    """A person's own files, in the folder that the command runs in."""
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "beside.py").write_text(BESIDE, encoding="utf-8")
    yield tmp_path
    sys.modules.pop("beside", None)


def words(text):
    return " ".join(text.split())


def test_a_function_in_the_terminal(run, mine):
    derived = run("derive", "mine.py:cost", "--at", "mine.py:point", "--wrt", "W")
    assert derived.code == 0
    assert derived.out.startswith("The derivative of cost, step by step\n")
    assert f"z = X W + b    line {line('z = X @ W + b')}: z = X @ W + b" in derived.out
    assert "∂C/∂W = Xᵀ ∂C/∂z" in derived.out
    assert "∂C/∂b" not in derived.out
    assert max(map(len, derived.out.splitlines())) <= 80


def test_what_the_file_prints_does_not_mix_with_the_answer(run, mine):
    derived = run("derive", "mine.py:cost", "--to", "json")
    json.loads(derived.out)
    assert derived.err == "called\n" * 2


def test_the_numbers_are_those_of_derive(run, mine):
    found = Derivation.from_json(run("derive", "mine.py:cost", "--wrt", "W,b", "--to", "json").out)

    def cost(W, b):
        p = 1 / (1 + np.exp(-(X @ W + b)))
        return -np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p))

    expected = derive(cost)(np.array([0.5, -1.0]), 0.5).gradient
    for mine_, theirs in zip(found.gradient, expected, strict=True):
        np.testing.assert_array_equal(mine_, theirs)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["cost"], {"W", "b", "X", "y"}),
        (["cost", "--wrt", "W"], {"W"}),
        (["cost", "--wrt", "W", "--wrt", "b"], {"W", "b"}),
        (["cost", "--wrt", "W, b"], {"W", "b"}),
        (["cost", "--at", "as_tuple", "--wrt", "b"], {"b"}),
        (["cost", "--at", "point"], {"W", "b", "X", "y"}),
        (["square", "--at", "one"], {"x"}),
    ],
)
def test_points_and_parameters(run, mine, arguments, wanted):
    name, *options = arguments
    derived = run("derive", f"mine.py:{name}", *options, "--to", "json")
    assert derived.code == 0, derived.err
    quantities = Derivation.from_json(derived.out).quantities
    assert {q.symbol.name for q in quantities if q.wanted} == wanted


def test_a_point_in_another_file(run, mine):
    (mine / "points.py").write_text("from mine import point as there\n\nother = {'x': 2.0}\n", encoding="utf-8")
    assert run("derive", "mine.py:cost", "--at", "points.py:there").code == 0
    assert "C = 4" in run("derive", "mine.py:square", "--at", "points.py:other").out
    assert "points.py has no point point" in run("derive", "mine.py:square", "--at", "points.py").sentence
    sys.modules.pop("mine")


def test_nothing_of_the_file_stays_behind(run, mine):
    path, modules = sys.path[:], set(sys.modules)
    run("derive", "mine.py:cost")
    assert sys.path == path
    assert set(sys.modules) - modules <= {"beside"}
    assert not (mine / "__pycache__" / "mine.pyc").exists()


SIGNS = {
    "html": "<!DOCTYPE html>",
    "latex": r"\documentclass",
    "md": "# The derivative of square",
    "json": '{"chainrule derivation": 1',
    "python": "import numpy as np",
    "svg": "<svg",
    "terminal": "The derivative of square",
}


@pytest.mark.parametrize("to", SIGNS)
def test_every_format_goes_to_standard_output(run, mine, to):
    derived = run("derive", "mine.py:square", "--at", "one", "--to", to)
    assert (derived.code, derived.err) == (0, "")
    assert derived.out.startswith(SIGNS[to])


@pytest.mark.parametrize(
    ("name", "arguments", "sign"),
    [
        ("step.html", [], SIGNS["html"]),
        ("step.TEX", [], SIGNS["latex"]),
        ("step.md", [], SIGNS["md"]),
        ("step.json", [], SIGNS["json"]),
        ("step.py", [], SIGNS["python"]),
        ("step.svg", [], SIGNS["svg"]),
        ("step.txt", [], SIGNS["terminal"]),
        ("step", ["--to", "latex"], SIGNS["latex"]),
        ("step.html", ["--to", "md"], SIGNS["md"]),
    ],
)
def test_a_file_has_the_format_of_its_ending_or_of_the_option(run, mine, name, arguments, sign):
    derived = run("derive", "mine.py:square", "--at", "one", "--out", name, *arguments)
    assert derived.out == f"1 step was checked against numerical derivatives: it is right. Written to {name}.\n"
    assert (mine / name).read_text("utf-8").startswith(sign)


def test_a_picture(run, mine):
    assert run("derive", "mine.py:square", "--at", "one", "--out", "graph.png").code == 0
    assert (mine / "graph.png").read_bytes().startswith(b"\x89PNG")


def test_an_existing_file_is_replaced_only_by_a_whole_one(run, mine):
    (mine / "step.md").write_text("before", encoding="utf-8")
    assert run("derive", "mine.py:fails", "--at", "one", "--out", "step.md").code == 2
    assert (mine / "step.md").read_text("utf-8") == "before"
    assert run("derive", "mine.py:square", "--at", "one", "--out", "step.md").code == 0
    assert (mine / "step.md").read_text("utf-8").startswith(SIGNS["md"])
    assert not [path for path in mine.iterdir() if path.name.startswith(".")]


def test_an_output_that_cannot_be_written_is_said_before_the_file_is_run(run, mine):
    failed = run("derive", "mine.py:cost", "--out", "missing/step.md")
    assert "no folder" in failed.sentence


def test_the_literal_form(run, mine):
    assert "Formed literally" in run("derive", "mine.py:square", "--at", "one", "--full").out
    assert "Formed literally" not in run("derive", "mine.py:square", "--at", "one").out


def test_the_python_code_runs_alone(run, mine):
    run("derive", "mine.py:square", "--at", "one", "--out", "gradient.py")
    gradient = runpy.run_path(str(mine / "gradient.py"))["gradient"]
    np.testing.assert_array_equal(gradient(np.array([1.0, 2.0])), [2.0, 4.0])


def test_a_step_that_a_check_finds_wrong_is_said_and_is_the_exit_code(run, mine):
    derived = run("derive", "mine.py:exponential", "--at", "half", "--out", "step.md")
    assert derived.code == 1
    assert derived.out == "1 step was checked against numerical derivatives: it is wrong. Written to step.md.\n"
    assert "✗ wrong" in run("derive", "mine.py:exponential", "--at", "half").out


def test_a_step_that_cannot_be_checked_is_not_called_right(run, mine):
    derived = run("derive", "mine.py:jump", "--at", "three", "--out", "step.md")
    assert derived.code == 0
    assert derived.out == "No step could be checked against numerical derivatives. Written to step.md.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["min.py:cost"], "min.py cannot be read: no such file or directory; did you mean mine.py?"),
        (["mine.py:cots"], "mine.py has no function cots; it has Settings, cost, square,"),
        (["mine.py:cots"], "did you mean cost?"),
        (["mine.py"], "say which function of mine.py, as mine.py:Settings; it has"),
        (["mine.py:half"], "half in mine.py is 0.5, and no function"),
        (["mine.py:cost", "--at", "pont"], "mine.py has no point pont; it has"),
        (["mine.py:cost", "--at", "pont"], "did you mean point?"),
        (["mine.py:cost", "--at", "lacking"], "the point lacks b, y: cost takes W, b, X, y."),
        (["mine.py:cost", "--at", "beyond"], "the point has B, but cost takes W, b, X, y; did you mean b?"),
        (["mine.py:cost", "--at", "one"], "the point lacks b, X, y"),
        (["mine.py:square", "--at", "two_numbers"], "the point does not fit: square takes x, and Python says too many"),
        (["mine.py:cost", "--at", "unfinished"], f"the point cannot be computed: in mine.py, line {RAISES}: `raise"),
        (["mine.py:cost", "--wrt", "w"], "--wrt is 'w', and cost is given W, b, X, y; did you mean W?"),
        (["mine.py:cost", "--wrt", "W,"], "--wrt is ''"),
        (["mine.py:square", "--at", "whole"], "none of the arguments of square holds floating-point numbers"),
        (
            ["mine.py:fails", "--at", "one"],
            f"fails at this point: in mine.py, line {FAILS}: `return [x][1]`, IndexError",
        ),
        (["mine.py:cost", "--index", "7", "--eta", "1"], "--index and --eta cannot be given with a function in a file"),
        (["mine.py:cost", "--to", "htm"], "--to is 'htm'; did you mean 'html'?"),
        (["mine.py:cost", "--out", "step.pdf"], "--out is step.pdf, which ends in none of .html"),
        (["missing.safetensors"], "missing.safetensors cannot be read"),
        (["mine"], "mine cannot be read"),
    ],
)
def test_wrong_usage_is_one_sentence(run, mine, arguments, told):
    failed = run("derive", *arguments)
    assert (failed.code, failed.out) == (2, "")
    assert told in failed.err.replace("called\n", "")
    assert failed.err.replace("called\n", "").count("\n") == 1


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = (1,\ny = 2", "broken.py cannot be run: in broken.py, line 1: `x = (1,`, SyntaxError"),
        ("import nothing_of_that_name", "in broken.py, line 1: `import nothing_of_that_name`, ModuleNotFoundError"),
        ("import sys\nsys.exit('no')", "in broken.py, line 2: `sys.exit('no')`, SystemExit: no."),
        ("", "broken.py has no function cost; it has nothing of its own."),
    ],
)
def test_a_file_that_does_not_run_is_one_sentence(run, tmp_path, source, told):
    (tmp_path / "broken.py").write_text(source, encoding="utf-8")
    assert told in run("derive", "broken.py:cost").sentence


def test_a_network(run, model, digits, tmp_path):
    derived = run("derive", model, "--data", "digits", "--index", "7", "--out", "step.json")
    assert (derived.code, derived.err) == (0, "")
    assert derived.out == "8 steps were checked against numerical derivatives: all are right. Written to step.json.\n"
    found = Derivation.from_json((tmp_path / "step.json").read_text("utf-8"))
    assert found.name == f"the network at test image 7 (labelled {digits.test.labels[7]})"
    expected = Network.load(model).gradient(digits.test.x[7], digits.test.y[7])
    for kind in ("weights", "biases"):
        for one, other in zip(found.gradient[kind], getattr(expected, kind), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_network_in_the_terminal(run, model):
    derived = run("derive", model)
    assert derived.code == 0
    assert words(derived.out).startswith("The derivative of the network at test image 0 (labelled ")
    assert "∂C/∂W¹ = δ¹ (a⁰)ᵀ" in derived.out
    assert max(map(len, derived.out.splitlines())) <= 80


def test_a_mini_batch_of_another_data_set_with_another_eta(run, model, folder):
    derived = run("derive", model, "--data", folder, "--index", "3,5", "--eta", "0.25", "--to", "json")
    found = Derivation.from_json(derived.out)
    assert found.name.startswith("the network at test images 3, 5 (labelled ")
    assert found.named("a").value.shape == (784, 2)
    assert {update.eta for update in found.updates} == {0.25}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--index", "1000"], "--index is 1000, but there are 1,000 test images; count them from 0 to 999."),
        (["--index", "3,-1"], "--index is -1"),
        (["--index", "seven"], "--index is 'seven'; give whole numbers, such as 7 or 3,5,7."),
        (["--data", "didgits"], "There is no data set 'didgits'"),
        (["--eta", "0"], "eta"),
        (["--at", "point"], "--at cannot be given with a network"),
        (["--at", "point", "--wrt", "W"], "--at and --wrt cannot be given with a network"),
    ],
)
def test_wrong_usage_with_a_network_is_one_sentence(run, model, arguments, told):
    failed = run("derive", model, *arguments)
    assert (failed.code, failed.out) == (2, "")
    assert told in failed.sentence


def test_the_papers_network_is_not_formed_in_more_memory_than_there_is(run, model):
    """The largest literal tensor of the paper's network has 30 × 30 × 784 entries."""
    derived = run("derive", model, "--full")
    assert derived.code == 0
    assert "Formed literally and contracted" in derived.out
