# ruff: noqa: E741  (l is the paper's index of a layer)
"""Calling a hand-made backward pass, and reading what it returns in whichever form it is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chainrule.errors import InputError
from chainrule.graph.blame import line_of

Array = npt.NDArray[Any]

KINDS = ("delta", "dW", "db")


@dataclass(frozen=True, eq=False)
class Answer:
    """What a backward pass returned, its examples as columns. Lists count from 0; what was not given is None.

    Attributes
    ----------
    delta, dW, db : list of arrays, or None
        δ^l of each example's own cost (n_l, m), ∂C/∂W^l (n_l, n_{l-1}), ∂C/∂b^l (n_l,), where the shapes are right;
        of several points, stacked along a first axis.
    notes : tuple of str
        How it was read, where that is not as asked first.
    denied : tuple of (str, str)
        Mistakes, by quantity and name, that would undo the reading: where one is found, it was not meant so.
    """

    delta: list[Array] | None
    dW: list[Array] | None  # noqa: N815  (the paper's letter)
    db: list[Array] | None
    notes: tuple[str, ...] = ()
    denied: tuple[tuple[str, str], ...] = ()

    @property
    def given(self) -> tuple[str, ...]:
        """Which quantities were given."""
        return tuple(kind for kind in KINDS if getattr(self, kind) is not None)

    def at_first(self) -> "Answer":
        """Return what was returned at the first point alone."""
        delta, dW, db = (part and [array[:1] for array in part] for part in (self.delta, self.dW, self.db))
        return Answer(delta, dW, db, self.notes, self.denied)


@dataclass(frozen=True, eq=False)
class Point:
    """Where a backward pass is called: weights and biases, and an example or a batch, all in double precision.

    Attributes
    ----------
    W, b : list of arrays
        W^1… of shape (n_l, n_{l-1}), b^1… (n_l,).
    x, y : array
        An example (n_0,) and (n_L,), or a batch with one example a row.
    """

    W: list[Array]
    b: list[Array]
    x: Array
    y: Array


class Form(NamedTuple):
    """How a backward pass is called: examples as columns or not, and biases as columns or not."""

    columns: bool
    bias_columns: bool


FORMS = (Form(False, False), Form(True, True), Form(True, False))


class Failure(Exception):  # noqa: N818  (it is the student's, told in a report)
    """What kept an answer from being read, in a sentence."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


def call(my_backprop: Callable[..., Any], point: Point, form: Form) -> tuple[Any, bool]:
    """Call a backward pass with copies; return what it gave, and whether it changed the weights or biases.

    Parameters
    ----------
    my_backprop : callable
    point : Point
    form : Form

    Raises
    ------
    Failure
        It raised an error.
    """
    weights = [w.copy() for w in point.W]
    biases = [v[:, np.newaxis].copy() if form.bias_columns else v.copy() for v in point.b]
    before = [v.copy() for v in (*weights, *biases)]
    given_x, given_y = (
        np.array(v[:, np.newaxis] if v.ndim == 1 else v.T) if form.columns else v.copy() for v in (point.x, point.y)
    )
    own = [*weights], [*biases]
    try:
        with np.errstate(all="ignore"):
            found = my_backprop(own[0], own[1], given_x, given_y)
    except Exception as error:  # whatever a student's function raises is told in the report
        line = line_of(error)
        place = f" in {line}" if line else ""
        raise Failure("raises", f"it raised {type(error).__name__}{place}: {error}") from error
    now = [*own[0], *own[1]]
    changed = len(now) != len(before) or any(
        one is not other or not np.array_equal(one, value)
        for one, other, value in zip(now, (*weights, *biases), before, strict=False)
    )
    return found, changed


def lists_of(found: Any, layers: int) -> dict[str, list[Array]]:
    """Take apart what a backward pass returned: a dict, or the pair (nabla_b, nabla_w).

    Raises
    ------
    Failure
        It is neither, or its lists are not of so many arrays of numbers.
    """
    if isinstance(found, Mapping):
        unknown = [key for key in found if key not in KINDS]
        if unknown or not found:
            raise Failure(
                "wrong-form", f"a dict came with {', '.join(map(repr, unknown)) or 'nothing in it'}; "
                "give any of 'delta', 'dW' and 'db', each a list with the first layer first.",
            )  # fmt: skip
        parts = {kind: found[kind] for kind in KINDS if kind in found}
    elif isinstance(found, tuple | list) and len(found) == 2:
        parts = {"dW": found[1], "db": found[0]}
    else:
        what = "nothing" if found is None else f"a {type(found).__name__}"
        raise Failure(
            "wrong-form",
            f"it returned {what}; return a dict with any of 'delta', 'dW' and 'db', or the pair (nabla_b, nabla_w).",
        )
    return {kind: _arrays(kind, part, layers) for kind, part in parts.items()}


