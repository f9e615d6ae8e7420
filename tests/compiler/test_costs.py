"""What plans are said to cost: operations on numbers, and bytes."""

import numpy as np
import pytest

from chainrule import scan
from chainrule.compiler.costs import Memory
from chainrule.compiler.program import program_of

X, A, ROWS = np.ones(10), np.ones((3, 4)), np.array([0, 2, 0, 1])


def added_in_part(x):
    y = np.zeros_like(x)
    y[:4] = x[:4] * 2
    return x + y


def program(f, *arguments):
    return program_of(f, arguments, native=False)


@pytest.mark.parametrize(
    ("f", "arguments", "flops"),
    [
        (lambda x: x[::-1].copy(), [X], 0),
        (lambda x: x.astype(np.float32), [X], 0),
        (lambda x: np.exp(x) * 2 + x, [X], 30),
        (np.sum, [X], 10),
        (lambda x: np.sum(x * x), [X], 20),
        (lambda a: a @ a.T, [A], 2 * 3 * 4 * 3),
        (lambda a: 5 * (a @ a.T), [A], 2 * 3 * 4 * 3),
        (lambda a: np.stack([a] * 5) @ a.T, [A], 5 * 2 * 3 * 4 * 3),
        (lambda x: scan(lambda c, x: (c * x + 1, None), 0.0, x)[0], [X], 10 * 2),
        (lambda a: scan(lambda c, r: (scan(lambda c, x: (c + x, None), c, r)[0], None), 0.0, a)[0], [A], 3 * 4),
        (np.linalg.inv, [np.eye(3)], 0),
        (lambda a: a[ROWS], [A], 0),
    ],
)
def test_flops(f, arguments, flops):
    assert program(f, *arguments).flops == flops


def test_what_is_added_onto_counts():
    assert program(added_in_part, X).flops == 4 + 4


def test_memory():
    table = np.arange(5.0)
    assert program(lambda x: (x + table, np.float32(1) * np.sum(x)), np.ones(5)).memory == Memory(40, 48, 40, 0)
    assert program(lambda x, y: x @ y @ x, np.ones((8, 8)), np.ones((8, 8))).memory == Memory(1024, 512, 0, 512)
    assert program(lambda: 1.0).memory == Memory(0, 0, 0, 0)


def test_memory_is_used_again():
    def chain(n):
        def f(x):
            for _ in range(n):
                x = x @ x
            return x

        return program(f, np.eye(16)).memory.arena

    assert chain(3) == chain(20) == 2 * 16 * 16 * 8
