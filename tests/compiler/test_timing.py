"""Times of steps: those of loops are those of what is in them, however often it runs."""

import numpy as np
import pytest

from chainrule import scan
from chainrule.compiler.program import program_of
from chainrule.compiler.timing import timed


def nested(x):
    def row(c, r):
        return scan(lambda c, x: (np.tanh(c + x), None), c @ np.eye(2) * r[0], r)

    y = np.sort(x, axis=0)
    return scan(row, y[0, :2] * 2, y)[0] @ np.eye(2)


def test_every_step_runs_in_every_turn_and_loops_add_up():
    made = program_of(nested, (np.ones((3, 4)),), native=False)
    ran = []

    def run(number, turns):
        ran.append((number, turns))
        return 10.0**-number

    timings = timed(made.plan, made.names, run)
    lines = made.source.splitlines()[1:-1]
    assert [t.label for t in timings] == [line.strip() for line in lines]
    assert [t.depth for t in timings] == [(len(line) - len(line.lstrip())) // 2 - 1 for line in lines]
    for number, t in enumerate(timings):
        turns = [r for k, r in ran if k == number]
        if t.label.startswith("for "):
            assert turns == []
        else:
            assert turns == sorted(turns)
            assert len(turns) == 3 ** min(t.depth, 1) * 4 ** max(t.depth - 1, 0)
            assert t.seconds == pytest.approx(len(turns) * 10.0**-number)
    outer = [k for k, t in enumerate(timings) if t.depth == 0]
    assert sum(timings[k].share for k in outer) == pytest.approx(1)
    for k, t in enumerate(timings):
        if t.label.startswith("for "):
            inside = []
            for other in timings[k + 1 :]:
                if other.depth <= t.depth:
                    break
                inside += [other.seconds] if other.depth == t.depth + 1 else []
            assert t.seconds == pytest.approx(sum(inside))


def test_a_table_of_times():
    made = program_of(lambda x: np.sum(x), (np.ones(3),), native=False)
    assert str(timed(made.plan, ["x"], lambda number, turns: 2.5e-6)) == (
        "         2.5 µs 100.0%  out1 = sum(x[i])    for i < 3"
    )


def test_a_program_without_steps_takes_no_time():
    made = program_of(lambda: 1.0, (), native=False)
    assert timed(made.plan, [], lambda number, turns: 1.0) == []
