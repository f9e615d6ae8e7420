"""A plan as text for a reader: one line a step, in the manner of NumPy.

Arrays are called by the names of the function's arguments, ``out1``, ``out2``, … for results, ``c1``, … for constants
and ``m0``, … for the program's own memory; ``m0+64`` begins 64 bytes further on, and ``x+8t1`` moves on by 8 bytes with
each turn of the loop over t1. Within a kernel the letters say along which axes of the loops an array moves.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.plan import (
    Apply,
    Call,
    Kernel,
    Loop,
    Number,
    Place,
    Plan,
    Product,
    Read,
    Rows,
    Step,
    Store,
    View,
)

_AXES = "ijklmnopqrsuvw"
_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
_COMPARED = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!="}
_REDUCED = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}


def source_of(plan: Plan, name: str = "program", names: Sequence[str] = ()) -> str:
    """Write a plan down.

    Parameters
    ----------
    plan : Plan
    name : str
        The function's name.
    names : sequence of str
        What its arguments are called.

    Returns
    -------
    str

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import compile
    >>> made = compile(lambda x: np.sum(np.exp(-x) * 2)).program(np.zeros(3))
    >>> print(source_of(made.plan, "f", ["x"]))
    f(x: float64 (3,))
      out1 = sum(exp(-x[i]) * 2.0)    for i < 3
      return out1: float64 ()
    """
    names = _input_names(plan, names)
    given = ", ".join(f"{x}: {_typed(view)}" for x, view in zip(names, plan.inputs, strict=True))
    results = ", ".join(f"out{k + 1}: {_typed(view)}" for k, view in enumerate(plan.outputs))
    body = [f"{'  ' * (depth + 1)}{line}" for depth, lines, _ in lines_of(plan, names) for line in lines]
    return "\n".join([f"{name}({given})", *body, f"  return {results}"])


def lines_of(plan: Plan, names: Sequence[str] = ()) -> Iterator[tuple[int, list[str], Step | Call | Loop]]:
    """Go through the steps of a plan: how deep within loops, what is written of it, and the step itself."""
    writer = _Writer(plan, _input_names(plan, names))
    yield from _lines(writer, plan.steps, 0)


def _lines(writer: "_Writer", steps: Sequence[Any], depth: int) -> Iterator[tuple[int, list[str], Step | Call | Loop]]:
    for step in steps:
        if isinstance(step, Loop):
            yield depth, [f"for t{depth + 1} in range({step.length}):"], step
            yield from _lines(writer, step.steps, depth + 1)
        else:
            yield depth, writer.step(step), step


def _input_names(plan: Plan, names: Sequence[str]) -> list[str]:
    return [*names, *(f"x{k + 1}" for k in range(len(names), len(plan.inputs)))]


def _typed(view: View) -> str:
    return f"{view.dtype} {view.shape}"


class _Writer:
    """Writes steps, with the names of a plan's buffers."""

    def __init__(self, plan: Plan, names: list[str]) -> None:
        of_kind = {"input": lambda k: names[k], "output": lambda k: f"out{k + 1}", "constant": lambda k: f"c{k + 1}"}
        scratch = [k for k, buffer in enumerate(plan.buffers) if buffer.kind == "scratch"]
        self.names = [
            f"m{scratch.index(k)}" if buffer.kind == "scratch" else of_kind[buffer.kind](buffer.number)
            for k, buffer in enumerate(plan.buffers)
        ]

    def place(self, place: Place) -> str:
        """Write where an array begins."""
        moves = [f"+{nbytes}t{k + 1}" for k, nbytes in enumerate(place.advance) if nbytes]
        return self.names[place.buffer] + (f"+{place.offset}" if place.offset else "") + "".join(moves)

    def step(self, step: Step | Call) -> list[str]:
        """Write a step: a line, or several where one kernel computes several arrays."""
        if isinstance(step, Call):
            return [self._call(step)]
        if isinstance(step.work, Kernel):
            return self._kernel(step.work, step.arguments)
        arrays = [self.place(place) for place in step.arguments]
        if isinstance(step.work, Rows):
            x, indices, y = arrays
            size = f"    {step.work.count} rows of {step.work.length}"
            return [(f"{y}[{indices}] += {x}" if step.work.add else f"{y} = {x}[{indices}]") + size]
        return [_product(step.work, arrays)]

    def _call(self, call: Call) -> str:
        given = [self.place(x.place) if isinstance(x, View) else _short(x) for x in call.operands]
        given += [f"{name}={_short(x)}" for name, x in call.parameters]
        results = ", ".join("_" if x is None else self.place(x.place) for x in call.results)
        return f"{results} = {call.name}({', '.join(given)})    by NumPy"

    def _kernel(self, kernel: Kernel, places: Sequence[Place]) -> list[str]:
        texts: list[str] = []
        lines = []
        uses = [k for e in kernel.expressions if isinstance(e, Apply) for k in e.operands]
        uses += [s.expression for s in kernel.stores]
        for k, e in enumerate(kernel.expressions):
            if isinstance(e, Read):
                text = self._entry(places[e.argument], e.strides, kernel.shape)
            else:
                text = str(e.value) if isinstance(e, Number) else _applied(e, texts)
            if isinstance(e, Apply) and uses.count(k) > 1:
                lines.append(f"v{k} = {text}")
                text = f"v{k}"
            texts.append(text)
        lines += [self._store(s, texts[s.expression], places, kernel.shape) for s in kernel.stores]
        over = ", ".join(f"{_AXES[i]} < {n}" for i, n in enumerate(kernel.shape))
        lines[0] += f"    for {over}" if over else ""
        return [lines[0], *(f"  {line}" for line in lines[1:])]

    def _entry(self, place: Place, strides: Sequence[int], shape: Sequence[int]) -> str:
        moving = [i for i in range(len(shape)) if strides[i] and shape[i] != 1]
        letters = ", ".join(_AXES[i] for i in sorted(moving, key=lambda i: -abs(strides[i])))
        return self.place(place) + (f"[{letters}]" if letters else "")

    def _store(self, store: Store, text: str, places: Sequence[Place], shape: Sequence[int]) -> str:
        value = text if store.reduce is None else f"{_REDUCED[store.reduce]}({_bare(text)})"
        sign = "+=" if store.onto else "="
        return f"{self._entry(places[store.argument], store.strides, shape)} {sign} {_bare(value)}"


