"""Reading answers that a person has written: in a worksheet's blanks, as lines ``label = numbers``, or as JSON."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from chainrule.errors import InputError
from chainrule.teaching.exercises import COMMAND

_LARGEST = 2**20
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_VULGAR = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8"}
_DECIMAL = r"(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:e[+-]?\d{1,3})?"
_NUMBER = re.compile(rf"[+-]?{_DECIMAL}(?:/{_DECIMAL})?")
_FIELD = re.compile(r"_+|\?+|…|\.{2,}")  # nothing filled in
# What a line that goes on with numbers is made of.
_NUMBERS_ONLY = re.compile(r"[\s\d.,;:/+\-−–*·×^eE_?…()\[\]{}|½¼¾⅓⅔⅛⁰¹²³⁴⁵⁶⁷⁸⁹⁻\"']+")
_LINE = re.compile(
    r"[\s>*|\-\"'`$]*([^\W\d](?:[\w^∂/{}()'⁰¹²³⁴⁵⁶⁷⁸⁹]| (?=[\w^]))*|∂[\w^∂/{}()⁰¹²³⁴⁵⁶⁷⁸⁹]+)[\"'`$]*\s*[=:](.*)"
)


class Entry(NamedTuple):
    """A number as it was written.

    Attributes
    ----------
    value : float
    half_unit : float
        Half of what its last digit counts: by so much rounding may have moved it; 0 for a fraction.
    digits : int
        Significant ones; 99 for a fraction.
    """

    value: float
    half_unit: float
    digits: int


@dataclass(frozen=True)
class Sheet:
    """Answers, as they were written.

    Attributes
    ----------
    command : str
        That of the exercise; "" where the sheet does not say.
    written : dict of str to str
        What stands for each label, numbers not yet read.
    unknown : tuple of str
        Labels that no quantity has.
    """

    command: str
    written: dict[str, str]
    unknown: tuple[str, ...] = ()


def read_file(path: Path) -> str:
    """Read a sheet's text.

    Raises
    ------
    InputError
        If it cannot be read, is too large, or is no text.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path} has more than {_LARGEST:,} bytes; give a worksheet's answers, as text.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8; give the worksheet's Markdown, text or JSON.") from None


def command_in(text: str) -> str:
    """Find the command that wrote the exercise; "" where there is none.

    Examples
    --------
    >>> command_in("Exercise: `chainrule exercise --layers 3,2 --seed 5`")
    'chainrule exercise --layers 3,2 --seed 5'
    """
    found = re.search(rf"{COMMAND}((?:\s+--[a-z]+\s+[\w.,+-]+)*)", text)
    return " ".join(found[0].split()) if found else ""


def read(text: str, labels: Iterable[str]) -> Sheet:
    """Find in a text what is written for each label.

    Parameters
    ----------
    text : str
    labels : iterable of str
        Those of the exercise.

    Returns
    -------
    Sheet

    Raises
    ------
    InputError
        If it begins as JSON and is none.

    Examples
    --------
    >>> read("δ² = [0.1, 1/2]", ["delta_2"]).written
    {'delta_2': '[0.1, 1/2]'}
    """
    known = {_plain(label): label for label in labels}
    pairs = _of_json(text) if text.lstrip().startswith("{") else _of_lines(text, known)
    written: dict[str, str] = {}
    unknown = []
    for name, words in pairs:
        label = known.get(_plain(name))
        if label is not None:
            written[label] = words.strip()
        elif _plain(name) != "exercise" and any(character.isdigit() for character in words):
            unknown.append(name[:40])
    return Sheet(command_in(text), written, tuple(unknown))


