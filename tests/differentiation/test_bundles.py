"""Arrays taken apart into rows and pieces, and put together: values, both modes, and no more work than entries."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import grad, record, watch_nonfinite
from chainrule.differentiation.bundles import joined, pieces, rows, stacked
from chainrule.graph.node import Node

random = np.random.default_rng(0)


def complex_array(*shape):
    return random.normal(size=shape) + 1j * random.normal(size=shape)


@pytest.mark.parametrize("x", [random.normal(size=4), random.normal(size=(3, 2)), complex_array(3, 2)])
def test_rows_are_taken_and_stacked_again(x):
    assert_derivatives(lambda x: stacked([np.sin(row) * k for k, row in enumerate(rows(x))][::-1]), x)
    assert_derivatives(lambda x: rows(x)[1] * rows(x)[0], x)


@given(x=arrays(), data=st.data())
def test_rows_are_numpys_own(x, data):
    if x.ndim and len(x):
        np.testing.assert_array_equal(stacked(rows(x)), x)
        at = data.draw(st.integers(0, len(x)))
        parts = pieces(x, [at, len(x) - at])
        np.testing.assert_array_equal(parts[0], x[:at])
        np.testing.assert_array_equal(parts[1], x[at:])
        np.testing.assert_array_equal(joined(parts), x)


def test_pieces_are_taken_and_joined_again():
    x = random.normal(size=(5, 2))
    assert_derivatives(lambda x: joined([np.sin(part) for part in pieces(x, [2, 0, 3])][::-1]), x)
    assert_derivatives(lambda x: np.exp(pieces(x, [2, 3])[1]), x)


def test_what_is_not_read_gets_zeros_and_what_is_read_twice_adds_up():
    def f(x):
        first, _, third = rows(x)
        return np.sum(first * first) + np.sum(third)

    np.testing.assert_array_equal(grad(f)(np.array([[2.0], [3.0], [4.0]])), [[4], [0], [1]])


def test_arrays_of_several_types_keep_their_own():
    x32, x64 = np.ones(3, np.float32), np.ones(3)
    assert grad(lambda x: np.sum(stacked(rows(x))))(x32).dtype == np.float32
    gradient = grad(lambda x, y: np.sum(stacked([x, y]).real), (0, 1))(x64, 1j * x64)
    assert [g.dtype.kind for g in gradient] == ["f", "c"]


def test_a_recorded_graph_holds_bundles_and_runs_again():
    graph = record(lambda x: stacked(rows(x)[::-1]), np.ones(2))
    assert "unstack(x)" in str(graph)
    np.testing.assert_array_equal(graph(np.array([1.0, 2.0])), [2, 1])
    np.testing.assert_array_equal(grad(lambda x: graph(x)[0])(np.array([1.0, 2.0])), [0, 1])


def test_a_watch_for_what_is_not_finite_looks_past_bundles():
    with watch_nonfinite():
        np.testing.assert_array_equal(grad(lambda x: np.sum(stacked(rows(x)) ** 2))(np.ones(2)), [2, 2])


def count_entries(monkeypatch, n):
    """Count the entries of all cotangents and tangents that reading n rows makes, also in the second derivative."""
    total = 0
    make = Node.__init__

    def counted(self: Node, rule: Any, operands: Any, values: Any, parameters: Any, value: Any) -> None:
        nonlocal total
        total += np.size(value) if rule.name != "item" else 1
        make(self, rule, operands, values, parameters, value)

    def f(x):
        return np.sum(stacked([row * row for row in rows(x)]))

    monkeypatch.setattr(Node, "__init__", counted)
    grad(lambda x: np.sum(grad(f)(x) ** 2))(np.ones(n))
    monkeypatch.undo()
    return total


def test_reading_n_rows_costs_n_and_not_n_squared(monkeypatch):
    assert count_entries(monkeypatch, 200) < 4.5 * count_entries(monkeypatch, 50)
