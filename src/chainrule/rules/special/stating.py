"""How this folder's files state what SciPy's special functions need beyond NumPy's: refusals, several results."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array, Parts
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Elementwise, General, Map, unbroadcast

Partials = Callable[..., tuple[Array, ...]]
"""The derivatives of a function's several results by one operand, ``partials(*operands, results)``."""


def special(function: Callable[..., Any], *partials: Callable[..., Array] | str) -> Elementwise:
    """State an elementwise function by its partials; a name in place of one says that it is not known.

    A ufunc is entered in the table. A function that SciPy writes in Python is not, since no protocol leads to it:
    `chainrule.scipy.special` offers it.
    """
    name = function.__name__
    stated = (_refused(name, p, i) if isinstance(p, str) else _fitting(p) for i, p in enumerate(partials))
    rule = Elementwise(name, function, *stated)
    if isinstance(function, np.ufunc):
        TABLE[function] = rule
    return rule


def several(ufunc: np.ufunc, *partials: Partials | str) -> None:
    """State a ufunc with several results, each ``partials(*operands, results)`` or the name of a refused operand."""
    stated: list[Partials] = []
    for i, entry in enumerate(partials):
        stated.append(_refused_each(ufunc, entry, i) if isinstance(entry, str) else entry)
    TABLE[ufunc] = General(
        ufunc.__name__,
        ufunc,
        tuple(_pullback(entry, i) for i, entry in enumerate(stated)),
        tuple(_pushforward(entry) for entry in stated),
    )


def _pullback(partials: Partials, i: int) -> Map:
    def pull_back(g: Array, results: tuple[Array, ...], *operands: Array) -> Array:
        each = zip(g, partials(*operands, results), strict=True)
        scaled = sum(part * fitted(partial, part) for part, partial in each)
        return unbroadcast(scaled, operands[i].shape)

    return pull_back


def _pushforward(partials: Partials) -> Map:
    def push_forward(t: Array, results: tuple[Array, ...], *operands: Array) -> Parts:
        each = zip(partials(*operands, results), results, strict=True)
        return Parts(np.broadcast_to(t * fitted(partial, result), result.shape) for partial, result in each)

    return push_forward


_SINGLE = {"d": "f", "D": "F"}


def fitted(partial: Array, result: Array) -> Array:
    """Return a partial in single precision where the result is: many a SciPy loop turns numbers beside it to double."""
    if result.dtype.char in "fF" and hasattr(partial, "dtype") and partial.dtype.char in _SINGLE:
        return np.astype(partial, np.dtype(_SINGLE[partial.dtype.char]))
    return partial


def _fitting(partial: Callable[..., Array]) -> Callable[..., Array]:
    return lambda *operands: fitted(partial(*operands), operands[-1])


def _refused(function: str, operand: str, i: int) -> Callable[..., Array]:
    def refuse(*operands: Array) -> Array:
        if operands[i].dtype.kind not in "fc":
            return 0  # whole numbers do not vary
        raise RecordingError(
            f"{at_user_line()}the derivative of scipy.special.{function} by its operand {operand} is not known in "
            f"closed form; give {operand} as a plain number or array, one that depends on nothing differentiated by."
        )

    return refuse


def _refused_each(ufunc: np.ufunc, operand: str, i: int) -> Partials:
    refuse = _refused(ufunc.__name__, operand, i)
    return lambda *operands: (refuse(*operands),) * ufunc.nout


def refuse_complex(function: str, z: Array) -> None:
    """Refuse a complex operand of a function that is scaled by an absolute value, so that it is not holomorphic."""
    if z.dtype.kind == "c":
        _not_holomorphic(function)


def _not_holomorphic(function: str) -> NoReturn:
    raise RecordingError(
        f"{at_user_line()}scipy.special.{function} of a complex array is scaled by an absolute value, and has no "
        "complex derivative; use the unscaled function, and scale it in your own code."
    )


class _Caught:
    """An operand that answers a ufunc with that ufunc."""

    def __array_ufunc__(self, ufunc: np.ufunc, *_: Any, **__: Any) -> np.ufunc:
        return ufunc


def ufunc_behind(function: Callable[..., Any], operands: int = 1) -> np.ufunc:
    """Find the ufunc that one of SciPy's Python functions hands its operands to."""
    found = function(*(_Caught() for _ in range(operands)))
    assert isinstance(found, np.ufunc)
    return found
