"""Plain arrays that recordings need as they are: nobody may write into them until every such recording has ended."""

import threading
from typing import Any

_lock = threading.Lock()

_holders: dict[int, int] = {}
"""For each array that is held, by its id: by how many recordings, which may be nested or in different threads."""

_waiting: dict[int, list[Any]] = {}
"""For an array that is held, by its id: views of it that nobody holds, and that NumPy keeps read-only with it."""


def hold(array: Any) -> bool:
    """Make an array read-only, or return False: it is so already, and not because another recording holds it."""
    with _lock:
        count = _holders.get(id(array), 0)
        if not count and not array.flags.writeable:
            return False
        _holders[id(array)] = count + 1
        array.flags.writeable = False
        return True


def release(array: Any) -> None:
    """Give up an array that was held; after the last one who held it, it can be written into again."""
    with _lock:
        count = _holders.pop(id(array)) - 1
        if count:
            _holders[id(array)] = count
            return
        if array.base is not None and not array.base.flags.writeable:
            _waiting.setdefault(id(array.base), []).append(array)
            return
        array.flags.writeable = True
        for view in _waiting.pop(id(array), ()):
            view.flags.writeable = True
