import signal
import subprocess
import sys
import threading

import pytest

from chainrule.descent.interruption import interruption


def test_the_first_ctrl_c_is_a_request():
    with interruption() as state:
        assert not state.requested
        signal.raise_signal(signal.SIGINT)
        assert state.requested


def test_the_old_handler_comes_back_even_after_an_error():
    def mine(number, frame):
        raise AssertionError

    def mishap():
        with interruption():
            assert signal.getsignal(signal.SIGINT) is not mine
            raise RuntimeError("mishap")

    old = signal.signal(signal.SIGINT, mine)
    try:
        with pytest.raises(RuntimeError, match="mishap"):
            mishap()
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, old)


def test_a_process_told_to_ignore_ctrl_c_goes_on_ignoring_it():
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interruption() as state:
            signal.raise_signal(signal.SIGINT)
            assert not state.requested
    finally:
        signal.signal(signal.SIGINT, old)


def test_in_another_thread_nothing_is_installed():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with interruption() as state:
            seen.append((state.requested, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]


def test_work_that_is_heeded_gives_its_result():
    with interruption() as state:
        assert state.heeded(lambda: 3) == 3
        signal.raise_signal(signal.SIGINT)
        assert state.requested


def test_the_first_ctrl_c_ends_work_that_is_heeded():
    went_on = []

    def work():
        signal.raise_signal(signal.SIGINT)
        went_on.append(True)

    with interruption() as state:
        assert state.heeded(work) is None
        assert state.requested
    assert not went_on


def test_what_the_work_raises_itself_is_not_swallowed():
    def work():
        raise KeyboardInterrupt

    with interruption() as state, pytest.raises(KeyboardInterrupt):
        state.heeded(work)
    assert not state.requested


PROGRAM = """
import sys
import numpy as np
from chainrule.descent import gradient_descent

def cost_and_gradient(parameters, x):
    print("step", flush=True)
    return 1.0, [np.ones(2)]

theta = np.zeros(2)
options = {"eta": 1.0, "epochs": 10**9, "batch_size": 1, "progress": False, "compiled": False}
history = gradient_descent(cost_and_gradient, [theta], np.zeros(4), **options)
print("kept", history.interrupted, theta[0] == theta[1] < 0, flush=True)
"""


def test_a_real_ctrl_c_from_outside_ends_a_process_cleanly():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "step\n"
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert rest.splitlines()[-1] == "kept True True"
    assert process.returncode == 0
