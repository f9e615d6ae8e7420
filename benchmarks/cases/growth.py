"""How a training step's time and memory grow with the mini-batch, the width and the depth of the network."""

import statistics
from contextlib import ExitStack

from cases.measuring import OURS, Case, Companion, Figure, Settings, figures, in_turns, installed, not_installed

MODULES = {"JAX": "jax", "PyTorch": "torch", "NumPy": "numpy"}
MEASURES = {"time": ("time a step", "ms", 1e3), "memory": ("peak memory", "MB", 1.0)}

# Networks (sizes, batch) by what grows in them.
SERIES: dict[str, dict[int, tuple[str, int]]] = {
    "batch": {m: ("784-30-10", m) for m in (1, 8, 64, 512, 4096)},
    "width": {n: (f"784-{n}-10", 32) for n in (10, 64, 512, 4096)},
    "depth": {n: ("-".join(["784", *["30"] * n, "10"]), 10) for n in (1, 5, 20, 50)},
}
AXES = {
    "batch": "examples in a mini-batch (784-30-10)",
    "width": "hidden units (784-n-10, mini-batches of 32)",
    "depth": "hidden layers of 30 (mini-batches of 10)",
}


def cases() -> list[Case]:
    return [Case("growth", "time a step and memory against batch, width and depth, plotted", _run)]


def _run(settings: Settings) -> tuple[list[Figure], list[str]]:
    sides = [OURS, *(side for side, module in MODULES.items() if installed(module))]
    repetitions = 1 if settings.quick else settings.repetitions
    found: list[Figure] = []
    curves: dict[tuple[str, str], dict[str, list[tuple[int, float]]]] = {}
    for grows, points in SERIES.items():
        for size, (sizes, batch) in points.items():
            measured = _measured(sides, sizes, batch, repetitions)
            for measure, (about, unit, factor) in MEASURES.items():
                taken = {side: [factor * one for one in measured[measure][side]] for side in sides}
                found += figures(f"growth/{grows} {size}", about, unit, taken)
                for side in sides:
                    curve = curves.setdefault((measure, grows), {}).setdefault(side, [])
                    curve.append((size, statistics.median(taken[side])))
    notes = not_installed(MODULES | {"The plot": "matplotlib"})
    if installed("matplotlib"):
        from cases.growth_plot import draw

        labels = {measure: f"{about}, {unit}" for measure, (about, unit, _) in MEASURES.items()}
        notes += [f"Plotted: {path}" for path in draw(curves, labels, AXES, settings.pictures)]
    return found, notes


def _measured(sides: list[str], sizes: str, batch: int, repetitions: int) -> dict[str, dict[str, list[float]]]:
    """Give for each measure what each side took: each in a process of its own, and the processes in turns."""
    with ExitStack() as stack:
        memory, calls = {}, {}
        for side in sides:
            companion = stack.enter_context(Companion(["cases.growth_point", side, sizes, str(batch)]))
            memory[side] = [float(companion.hear())]
            calls[side] = lambda companion=companion: float(companion.ask())
        return {"memory": memory, "time": in_turns(calls, repetitions)}