def _applied(e: Apply, texts: list[str]) -> str:
    operands = [texts[k] for k in e.operands]
    signs = _SIGNS | _COMPARED
    if e.function in signs and len(operands) == 2:
        return f"({operands[0]} {signs[e.function]} {operands[1]})"
    if e.function == "negative":
        return f"-{operands[0]}"
    if e.function == "square":
        return f"({operands[0]} ** 2)"
    if e.function == "astype":
        return f"{e.dtype}({_bare(operands[0])})"
    return f"{e.function}({', '.join(map(_bare, operands))})"


def _bare(text: str) -> str:
    """Leave out parentheses around the whole."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for k, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and k < len(text) - 1:
            return text
    return text[1:-1]


def _product(p: Product, arrays: list[str]) -> str:
    a, b, c, *bias = arrays
    text = f"{a} @ {b}" if p.alpha == 1 else f"{p.alpha} * {a} @ {b}"
    if p.beta:
        text += f" + {c}" if p.beta == 1 else f" + {p.beta} * {c}"
    text += "".join(f" + {x}" for x in bias)
    times = f", {math.prod(p.batch)} times" if p.batch else ""
    return f"{c} = {text}    ({p.m}, {p.k}) @ ({p.k}, {p.n}){times}"


def _short(x: Any) -> str:
    return f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) and x.ndim else str(x)
