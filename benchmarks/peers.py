"""chainrule beside its peers, each in the best form found for it: training, general functions, whole processes, growth.

    python benchmarks/peers.py --list
    python benchmarks/peers.py [--only network/784-30 function …] [--mnist FOLDER] [--json FILE] [--quick]

Sides take turns (A B C A B C …) within one run, and the medians of their times are given with the ratio
peer / chainrule: the median of the rounds' ratios, and the lowest and highest of them. All sides must come to the same
numbers before they are timed. Where a side has variants (how many threads, which layout), the fastest by a trial is
taken, and named. The allocator keeps freed memory, which most sides gain by, JAX the most; whole processes, first
results and growth are measured as a user would start them. A ratio that has a limit must reach it; the exit code is 1
where one is missed.

Left out of the growth is torch.compile, which would compile for half a minute at each point.
"""

import argparse
import dataclasses
import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cases import allocation, general, growth, networks, processes
from cases.measuring import OURS, Case, Figure, Settings, keep_memory

HERE = Path(__file__).parent


def main() -> None:
    arguments = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 150)
    cases = [case for module in (networks, processes, general, growth, allocation) for case in module.cases()]
    if arguments.list:
        for case in cases:
            print(f"{case.name:28} {case.about}")
        return
    cases = _chosen(cases, arguments.only)
    if any(case.on_mnist for case in cases) and not Path(arguments.mnist, "train-images-idx3-ubyte.gz").exists():
        sys.exit("MNIST is needed: give the folder of its files by --mnist, or in CHAINRULE_MNIST.")
    keep_memory()
    settings = Settings(max(5, arguments.repetitions), arguments.quick, Path(arguments.mnist), arguments.pictures)
    if settings.quick:
        console.print("Quick: fewer images, epochs and repetitions; do not quote these figures.")
    found: list[Figure] = []
    disagreed: list[str] = []
    for case in cases:
        try:
            figures, notes = case.run(settings)
        except AssertionError as error:
            # The other cases' figures, which may have taken long, are not lost by it.
            console.print(f"{case.name}: the sides do not agree, so nothing was timed. {error}", markup=False)
            disagreed.append(case.name)
            continue
        _print(console, f"{case.name}: {case.about}", figures, notes)
        found += figures
    if summary := general.summary(found):
        _print(console, "general functions: peer / chainrule, in the mean", summary, [])
    found += summary
    if arguments.json is not None:
        report = {"quick": settings.quick, "disagreed": disagreed, "figures": [_plain(figure) for figure in found]}
        arguments.json.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    missed = [figure for figure in found if not figure.kept]
    limits = sum(figure.limit is not None for figure in found)
    console.print(f"{limits - len(missed)} of {limits} limits are kept.")
    sys.exit(1 if missed or disagreed else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="the cases whose names begin so")
    parser.add_argument("--list", action="store_true", help="say which cases there are, and end")
    parser.add_argument("--quick", action="store_true", help="fewer images, epochs and repetitions")
    parser.add_argument("--repetitions", type=int, default=5, help="rounds; at least 5")
    parser.add_argument("--mnist", default=os.environ.get("CHAINRULE_MNIST", ""), help="the folder of MNIST's files")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file")
    parser.add_argument("--pictures", type=Path, default=HERE / "results", metavar="FOLDER", help="where plots go")
    return parser.parse_args()


def _chosen(cases: Sequence[Case], only: Iterable[str] | None) -> list[Case]:
    if only is None:
        return list(cases)
    for start in only:
        if not any(case.name.startswith(start) for case in cases):
            sys.exit(f"No case's name begins with {start!r}: --list says which there are.")
    return [case for case in cases if case.name.startswith(tuple(only))]


def _print(console: Console, title: str, figures: Sequence[Figure], notes: Sequence[str]) -> None:
    table = Table(
        "", "side", "median", "peer / chainrule", "lowest to highest", "limit", title=title, title_justify="left"
    )
    for column in table.columns[2:5]:
        column.justify = "right"
    last = None
    for figure in figures:
        about = (
            f"{figure.case.partition('/')[2]} {figure.measure}" if figure.case.startswith("growth") else figure.measure
        )
        if about != last and last is not None:
            table.add_section()
        ours = figure.side == OURS
        table.add_row(
            about if about != last else "",
            figure.side,
            "" if math.isnan(figure.median) else f"{_digits(figure.median)} {figure.unit}",
            "" if ours else _digits(figure.ratio),
            "" if ours else f"{_digits(figure.lowest)} to {_digits(figure.highest)}",
            "" if figure.limit is None else f"{figure.limit:.2f}: {'kept' if figure.kept else 'MISSED'}",
        )
        last = about
    console.print(table)
    for note in notes:
        console.print(note)


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _plain(figure: Figure) -> dict[str, object]:
    """Turn a figure into what JSON can hold: it has no NaN."""
    fields = dataclasses.asdict(figure)
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in fields.items()}


if __name__ == "__main__":
    main()
