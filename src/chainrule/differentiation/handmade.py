"""Comparing a gradient that was worked out by hand with the one chainrule finds, and naming what is wrong with it."""

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.differentiation.operators import grad
from chainrule.differentiation.tracing import Wrt, places
from chainrule.graph.blame import line_of
from chainrule.graph.graph import as_array
from chainrule.graph.node import Array
from chainrule.graph.structure import flatten, outline

if TYPE_CHECKING:
    from chainrule.differentiation.checking import GradientReport

SHOWN = 5  # so many wrong entries of an array are printed, the worst first


@dataclass(frozen=True, eq=False)
class HandPart:
    """One array of a hand-made gradient beside the right one.

    Attributes
    ----------
    argument : int
        The position of the argument of f that it is the gradient by.
    place : str
        The argument in words, with its name.
    given, right : array
    wrong : tuple of index
        Where the two differ, the worst first; empty where their shapes differ.
    names : tuple of str
        What the mistake is: "sign", "factor-2", "factor-half", "sum-for-mean", "mean-for-sum", "factor", "zero",
        "transposed", "not-summed", "reshaped", "other-argument", "not-finite", "wrong-shape", "unrecognised". Several,
        where they give the same numbers; none, where all is right.
    explanation : str
        The first of them, in words.
    """

    argument: int
    place: str
    given: Array
    right: Array
    wrong: tuple[tuple[int, ...], ...] = ()
    names: tuple[str, ...] = ()
    explanation: str = ""

    @property
    def ok(self) -> bool:
        """Whether all its entries are right."""
        return not self.names

    def __str__(self) -> str:
        if self.ok:
            return f"{self.place}: right."
        also = f" The same numbers come from: {', '.join(self.names[1:])}." if self.names[1:] else ""
        lines = [f"{self.place}: {self.explanation}{also}"]
        if self.wrong:
            lines.append(f"  {len(self.wrong)} of {self.right.size} entries are wrong; the worst first:")
        lines += [
            f"  entry {list(index)}: yours {self.given[index]:.6g}, right {self.right[index]:.6g}"
            for index in self.wrong[:SHOWN]
        ]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class HandReport:
    """What `check_gradient` found of a gradient that was worked out by hand. It is true or false itself.

    Attributes
    ----------
    parts : tuple of HandPart
        Every array of the gradient, beside the right one.
    proof : GradientReport or None
        The gradient that it was compared with, chainrule's own, held against numerical ones; None after a failure.
    failure : str
        Why nothing could be compared; empty where it could.
    """

    parts: tuple[HandPart, ...]
    proof: "GradientReport | None" = None
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Whether the whole gradient is right."""
        return not self.failure and all(part.ok for part in self.parts)

    @property
    def wrong(self) -> tuple[HandPart, ...]:
        """The parts that are wrong."""
        return tuple(part for part in self.parts if not part.ok)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<HandReport: {self.verdict()}>"

    def __str__(self) -> str:
        lines = [self.verdict(), *map(str, self.parts if self.wrong else ())]
        if self.proof is not None and self.proof.ok:
            count = len(self.proof.entries)
            lines.append(
                f"The right gradient is chainrule's, and agrees with numerical ones in {count} entries checked."
            )
        elif self.proof is not None:
            lines.append(f"Beware: it was compared with chainrule's gradient, and numerical ones differ. {self.proof}")
        return "\n".join(lines)

    def verdict(self) -> str:
        """Say in one sentence what was found."""
        if self.failure:
            return f"Nothing could be compared: {self.failure}"
        if self.ok:
            return "Your gradient is right."
        return f"Your gradient is wrong: {', '.join(f'{part.place} ({part.names[0]})' for part in self.wrong)}."


class _Unusable(Exception):  # noqa: N818  (told in the report)
    """Why a gradient cannot be compared."""


def compare(
    f: Callable[..., Any],
    my_gradient: Callable[..., Any],
    args: Sequence[Any],
    floating: Sequence[int],
    wrt: Wrt | None,
) -> HandReport:
    """Compare a hand-made gradient with `grad`'s.

    Parameters
    ----------
    f, my_gradient : callable
    args : sequence
        The point.
    floating : sequence of int
        The positions of the arguments that hold floating-point numbers.
    wrt : int, str, tuple of them, or None
        As for `check_gradient`.

    Returns
    -------
    HandReport
        Without a proof.

    Raises
    ------
    InputError, RecordingError
        As `grad`.
    """
    try:
        found = _called(my_gradient, args)
        if wrt is None:
            several = isinstance(found, tuple) and outline(found) != outline(args[floating[0]])
            wrt = tuple(floating) if several else floating[0]
        positions = [int(place) for place in places(f, wrt, tuple(args), {})]
        names = _names(f, positions)
        right = grad(f, wrt)(*args)
        if not isinstance(wrt, tuple):
            found, right = (found,), (right,)
        _check_count(found, names)
        given = [_leaves(mine, true, name) for mine, true, name in zip(found, right, names, strict=True)]
    except _Unusable as failure:
        return HandReport((), failure=f"{failure}")
    rights = [[as_array(leaf) for leaf in flatten(true)[0]] for true in right]
    shapes = [np.shape(leaf) for arg in args for leaf in flatten(arg)[0]]
    sizes = sorted({n for shape in shapes for n in (*shape, math.prod(shape)) if n > 1})
    others = [leaf for leaves in rights for leaf in leaves]
    parts = []
    for position, name, mine, true in zip(positions, names, given, rights, strict=True):
        for number, (one, other) in enumerate(zip(mine, true, strict=True)):
            place = f"{name}, array {number}" if len(true) > 1 else name
            parts.append(_part(position, place, one, other, sizes, others))
    return HandReport(tuple(parts))


def _called(my_gradient: Callable[..., Any], args: Sequence[Any]) -> Any:
    """Call it with copies: what it does to its arguments is its own matter."""
    copies = []
    for arg in args:
        leaves, rebuild = flatten(arg)
        copies.append(rebuild([leaf.copy() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]))
    try:
        with np.errstate(all="ignore"):
            found = my_gradient(*copies)
    except Exception as error:
        line = line_of(error)
        place = f" in {line}" if line else ""
        raise _Unusable(
            f"the gradient raised {type(error).__name__}{place}: {error}. It is called with the same arguments as f."
        ) from error
    if found is None:
        raise _Unusable("the gradient gave None; let it return an array, or a tuple with one for each argument.")
    return found


def _names(f: Callable[..., Any], positions: Sequence[int]) -> list[str]:
    """Return what the arguments are called."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some functions that are not written in Python have no signature
        parameters = []
    named = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [f"argument {i} ({named[i]})" if i < len(named) else f"argument {i}" for i in positions]


