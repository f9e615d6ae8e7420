"""Checking derivatives by numbers: the complex step where a function allows it, central differences elsewhere."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np

from chainrule.differentiation.handmade import HandReport, compare
from chainrule.differentiation.operators import vjp
from chainrule.differentiation.tracing import Wrt, places
from chainrule.errors import InputError
from chainrule.graph.graph import as_array
from chainrule.graph.structure import flatten

COMPLEX_STEP = 1e-30
ENTRIES = 200  # of an argument, so many are checked at most


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient beside its numerical value."""

    argument: int
    leaf: int
    index: tuple[int, ...]
    gradient: complex
    numerical: complex
    tolerance: float
    method: str

    @property
    def error(self) -> float:
        """How far the two are apart."""
        return abs(self.gradient - self.numerical)

    @property
    def ok(self) -> bool:
        """Whether the two agree to within what the numerical method can tell."""
        return bool(self.error <= self.tolerance)  # NaN is never in agreement


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What `check_gradient` found.

    Attributes
    ----------
    entries : list of Entry
        Every entry that was checked.
    total : int
        How many entries the gradient has.
    """

    entries: list[Entry]
    total: int

    @property
    def ok(self) -> bool:
        """Whether all entries agree."""
        return all(entry.ok for entry in self.entries)

    @property
    def worst(self) -> Entry | None:
        """The entry that is furthest off, measured by its tolerance; None where nothing was checked."""
        return max(self.entries, key=_excess, default=None)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<GradientReport: {self}>"

    def __str__(self) -> str:
        worst = self.worst
        if worst is None:
            return "There is no entry to check."
        wrong = sum(not entry.ok for entry in self.entries)
        checked = f"{len(self.entries)} of {self.total}" if len(self.entries) < self.total else f"all {self.total}"
        verdict = f"wrong in {wrong} of the entries checked" if wrong else "right in every entry checked"
        place = f"argument {worst.argument}" + (f", array {worst.leaf}" if worst.leaf else "")
        return (
            f"The gradient is {verdict} ({checked}). Worst: {place}, entry {worst.index}: the gradient says "
            f"{worst.gradient:.10g}, the {worst.method} {worst.numerical:.10g} "
            f"(apart by {worst.error:.2g}, tolerance {worst.tolerance:.2g})."
        )


def _excess(entry: Entry) -> float:
    ratio = entry.error / entry.tolerance if entry.tolerance else np.inf * (entry.error > 0)
    return float(np.inf if np.isnan(ratio) else ratio)


@overload
def check_gradient(
    f: Callable[..., Any],
    my_gradient: Callable[..., Any],
    /,
    *args: Any,
    wrt: Wrt | None = None,
    entries: int = ENTRIES,
    seed: int = 0,
) -> HandReport: ...


@overload
def check_gradient(
    f: Callable[..., Any], /, *args: Any, wrt: Wrt | None = None, entries: int = ENTRIES, seed: int = 0
) -> GradientReport: ...


def check_gradient(
    f: Callable[..., Any], /, *args: Any, wrt: Wrt | None = None, entries: int = ENTRIES, seed: int = 0
) -> GradientReport | HandReport:
    """Check a gradient entry by entry: one that was worked out by hand, or chainrule's own against numerical ones.

    ``check_gradient(f, my_gradient, *args)`` compares a gradient worked out by hand with chainrule's, says which
    entries of which argument are wrong, and names the mistake where it is a known one. ``check_gradient(f, *args)``
    compares chainrule's own derivative with numerical ones.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy. Its result is a scalar, or, where no gradient by hand is given, of any shape and
        structure: it is contracted with random numbers.
    my_gradient : callable, optional
        Called as f is, with copies of the arguments. It returns what ``grad(f, wrt)`` would: for one argument an array
        of its shape, for several a tuple.
    *args : arrays, or nested structures of them
        The point.
    wrt : int, str, or tuple of them, optional
        The arguments whose gradient is checked, by position or name. If left out: every argument of floating-point
        numbers; others (integers, masks) are handed through. A gradient by hand that is not a tuple is by the first
        of them.
    entries : int
        How many entries of each array to check by numbers at most; of a larger one, so many chosen at random.
    seed : int
        Of what is random.

    Returns
    -------
    GradientReport, or HandReport for a gradient by hand
        ``.ok`` (the report is also true or false itself); printed, it says in sentences what was found.

    Raises
    ------
    InputError
        There is no floating-point argument, or f does not return numbers, or, for a gradient by hand, no scalar. What
        is wrong with a gradient by hand is told in the report.

    Notes
    -----
    The complex step, Im f(x + ih)/h with h = 1e-30, has no cancellation and is right to rounding, where f is analytic
    and computes with complex numbers (Squire and Trapp, SIAM Review 40, 1998). Elsewhere central differences are
    taken at two steps and extrapolated (Richardson), and their disagreement tells how much they can be trusted.

    Examples
    --------
    >>> report = check_gradient(lambda W, a: np.tanh(W @ a), np.ones((2, 3)), np.array([0.1, 0.2, 0.3]))
    >>> report.ok, len(report.entries)
    (True, 9)
    >>> report = check_gradient(lambda x: np.sum(x**2), lambda x: -2 * x, np.array([1.0, 2.0]))
    >>> report.ok, report.wrong[0].names
    (False, ('sign',))
    """
    if args and callable(args[0]):
        my_gradient, *point = args
        floating = _floating(point)
        report = compare(f, my_gradient, point, floating, wrt)
        if report.failure:
            return report
        by = tuple(dict.fromkeys(part.argument for part in report.parts))
        return replace(report, proof=_by_numbers(f, point, by, entries, seed))
    floating = _floating(args)
    return _by_numbers(f, args, floating if wrt is None else places(f, wrt, args, {}), entries, seed)


def _floating(args: Sequence[Any]) -> list[int]:
    found = [i for i, arg in enumerate(args) if _is_floating(arg)]
    if not found:
        raise InputError("none of the arguments holds floating-point numbers; give one, such as 2.0 for 2.")
    return found


def _by_numbers(
    f: Callable[..., Any], args: Sequence[Any], by: Sequence[Any], entries: int, seed: int
) -> GradientReport:
    """Compare the derivative by the arguments in these places with numerical ones."""
    random = np.random.default_rng(seed)

    def of_variables(*variables: Any) -> Any:
        full = list(args)
        for i, variable in zip(by, variables, strict=True):
            full[i] = variable
        return f(*full)

    variables = [args[i] for i in by]
    value, pullback = vjp(of_variables, *variables)
    values, rebuild = flatten(value)
    weights = [random.normal(size=np.shape(y)) for y in values]
    gradients = pullback(rebuild([np.astype(w, as_array(y).dtype)[()] for w, y in zip(weights, values, strict=True)]))

    def weighted(*variables: Any) -> Any:
        return sum(np.sum(w * y) for w, y in zip(weights, flatten(of_variables(*variables))[0], strict=True))

    found: list[Entry] = []
    total = 0
    for k, i in enumerate(by):
        for leaf, entry_of in enumerate(_leaf_functions(weighted, variables, k)):
            gradient = as_array(flatten(gradients[k])[0][leaf])
            total += gradient.size
            chosen = random.permutation(gradient.size)[:entries] if gradient.size > entries else range(gradient.size)
            for number in chosen:
                index = tuple(int(n) for n in np.unravel_index(number, gradient.shape))
                found.append(Entry(i, leaf, index, gradient[index], *entry_of(index)))
    return GradientReport(found, total)


def _is_floating(arg: Any) -> bool:
    leaves = flatten(arg)[0]
    return bool(leaves) and all(np.asarray(leaf).dtype.kind in "fc" for leaf in leaves)


Derivative = Callable[[tuple[int, ...]], tuple[complex, float, str]]


def _leaf_functions(weighted: Callable[..., Any], variables: list[Any], k: int) -> Iterator[Derivative]:
    """Give, for each array in argument k, the function that differentiates numerically by one of its entries."""
    leaves, rebuild = flatten(variables[k])
    for leaf, x in enumerate(leaves):
        x = as_array(x)

        def changed(index: tuple[int, ...], step: complex, x: Any = x, leaf: int = leaf) -> Any:
            other = np.array(x, dtype=np.result_type(x, type(step), np.float64))
            other[index] += step
            return weighted(
                *variables[:k], rebuild([*leaves[:leaf], other[()], *leaves[leaf + 1 :]]), *variables[k + 1 :]
            )

        precision = 1e-10 if x.dtype.itemsize // (2 if x.dtype.kind == "c" else 1) >= 8 else 2e-3
        yield _derivative(changed, x, precision)


def _derivative(changed: Callable[[tuple[int, ...], complex], Any], x: Any, precision: float) -> Derivative:
    def numerical(index: tuple[int, ...]) -> tuple[complex, float, str]:
        difference, doubt = central_difference(changed, index, x[index])
        if x.dtype.kind == "c":
            # f may depend on z other than analytically: the derivative by its parts makes v ↦ Re(g v).
            along_i, doubt_i = central_difference(changed, index, x[index], 1j)
            return (
                difference - 1j * along_i,
                max(doubt, doubt_i) + precision * (1 + abs(difference)),
                "central difference",
            )
        exact = complex_step(changed, index)
        scale = 1 + abs(difference)
        if exact is not None and abs(exact - difference) <= 1e-3 * scale + 10 * doubt:
            return exact, precision * (1 + abs(exact)), "complex step"
        return difference, 10 * doubt + max(precision, 1e-7) * scale, "central difference"

    return numerical


def central_difference(
    changed: Callable[[tuple[int, ...], complex], Any], index: tuple[int, ...], at: complex, direction: complex = 1
) -> tuple[float, float]:
    """Return the derivative along a direction, extrapolated from two central differences, and how far these differ."""
    h = 1e-3 * max(1.0, abs(at))
    coarse, fine = (
        float(np.real(changed(index, direction * s) - changed(index, -direction * s))) / (2 * s) for s in (h, h / 2)
    )
    best = (4 * fine - coarse) / 3
    return best, abs(fine - coarse) / 3


def complex_step(changed: Callable[[tuple[int, ...], complex], Any], index: tuple[int, ...]) -> float | None:
    """Return the derivative by the complex step, or None where the function does not take complex numbers."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")  # a complex number that is made real on the way says so by a warning
            result = changed(index, 1j * COMPLEX_STEP)
    except Exception:  # noqa: BLE001  (whatever a user's function raises: it does not take complex numbers)
        return None
    return float(np.imag(result)) / COMPLEX_STEP if np.iscomplexobj(result) and np.isfinite(result) else None
