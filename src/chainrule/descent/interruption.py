"""Ctrl-C during a training: heard at once, obeyed between two of its parts."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")


@dataclass
class Interruption:
    """Whether the user has asked for the end.

    Attributes
    ----------
    requested : bool
        True from the first Ctrl-C on.
    """

    requested: bool = False
    _at_once: bool = False

    def heeded(self, work: Callable[[], Result]) -> Result | None:
        """Do some work that may be given up at any point: the first Ctrl-C ends it, and None is returned."""
        try:
            self._at_once = True
            result = work()
            self._at_once = False
        except KeyboardInterrupt:
            if not self.requested:  # it was raised by the work itself
                raise
            return None
        finally:
            self._at_once = False
        return result


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Turn the first Ctrl-C into a request, so that no step is left half done.

    A second Ctrl-C raises `KeyboardInterrupt` at once, as ever. The handler that was installed before comes back
    at the end. Outside the main thread, where Python lets nobody install a handler, and in a process that was
    told to ignore Ctrl-C, nothing is changed and nothing is ever requested.

    Yields
    ------
    Interruption
        Its `requested` becomes true at the first Ctrl-C.
    """
    state = Interruption()
    # getsignal is None for a handler that Python did not install and could not put back.
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) in (
        signal.SIG_IGN,
        None,
    ):
        yield state
        return

    def request(signal_number: int, frame: FrameType | None) -> None:
        again, state.requested = state.requested, True
        if again or state._at_once:
            raise KeyboardInterrupt

    previous = signal.signal(signal.SIGINT, request)
    try:
        yield state
    finally:
        signal.signal(signal.SIGINT, previous)
