import pytest

from chainrule.document.markdown import markdown
from chainrule.teaching.exercises import exercise


def test_a_worksheet_on_standard_output(run):
    made = run("exercise", "--layers", "3,4,2", "--seed", "5")
    assert (made.code, made.err) == (0, "")
    assert made.out == markdown(exercise([3, 4, 2], 5).worksheet())


def test_a_worksheet_and_its_solution_in_files(run, tmp_path):
    made = run("exercise", "--layers", "2,2", "--batch", "3", "--out", "sheet.md", "--solution", "solution.md")
    assert (made.code, made.err) == (0, "")
    assert "chainrule check --exercise sheet.md" in made.out
    assert "____" in (tmp_path / "sheet.md").read_text("utf-8")
    assert "____" not in (tmp_path / "solution.md").read_text("utf-8")
    marked = run("check", "--exercise", "sheet.md")
    assert marked.code == 1
    assert "not answered: 8" in marked.out


@pytest.mark.parametrize(
    ("arguments", "sign"),
    [
        (["--out", "sheet.tex"], r"\documentclass"),
        (["--out", "sheet.html"], "<!DOCTYPE html>"),
        (["--out", "sheet.md"], "# Backpropagation"),
        (["--out", "sheet.txt"], "# Backpropagation"),
        (["--out", "sheet.txt", "--to", "tex"], r"\documentclass"),
    ],
)
def test_the_format_is_that_of_the_ending_or_the_option(run, tmp_path, arguments, sign):
    assert run("exercise", *arguments).code == 0
    assert (tmp_path / arguments[1]).read_text("utf-8").startswith(sign)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--layers", "3"], "--layers is '3'"),
        (["--layers", "3,99"], "at most 8 units"),
        (["--to", "pdf"], "--to is 'pdf'"),
        (["--batch", "100"], "at most 6 examples"),
        (["--seed", "-1"], "seed"),
        (["--eta", "0"], "eta"),
        (["--cost", "cross_entropy", "--activation", "relu"], "activation 'sigmoid'"),
        (["--out", "missing/sheet.md"], "no folder"),
    ],
)
def test_wrong_usage_is_one_sentence(run, arguments, words):
    failed = run("exercise", *arguments)
    assert failed.code == 2
    assert words in failed.sentence
