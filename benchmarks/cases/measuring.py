"""Sides measured in turns, and what came of it as ratios to chainrule."""

import dataclasses
import functools
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import chainrule

T = TypeVar("T")

OURS = "chainrule"

# Before each turn, in seconds: the threads of the side before, of OpenBLAS say, keep a core busy for a while after
# their work, in hope of more of it.
REST = 0.1

# glibc gives large blocks back to the system as soon as they are freed, and the system clears every page anew: half of
# JAX's time on the mixture of 10,000 points. With these limits, in bytes, it keeps them.
KEPT_MEMORY = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(2**30))

BENCHMARKS = Path(__file__).parents[1]
SOURCE = Path(chainrule.__file__).parents[1]


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the user asked for."""

    repetitions: int
    quick: bool
    mnist: Path
    pictures: Path


@dataclasses.dataclass(frozen=True)
class Figure:
    """What one side took in one case, and how often chainrule fits into it."""

    case: str
    measure: str
    side: str
    unit: str
    median: float
    ratio: float  # peer / chainrule: the median of the rounds' ratios
    lowest: float  # of the rounds' ratios
    highest: float
    limit: float | None = None  # what the ratio must reach

    @property
    def kept(self) -> bool:
        """Whether the ratio reaches its limit, if it has one."""
        return self.limit is None or self.ratio >= self.limit


@dataclasses.dataclass(frozen=True)
class Case:
    """Something to measure. ``run`` gives figures, and lines to print below them."""

    name: str
    about: str
    run: Callable[[Settings], tuple[list[Figure], list[str]]]
    on_mnist: bool = False


def figures(
    case: str, measure: str, unit: str, rounds: Mapping[str, list[float]], limits: Mapping[str, float] | None = None
) -> list[Figure]:
    """Turn what each side took in each round into figures. A limit is for sides whose names begin with its own."""
    result = []
    for side, taken in rounds.items():
        ratios = [theirs / ours for theirs, ours in zip(taken, rounds[OURS], strict=True)]
        limit = next((limit for start, limit in (limits or {}).items() if side.startswith(start)), None)
        median = statistics.median(taken)
        ratio = statistics.median(ratios)
        result.append(Figure(case, measure, side, unit, median, ratio, min(ratios), max(ratios), limit))
    return result


def keep_memory() -> None:
    """Start this process anew with an allocator that keeps what is freed: the best for every side."""
    if not KEPT_MEMORY.keys() <= os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEPT_MEMORY)


def in_turns(sides: Mapping[str, Callable[[], T]], repetitions: int) -> dict[str, list[T]]:
    """Call A B C A B C …, so that a slow moment of the machine hits all sides; give what each call gave."""
    taken: dict[str, list[T]] = {side: [] for side in sides}
    for _ in range(repetitions):
        for side, call in sides.items():
            time.sleep(REST)
            taken[side].append(call())
    return taken


def seconds(call: Callable[[], Any], repeats: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def timer(call: Callable[[], Any], a_round: float = 0.1) -> Callable[[], float]:
    """Make a stopwatch that gives seconds a call, from as many calls in a row as fill a round. It warms up first."""
    call()
    repeats = max(1, round(a_round / seconds(call, 3)))
    return lambda: seconds(call, repeats)


def fastest(variants: Mapping[str, Callable[[], Any]]) -> str:
    """Find by trial which way of doing the same thing is the fastest."""
    if len(variants) == 1:
        return next(iter(variants))
    for call in variants.values():
        call()
    taken = in_turns({name: functools.partial(seconds, call) for name, call in variants.items()}, 3)
    # Not the median: a slow moment during so short a trial should not decide.
    return min(taken, key=lambda name: min(taken[name]))


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def not_installed(modules: Mapping[str, str]) -> list[str]:
    """Say of each system whose module is missing that it is."""
    return [
        f"{system} is missing: {module} is not installed."
        for system, module in modules.items()
        if not installed(module)
    ]


def fresh_process(arguments: Iterable[str]) -> str:
    """Run a module of ours in a Python of its own, as a user would start it, and give what it printed.

    Its cache folder is empty.
    """
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            env=_as_a_user_has_it(cache),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


def _as_a_user_has_it(cache: str) -> dict[str, str]:
    usual = {name: value for name, value in os.environ.items() if name not in KEPT_MEMORY}
    return usual | {"PYTHONPATH": os.pathsep.join([str(BENCHMARKS), str(SOURCE)]), "XDG_CACHE_HOME": cache}


class Companion:
    """A module of ours in a Python of its own, which answers each line that it is sent by one. Its cache is empty."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._about = " ".join(arguments)
        self._cache = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=_as_a_user_has_it(self._cache.name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        with self._process:
            self._process.stdin.close()  # type: ignore[union-attr]
        self._cache.cleanup()

    def hear(self) -> str:
        """Wait for the next line that it prints."""
        line: str = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise RuntimeError(f"{self._about} failed: its error stands above.")
        return line

    def ask(self) -> str:
        """Send an empty line, and wait for the answer."""
        print(file=self._process.stdin, flush=True)
        return self.hear()
