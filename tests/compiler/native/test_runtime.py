import ctypes
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from chainrule.compiler.native.engine import compile_module
from chainrule.compiler.native.runtime import MOST, has_threads, runtime

STEP = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)

STEPS = """
; y[i] += x[0] for i from begin to end; what follows the two pointers is heeded by nobody
define void @add(ptr %arguments, i64 %begin, i64 %end) {
entry:
  %y.at = getelementptr ptr, ptr %arguments, i64 1
  %x = load ptr, ptr %arguments
  %y = load ptr, ptr %y.at
  %some = icmp slt i64 %begin, %end
  br i1 %some, label %turn, label %done
turn:
  %i = phi i64 [ %begin, %entry ], [ %next, %turn ]
  %place = getelementptr i64, ptr %y, i64 %i
  %old = load i64, ptr %place
  %more = load i64, ptr %x
  %new = add i64 %old, %more
  store i64 %new, ptr %place
  %next = add i64 %i, 1
  %left = icmp slt i64 %next, %end
  br i1 %left, label %turn, label %done
done:
  ret void
}

; counts down the word that its arguments point to, and says so in the error word at 0
define void @countdown(ptr %arguments, i64 %begin, i64 %end) {
  %error.at = getelementptr ptr, ptr %arguments, i64 1
  %word = load ptr, ptr %arguments
  %error = load ptr, ptr %error.at
  %old = load i64, ptr %word
  %new = sub i64 %old, 1
  store i64 %new, ptr %word
  %over = icmp eq i64 %new, 0
  %code = select i1 %over, i64 7, i64 0
  store i64 %code, ptr %error
  ret void
}
"""


@pytest.fixture(scope="module")
def steps():
    return compile_module(STEPS)


def words(*values):
    return np.array(values, dtype=np.int64)


def at(array, entry=0):
    return array.ctypes.data + entry * array.itemsize


def run(steps, error):
    RUN(runtime().address("run"))(at(steps), len(steps.reshape(-1, 4)), at(error))


def test_steps_run_in_order_with_their_own_arguments(steps):
    x, y, error = words(10, 1), words(0, 0, 0), words(0)
    first, second = words(at(x), at(y)), words(at(x, 1), at(y))
    add = steps.address("add")
    run(words(add, at(first), 0, 3, add, at(second), 1, 2), error)
    assert y.tolist() == [10, 11, 10]
    run(words(), error)
    assert y.tolist() == [10, 11, 10]


def test_an_error_stops_what_follows(steps):
    count, error, y = words(2), words(0), words(0)
    down, more = words(at(count), at(error)), words(at(words(1)), at(y))
    one = words(1)
    more[0] = at(one)
    add, countdown = steps.address("add"), steps.address("countdown")
    run(words(countdown, at(down), 0, 0, add, at(more), 0, 1, countdown, at(down), 0, 0, add, at(more), 0, 1), error)
    assert error.tolist() == [7]
    assert y.tolist() == [1]


