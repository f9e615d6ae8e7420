import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.compiler.recent import Recent


@given(asked=st.lists(st.integers(0, 5)), most=st.integers(1, 4))
def test_the_last_asked_for_are_kept(asked, most):
    recent: Recent[list[int]] = Recent(most)
    kept: list[int] = []
    made: list[int] = []
    for key in asked:
        made.clear()

        def make(key=key):
            made.append(key)
            return [key]

        assert recent.get(key, make) == [key]
        assert made == ([] if key in kept else [key])
        kept = [*(k for k in kept if k != key), key][-most:]
        assert recent.keys() == kept


def test_a_thing_is_made_once_though_threads_ask_together():
    recent: Recent[object] = Recent(2)
    made, gate = [], threading.Barrier(4)

    def make():
        made.append(1)
        return object()

    things = []

    def ask():
        gate.wait()
        things.append(recent.get("key", make))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(set(map(id, things))) == 1


def test_what_could_not_be_made_is_made_the_next_time():
    recent: Recent[float] = Recent(2)
    with pytest.raises(ZeroDivisionError):
        recent.get("key", lambda: 1 / 0)
    assert recent.get("key", lambda: 1) == 1
