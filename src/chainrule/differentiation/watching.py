"""Finding where a NaN or an infinity was born: which operation, on which of the user's lines, forward or backward."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.errors import NonFiniteError
from chainrule.graph.blame import Line, user_line
from chainrule.graph.node import Array, Node
from chainrule.graph.tracer import WATCH, sample_of


@contextmanager
def watch_nonfinite() -> Iterator[None]:
    """Stop at the first operation that makes a NaN or an infinity of finite numbers, and say where it is.

    Within ``with watch_nonfinite():`` every operator looks at each value that it computes, on the way forward and on
    the way back. That takes time; it is for looking into a gradient that came out as NaN.

    Raises
    ------
    NonFiniteError
        Within the block: names the user's line, the operation, the entry, and the numbers that it was made of.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> with watch_nonfinite(), np.errstate(all="ignore"):
    ...     grad(lambda x: np.sum(np.sqrt(x)))(np.array([4.0, 0.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    chainrule.errors.NonFiniteError: In ...: on the way back, the derivative of sqrt gave inf at ...
    """
    token = WATCH.set(_Watcher())
    try:
        yield
    finally:
        WATCH.reset(token)


class _Watcher:
    """Looks at every node when it is recorded, and at every step back; remembers the line that each came from."""

    def __init__(self) -> None:
        self._lines: dict[Node, Line | None] = {}

    def __call__(self, node: Node) -> None:
        """Look at a value on the way forward."""
        self._lines[node] = user_line()
        entry = _first_nonfinite(node.value)
        if entry is not None and all(_first_nonfinite(x) is None for x in node.values):
            which, value = entry
            raise NonFiniteError(
                f"{self._place(node)}on the way forward, {node.rule.name} gave {value} at entry {which}, of finite "
                f"operands ({_operands_at(node, which)}); keep its operands away from where it is not finite."
            )

    def backward(self, node: Node, i: int, cotangent: Array, contribution: Array) -> None:
        """Look at a step on the way back."""
        entry = _first_nonfinite(contribution)
        if entry is not None and all(_first_nonfinite(x) is None for x in (cotangent, *node.values)):
            which, value = entry
            operand = _entry_at(node.values[i], which)
            raise NonFiniteError(
                f"{self._place(node)}on the way back, the derivative of {node.rule.name} gave {value} at entry "
                f"{which}, where its operand is {operand}; keep that operand away from where this is not finite, "
                "before the operation (np.where after it comes too late)."
            )

    def _place(self, node: Node) -> str:
        line = self._lines.get(node)
        return f"In {line}: " if line else ""


def _first_nonfinite(x: Any) -> tuple[tuple[int, ...], Any] | None:
    """Return the index and the value of the first entry, of an array or of several, that is NaN or infinite."""
    if isinstance(x, tuple):
        return next((found for found in map(_first_nonfinite, x) if found is not None), None)
    x = np.asarray(sample_of(x))
    if x.dtype.kind not in "fc" or np.isfinite(x).all():
        return None
    which = tuple(int(k) for k in np.argwhere(~np.isfinite(x))[0])
    return which, x[which]


def _operands_at(node: Node, which: tuple[int, ...]) -> str:
    return ", ".join(str(_entry_at(x, which)) for x in node.values) or "none"


def _entry_at(x: Any, which: tuple[int, ...]) -> Any:
    """Return the entry of an operand that an entry of the result was made of; where shapes tell nothing, the shape."""
    if isinstance(x, tuple):
        return f"{len(x)} arrays"
    x = np.asarray(sample_of(x))
    if x.ndim == 0:
        return x[()]
    if x.ndim <= len(which):
        at = tuple(0 if n == 1 else k for k, n in zip(which[len(which) - x.ndim :], x.shape, strict=True))
        if all(k < n for k, n in zip(at, x.shape, strict=True)):
            return x[at]
    return f"an array of shape {x.shape}"
