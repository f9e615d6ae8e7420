"""Marking what was worked out by hand, as a teacher does: what follows rightly from an earlier mistake is no other."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.document import Block, Document, Formula, Heading, Paragraph, Table, Verdict
from chainrule.errors import InputError
from chainrule.teaching.asked import Asked, Values
from chainrule.teaching.exercises import COMMAND, Exercise
from chainrule.teaching.grading import Part
from chainrule.teaching.sheets import Entry, command_in, entries, read, read_file

VERSION = 1
TOLERANCE = 0.005
"""Relative: what is rounded to three significant digits is within it."""

_DIGITS = 3
_NOISE = 1e-9
_WORDS = {
    "right": "right",
    "follows": "follows from your earlier value",
    "rounded": "rounded too far",
    "wrong": "wrong",
    "unanswered": "not answered",
    "unreadable": "cannot be read",
}
STATUSES = tuple(_WORDS)
_SIGNS = {"right": "✓", "follows": "✓", "rounded": "✗", "wrong": "✗", "unanswered": "–", "unreadable": "✗"}

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Mark:
    """The mark of one answer.

    Attributes
    ----------
    asked : Asked
    status : str
        One of `STATUSES`.
    words : str
        In a sentence.
    share : float
        Of its points, from 0 to 1.
    """

    asked: Asked
    status: str
    words: str
    share: float

    @property
    def label(self) -> str:
        """What was asked for."""
        return self.asked.label


@dataclass(frozen=True, eq=False)
class MarkingReport:
    """The marks of an exercise. It is true where all is right.

    Attributes
    ----------
    exercise : Exercise
    marks : tuple of Mark
        In the order in which they are asked for.
    notes : tuple of str
    """

    exercise: Exercise
    marks: tuple[Mark, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all answers are right."""
        return all(mark.status == "right" for mark in self.marks)

    def __bool__(self) -> bool:
        return self.ok

    def count(self, status: str) -> int:
        """Count the answers of a status."""
        return sum(mark.status == status for mark in self.marks)

    def verdict(self) -> str:
        """Say in one sentence what was found."""
        if self.ok:
            return f"All {len(self.marks)} answers are right."
        counts = [(words, self.count(status)) for status, words in _WORDS.items()]
        told = ", ".join(f"{words}: {number}" for words, number in counts if number)
        return f"{len(self.marks)} answers; {told}."

    def document(self) -> Document:
        """Return the marks, block by block."""
        return Document("Your answers, marked", tuple(self._blocks()))

    def to_json(self) -> str:
        """Write the marks as JSON.

        Its keys: "chainrule marks" (the version of this form, 1), "ok", "verdict", "exercise" (its command), "notes",
        and "marks", each with "label", "status", "words" and "share".
        """
        found = {
            "chainrule marks": VERSION,
            "ok": self.ok,
            "verdict": self.verdict(),
            "exercise": self.exercise.command,
            "notes": list(self.notes),
            "marks": [
                {"label": mark.label, "status": mark.status, "words": mark.words, "share": mark.share}
                for mark in self.marks
            ],
        }
        return json.dumps(found, ensure_ascii=False, indent=1)

    def parts(self) -> list[Part]:
        """Return what is graded: every answer."""
        return [Part(mark.label, mark.share, mark.words) for mark in self.marks]

    def _blocks(self) -> Iterator[Block]:
        yield Verdict(self.ok, (self.verdict(),))
        yield Paragraph((f"Exercise: `{self.exercise.command}`",))
        yield from (Paragraph((note,)) for note in self.notes)
        rows = tuple(
            ((mark.asked.symbol,), (f"`{mark.label}`",), (f"{_SIGNS[mark.status]} {_WORDS[mark.status]}",))
            for mark in self.marks
        )
        yield Table(("quantity", "label", "mark"), rows)
        if self.count("rounded"):
            yield Paragraph((f"Rounded too far: right as far as it goes, but give {_DIGITS} significant digits.",))
        for mark in self.marks:
            if mark.status in ("wrong", "unreadable"):
                yield Heading(f"`{mark.label}`", 2)
                yield Verdict(False, (mark.words,))
                if mark.status == "wrong":
                    yield Formula(mark.asked.equation, "how it is computed")


def mark_file(path: Path, exercise: Exercise | None = None) -> MarkingReport:
    """Mark the answers in a file: a worksheet filled in, lines ``label = numbers``, or JSON.

    Parameters
    ----------
    path : path
    exercise : Exercise, optional
        As for `mark`.

    Returns
    -------
    MarkingReport

    Raises
    ------
    InputError
        If the file cannot be read, or what `mark` refuses.
    """
    return mark(read_file(path), exercise, name=str(path))


def exercise_of(path: Path) -> Exercise:
    """Read which exercise a worksheet is.

    Raises
    ------
    InputError
        If the file cannot be read, or does not say.
    """
    return _said(read_file(path), str(path))


def _said(text: str, name: str) -> Exercise:
    command = command_in(text)
    if not command:
        raise InputError(
            f"{name} does not say which exercise it is about; keep the line with `{COMMAND} --layers …` in it, "
            'in JSON as the value of "exercise".'
        )
    return Exercise.of_command(command)


