"""Things that take long to make, kept while they are asked for."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Recent(Generic[Thing]):
    """The things that were asked for last, by keys; where there are too many, the one that was not for longest goes.

    Parameters
    ----------
    most : int
        How many are kept.

    Examples
    --------
    >>> recent = Recent(2)
    >>> [recent.get(key, lambda key=key: [key]) for key in "abac"]
    [['a'], ['b'], ['a'], ['c']]
    >>> recent.keys()
    ['a', 'c']
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: dict[Hashable, Thing] = {}
        self._lock = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], Thing]) -> Thing:
        """Return a key's thing; it is made once, while other threads that ask for any wait.

        Parameters
        ----------
        key : hashable
            What it is asked for by.
        make : callable
            Makes it, where it is not there.
        """
        with self._lock:
            thing = self._things.pop(key) if key in self._things else make()
            self._things[key] = thing  # behind all others
            while len(self._things) > self._most:
                del self._things[next(iter(self._things))]
            return thing

    def keys(self) -> list[Hashable]:
        """Return the keys of what is kept, that of the last asked for at the end."""
        with self._lock:
            return list(self._things)
