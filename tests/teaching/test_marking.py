import json
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chainrule.document.markdown import markdown
from chainrule.document.terminal import terminal_text
from chainrule.errors import InputError
from chainrule.teaching.exercises import exercise
from chainrule.teaching.marking import mark, mark_file

exercises = st.builds(
    exercise,
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    seed=st.integers(0, 10_000),
    activation=st.sampled_from(["sigmoid", "tanh", "relu", "identity"]),
    batch=st.none() | st.integers(1, 4),
) | st.builds(
    exercise,
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    seed=st.integers(0, 10_000),
    cost=st.just("cross_entropy"),
)


def filled(made, values=None, form="{:#.6g}"):
    """Write numbers into a worksheet's blanks."""
    values = made.values if values is None else values
    sheet = markdown(made.worksheet())
    for one in made.asked:
        numbers = iter(np.ravel(values[one.label]))
        found = re.search(rf"(```text\n{one.label} =\n)(.*?)(```)", sheet, re.DOTALL)
        assert found is not None
        head, body, tail = found.groups()
        assert body.count("____") == np.size(values[one.label])
        body = re.sub("____", lambda _, numbers=numbers: form.format(next(numbers)), body)
        sheet = re.sub(rf"```text\n{one.label} =\n.*?```", head + body + tail, sheet, flags=re.DOTALL)
    return sheet


def statuses(report):
    return {mark.label: mark.status for mark in report.marks}


@given(exercises)
def test_the_solution_filled_in_is_right(made):
    report = mark(filled(made))
    assert report.ok, terminal_text(report.document())
    assert report.exercise == made
    assert all(part.share == 1 for part in report.parts())


@given(exercises)
def test_three_significant_digits_are_enough(made):
    report = mark(filled(made, form="{:#.3g}"))
    assert report.ok, terminal_text(report.document())


@given(exercises, st.data())
def test_a_planted_mistake_is_found_and_no_other(made, data):
    """One entry is wrong: it is found. What is right in spite of it stays right."""
    planted = data.draw(st.sampled_from(made.asked))
    values = dict(made.values)
    wrong = np.array(values[planted.label])
    place = data.draw(st.integers(0, wrong.size - 1))
    wrong.reshape(-1)[place] += data.draw(st.sampled_from([-1.0, 0.3, 2.0])) * (1 + np.abs(wrong).max())
    values[planted.label] = wrong
    found = statuses(mark(filled(made, values)))
    assert found.pop(planted.label) == "wrong"
    assert set(found.values()) <= {"right"}


def with_mistake(made, label, change):
    """Compute on from a mistake, as a person would."""
    values = dict(made.given)
    for one in made.asked:
        values[one.label] = one.compute(values)
        if one.label == label:
            values[label] = change(values[label])
    return values


@given(exercises, st.data())
def test_what_follows_from_a_mistake_is_no_other(made, data):
    planted = data.draw(st.sampled_from(made.asked))
    values = with_mistake(made, planted.label, lambda value: value + 0.7)
    with np.errstate(all="ignore"):
        assume(all(np.all(np.isfinite(value)) for value in values.values()))
    report = mark(filled(made, values))
    found = statuses(report)
    assert found.pop(planted.label) == "wrong"
    assert set(found.values()) <= {"right", "follows"}
    assert not report.ok
    changed = {one.label for one in made.asked if planted.label in one.needs and one.label != planted.label}
    moved = {label for label in changed if not np.allclose(values[label], made.values[label], rtol=0.05, atol=1e-3)}
    updates = {label for label in moved if label.endswith("_new")}
    assert all(found[label] == "follows" for label in moved - updates)


def test_marks_of_a_wrong_delta():
    made = exercise([3, 4, 2], seed=5)
    a, y = made.values["a_2"], made.values["y"]
    report = mark(filled(made, with_mistake(made, "delta_2", lambda _: a - y)))
    found = statuses(report)
    assert [label for label in found if found[label] == "right"] == ["z_1", "a_1", "z_2", "a_2", "C"]
    assert [label for label in found if found[label] == "wrong"] == ["delta_2"]
    assert sum(status == "follows" for status in found.values()) == 9
    text = terminal_text(report.document())
    assert "δ² = (a² − y) ⊙ σ'(z²)" in text
    assert report.verdict() == "15 answers; right: 5, follows from your earlier value: 9, wrong: 1."


def test_the_right_numbers_are_not_given_away():
    made = exercise([3, 2], seed=1)
    report = mark("chainrule exercise --layers 3,2 --seed 1\ndelta_1 = 0.123, 0.456")
    (shown,) = {f"{made.values['delta_1'][0]:.4f}"}
    assert shown not in terminal_text(report.document()) + report.to_json()


def marks(answers, **options):
    """Mark single answers to one exercise."""
    made = exercise([2, 3, 2], seed=4, **options)
    report = mark("\n".join(f"{label} = {words}" for label, words in answers.items()), made)
    return {mark.label: (mark.status, mark.words, mark.share) for mark in report.marks if mark.label in answers}


