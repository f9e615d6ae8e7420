"""Looking into a program: its text, its costs, its times."""

import numpy as np
import pytest

from chainrule import compile, scan, value_and_grad
from chainrule.compiler.numpy_executor import clocked
from chainrule.compiler.program import program_of
from chainrule.compiler.timing import timed


def layer(W, x, b):
    return np.tanh(W @ x + b)


def test_the_source_has_a_line_for_each_step():
    made = program_of(layer, (np.ones((40, 50)), np.ones((50, 60)), np.ones((40, 1))))
    lines = made.source.splitlines()
    assert lines[0] == "layer(W: float64 (40, 50), x: float64 (50, 60), b: float64 (40, 1))"
    assert lines[-1] == "  return out1: float64 (40, 60)"
    assert any("W @ x" in line and "(40, 50) @ (50, 60)" in line for line in lines)
    assert any("tanh(" in line and "b[i]" in line and "for i < 40, j < 60" in line for line in lines)
    assert str(made) == made.source
    assert repr(made).startswith("<program layer(float64 (40, 50), float64 (50, 60), float64 (40, 1)): ")


def test_shared_expressions_are_named_and_calls_are_told():
    def f(x):
        e = np.exp(x)
        return e * np.sin(e), np.sort(x), x[np.array([0, 2, 1])]

    source = program_of(f, (np.ones(3),)).source
    assert source.count("exp(") == 1
    assert "by NumPy" in source
    assert "sort(x" in source
    assert "x[c" in source


def test_loops_are_indented_and_multiply():
    def f(W, x):
        return scan(lambda c, r: (np.tanh(W @ c + r), c), np.zeros(4), x)[0]

    made = program_of(f, (np.eye(4), np.ones((7, 4))))
    lines = made.source.splitlines()
    start = next(k for k, line in enumerate(lines) if line == "  for t1 in range(7):")
    assert lines[start + 1].startswith("    ")
    assert "t1" in lines[start + 1] + lines[start + 2]
    one = program_of(f, (np.eye(4), np.ones((1, 4))))
    assert 7 * (2 * 4 * 4 + 4) <= made.flops <= 7 * (2 * 4 * 4 + 4 * 3)
    assert made.flops > 3 * one.flops


@pytest.mark.parametrize("native", [True, False])
def test_each_step_is_timed(native):
    def f(W, x):
        rows = np.sort(x, axis=0)
        return np.sum(scan(lambda c, r: (np.tanh(W @ c + r), c), np.zeros(4), rows)[0])

    args = (np.eye(4), np.arange(28.0).reshape(7, 4) / 30)
    made = program_of(value_and_grad(f), args, native=native)
    timings = made.timings(*args)
    assert len(timings) == len(made.source.splitlines()) - 2 - sum(";" in t.label for t in timings)
    assert sum(t.share for t in timings if t.depth == 0) == pytest.approx(1)
    loops = [k for k, t in enumerate(timings) if t.label.startswith("for ")]
    assert len(loops) == 2
    for k in loops:
        inside = [t.seconds for t in timings[k + 1 :]]
        depths = [t.depth for t in timings[k + 1 :]]
        count = depths.index(0) if 0 in depths else len(depths)
        assert timings[k].seconds == pytest.approx(sum(inside[:count]))
        assert timings[k].seconds > 0
    assert len(str(timings).splitlines()) == len(timings)


@pytest.mark.parametrize("native", [True, False])
def test_steps_that_are_timed_compute_what_a_run_does(native):
    def f(x, big):
        return scan(lambda c, r: (c * 0.5 + r, c + np.sum(big)), x[0], x)[1]

    args = [np.arange(1200.0).reshape(600, 2), np.arange(1000.0)]
    made = program_of(f, tuple(args), native=native)
    outputs = [np.zeros((600, 2))]
    if native:
        assert made._native is not None
        run = made._native.clocked(args, outputs)
    else:
        run = clocked(made.plan, args, outputs, np.empty(made.plan.arena, np.uint8))
    timed(made.plan, made.names, run)
    assert np.array_equal(outputs[0], made.run(args)[0])


def test_memory_and_flops_are_counted():
    made = program_of(lambda x, y: np.exp(x @ y) + 1, (np.ones((20, 30)), np.ones((30, 40))))
    assert made.memory.inputs == 8 * (600 + 1200)
    assert made.memory.outputs == 8 * 800
    assert made.memory.constants == 0
    assert made.flops == 2 * 20 * 30 * 40 + 2 * 800


def test_the_llvm_text_can_be_read():
    assert "define" in compile(np.tanh).program(np.ones(3)).llvm
