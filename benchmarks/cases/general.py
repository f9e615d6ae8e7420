"""General functions, value and gradient in float64: time a call, and time to the first result."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from cases import functions
from cases.functions import General
from cases.measuring import (
    OURS,
    Case,
    Figure,
    Settings,
    figures,
    fresh_process,
    in_turns,
    installed,
    not_installed,
    timer,
)

CALL, FIRST = "a call", "first result"

# How many times as fast as JAX chainrule must be: in the mean, on each function, and to the first result.
IN_THE_MEAN, ON_EACH, TO_THE_FIRST = 1.5, 0.9, 2.0


def cases() -> list[Case]:
    return [Case(f"function/{case.name}", case.about, functools.partial(_run, case)) for case in functions.CASES]


def _run(case: General, settings: Settings) -> tuple[list[Figure], list[str]]:
    name = f"function/{case.name}"
    calls = _calls(case)
    _check(case, calls)
    # The value alone, for a sense of scale.
    inputs = case.inputs()
    timed = calls | {"NumPy, value alone": lambda: case.function(*inputs)}
    taken = in_turns({side: timer(call) for side, call in timed.items()}, settings.repetitions)
    found = figures(name, CALL, "ms", _scaled(taken, 1e3), {"JAX": ON_EACH})

    starts = {side: functools.partial(_seconds_to_first, side, case.name) for side in calls}
    firsts = in_turns(starts, 3 if settings.quick else settings.repetitions)
    found += figures(name, FIRST, "s", firsts, {"JAX": TO_THE_FIRST})
    return found, not_installed({"JAX": "jax"})


def _calls(case: General) -> dict[str, Callable[[], Any]]:
    """Make of each side a call that gives the value and the gradients."""
    ours = functions.compiled(functions.derivative(case))
    inputs = case.inputs()
    calls: dict[str, Callable[[], Any]] = {OURS: lambda: ours(*inputs)}
    if installed("jax"):
        from cases import functions_jax

        functions_jax.use_float64()
        arrays = functions_jax.arrays(inputs)
        for side, form in functions_jax.FORMS[case.name].items():
            calls[side] = functools.partial(_done, functions_jax.derivative(case, form), arrays)
    return calls


def _done(call: Callable[..., Any], arrays: tuple[Any, ...]) -> Any:
    """Wait for JAX, which answers before it has computed."""
    import jax

    return jax.block_until_ready(call(*arrays))


def _check(case: General, calls: dict[str, Callable[[], Any]]) -> None:
    """Hold every side's value and gradients against chainrule's."""
    value, gradients = calls[OURS]()
    for side, call in calls.items():
        other, found = call()
        about = f"{case.name} by {side}"
        np.testing.assert_allclose(other, value, rtol=1e-10, err_msg=f"{about}: value")
        for ours, theirs in zip(_tuple(gradients), _tuple(found), strict=True):
            scale = float(np.abs(ours).max())
            np.testing.assert_allclose(theirs, ours, rtol=1e-8, atol=1e-10 * scale, err_msg=f"{about}: gradient")


def _tuple(gradients: Any) -> Sequence[Any]:
    return gradients if isinstance(gradients, tuple | list) else (gradients,)


def _scaled(taken: dict[str, list[float]], factor: float) -> dict[str, list[float]]:
    return {side: [factor * one for one in each] for side, each in taken.items()}


def _seconds_to_first(side: str, name: str) -> float:
    return float(fresh_process(["cases.first_result", side, name]))


def summary(found: Sequence[Figure]) -> list[Figure]:
    """Take the geometric mean over the functions of the ratio to JAX, on each of them in its faster form."""
    ratios: dict[str, float] = {}
    for figure in found:
        if figure.case.startswith("function/") and figure.measure == CALL and figure.side.startswith("JAX"):
            ratios[figure.case] = min(figure.ratio, ratios.get(figure.case, math.inf))
    if len(ratios) < 2:
        return []
    mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
    lowest, highest = min(ratios.values()), max(ratios.values())
    about = f"geometric mean of {len(ratios)}"
    return [Figure("function", about, "JAX", "", math.nan, mean, lowest, highest, IN_THE_MEAN)]
