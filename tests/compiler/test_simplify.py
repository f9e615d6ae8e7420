"""What is simplified while values are made, and what must not be: for no numbers may the result be another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compiler.comparing import assert_compiled
from tests.compiler.lowering_as_text import lowered, text, texts

from chainrule.compiler.program import program_of
from chainrule.compiler.simplify import Builder

X = np.array([[-0.0, 0.0, 1.5], [np.inf, np.nan, -2.5]])
LARGE = np.arange(5_000.0)


def ones(x):
    return np.ones_like(x)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        # numbers that change nothing
        (lambda x: x * 1, "x0"),
        (lambda x: 1 * x, "x0"),
        (lambda x: x * ones(x), "x0"),
        (lambda x: x / 1, "x0"),
        (lambda x: x - 0, "x0"),
        (lambda x: +x, "x0"),
        (lambda x: np.negative(-x), "x0"),
        (lambda x: x.astype(float), "x0"),
        # and those that do: -0.0 + 0 is 0.0, NaN * 0 is NaN
        (lambda x: x + 0, "add(x0, 0.0)"),
        (lambda x: x * 0, "multiply(x0, 0.0)"),
        (lambda x: 0 - x, "subtract(0.0, x0)"),
        (lambda x: 1 / x, "divide(1.0, x0)"),
        (lambda x: x - x, "subtract(x0, x0)"),
        (lambda x: x / x, "divide(x0, x0)"),
        # cheaper functions of the same value
        (lambda x: x * x, "square(x0)"),
        (lambda x: x / 4, "multiply(x0, 0.25)"),
        (lambda x: x / -0.5, "multiply(x0, -2.0)"),
        (lambda x: x / 3, "divide(x0, 3.0)"),
        (lambda x: x / 0, "divide(x0, 0.0)"),
        (lambda x: x / np.inf, "divide(x0, inf)"),
        (lambda x: x / 2.0**-1000, "divide(x0, 9.332636185032189e-302)"),
        (lambda x: x**0, "broadcast(1.0, (2, 3))"),
        (lambda x: x**1, "x0"),
        (lambda x: x**2, "square(x0)"),
        (lambda x: x**5, "multiply(x0, square(square(x0)))"),
        (lambda x: x**-1, "reciprocal(x0)"),
        (lambda x: x**16, "square(square(square(square(x0))))"),
        (lambda x: x**17, "power(x0, 17.0)"),
        (lambda x: x**0.5, "sqrt(x0)"),
        (lambda x: np.float_power(x, 0.5), "float_power(x0, 0.5)"),
        # choices that are known
        (lambda x: np.where(True, x, 3.0), "x0"),
        (lambda x: np.where(np.False_, 3.0, x[0]), "reshape(slice(x0, (0, 0), (1, 1)), (3,))"),
        (lambda x: np.where(True, x[:1, :1], x), "broadcast(slice(x0, (0, 0), (1, 1)), (2, 3))"),
        # known arrays
        (lambda x: np.exp(ones(x) - 1) + x, "add(1.0, x0)"),
        (lambda x: np.exp(ones(x) * np.arange(3)) + x, "add(constant(3,), x0)"),
        (lambda x: np.sum(ones(x), axis=0), "reduce(broadcast(1.0, (2, 3)), add, (0,))"),
        # what is repeated is computed once
        (lambda x: np.sin(np.broadcast_to(x, (4, 2, 3))), "broadcast(sin(x0), (4, 2, 3))"),
        (lambda x: np.broadcast_to(x, (2, 2, 3)) * x, "broadcast(square(x0), (2, 2, 3))"),
        # views of views
        (lambda x: x.reshape(6).reshape(3, 2), "reshape(x0, (3, 2))"),
        (lambda x: x.reshape(6).reshape(2, 3), "x0"),
        (lambda x: x.T.T, "x0"),
        (lambda x: np.broadcast_to(np.broadcast_to(x, (2, 2, 3)), (5, 2, 2, 3)), "broadcast(x0, (5, 2, 2, 3))"),
        (lambda x: x[::-1, 1:][::-1, ::-1], "slice(x0, (0, 2), (1, -1))"),
        (lambda x: x[::-1][::-1], "x0"),
        (lambda x: x[:, :], "x0"),
        # sums over one entry, and over none
        (lambda x: np.sum(x[:, :1], axis=1), "reshape(slice(x0, (0, 0), (1, 1)), (2,))"),
        (lambda x: np.max(x, axis=()), "x0"),
        (lambda x: np.sum(x[None], axis=(0, 2)), "reduce(x0, add, (1,))"),
        # equal ones are one
        (lambda x: np.where(np.exp(x) > np.exp(x), x, x), "where(greater(exp(x0), exp(x0)), x0, x0)"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_comes_out(f, expected):
    with np.errstate(all="ignore"):
        assert texts(f, X) == expected
    assert_compiled(f, X, others=[-X[::-1]], rtol=1e-14, atol=0)


def test_equal_values_are_one_and_others_are_not():
    def f(x, y):
        return (
            np.exp(x) @ y,
            np.exp(x) @ y,
            np.exp(y) @ y,
            x[1:],
            x[:1],
            x[1:],
            np.sum(x, 0),
            np.sum(x, 1),
            x * 0.0,
            x * -0.0,
        )

    _, _, outputs = lowered(f, np.ones((2, 2)), np.ones((2, 2)))
    assert [outputs.index(x) for x in outputs] == [0, 0, 2, 3, 4, 3, 6, 7, 8, 9]


def test_large_known_arrays_are_computed_when_the_program_runs():
    def f(x):
        return np.sqrt(np.astype(LARGE, np.float32)) + x, np.astype(LARGE[:10], np.float32) * x[:10]

    builder = Builder()
    large, small = builder.constant(LARGE), builder.constant(LARGE[:10])
    assert text(builder.map("sqrt", large, dtype=float)) == "sqrt(constant(5000,))"
    assert text(builder.map("sqrt", small, dtype=float)) == "constant(10,)"
    assert_compiled(f, LARGE)


def test_an_array_of_equal_numbers_is_one_of_them_if_their_bits_are_equal():
    builder = Builder()
    assert text(builder.constant(np.full((2, 3), np.nan))) == "broadcast(nan, (2, 3))"
    assert text(builder.constant(np.array([0.0, -0.0]))) == "constant(2,)"
    assert text(builder.constant(np.zeros((0, 3)))) == "constant(0, 3)"
    assert_compiled(lambda x: x / np.array([0.0, -0.0, 0.0]), X)


def test_what_is_written_everywhere_is_the_result_unless_it_is_added():
    builder = Builder()
    x, v = (builder.input(k, (2, 3), float) for k in range(2))
    assert builder.write(x, v, (0, 0), (1, 1)) is v
    assert builder.write(x, v, (1, 2), (-1, -1)) is not v
    assert text(builder.write(x, v, (0, 0), (1, 1), onto=True)) == "write(x0, x1, (0, 0), (1, 1), True)"


def test_a_known_array_is_kept_as_it_is_now():
    array = np.arange(3.0)
    builder = Builder()
    value = builder.constant(array)
    assert builder.constant(array) is value
    assert builder.constant(array.copy()) is not value
    array[0] = 9
    assert value.detail[0].tolist() == [0, 1, 2]
    made = program_of(lambda x: x + array, (np.zeros(3),))
    array[1] = 9
    assert made(np.zeros(3)).tolist() == [9, 1, 2]


def test_what_nobody_asks_for_is_not_computed():
    made = program_of(lambda x: (np.exp(x), np.linalg.inv(x), x @ x)[0], (np.eye(3),), native=False)
    assert made.source.splitlines()[1:-1] == ["  out1[i] = exp(x[i])    for i < 9"]


slices = st.builds(slice, *[st.none() | st.integers(-9, 9)] * 2, st.none() | st.integers(-3, 3).filter(bool))


@given(st.lists(st.tuples(slices, slices), min_size=1, max_size=4))
def test_slices_of_slices(indices):
    def f(x):
        for index in indices:
            x = x[index]
        return x

    x = np.arange(56.0).reshape(7, 8)
    assert texts(f, x).count("slice") <= 1
    assert np.array_equal(program_of(f, (x,), native=False)(x), f(x))


@given(st.permutations(range(3)), st.permutations(range(3)))
def test_transposes_of_transposes(first, second):
    def f(x):
        return np.transpose(np.transpose(x, first), second)

    x = np.arange(24.0).reshape(2, 3, 4)
    assert texts(f, x).count("permute") <= 1
    assert np.array_equal(program_of(f, (x,), native=False)(x), f(x))