def _of_json(text: str) -> Iterator[tuple[str, str]]:
    try:
        # Numbers stay as they are written, with all their digits.
        found: Any = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the answers begin with {{, but are no JSON: {error}.") from None
    for name, value in found.items():
        yield name, _flat(value, 0)


def _flat(value: Any, depth: int) -> str:
    if isinstance(value, list) and depth < 4:
        return "[" + ("; " if depth == 0 else " ").join(_flat(item, depth + 1) for item in value) + "]"
    return "____" if value is None else str(value)


def _of_lines(text: str, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Go through lines: a label begins an answer, and lines of nothing but numbers go on with it."""
    name, lines = "", list[str]()
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found and (_plain(found[1]) in known or _NUMBERS_ONLY.fullmatch(found[2])):
            if name:
                yield name, "\n".join(lines)
            name, lines = found[1], [found[2]]
        elif name and (not line.strip() or _NUMBERS_ONLY.fullmatch(line)):
            lines.append(re.sub(r"^\s*-\s+", " ", line))  # an item of a YAML list
        elif name:
            yield name, "\n".join(lines)
            name = ""
    if name:
        yield name, "\n".join(lines)


def _plain(label: str) -> str:
    """Reduce a label to what tells it from others, however it was typed.

    Examples
    --------
    >>> _plain("delta_2") == _plain("δ²") == _plain("δ^{2}"), _plain("∂C/∂W_1") == _plain("dW_1")
    (True, True)
    """
    spelt = label.translate(_SUPERSCRIPTS).replace("δ", "delta").replace("∂", "d")
    return re.sub(r"^dC/d", "d", re.sub(r"[\s_^{}()$`]", "", spelt)).casefold()


def entries(words: str, count: int) -> list[Entry | None] | None:
    """Read numbers, however they are set apart.

    A comma between digits parts two numbers, or is a decimal comma: whichever gives as many numbers as are asked for.

    Parameters
    ----------
    words : str
    count : int
        How many are asked for.

    Returns
    -------
    list of Entry or None
        None for a field that is not filled in; as many as there are. None in place of the list where something
        cannot be read as a number.

    Examples
    --------
    >>> [entry.value for entry in entries("[ 0,5  −1/4 ]", 2)]
    [0.5, -0.25]
    >>> [entry and entry.value for entry in entries("1.5e-3, ____", 2)]
    [0.0015, None]
    """
    words = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda found: "^" + found[0].translate(_SUPERSCRIPTS), words)
    words = words.replace("−", "-").replace("–", "-")
    for sign, spelt in _VULGAR.items():
        words = words.replace(sign, spelt)
    words = re.sub(r"\s*[*·×]\s*10\s*(?:\^|\*\*)\s*[({]?\s*([+-]?\d+)(?:\s*[)}])?", r"e\1", words)
    words = re.sub(r"\s*/\s*", "/", words).lower()
    joined = re.sub(r"(^|[\[(,;\s])([+-])\s+(?=[\d.])", r"\1\2", words)
    readings = []
    for text in (words, joined):
        readings += [text, re.sub(r"(?<=\d),(?=\d)", ".", text)]
    found = [_tokens(reading) for reading in readings]
    fitting = [numbers for numbers in found if numbers is not None and len(numbers) == count]
    return fitting[0] if fitting else next((numbers for numbers in found if numbers is not None), None)


def _tokens(text: str) -> list[Entry | None] | None:
    tokens = re.sub(r"[,;\[\](){}|\"'\s]+", " ", text).split()
    found: list[Entry | None] = []
    for token in tokens:
        if _FIELD.fullmatch(token):
            found.append(None)
        elif _NUMBER.fullmatch(token):
            entry = _entry(token)
            if entry is None:
                return None
            found.append(entry)
        else:
            return None
    return found


def _entry(token: str) -> Entry | None:
    if "/" in token:
        over, under = token.split("/")
        try:
            return Entry(float(Fraction(over) / Fraction(under)), 0.0, 99)
        except (ZeroDivisionError, OverflowError):
            return None
    value = float(token)
    mantissa, _, exponent = token.lstrip("+-").partition("e")
    whole, _, decimals = mantissa.partition(".")
    digits = len((whole + decimals).lstrip("0"))
    return Entry(value, 0.5 * 10.0 ** (int(exponent or 0) - len(decimals)), digits) if math.isfinite(value) else None