def loop(turns, body, moves, error):
    return words(turns, at(body), len(body) // 4, at(moves), len(moves) // 3, at(error))


def test_a_loop_moves_its_slots_before_each_turn(steps):
    x, y, error = words(1, 2, 3, 4), words(0, 0, 0, 0), words(0)
    arguments, bases = words(0, 0), words(at(x), at(y, 3))
    moves = words(at(arguments), at(bases), 8, at(arguments, 1), at(bases, 1), -8)
    body = words(steps.address("add"), at(arguments), 0, 1)
    outer = loop(4, body, moves, error)
    run(words(runtime().address("loop"), at(outer), 0, 0), error)
    assert y.tolist() == [4, 3, 2, 1]
    assert bases.tolist() == [at(x), at(y, 3)]


def test_a_loop_within_a_loop_starts_where_the_outer_one_has_moved_to(steps):
    x, error = np.arange(6, dtype=np.int64), words(0)
    y = np.zeros((2, 3), dtype=np.int64)
    arguments, inner_bases, outer_bases = words(0, 0), words(0, 0), words(at(x), at(y))
    body = words(steps.address("add"), at(arguments), 0, 1)
    inner = loop(
        3, body, (m := words(at(arguments), at(inner_bases), 8, at(arguments, 1), at(inner_bases, 1), 8)), error
    )
    turn = words(runtime().address("loop"), at(inner), 0, 0)
    moves = words(at(inner_bases), at(outer_bases), 24, at(inner_bases, 1), at(outer_bases, 1), 24)
    outer = loop(2, turn, moves, error)
    assert len(m) == 6
    run(words(runtime().address("loop"), at(outer), 0, 0), error)
    assert y.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_an_error_in_a_loop_ends_it(steps):
    count, error, y = words(3), words(0), words(0)
    down, arguments = words(at(count), at(error)), words(at(count), at(y))
    body = words(steps.address("countdown"), at(down), 0, 0, steps.address("add"), at(arguments), 0, 1)
    nothing = words()
    outer = loop(100, body, nothing, error)
    run(words(runtime().address("loop"), at(outer), 0, 0, steps.address("add"), at(arguments), 0, 1), error)
    assert error.tolist() == [7]
    assert y.tolist() == [2 + 1]


@pytest.mark.skipif(not has_threads(), reason="no POSIX threads here")
@pytest.mark.parametrize("length", [0, 1, 5, 64, 1000])
@pytest.mark.parametrize("parts", [1, 2, 3, 7])
@pytest.mark.parametrize("grain", [1, 16])
def test_a_sharing_runs_every_entry_once(steps, length, parts, grain):
    one, error = words(1), words(0)
    y = np.zeros(length + 1, dtype=np.int64)
    arguments = words(at(one), at(y))
    sharing = words(steps.address("add"), at(arguments), 0, length, parts, runtime().address("busy"), grain)
    for _ in range(3):
        run(words(runtime().address("parallel"), at(sharing), 0, 0), error)
    assert y.tolist() == [3] * length + [0]


@pytest.mark.skipif(not has_threads(), reason="no POSIX threads here")
def test_pieces_are_multiples_of_the_grain_and_run_in_threads_of_their_own():
    seen, taken = [], []

    together = threading.Barrier(3, timeout=60)  # nobody ends before all have begun: none does two pieces

    def note(_, begin, end):
        together.wait()
        seen.append((begin, end, threading.get_ident()))
        taken.append(busy.tolist())

    function, error, busy = STEP(note), words(0), words(0)
    address = ctypes.cast(function, ctypes.c_void_p).value
    sharing = words(address, 0, 5, 105, 3, at(busy), 16)
    step = words(runtime().address("parallel"), at(sharing), 0, 0)
    run(step, error)
    assert sorted(each[:2] for each in seen) == [(5, 53), (53, 101), (101, 105)]
    assert {each[0]: each[2] for each in seen}[5] == threading.get_ident()
    assert all(each[2] != threading.get_ident() for each in seen if each[0] != 5)
    assert taken == [[1]] * 3
    assert busy.tolist() == [0]


@pytest.mark.skipif(not has_threads(), reason="no POSIX threads here")
def test_a_sharing_gives_way_to_another():
    seen = []
    function, error = STEP(lambda _, begin, end: seen.append((begin, end))), words(0)
    busy = words(1)
    sharing = words(ctypes.cast(function, ctypes.c_void_p).value, 0, 0, 100, 4, at(busy), 1)
    run(words(runtime().address("parallel"), at(sharing), 0, 0), error)
    assert seen == [(0, 100)]
    assert busy.tolist() == [1]


def states():
    """The states of the threads that share."""
    table = (ctypes.c_int64 * (8 * MOST)).from_address(runtime().address("threads"))
    return np.ctypeslib.as_array(table)[4::8]


@pytest.mark.skipif(not has_threads(), reason="no POSIX threads here")
@pytest.mark.parametrize("pause", [0, 0.002, 0.05])
def test_threads_wait_go_and_come_again(steps, pause):
    one, error, y = words(1), words(0), np.zeros(64, dtype=np.int64)
    arguments = words(at(one), at(y))
    sharing = words(steps.address("add"), at(arguments), 0, 64, 4, runtime().address("busy"), 1)
    for _ in range(20):
        run(words(runtime().address("parallel"), at(sharing), 0, 0), error)
        assert set(states().tolist()) <= {0, 1}
        time.sleep(pause)
    assert y.tolist() == [20] * 64


@pytest.mark.skipif(not has_threads(), reason="no POSIX threads here")
def test_threads_that_nobody_calls_end(steps):
    one, error, y = words(1), words(0), np.zeros(64, dtype=np.int64)
    arguments = words(at(one), at(y))
    sharing = words(steps.address("add"), at(arguments), 0, 64, 4, runtime().address("busy"), 1)
    run(words(runtime().address("parallel"), at(sharing), 0, 0), error)
    while states().any():  # or the test never ends
        time.sleep(0.001)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_may_share_again():
    script = (
        "import ctypes, os\n"
        "from chainrule.compiler.native.runtime import runtime\n"
        "busy = ctypes.c_int64.from_address(runtime().address('busy'))\n"
        "state = ctypes.c_int64.from_address(runtime().address('threads') + 64 + 32)\n"
        "busy.value = state.value = 1\n"
        "child = os.fork()\n"
        "if not child: os._exit(busy.value + state.value)\n"
        "print(os.waitpid(child, 0)[1], busy.value)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.split() == [b"0", b"1"]