def _check_count(found: Any, names: Sequence[str]) -> None:
    count = len(names)
    if not isinstance(found, tuple | list):
        raise _Unusable(f"the gradient gave one {type(found).__name__}; return a tuple of {count}: {', '.join(names)}.")
    if len(found) != count:
        raise _Unusable(f"the gradient gave {len(found)} values; return {count}: {', '.join(names)}.")


def _leaves(given: Any, right: Any, name: str) -> list[Array]:
    """Take what was given for one argument apart, as the argument itself is."""
    expected = flatten(right)[0]
    leaves = [given] if len(expected) == 1 and outline(right) == outline(0.0) else flatten(given)[0]
    if len(leaves) != len(expected):
        raise _Unusable(f"by {name} {len(leaves)} arrays came; return {len(expected)}, in the structure it has itself.")
    arrays = []
    for leaf in leaves:
        try:
            array = np.asarray(leaf)
        except ValueError:
            array = np.asarray(None)
        if array.dtype.kind not in "biufc":
            raise _Unusable(f"by {name} a {type(leaf).__name__} came that does not hold numbers; return an array.")
        arrays.append(array if array.dtype.kind in "fc" else array.astype(np.float64))
    return arrays


def _part(position: int, place: str, given: Array, right: Array, sizes: list[int], others: list[Array]) -> HandPart:
    if given.shape == right.shape:
        apart = np.abs(given - right)
        apart = np.where(np.isnan(apart), np.inf, apart)
        wrong = np.argwhere(apart > _tolerance(given, right))
        if not len(wrong):
            return HandPart(position, place, given, right)
        worst = sorted(map(tuple, wrong.tolist()), key=lambda index: -float(apart[index]))
    else:
        worst = []
    found = list(_mistakes(given, right, sizes, others))
    if not found and given.shape != right.shape:
        found = [("wrong-shape", f"its shape is {given.shape}; that of the argument is {right.shape}.")]
    if not found:
        found = [("unrecognised", "it is wrong, and none of the known mistakes gives these numbers.")]
    return HandPart(
        position, place, given, right, tuple(worst), tuple(dict.fromkeys(name for name, _ in found)), found[0][1]
    )


