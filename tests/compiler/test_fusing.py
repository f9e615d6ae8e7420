"""Which maps and reductions become one kernel, and which must not; and where the entries of views lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.compiler.comparing import assert_compiled

from chainrule import grad
from chainrule.compiler.fusing import contiguous, reshaped, squeezed
from chainrule.compiler.plan import Kernel, Loop, Product, Step
from chainrule.compiler.program import program_of

X = np.random.default_rng(1).normal(size=(4, 4))
COLUMN = X[:, :1]


def kinds(f, *arguments):
    """Return what the steps of a program are: kernels (K), products (P), rows (R), calls (C) and loops."""

    def letters(steps):
        return "".join(
            f"({letters(step.steps)})" if isinstance(step, Loop)
            else ("K" if isinstance(step.work, Kernel) else "P" if isinstance(step.work, Product) else "R")
            if isinstance(step, Step)
            else "C"
            for step in steps
        )  # fmt: skip

    return letters(program_of(f, arguments, native=False).plan.steps)


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def long(x):
    for k in range(200):
        x = np.sin(x + k)
    return x


def shifted(x):
    y = np.exp(x)
    return y[1:] * y[:-1]


def across(x):
    y = np.exp(x)
    return y + y.T


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: np.exp(x) * 2 + 1, "K"),
        (lambda x: (np.sin(x), np.cos(x)), "K"),
        (lambda x: np.sum(np.exp(x) * x, axis=0), "K"),
        (lambda x: (np.sum(x, axis=0), np.sum(x * x, axis=0), np.exp(x)), "K"),
        (lambda x: (np.max(x), np.min(x), np.sum(x)), "K"),
        (lambda x: x + x.T, "K"),
        (lambda x: x[::-1, ::2] * x[:, 1::2], "K"),
        (lambda x: np.exp(x) + np.exp(x[0]), "KK"),
        (lambda x: np.exp(x)[None, :, None] * 2, "K"),
        (lambda x: np.exp(x).reshape(1, 4, 4, 1) * x[:, :, None], "K"),
        # what needs another turn's entries begins anew
        (across, "KK"),
        (shifted, "KK"),
        (lambda x: np.exp(x).reshape(16) * 2, "KK"),
        (lambda x: np.exp(x) - np.mean(np.exp(x)), "KKK"),
        (lambda x: (np.sum(x, axis=0), np.sum(x, axis=1)), "KK"),
        (softmax, "KKK"),
        # what lies between
        (lambda x: np.exp(np.exp(x) @ x) * np.exp(x), "KPK"),
        (lambda x: (np.sin(np.exp(x) @ x), np.cos(x)), "KPK"),
        (lambda x: np.sort(np.exp(x)) * x, "KCK"),
        (lambda x: x[np.array([0, 3])] * 2, "RK"),
        (long, "KKKK"),  # 400 functions, at most 120 in each
    ],
)  # fmt: skip
def test_how_many_passes_over_memory(f, expected):
    assert kinds(f, X) == expected
    assert_compiled(f, X)


def test_a_gradient_runs_over_memory_as_often_as_it_must():
    assert kinds(grad(lambda x: np.sum(np.tanh(x) ** 2)), X) == "K"


shapes = st.lists(st.integers(1, 4), max_size=4).map(tuple)


@given(shapes)
def test_strides_of_entries_that_lie_one_after_the_other(shape):
    assert contiguous(shape) == tuple(s // 8 for s in np.zeros(shape).strides)


def test_axes_of_nothing_have_strides():
    assert contiguous((2, 0, 3)) == (3, 3, 1)
    assert squeezed((1, 2, 1, 0)) == (2, 0)


@given(st.data())
def test_a_shape_is_had_without_a_copy_just_where_numpy_has_it(data):
    x = np.arange(64).reshape(data.draw(st.sampled_from([(8, 8), (4, 4, 4), (2, 32), (64,)])))
    x = np.transpose(x, data.draw(st.permutations(range(x.ndim))))
    x = x[tuple(data.draw(st.sampled_from([np.s_[:], np.s_[::2], np.s_[::-1], np.s_[:1]])) for _ in x.shape)]
    new = data.draw(st.sampled_from([(-1,), (2, -1), (-1, 2), (2, 2, -1), (1, -1, 1)]))
    if x.size % 4:
        new = (-1,)
    wanted = np.empty(x.shape).reshape(new).shape
    found = reshaped(x.shape, tuple(s // x.itemsize for s in x.strides), wanted)
    view = np.reshape(x, wanted)
    if found is None:
        assert not np.shares_memory(view, x)
    else:
        assert np.array_equal(np.lib.stride_tricks.as_strided(x, wanted, [s * x.itemsize for s in found]), view)
