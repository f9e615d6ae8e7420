from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.document import Blank, Values
from chainrule.document.latex import latex
from chainrule.document.markdown import markdown
from chainrule.document.page import html
from chainrule.errors import InputError
from chainrule.teaching.exercises import Exercise, exercise

SHEETS: dict[str, dict[str, Any]] = {
    "one": {"layers": [3, 4, 2], "seed": 5},
    "batch": {"layers": [2, 2], "seed": 1, "cost": "cross_entropy", "batch": 3},
    "relu": {"layers": [2, 3, 1], "seed": 2, "activation": "relu", "eta": 0.1},
}


@pytest.mark.parametrize("name", SHEETS)
def test_worksheets(golden, name):
    """These hold the numbers too: a sheet that was handed out must be marked by later versions."""
    made = exercise(**SHEETS[name])
    golden(f"sheet-{name}.md", markdown(made.worksheet()))
    answers, _, _ = markdown(made.solution()).partition("## The same, by the chain rule")
    golden(f"solution-{name}.md", answers)


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_has_a_blank_where_its_solution_has_numbers(name):
    made = exercise(**SHEETS[name])
    sheet, solution = made.worksheet(), made.solution()
    blanks = [block for block in sheet.blocks if isinstance(block, Blank)]
    assert [(blank.label, blank.shape) for blank in blanks] == [(one.label, one.shape) for one in made.asked]
    shown = {block.symbol: block.array for block in solution.blocks if isinstance(block, Values)}
    for blank in blanks:
        np.testing.assert_allclose(shown[blank.symbol], made.values[blank.label])
    for document in (sheet, solution):
        assert made.command in markdown(document)
        assert made.command in html(document)
        assert r"\begin{document}" in latex(document)


@pytest.mark.parametrize("name", SHEETS)
def test_the_solution_is_derived(name):
    made = exercise(**SHEETS[name])
    derivation = made.network.derive(made.given["x"].T, made.given["y"].T, eta=made.eta)
    _, _, derived = markdown(made.solution()).partition("## The same, by the chain rule")
    assert derivation.ok
    found = {(quantity.symbol.name, quantity.layer): quantity for quantity in derivation.quantities}
    for layer in range(1, len(made.layers)):
        z = found["z", layer]
        np.testing.assert_allclose(z.value, made.values[f"z_{layer}"])
        np.testing.assert_allclose(derivation.step(z.key).cotangent, made.values[f"delta_{layer}"], atol=1e-12)
        if layer < len(made.layers) - 1:
            np.testing.assert_allclose(found["a", layer].value, made.values[f"a_{layer}"])
        assert rf"\delta^{{{layer}}}" in derived


@given(
    st.lists(st.integers(1, 8), min_size=2, max_size=6),
    st.integers(0, 10**9),
    st.sampled_from(["sigmoid", "tanh", "relu", "identity"]),
    st.none() | st.integers(1, 6),
    st.floats(1e-3, 1000),
)
def test_an_exercise_is_its_command(layers, seed, activation, batch, eta):
    made = exercise(layers, seed, activation, batch=batch, eta=eta)
    again = Exercise.of_command(made.command)
    assert again == made
    assert again.given.keys() == made.given.keys()
    for name, value in made.given.items():
        np.testing.assert_array_equal(again.given[name], value)


@given(st.lists(st.integers(1, 8), min_size=2, max_size=6), st.integers(0, 10_000), st.none() | st.integers(1, 6))
def test_numbers_are_friendly(layers, seed, batch):
    made = exercise(layers, seed, batch=batch)
    for value in made.given.values():
        assert np.all(np.round(value, 1) == value)
        assert np.all(np.abs(value) <= 2)
    assert np.all(np.abs(made.values["z_1"]) < 20)


def test_different_seeds_are_different_exercises():
    sheets = {markdown(exercise([2, 2, 2], seed).worksheet()) for seed in range(30)}
    assert len(sheets) == 30


def test_small_networks_do_not_saturate():
    for seed in range(50):
        made = exercise([3, 4, 2], seed)
        assert np.abs(made.values["z_1"]).max() <= 4
        assert np.abs(made.values["z_2"]).max() <= 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": [3]}, "at least an input and an output layer"),
        ({"layers": [9, 2]}, "at most 8 units"),
        ({"layers": [2] * 7}, "5 layers"),
        ({"layers": [2, 2], "seed": -1}, "seed"),
        ({"layers": [2, 2], "activation": "sigmoind"}, "did you mean 'sigmoid'"),
        ({"layers": [2, 2], "cost": "cross_entropy", "activation": "tanh"}, "goes with activation 'sigmoid'"),
        ({"layers": [2, 2], "batch": 0}, "batch"),
        ({"layers": [2, 2], "batch": 7}, "at most 6 examples"),
        ({"layers": [2, 2], "eta": 0}, "eta"),
        ({"layers": [2, 2], "eta": float("nan")}, "eta"),
    ],
)
def test_what_is_no_exercise(options, words):
    with pytest.raises(InputError, match=words):
        exercise(**options)


@pytest.mark.parametrize(
    "command",
    [
        "chainrule exercise",
        "chainrule exercise --layers three",
        "chainrule exercise --layers 3,2 --sead 5",
        "chainrule exercise --layers 3,2 --seed",
        "chainrule exercise --layers 3,2 --eta x",
    ],
)
def test_what_is_no_command_of_an_exercise(command):
    if command.endswith("--seed"):
        assert Exercise.of_command(command).seed == 0
    else:
        with pytest.raises(InputError, match="names no exercise"):
            Exercise.of_command(command)