def mark(text: str, exercise: Exercise | None = None, *, name: str = "the sheet") -> MarkingReport:
    """Mark the answers in a text.

    Parameters
    ----------
    text : str
        A worksheet's Markdown filled in; lines ``label = numbers``; or JSON, numbers by label.
    exercise : Exercise, optional
        The one that was set; by default, that whose command stands in the text.
    name : str
        What to call the text in errors.

    Returns
    -------
    MarkingReport

    Raises
    ------
    InputError
        If the text does not say which exercise it answers, answers another, or is no JSON though it begins so.

    Examples
    --------
    >>> from chainrule.teaching.exercises import exercise
    >>> made = exercise([1, 1])
    >>> mark(f"z_1 = {made.values['z_1'][0]}", made).marks[0].status
    'right'
    """
    said = _said(text, name) if exercise is None or command_in(text) else exercise
    if exercise is not None and said != exercise:
        raise InputError(f"{name} answers `{said.command}`, and what was set is `{exercise.command}`.")
    exercise = said
    labels = [one.label for one in exercise.asked]
    sheet = read(text, labels)
    notes = []
    if sheet.unknown:
        names = ", ".join(f"`{label}`" for label in sheet.unknown[:5])
        notes.append(f"Nothing is asked for under {names}; the labels are those of the worksheet.")
    return MarkingReport(exercise, tuple(_marks(exercise, sheet.written)), tuple(notes))


def _marks(exercise: Exercise, written: Mapping[str, str]) -> Iterator[Mark]:
    own: dict[str, Any] = dict(exercise.given)
    doubtful: set[str] = set()  # what is not right, and what was left out but rests on it
    for one in exercise.asked:
        with np.errstate(all="ignore"):
            follows = one.compute(own)
        rests_on_doubt = any(label in doubtful for label in one.needs)
        given = entries(written.get(one.label, ""), int(np.prod(one.shape)))
        mark, values = _mark(one, given, follows, exercise.values, rests_on_doubt=rests_on_doubt)
        own[one.label] = follows if values is None else values
        if mark.status != "right" and (mark.status != "unanswered" or rests_on_doubt):
            doubtful.add(one.label)
        yield mark


def _mark(
    one: Asked, given: list[Entry | None] | None, follows: Any, right: Values, *, rests_on_doubt: bool
) -> tuple[Mark, Any]:
    """Mark one answer; return its numbers too, where there are as many as were asked for."""
    count = int(np.prod(one.shape))
    if given is None:
        return Mark(one, "unreadable", "What is written cannot be read as numbers.", 0.0), None
    if not given or all(entry is None for entry in given):
        return Mark(one, "unanswered", "Not answered.", 0.0), None
    if len(given) != count:
        shape = "×".join(map(str, one.shape)) or "1"
        words = f"{shape} numbers are asked for, and {len(given)} are given."
        return Mark(one, "wrong", words, 0.0), None
    expected, followed = right[one.label].reshape(-1), np.asarray(follows).reshape(-1)
    # An update is small beside what it changes: it is the change that is held against the right one.
    before = right[one.label.removesuffix("_new")].reshape(-1) if one.part == "Update" else np.zeros(count)
    close = np.array([_is_close(e, v, v - w) for e, v, w in zip(given, expected, before, strict=True)])
    after = np.array([_is_close(e, v, v - w) for e, v, w in zip(given, followed, before, strict=True)])
    values = None
    if all(entry is not None for entry in given):
        values = np.array([entry.value for entry in given if entry is not None]).reshape(one.shape)
    good = close | after
    if good.all():
        if close.all() or not rests_on_doubt:
            return Mark(one, "right", "Right.", 1.0), values
        return Mark(one, "follows", "It follows from your earlier value.", 1.0), values
    coarse = np.array([_is_coarse(e, v) for e, v in zip(given, expected, strict=True)])
    if (good | coarse).all():
        return Mark(one, "rounded", f"Rounded too far: give {_DIGITS} significant digits.", 0.5), values
    return Mark(one, "wrong", _wrong(one, given, good, values, right), float(good.mean())), values


def _is_close(entry: Entry | None, value: float, change: float) -> bool:
    if entry is None or not np.isfinite(value):
        return False
    apart = abs(entry.value - value)
    rounding = entry.half_unit * (1 + _NOISE) if entry.digits >= _DIGITS else 0.0
    return bool(apart <= max(TOLERANCE * abs(change), rounding, _NOISE * max(abs(value), 1.0)))


def _is_coarse(entry: Entry | None, value: float) -> bool:
    if entry is None or entry.digits >= _DIGITS:
        return False
    apart = abs(entry.value - value)
    return bool(apart <= entry.half_unit * (1 + _NOISE) and (entry.half_unit <= 0.05 or apart <= 0.05 * abs(value)))


def _wrong(one: Asked, given: list[Entry | None], good: Mask, values: Any, right: Values) -> str:
    """Say which entries are wrong, and what a look at them tells."""
    expected = right[one.label]
    if values is not None and expected.ndim == 2 and min(one.shape) > 1:
        turned = values.reshape(-1).reshape(one.shape[::-1]).T
        if np.allclose(turned, expected, rtol=TOLERANCE, atol=_NOISE):
            return f"These are the numbers of its transpose; {one.label} has {one.shape[0]} rows."
    if values is not None and np.allclose(-values, expected, rtol=TOLERANCE, atol=_NOISE):
        return "The sign is wrong."
    missing = sum(entry is None for entry in given)
    places = [_index(int(i), one.shape) for i in np.flatnonzero(~good) if given[i] is not None]
    words = (
        f"Wrong: {'entry' if len(places) == 1 else 'entries'} {', '.join(places[:6])}" if places and one.shape else ""
    )
    words += f" and {len(places) - 6} more" if len(places) > 6 and words else ""
    words = f"{words}." if words else ("Wrong." if places else "")
    return f"{words} Not answered: {missing} of {len(given)} entries.".strip() if missing else words


def _index(i: int, shape: tuple[int, ...]) -> str:
    """Count as the paper does, from 1."""
    return ",".join(str(int(n) + 1) for n in np.unravel_index(i, shape)) if len(shape) > 1 else str(i + 1)
