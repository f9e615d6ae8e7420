"""What has no derivative other than zero (searches, counts, comparisons), and what only looks at an array.

A search's result is traced like any other, so that a recorded function that is run on other values searches anew;
but no cotangent returns through it. What asks for a type, a length or a yes or no is answered with a plain value.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.graph.node import Array
from chainrule.graph.table import TABLE
from chainrule.graph.tracer import value_of
from chainrule.rules.kinds import Flat
from chainrule.rules.operands import holds_tracer, operand, sampled, untraced
from chainrule.rules.table import family, flat, spells

STEPS: set[Callable[..., Any]] = {np.lexsort, np.ix_}
"""The functions that find or count."""

LOOKS: set[Callable[..., Any]] = set()
"""The functions that only look at an array."""


def _search(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a tracer does for a function that finds or counts, traced arguments given by name or not."""
    names = list(inspect.signature(function).parameters)

    def found(*args: Any, **kwargs: Any) -> Any:
        arguments = dict(zip(names, args, strict=False)) | kwargs
        traced = {name: operand(x) for name, x in arguments.items() if holds_tracer(x)}
        rest = {name: x for name, x in arguments.items() if name not in traced}

        return _finding(function, tuple(traced), tuple(names[: len(args)]))(*traced.values(), **rest)

    return found


@family
def _finding(function: Callable[..., Any], traced: tuple[str, ...], positional: tuple[str, ...]) -> Flat:
    """Return the rule of a function that finds or counts, with operands of these names, called in such a way."""
    if function not in STEPS:
        raise InputError(f"{function} is none of the functions that find or count.")

    def compute(*values: Array, **plain: Any) -> Any:
        given = {**plain, **dict(zip(traced, values, strict=True))}
        result = function(*[given.pop(name) for name in positional], **given)
        return result if isinstance(result, tuple) else np.asarray(result)[()]

    return Flat(function.__name__, compute)


def searches(*functions: Callable[..., Any]) -> None:
    """Enter functions that find or count; their arguments may be lists, and may be given by name."""
    STEPS.update(functions)
    for function in functions:
        TABLE[function] = _search(function)


def _found_by_values(function: Callable[..., Any]) -> Callable[..., Any]:
    found = _search(function)

    def known(a: Any) -> Any:
        value_of(a)  # which say how many are found
        return found(a)

    return known


# Where something is

searches(np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition)
searches(np.nonzero, np.flatnonzero, np.argwhere, np.searchsorted, np.digitize)
searches(np.unravel_index, np.ravel_multi_index)
for _function in (np.nonzero, np.flatnonzero, np.argwhere):
    TABLE[_function] = _found_by_values(_function)

# How many there are, and of which kind

searches(np.count_nonzero, np.all, np.any, np.isin)
searches(np.isclose, np.isreal, np.iscomplex, np.isposinf, np.isneginf)

# Rounding, and the distance to the next number

searches(np.around, np.round, np.fix)
flat(np.spacing)

# Whole numbers and their bits: what is traced may be an index that was found

flat(np.gcd, np.lcm, np.bitwise_count)


LEXSORT = Flat("lexsort", lambda *keys, axis: np.lexsort(keys, axis))


@spells(np.lexsort)
def _lexsort(keys: Any, axis: int = -1) -> Array:
    return LEXSORT(*(operand(key) for key in keys), axis=axis)


@spells(np.ix_)
def _ix(*args: Any) -> tuple[Array, ...]:
    arrays = [np.flatnonzero(x) if x.dtype == np.bool_ else x for x in map(operand, args)]
    return tuple(np.reshape(x, (1,) * i + (-1,) + (1,) * (len(arrays) - i - 1)) for i, x in enumerate(arrays))


# What only looks


def looks(plain: Callable[[Any], Any], *functions: Callable[..., Any]) -> None:
    """Enter functions that ask for something that no derivative is taken of; they are given plain arrays."""
    LOOKS.update(functions)
    for function in functions:
        TABLE[function] = lambda *args, _f=function, **kwargs: _f(
            *map(plain, args), **{name: plain(x) for name, x in kwargs.items()}
        )


looks(sampled, np.shape, np.ndim, np.size)
looks(sampled, np.result_type, np.can_cast, np.common_type, np.min_scalar_type, np.iscomplexobj, np.isrealobj)
looks(sampled, np.may_share_memory, np.shares_memory, np.array2string, np.array_repr, np.array_str)
looks(sampled, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from)
looks(untraced, np.array_equal, np.array_equiv, np.allclose, np.save, np.savez, np.savez_compressed, np.savetxt)
