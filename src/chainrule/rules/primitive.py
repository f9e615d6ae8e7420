"""A user's own primitive: one decorator, in any of the table's forms."""

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.errors import InputError
from chainrule.graph.node import lent
from chainrule.rules.kinds import Elementwise, General, Linear, Map, Multilinear, Partial, Primitive


def primitive(
    *,
    partials: Sequence[Partial] | Partial | None = None,
    transposes: Sequence[Map | None] | Map | None = None,
    pullbacks: Sequence[Map | None] | Map | None = None,
    pushforwards: Sequence[Map | None] | Map | None = None,
) -> Callable[[Callable[..., Any]], Primitive]:
    """Declare a function of arrays as one step of every derivative, with the mathematics that you state for it.

    Its body is then never looked into: it may call compiled code, or be written for speed. State one of three forms;
    each takes one entry for each positional argument (the operands), or the entry alone where there is one argument.
    Keyword arguments are parameters, by which no derivative is taken; every entry receives them too.

    Parameters
    ----------
    partials : callable or ±1, each
        For a function that works entry by entry: ∂f/∂x_i as ``partial(*operands, result)``.
    transposes : callable or None, each
        For a function that is linear in each operand: ``transpose(cotangent, result, *operands, **parameters)``
        gives the operand's cotangent. None marks an operand that is data (an index, a mask).
    pullbacks, pushforwards : callable or None, each
        For any other function: both linear maps, called as a transpose is. None: that derivative is zero.

    Returns
    -------
    callable
        A decorator that makes the function a primitive: called as before, and followed by every operator.

    Raises
    ------
    InputError
        Not exactly one of the three forms was stated.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> @primitive(partials=lambda x, y: y * (1 - y))
    ... def sigmoid(x):
    ...     return 1 / (1 + np.exp(-x))
    >>> grad(sigmoid)(0.0)
    np.float64(0.25)

    >>> @primitive(transposes=[lambda g, y, v, *, n: g.reshape(n, -1).sum(axis=0)])
    ... def tile(v, *, n):
    ...     return np.tile(v, n)
    >>> grad(lambda v: np.sum(tile(v, n=3)))(np.ones(2))
    array([3., 3.])
    """
    stated = [name for name, form in (("partials", partials), ("transposes", transposes)) if form is not None]
    if pullbacks is not None or pushforwards is not None:
        stated.append("pullbacks with pushforwards")
    if len(stated) != 1 or (pullbacks is None) != (pushforwards is None):
        raise InputError(
            f"a primitive states its derivative in one form, and here came {' and '.join(stated) or 'none'}"
            f"{', one of the two missing' if (pullbacks is None) != (pushforwards is None) else ''}; give partials, "
            "or transposes, or both pullbacks and pushforwards."
        )

    def declare(function: Callable[..., Any]) -> Primitive:
        name = getattr(function, "__name__", type(function).__name__)
        if partials is not None:
            return Elementwise(name, function, *_each(partials))
        if transposes is not None:
            entries = _lending(transposes)
            kind = Linear if len(entries) == 1 else Multilinear
            return kind(name, function, *entries)
        return General(name, function, _lending(pullbacks), _lending(pushforwards))

    return declare


def _each(form: Any) -> tuple[Any, ...]:
    return tuple(form) if isinstance(form, Sequence) else (form,)


def _lending(form: Any) -> tuple[Map | None, ...]:
    """Return the user's maps so that what they give stays theirs: it may be an array that they keep."""
    return tuple(None if entry is None else _lent_by(entry) for entry in _each(form))


def _lent_by(entry: Map) -> Map:
    def linear_map(*args: Any, **parameters: Any) -> Any:
        return lent(entry(*args, **parameters))

    return linear_map
