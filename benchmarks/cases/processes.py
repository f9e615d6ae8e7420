"""The paper's training as a process of its own: from its start to a trained network, and the most memory it takes."""

import functools
import json
import time
from collections.abc import Callable

from cases.measuring import OURS, Case, Figure, Settings, figures, fresh_process, in_turns, installed, not_installed

MODULES = {"JAX": "jax", "PyTorch": "torch", "NumPy": "numpy"}
TIMED = [OURS, "JAX", "NumPy"]
WEIGHED = [OURS, *MODULES]
LEARNT = 0.9  # of the validation images, after the first epoch already

AS_FAST = {"JAX": 2.0}
# NumPy by hand is shown without a limit: it has the same data in memory, and no compiler.
AS_LIGHT = dict.fromkeys(["JAX", "PyTorch"], 1.0)


def cases() -> list[Case]:
    return [
        Case("process/time", "from process start to trained network, 30 epochs, everything included", _run_time, True),
        Case("memory/peak", "peak memory of the paper's training, whole process", _run_memory, True),
    ]


def _run_time(settings: Settings) -> tuple[list[Figure], list[str]]:
    epochs = 3 if settings.quick else 30

    def run(side: str) -> float:
        start = time.perf_counter()
        _train(side, settings, epochs)
        return time.perf_counter() - start

    rounds = in_turns(_sides(run, TIMED), settings.repetitions)
    return figures("process/time", f"{epochs} epochs", "s", rounds, AS_FAST), not_installed({"JAX": "jax"})


def _run_memory(settings: Settings) -> tuple[list[Figure], list[str]]:
    epochs = 1 if settings.quick else 3

    def run(side: str) -> float:
        return _train(side, settings, epochs)["memory"]

    rounds = in_turns(_sides(run, WEIGHED), settings.repetitions)
    return figures("memory/peak", f"{epochs} epochs", "MB", rounds, AS_LIGHT), not_installed(MODULES)


def _sides(run: Callable[[str], float], names: list[str]) -> dict[str, Callable[[], float]]:
    return {side: functools.partial(run, side) for side in names if side == OURS or installed(MODULES[side])}


def _train(side: str, settings: Settings, epochs: int) -> dict[str, float]:
    said: dict[str, float] = json.loads(fresh_process(["cases.whole_training", side, str(settings.mnist), str(epochs)]))
    if said["accuracy"] < LEARNT:
        raise AssertionError(f"{side} has not learnt: an accuracy of {said['accuracy']:.2%} after {epochs} epochs.")
    return said
