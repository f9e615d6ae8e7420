# ruff: noqa: E741  (l is the paper's index of a layer)
"""Checking a file with a hand-made backward pass: it runs in a process of its own, on several networks."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from chainrule.descent.checks import whole_number
from chainrule.document import Block, Document, Heading, Listing, Paragraph, Table, Verdict
from chainrule.networks import Network
from chainrule.networks.activations import ACTIVATIONS
from chainrule.networks.checks import layer_sizes, one_of
from chainrule.networks.costs import COSTS
from chainrule.teaching.backprop import check_backprop
from chainrule.teaching.grading import Part
from chainrule.teaching.reports import QUANTITIES, BackpropReport
from chainrule.teaching.sandbox import Limits, Student

VERSION = 1
EXAMPLES = ("one", "batch", "both")
_DEPTHS = (1, 2, 3)
_SHOWN = 3  # cases whose mistakes are told in full


@dataclass(frozen=True, eq=False)
class Case:
    """One network, one example or a mini-batch, and what was found there.

    Attributes
    ----------
    network : Network
    examples : int or None
        m, of a mini-batch; None for one example alone.
    report : BackpropReport
    """

    network: Network
    examples: int | None
    report: BackpropReport

    @property
    def form(self) -> str:
        """What was given, in words."""
        return "one example" if self.examples is None else f"a mini-batch of {self.examples}"


@dataclass(frozen=True, eq=False)
class FileReport:
    """What was found in a file. It is true or false itself.

    Attributes
    ----------
    file, function : str
    cases : tuple of Case
        As far as it came.
    failure : str
        Why it could not be checked, or not to the end, in a sentence; "" where it could.
    printed : str
        The beginning of what the file printed.
    notes : tuple of str
    by_layer : bool
        Whether all cases are of one network, whose layers are graded one by one.
    """

    file: str
    function: str
    cases: tuple[Case, ...] = ()
    failure: str = ""
    printed: str = ""
    notes: tuple[str, ...] = ()
    by_layer: bool = False

    @property
    def ok(self) -> bool:
        """Whether all is right."""
        return not self.failure and bool(self.cases) and all(case.report.ok for case in self.cases)

    @property
    def checked(self) -> tuple[str, ...]:
        """Which of "delta", "dW" and "db" were given, in any case."""
        return tuple(kind for kind in QUANTITIES if any(kind in case.report.checked for case in self.cases))

    def __bool__(self) -> bool:
        return self.ok

    def verdict(self) -> str:
        """Say in one sentence what was found."""
        if self.failure:
            return f"{self.file} could not be checked: {self.failure}"
        wrong = [case for case in self.cases if not case.report.ok]
        if not wrong:
            what = ", ".join(QUANTITIES[kind] for kind in self.checked)
            return f"{self.function} gives the right {what} in all {len(self.cases)} cases."
        return f"{self.function} is wrong in {len(wrong)} of {len(self.cases)} cases."

    def document(self) -> Document:
        """Return what was found, block by block."""
        return Document(f"`{self.function or 'my_backprop'}` in `{self.file}`, checked", tuple(self._blocks()))

    def to_json(self) -> str:
        """Write the report as JSON.

        Its keys: "chainrule check" (the version of this form, 1), "ok", "verdict", "file", "function", "failure" and
        "notes", as here; "cases", each with "sizes", "activation", "cost", "examples" (null for one alone) and
        "report", as `BackpropReport.to_json` writes it; and "printed".
        """
        found = {
            "chainrule check": VERSION,
            "ok": self.ok,
            "verdict": self.verdict(),
            "file": self.file,
            "function": self.function,
            "failure": self.failure,
            "notes": list(self.notes),
            "cases": [
                {
                    "sizes": case.network.sizes,
                    "activation": case.network.activation,
                    "cost": case.network.cost_name,
                    "examples": case.examples,
                    "report": json.loads(case.report.to_json()),
                }
                for case in self.cases
            ],
            "printed": self.printed,
        }
        return json.dumps(found, ensure_ascii=False, indent=1)

    def parts(self) -> list[Part]:
        """Return what is graded, part by part: each quantity, in each layer or kind of layer, in each form."""
        if self.failure or not self.cases:
            return [Part("The file", 0.0, self.verdict())]
        parts = []
        for batch in sorted({case.examples is not None for case in self.cases}):
            cases = [case for case in self.cases if (case.examples is not None) == batch]
            form = "a mini-batch" if batch else "one example"
            kinds = [kind for kind in QUANTITIES if kind != "delta" or kind in self.checked]
            places = ((kind, place) for kind in kinds for place in self._places(kind))
            parts += [self._part(f"{place}, {form}", kind, place, cases) for kind, place in places]
        return parts

    def _places(self, kind: str) -> list[str]:
        """Name the parts of a quantity, from the last layer back."""
        L = max(len(case.network.weights) for case in self.cases)
        if self.by_layer:
            return [_place(kind, l, L, by_layer=True) for l in range(L, 0, -1)]
        return list(dict.fromkeys(_place(kind, l, L, by_layer=False) for l in range(L, 0, -1)))

    def _part(self, name: str, kind: str, place: str, cases: Iterable[Case]) -> Part:
        for case in cases:
            report, L = case.report, len(case.network.weights)
            if kind not in report.checked:
                why = f"{QUANTITIES[kind]} was not returned." if report.checked else report.verdict()
                return Part(name, 0.0, why)
            for mistake in report.mistakes:
                # Where no δ was given, a mistake in it shows in what is made of it.
                own = mistake.quantity == kind or (mistake.quantity == "delta" and "delta" not in report.checked)
                if own and _place(kind, mistake.layer, L, by_layer=self.by_layer) == place:
                    return Part(name, 0.0, mistake.explanation)
        return Part(name, 1.0, "Right.")

    def _blocks(self) -> Iterator[Block]:
        yield Verdict(self.ok, (self.verdict(),))
        yield from (Paragraph((note,)) for note in self.notes)
        if self.cases:
            rows = tuple(
                (
                    ("-".join(map(str, case.network.sizes)),),
                    (f"{case.network.activation}, {case.network.cost_name}",),
                    (case.form,),
                    (_brief(case.report),),
                )
                for case in self.cases
            )
            yield Table(("network", "σ, C", "given", "found"), rows)
        for case in _telling(self.cases):
            sizes = "-".join(map(str, case.network.sizes))
            yield Heading(f"Network {sizes}, {case.form}")
            if case.report.checked:
                yield from case.report.document().blocks
            else:
                yield Verdict(False, (case.report.verdict(),))
        if self.printed:
            yield Heading("What the file printed")
            yield Listing(self.printed[:2000], "text")


def check_file(
    path: Path,
    function: str = "",
    *,
    network: Network | None = None,
    layers: Sequence[int] | None = None,
    activation: str | None = None,
    cost: str | None = None,
    examples: str = "both",
    seed: int = 0,
    limits: Limits | None = None,
) -> FileReport:
    """Check the backward pass in a file, in a process of its own.

    Parameters
    ----------
    path : path
        The file.
    function : str
        The function's name; "" for `my_backprop` or `backprop`.
    network : Network, optional
        What to check it on; by default, networks of one to three layers and one whose layers are of one size.
    layers : sequence of int, optional
        n_0..n_L of a network to check it on.
    activation, cost : str, optional
        σ and C of the networks that are made; by default those that the function's docstring names, or else the
        sigmoid and the quadratic cost.
    examples : {"one", "batch", "both"}
        Whether to give it one example at a time, mini-batches, or first one and then the other.
    seed : int
        Of the networks and the examples.
    limits : Limits, optional
        What the file may take.

    Returns
    -------
    FileReport

    Raises
    ------
    InputError
        If the file cannot be read, or an option is not what was expected.
    """
    one_of("examples", examples, EXAMPLES)
    whole_number(seed, "seed", at_least=0)
    if activation is not None:
        one_of("activation", activation, ACTIVATIONS)
    if cost is not None:
        one_of("cost", cost, COSTS)
    if layers is not None:
        layer_sizes(layers)
    notes: list[str] = []
    found: list[Case] = []
    with Student(path, function, limits) as student:
        if not student.failure:
            named = {"activation": _named(student.doc, ACTIVATIONS), "cost": _named(student.doc, COSTS)}
            if network is None and (taken := _taken(named, activation, cost)):
                notes.append(f"Taken from the function's docstring: {taken}.")
            networks = [network] if network else _networks(layers, activation, cost, named, seed)
            for one, x, y in _given(networks, examples, seed):
                report = check_backprop(student, one, x, y)
                if student.failure:
                    break
                found.append(Case(one, None if x.ndim == 1 else len(x), report))
    given = FileReport(path.name, student.name, tuple(found), student.failure, student.printed)
    if examples == "both" and _only_batches_fail(found):
        notes.append(
            "For one example at a time all is right, for mini-batches it is not. "
            "If the function is to take one example only, check it with `--examples one`."
        )
    missing = [QUANTITIES[kind] for kind in ("dW", "db") if kind not in given.checked]
    if missing and given.checked:
        notes.append(f"Not returned, and so not checked: {' and '.join(missing)}.")
    by_layer = network is not None or layers is not None
    return FileReport(given.file, given.function, given.cases, given.failure, given.printed, tuple(notes), by_layer)


def _named(doc: str, known: Iterable[str]) -> str | None:
    """Find the one name of those known that a docstring has in it; None where there is none, or more than one."""
    words = re.sub(r"[\s_-]+", "_", doc.lower())
    found = [name for name in known if re.search(rf"(?<![a-z]){name}(?![a-z])", words)]
    return found[0] if len(found) == 1 else None


def _taken(named: dict[str, str | None], activation: str | None, cost: str | None) -> str:
    given = {"activation": activation, "cost": cost}
    return " and ".join(f"{kind} {name}" for kind, name in named.items() if name and given[kind] is None)


def _networks(
    layers: Sequence[int] | None, activation: str | None, cost: str | None, named: dict[str, str | None], seed: int
) -> list[Network]:
    random = Random(seed)  # noqa: S311  (exercises are no secrets)
    if layers is not None:
        several = [list(layers)]
    else:
        several = [random.sample(range(2, 6), depth + 1) for depth in _DEPTHS]
        several.append([3, 3, 3])  # where a matrix and its transpose cannot be told by their shapes
    cost = cost or named["cost"]
    activation = activation or named["activation"] or (cost and COSTS[cost].activation) or "sigmoid"
    return [
        Network(sizes, activation, cost or "quadratic", seed=seed + i, dtype="float64")
        for i, sizes in enumerate(several)
    ]


def _given(networks: Sequence[Network], examples: str, seed: int) -> Iterator[tuple[Network, Any, Any]]:
    """Give each network with an example, with a mini-batch, or both; the examples alone come first."""
    for batch in (False, True):
        if examples == ("one" if batch else "batch"):
            continue
        for i, network in enumerate(networks):
            random = np.random.default_rng([seed, i, batch])
            # Of another size than any layer, so that rows and columns are told apart by their shapes.
            m = int(random.choice([n for n in range(3, 6 + len(set(network.sizes))) if n not in network.sizes][:4]))
            x = random.uniform(-1, 1, (m, network.sizes[0]))
            y = np.eye(network.sizes[-1])[random.integers(0, network.sizes[-1], m)]
            if network.sizes[-1] == 1:
                y = random.integers(0, 2, (m, 1)).astype(np.float64)
            yield (network, x, y) if batch else (network, x[0], y[0])


def _only_batches_fail(cases: Iterable[Case]) -> bool:
    right = {True: True, False: True}
    for case in cases:
        right[case.examples is not None] &= case.report.ok
    return right[False] and not right[True]


def _place(kind: str, l: int, L: int, *, by_layer: bool) -> str:
    if by_layer:
        return f"{QUANTITIES[kind]}^{l}"
    if kind != "delta":
        return QUANTITIES[kind]
    return "δ of the last layer" if l == L else "δ of the hidden layers"


def _brief(report: BackpropReport) -> str:
    if report.ok:
        return "✓ right"
    first = report.mistakes[0]
    if not report.checked:
        return f"✗ {first.name}"
    return f"✗ {QUANTITIES[first.quantity]}^{first.layer}: {first.name}"


def _telling(cases: Iterable[Case]) -> list[Case]:
    """Choose the wrong cases to tell in full: the first of each mistake."""
    chosen: dict[tuple[str, str], Case] = {}
    for case in cases:
        if not case.report.ok:
            first = case.report.mistakes[0]
            chosen.setdefault((first.name, first.quantity), case)
    return list(chosen.values())[:_SHOWN]