def words_of(values):
    return " ".join(f"{number:#.6g}" for number in np.ravel(values))


def test_what_is_told_of_wrong_answers():
    v = exercise([2, 3, 2], seed=4).values
    found = marks(
        {"dW_1": words_of(v["dW_1"].T), "delta_2": words_of(-v["delta_2"]), "z_1": "1 2", "a_1": "big small no"}
    )
    assert found["dW_1"][:2] == ("wrong", "These are the numbers of its transpose; dW_1 has 3 rows.")
    assert found["delta_2"][:2] == ("wrong", "The sign is wrong.")
    assert found["z_1"] == ("wrong", "3 numbers are asked for, and 2 are given.", 0)
    assert found["a_1"][0] == "unreadable"


def test_entries_are_counted_from_one():
    v = dict(exercise([2, 3, 2], seed=4).values)
    dW = v["dW_2"].copy()
    dW[1, 2] += 1
    status, words, share = marks({"dW_2": words_of(dW)})["dW_2"]
    assert (status, words) == ("wrong", "Wrong: entry 2,3.")
    assert share == pytest.approx(5 / 6)


def test_entries_left_open():
    v = exercise([2, 3, 2], seed=4).values
    first, _, third = (f"{number:.4f}" for number in v["a_1"])
    status, words, share = marks({"a_1": f"{first} ____ {third}"})["a_1"]
    assert (status, words) == ("wrong", "Not answered: 1 of 3 entries.")
    assert share == pytest.approx(2 / 3)
    assert marks({"a_1": "____ ____ ____"})["a_1"][0] == "unanswered"


def test_too_few_digits():
    v = exercise([2, 3, 2], seed=4).values
    status, words, share = marks({"a_1": " ".join(f"{number:.1f}" for number in v["a_1"])})["a_1"]
    assert (status, share) == ("rounded", 0.5)
    assert "3 significant digits" in words
    assert marks({"a_1": "0 1 1"})["a_1"][0] == "wrong"


def test_an_update_is_held_by_its_change():
    """Not to change a weight at all, or in the wrong direction, is not within the tolerance of its own size."""
    made = exercise([2, 3, 2], seed=4, eta=0.01)
    W, new = made.values["W_1"], made.values["W_1_new"]
    for numbers, status in ((new, "right"), (W, "wrong"), (2 * W - new, "wrong")):
        words = " ".join(f"{number:.7f}" for number in np.ravel(numbers))
        assert marks({"W_1_new": words}, eta=0.01)["W_1_new"][0] == status


def test_fractions_and_decimal_commas():
    made = exercise([2, 1], seed=3, activation="identity")
    (z,) = made.values["z_1"]
    for words in (f"{z:.2f}".replace(".", ","), f"{round(20 * z)}/20"):
        assert mark(f"z_1 = {words}", made).marks[0].status == "right"


def test_an_unanswered_step_between_does_not_hide_what_follows():
    made = exercise([3, 4, 2], seed=5)
    values = with_mistake(made, "z_1", lambda value: value + 1)
    lines = [f"{label} = {words_of(values[label])}" for label in ("z_1", "z_2")]  # a_1 is left out
    found = statuses(mark("\n".join(lines), made))
    assert (found["z_1"], found["a_1"], found["z_2"]) == ("wrong", "unanswered", "follows")


def test_the_report_as_json_and_document(golden):
    made = exercise([2, 2], seed=1)
    values = with_mistake(made, "delta_1", lambda value: -value)
    report = mark(filled(made, values) + "\nwidth = 3\n")
    golden("marks.txt", terminal_text(report.document()))
    found = json.loads(report.to_json())
    assert found["chainrule marks"] == 1
    assert found["marks"][3] == {"label": "delta_1", "status": "wrong", "words": "The sign is wrong.", "share": 0.0}
    assert not report


def test_a_sheet_says_which_exercise_it_answers(tmp_path):
    path = tmp_path / "answers.txt"
    path.write_text("z_1 = 3")
    with pytest.raises(InputError, match=r"answers.txt does not say which exercise it is about"):
        mark_file(path)
    path.write_text('{"exercise": "chainrule exercise --layers 2,2 --seed 1", "z_1": [1, 2]}')
    assert mark_file(path).exercise == exercise([2, 2], seed=1)


def test_answers_to_another_exercise_are_refused():
    easier, hard = exercise([1, 1], seed=1), exercise([3, 4, 2], seed=1)
    with pytest.raises(InputError, match=r"answers `.*1,1.*`, and what was set is `.*3,4,2.*`"):
        mark(filled(easier), hard)
    assert mark(filled(hard), hard).ok


@given(st.text(max_size=300))
def test_no_sheet_is_too_odd(text):
    made = exercise([2, 2], seed=1)
    if not text.lstrip().startswith("{"):
        mark(text, made)
