import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import InputError
from chainrule.teaching.sheets import command_in, entries, read, read_file

LABELS = ["z_1", "a_1", "C", "delta_1", "delta_2", "dW_1", "db_2", "W_1_new"]


def values(words, count):
    found = entries(words, count)
    return None if found is None else [None if entry is None else entry.value for entry in found]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("[ 0.5  -1 ]", [0.5, -1]),
        ("0.5, -1", [0.5, -1]),
        ("(0.5; −1)", [0.5, -1]),
        ("0,5 -1,25", [0.5, -1.25]),
        ("0,5; -1,25", [0.5, -1.25]),
        ("[0,5, 1,25]", [0.5, 1.25]),
        ("1,2", [1, 2]),
        ("[1/2, -3/4]", [0.5, -0.75]),
        ("1 / 2   3", [0.5, 3]),
        ("½ ¼", [0.5, 0.25]),
        ("[ - 0.5  0.25 ]", [-0.5, 0.25]),
        (".5 1.", [0.5, 1]),
        ("1e-3 2E2", [0.001, 200]),
        ("1.5·10^-3  2*10^2", [0.0015, 200]),
        ("1.5 × 10⁻³, 2·10^{2}", [0.0015, 200]),
        ("| 1 | 2 |", [1, 2]),
        ("[[1], [2]]", [1, 2]),
        ("1\n2", [1, 2]),
        ("[ 0.5  ____ ]", [0.5, None]),
        ("? 1", [None, 1]),
        ("[ ____  ____ ]", [None, None]),
        ("", []),
        ("1 2 3", [1, 2, 3]),
        ("one two", None),
        ("1 2 (rounded)", None),
        ("1/0 2", None),
        ("1e999 2", None),
        ("nan 2", None),
        ("0x10 2", None),
        ("2·10 3", None),
        ("9" * 100 + " 1", None),
    ],
)
def test_numbers_as_people_write_them(words, expected):
    assert values(words, 2) == expected


@pytest.mark.parametrize(
    ("word", "half_unit", "digits"),
    [
        ("0.310", 0.0005, 3),
        ("2", 0.5, 1),
        ("-12.5", 0.05, 3),
        ("1.20e-3", 0.000005, 3),
        ("0.00", 0.005, 0),
        ("1/3", 0, 99),
    ],
)
def test_how_exactly_a_number_is_written(word, half_unit, digits):
    (entry,) = entries(word, 1) or [None]
    assert entry is not None
    assert entry.half_unit == pytest.approx(half_unit)
    assert entry.digits == digits


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8), st.sampled_from([", ", " ", "; ", "\n", "  |  "]))
def test_whatever_parts_them(numbers, between):
    assert values("[" + between.join(f"{number:.17g}" for number in numbers) + "]", len(numbers)) == numbers


@given(st.lists(st.decimals(-1000, 1000, places=3), min_size=2, max_size=6))
def test_decimal_commas(numbers):
    words = " ".join(str(number).replace(".", ",") for number in numbers)
    assert values(words, len(numbers)) == [float(number) for number in numbers]


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text):
    assert set(read(text.replace("{", ""), LABELS).written) <= set(LABELS)
    entries(text, 3)


@pytest.mark.parametrize(
    ("label", "line"),
    [
        ("delta_2", "delta_2 = [1, 2]"),
        ("delta_2", "delta2: [1, 2]"),
        ("delta_2", "δ² = [1, 2]"),
        ("delta_2", "  δ^2 = [1, 2]"),
        ("delta_2", "- `delta_2` = [1, 2]"),
        ("delta_2", "δ_2=[1, 2]"),
        ("dW_1", "∂C/∂W_1 = [1, 2]"),
        ("dW_1", "dC/dW1 = [1, 2]"),
        ("dW_1", "dW¹ = [1, 2]"),
        ("db_2", "∂C/∂b² : [1, 2]"),
        ("C", "C = [1, 2]"),
        ("W_1_new", "W_1_new = [1, 2]"),
        ("z_1", "> z_1 = [1, 2]"),
        ("z_1", "z_1 =\n[1,\n 2]"),
        ("z_1", "z_1:\n  - 1\n  - 2"),
        ("z_1", "z_1 =\n\n  1\n  2\n"),
        ("z_1", '{"z_1": [1, 2]}'),
        ("delta_2", '{"δ²": [[1], [2]]}'),
        ("z_1", '{"z_1": "1, 2"}'),
    ],
)
def test_labels_as_people_write_them(label, line):
    written = read(f"Answers\n\n{line}\n\nThat is all: 17." if line[0] != "{" else line, LABELS).written
    assert list(written) == [label]
    assert values(written[label], 2) == [1, 2]


def test_the_last_answer_counts():
    assert read("z_1 = 1\nz_1 = 2", LABELS).written["z_1"] == "2"


def test_json_keeps_the_digits():
    sheet = read(json.dumps({"exercise": "chainrule exercise --layers 2,2", "C": 0.5}).replace("0.5", "0.500"), LABELS)
    assert sheet.written == {"C": "0.500"}
    assert sheet.command == "chainrule exercise --layers 2,2"


def test_a_field_of_json_may_be_left_empty():
    assert values(read('{"z_1": [null, 2]}', LABELS).written["z_1"], 2) == [None, 2]


def test_labels_that_nothing_has_are_told():
    assert read("delta_9 = 3\nz_1 = 2\nname: Emmy\n", LABELS).unknown == ("delta_9",)


def test_what_begins_as_json_and_is_none():
    for text in ("{nonsense", "{" * 100_000):
        with pytest.raises(InputError, match="no JSON"):
            read(text, LABELS)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("`chainrule exercise --layers 3,2 --seed 5`. More", "chainrule exercise --layers 3,2 --seed 5"),
        ("x chainrule exercise --layers 3,2\n--seed 5", "chainrule exercise --layers 3,2 --seed 5"),
        ("chainrule exercise --layers 3,2; rm -rf /", "chainrule exercise --layers 3,2"),
        ("nothing", ""),
    ],
)
def test_the_command_in_a_sheet(text, command):
    assert command_in(text) == command


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large.md").write_bytes(b" " * 2_000_000)
    for name, words in (
        ("missing.md", "no such file"),
        ("bytes.md", "UTF-8"),
        ("large.md", "more than"),
        (".", "directory"),
    ):
        with pytest.raises(InputError, match=words):
            read_file(tmp_path / name)