def _arrays(kind: str, part: Any, layers: int) -> list[Array]:
    several = isinstance(part, Sequence) or (isinstance(part, np.ndarray) and part.ndim > 0)
    if not several or len(part) != layers:
        count = f"{len(part)} of them" if several else f"a {type(part).__name__}"
        raise Failure(
            "wrong-count", f"{kind} came as {count}; give a list of {layers}, one for each layer with weights."
        )
    return [_array(kind, one, l) for l, one in enumerate(part, 1)]


def _array(kind: str, one: Any, l: int) -> Array:
    try:
        array = np.asarray(one)
        return array if array.dtype in (np.float16, np.float32) else array.astype(np.float64, casting="same_kind")
    except (TypeError, ValueError):
        raise Failure("not-numbers", f"{kind} of layer {l} does not hold real numbers; give an array.") from None


def readings(lists: Mapping[str, list[Array]], sizes: Sequence[int], m: int, *, batch: bool) -> Iterator[Answer]:
    """Give the ways to read an answer, the plainest first: columns or rows, gradients transposed in all layers.

    Parameters
    ----------
    lists : mapping
        By kind.
    sizes : sequence of int
        n_0..n_L.
    m : int
        The number of examples.
    batch : bool
        Whether a batch was given.
    """
    plain = Answer(
        [_column(d, n, m) for d, n in zip(lists["delta"], sizes[1:], strict=True)] if "delta" in lists else None,
        lists.get("dW"),
        [_flat(v, n) for v, n in zip(lists["db"], sizes[1:], strict=True)] if "db" in lists else None,
    )
    answers = [plain]
    if plain.dW is not None and all(w.shape == (sizes[l], sizes[l + 1]) for l, w in enumerate(plain.dW)):
        note = "The gradients by W were read as transposed, in every layer."
        turned = [w.T for w in plain.dW]
        answers.append(replace(plain, dW=turned, notes=(note,), denied=(("dW", "transposed"),)))
    if batch and plain.delta is not None:
        rows = lists["delta"]
        square = [d.shape == (m, n) == (n, m) for d, n in zip(rows, sizes[1:], strict=True)]
        if any(square):  # rows or columns, the numbers tell; it is the same in every layer
            turned = [d.T if both else d for d, both in zip(plain.delta, square, strict=True)]
            answers += [replace(a, delta=turned) for a in answers]
        note = "δ was read as divided by the number of examples."
        once_more = ("delta", "sum-for-mean")
        answers += [
            replace(a, delta=[d * m for d in a.delta or []], notes=(*a.notes, note), denied=(*a.denied, once_more))
            for a in answers
        ]
    yield from answers


def _column(delta: Array, n: int, m: int) -> Array:
    """Return δ with its examples as columns, where its shape can be read so."""
    if m == 1 and (delta.shape == (n,) or (n == 1 and delta.shape == ())):
        return delta.reshape(n, 1)
    if n == 1 and delta.shape == (m,):
        return delta.reshape(1, m)
    if delta.shape == (m, n) and delta.shape != (n, m):
        return delta.T
    return delta


def _flat(bias: Array, n: int) -> Array:
    return bias.reshape(n) if bias.shape in {(n, 1), (1, n)} or (n == 1 and bias.shape == ()) else bias


def stacked(answers: Sequence[Answer]) -> Answer:
    """Put what was returned at several points together, in double precision."""
    parts: dict[str, list[Array]] = {
        kind: [
            np.stack(arrays).astype(np.float64)
            for arrays in zip(*(getattr(answer, kind) for answer in answers), strict=True)
        ]
        for kind in answers[0].given
    }
    return Answer(parts.get("delta"), parts.get("dW"), parts.get("db"), answers[0].notes, answers[0].denied)


def check_network(network: Any) -> None:
    """Refuse what is no network.

    Raises
    ------
    InputError
        It has no weights, biases, sizes, activation and cost.
    """
    if not all(hasattr(network, name) for name in ("weights", "biases", "sizes", "activation", "cost_name")):
        raise InputError(f"a network was expected, and a {type(network).__name__} came; give a chainrule.Network.")