def _tolerance(given: Array, right: Array) -> Array:
    """Return what rounding may amount to, measured by the entry and by the largest one."""
    single = any(np.finfo(v.dtype).eps > 1e-10 for v in (given, right))
    size = np.abs(right)
    return np.asarray((1e-3 if single else 1e-6) * (size + 0.01 * np.max(size, initial=0)) + 1e-12)


def _same(given: Array, right: Array) -> bool:
    return given.shape == right.shape and bool(np.all(np.abs(given - right) <= _tolerance(given, right)))


def _mistakes(given: Array, right: Array, sizes: list[int], others: list[Array]) -> Iterator[tuple[str, str]]:
    """Give the known mistakes, by name and in words, that make what is right into what was given."""
    if not np.all(np.isfinite(given)):
        yield "not-finite", "it holds NaN or infinity."
        return
    if given.shape == right.shape:
        yield from _factors(given, right, sizes)
    if given.ndim > 1 and given.T.shape == right.shape and _same(given.T, right):
        yield "transposed", f"it is transposed; a gradient has the shape of its argument, {right.shape}."
    yield from _unsummed(given, right)
    if given.shape != right.shape and given.size == right.size and _same(given.reshape(right.shape), right):
        yield (
            "reshaped",
            f"its numbers are right, its shape {given.shape} is not: that of the argument is {right.shape}.",
        )
    if any(other is not right and _same(given, other) for other in others):
        yield "other-argument", "it is the gradient by another argument."


def _factors(given: Array, right: Array, sizes: list[int]) -> Iterator[tuple[str, str]]:
    if not np.any(given):
        yield "zero", "it is zero everywhere."
        return
    known: list[tuple[str, float, str]] = [("sign", -1.0, "it has the wrong sign.")]
    for n in sizes:
        known += [
            (
                "sum-for-mean",
                n,
                f"it is {n} times what it should be: a sum over {n} entries, where f takes their mean.",
            ),
            ("mean-for-sum", 1 / n, f"it is divided by {n}: a mean over {n} entries, where f takes their sum."),
        ]
    known += [
        ("factor-2", 2.0, "it is twice what it should be."),
        ("factor-half", 0.5, "it is half of what it should be."),
    ]
    fitting = [(name, words) for name, factor, words in known if _same(given, factor * right)]
    yield from fitting
    norm = float(np.sum(np.abs(right) ** 2))
    if not fitting and norm and np.count_nonzero(right) > 1:
        factor = float(np.real(np.sum(given * np.conj(right)))) / norm
        if _same(given, factor * right):
            yield "factor", f"it is {factor:.6g} times what it should be."


def _unsummed(given: Array, right: Array) -> Iterator[tuple[str, str]]:
    """Give the sum that was forgotten: over axes along which the argument was broadcast."""
    if given.ndim < right.ndim or given.size <= right.size:
        return
    for count in range(1, given.ndim + 1):
        for axes in combinations(range(given.ndim), count):
            if given.size // math.prod(given.shape[i] for i in axes) == right.size and _same(
                np.sum(given, axis=axes).reshape(right.shape), right
            ):
                over = f"axis {axes[0]}" if count == 1 else f"axes {', '.join(map(str, axes))}"
                yield (
                    "not-summed",
                    f"it is not summed over {over}, where the argument was broadcast: the shape is {given.shape}, "
                    f"and should be {right.shape}.",
                )
                return
