"""The plot of `growth`, to be read without colour: markers, line styles, and names at the ends of the lines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Curves = Mapping[tuple[str, str], Mapping[str, list[tuple[int, float]]]]

# Grey levels that differ in print, too; chainrule's line is the heavy one.
STYLES: dict[str, dict[str, Any]] = {
    "chainrule": {"marker": "o", "linestyle": "-", "color": "black", "linewidth": 2.4},
    "JAX": {"marker": "s", "linestyle": "--", "color": "#b04a00"},
    "PyTorch": {"marker": "^", "linestyle": "-.", "color": "#6a51a3"},
    "NumPy": {"marker": "x", "linestyle": ":", "color": "#00665a"},
}


def draw(curves: Curves, measures: Mapping[str, str], axes: Mapping[str, str], folder: Path) -> list[Path]:
    """Draw a panel for each measure (downwards) and each thing that grows (across): growth.png and growth.svg.

    Parameters
    ----------
    curves
        For each measure and growing thing, the points of each side.
    measures, axes
        What to write at the axes.
    folder
        Where to write; it is made if need be.
    """
    mpl.use("Agg")
    figure = Figure(figsize=(15, 8.5), layout="constrained")
    panels = figure.subplots(len(measures), len(axes), squeeze=False)
    for row, (measure, measure_label) in enumerate(measures.items()):
        for column, (grows, axis_label) in enumerate(axes.items()):
            _panel(panels[row][column], curves[measure, grows])
            panels[row][column].set(xlabel=axis_label, ylabel=measure_label)
    figure.suptitle("A training step beside the peers")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"growth.{kind}" for kind in ("png", "svg")]
    for path in paths:
        figure.savefig(path, dpi=130)
    return paths


def _panel(panel: Axes, curves: Mapping[str, list[tuple[int, float]]]) -> None:
    panel.set(xscale="log", yscale="log")
    panel.grid(visible=True, which="major", color="0.9")
    panel.spines[["top", "right"]].set_visible(False)
    for side, points in curves.items():
        x, y = zip(*points, strict=True)
        panel.plot(x, y, **STYLES[side])
    sizes = [size for size, _ in next(iter(curves.values()))]
    panel.set_xticks(sizes, [f"{size:,}" for size in sizes])
    panel.minorticks_off()
    _name_the_ends(panel, curves)


def _name_the_ends(panel: Axes, curves: Mapping[str, list[tuple[int, float]]]) -> None:
    """Write each side's name at the right end of its line, the names apart from each other."""
    ends = sorted((points[-1][1], side) for side, points in curves.items())
    low, high = panel.get_ylim()
    step = (high / low) ** 0.06
    floor = 0.0
    for y, side in ends:
        floor = max(y, floor * step)
        panel.annotate(
            side,
            xy=(1.01, floor),
            xycoords=("axes fraction", "data"),
            va="center",
            fontweight="bold" if side == "chainrule" else "normal",
            color=STYLES[side]["color"],
        )
