"""Checking a backward pass that was written by hand, and naming its mistakes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from chainrule.networks import Network
from chainrule.networks.checks import examples, targets
from chainrule.teaching.answers import (
    FORMS,
    Answer,
    Failure,
    Form,
    Point,
    call,
    check_network,
    lists_of,
    readings,
    stacked,
)
from chainrule.teaching.hypotheses import of
from chainrule.teaching.passes import Array, Pass, forward
from chainrule.teaching.reports import BackpropReport, Mistake
from chainrule.teaching.rounding import DOUBLE, SINGLE, Rounding
from chainrule.teaching.searching import PRICES, State, mistakes_in

_PROBES = 3
"""Other networks of the same sizes, on which mistakes that give the same numbers are told apart."""

_ELSEWHERE = (
    "At the point that was given all numbers are right, but not at other weights and examples, drawn to tell; "
    "what is said holds there."
)
_CORNER = "Where some z is 0, relu has no derivative: the check was made at other weights and examples."


def check_backprop(my_backprop: Callable[..., Any], network: Network, x: Any, y: Any) -> BackpropReport:
    """Check a hand-made backward pass of a network, find the first layer where it goes wrong, and name the mistake.

    Parameters
    ----------
    my_backprop : callable
        ``my_backprop(weights, biases, x, y)`` returns its own δ's and gradients: a dict with any of "delta" (δ^l =
        ∂C/∂z^l), "dW" and "db", each a list with the first layer first; or the pair ``(nabla_b, nabla_w)``. Of a batch
        C is the mean of the examples' costs, and δ^l holds each example's own, divided by their number or not.
        Vectors may be flat or columns, and the gradients by W transposed in every layer.
    network : Network
        Its weights and biases are handed over as lists of copies in double precision: W^l of shape (n_l, n_{l-1}), b^l
        of shape (n_l,), or (n_l, 1) if the function wants columns.
    x : array of shape (n_0,) or (m, n_0)
        An example, or a batch with one example a row. The function gets it so, or, if that does not work, as columns.
    y : array, or int, or array of int
        Its target or label, as `Network.cost` takes it. The function gets targets.

    Returns
    -------
    BackpropReport
        ``.ok`` (the report is true or false itself), ``.layer``, ``.quantity`` and ``.mistakes``; printed, it says what
        was found.

    Raises
    ------
    InputError
        The network, x or y are not what was expected.

    Notes
    -----
    The right formulas: Amayed, "A Guided Derivation of Backpropagation Algorithm", IV.4. A layer is held against what
    the layer above it handed on, so that what merely follows from a mistake is not called another.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import Network
    >>> def my_backprop(weights, biases, x, y):
    ...     a = 1 / (1 + np.exp(-(weights[0] @ x + biases[0])))
    ...     delta = a - y  # σ' is forgotten
    ...     return {"delta": [delta], "dW": [np.outer(delta, x)], "db": [delta]}
    >>> report = check_backprop(my_backprop, Network([3, 2]), [0.1, 0.2, 0.3], 1)
    >>> report.ok, report.layer, report.quantity, report.mistakes[0].name
    (False, 1, 'delta', 'sigma-prime-missing')
    """
    check_network(network)
    x = examples(x, network.sizes[0], network.dtype)
    y = targets(y, x, network.sizes[-1], network.dtype)
    W, b = ([v.astype(np.float64) for v in values] for values in (network.weights, network.biases))
    here = Point(W, b, x.astype(np.float64), y.astype(np.float64))
    checker = _Checker(my_backprop, network, [here, *_probes(here)])
    best: _Explanation | None = None
    failures: list[Failure] = []
    for form in FORMS:
        try:
            found = checker.explanation(form)
        except Failure as failure:
            failures.append(failure)
            continue
        if best is None or found.price < best.price:
            best = found
        if not any(mistake.name in PRICES for mistake in best.report.mistakes):
            break  # it is right, or wrong in a way that is known at all points: so it was read as it was meant
    if best is None:
        L, first = len(network.weights), failures[0]
        return BackpropReport(L, (), (Mistake(first.name, L, "delta", f"{first}"),))
    return best.report


class _Explanation(NamedTuple):
    price: float
    report: BackpropReport


class _Checker:
    def __init__(self, my_backprop: Callable[..., Any], network: Network, points: Sequence[Point]) -> None:
        self.my_backprop, self.network, self.points = my_backprop, network, points
        self.L = len(network.weights)

    def explanation(self, form: Form) -> _Explanation:
        """Explain what the backward pass returns in one form of call, at all points together.

        Raises
        ------
        Failure
            At the point that was given it cannot be called so, or what it returns cannot be read.
        """
        points, found, changed = self._returned(form)
        notes = ["The examples were given as columns."] if form.columns else []
        if changed:
            notes.append("It changed the weights or biases that it was given; a gradient leaves them as they are.")
        precision = SINGLE if any(v.dtype != np.float64 for part in found[0].values() for v in part) else DOUBLE
        clear = np.flatnonzero(~Rounding(self._pass(points), precision).at_a_corner())
        if clear.size and clear[0] != 0:
            notes.append(_CORNER)
        used = clear if clear.size else range(len(points))
        p = self._pass([points[i] for i in used])
        best: tuple[State, Answer] | None = None
        for answer in self._answers([found[i] for i in used], p.m):
            state = mistakes_in(p, answer, precision)
            named = {(mistake.quantity, name) for mistake in state.mistakes for name in (mistake.name, *mistake.also)}
            if named & {*answer.denied}:
                continue
            if best is None or state.price < best[0].price:
                best = state, answer
            if not state.price:
                break
        assert best is not None
        state, answer = best
        mistakes = state.mistakes
        somewhere = mistakes and 0 in used
        if somewhere and not mistakes_in(self._pass(points[:1]), answer.at_first(), precision).price:
            notes.append(_ELSEWHERE)
        if changed:
            mistakes = tuple(_updated_first(m) for m in mistakes)
        report = BackpropReport(self.L, answer.given, mistakes, (*answer.notes, *notes))
        return _Explanation(state.price + 0.25 * form.columns, report)

    def _returned(self, form: Form) -> tuple[list[Point], list[dict[str, list[Array]]], bool]:
        """Call the function at every point; leave out those, but for the first, where it fails or answers otherwise."""
        points: list[Point] = []
        found: list[dict[str, list[Array]]] = []
        changes = False
        for point in self.points:
            try:
                returned, changed = call(self.my_backprop, point, form)
                lists = lists_of(returned, self.L)
            except Failure:
                if not points:
                    raise
                continue
            if not points or _shapes(lists) == _shapes(found[0]):
                points.append(point)
                found.append(lists)
                changes |= changed
        return points, found, changes

    def _answers(self, found: Sequence[dict[str, list[Array]]], m: int) -> Iterator[Answer]:
        batch = self.points[0].x.ndim > 1
        each = [readings(lists, self.network.sizes, m, batch=batch) for lists in found]
        return (stacked(answers) for answers in zip(*each, strict=True))

    def _pass(self, points: Sequence[Point]) -> Pass:
        W, b = ([np.stack(vs) for vs in zip(*of, strict=True)] for of in ([p.W for p in points], [p.b for p in points]))
        x, y = (np.stack([np.atleast_2d(v).T for v in vs]) for vs in ([p.x for p in points], [p.y for p in points]))
        return forward(W, b, x, y, self.network.activation, self.network.cost_name)


def _updated_first(mistake: Mistake) -> Mistake:
    """Of the names of a mistake, take that of a weight that was updated too soon: the weights were seen to change."""
    name = "update-before-gradient"
    if name not in mistake.also:
        return mistake
    words = next(one.explanation for one in of("delta") if one.name == name).format(
        l=mistake.layer, k=mistake.layer + 1
    )
    also = (mistake.name, *(other for other in mistake.also if other != name))
    return replace(mistake, name=name, explanation=words, also=also)


def _shapes(lists: dict[str, list[Array]]) -> dict[str, list[tuple[int, ...]]]:
    return {kind: [array.shape for array in arrays] for kind, arrays in lists.items()}


def _probes(here: Point) -> Iterator[Point]:
    """Draw other points: weights at which nothing saturates or is dead, and targets of the kind that was given."""
    random = np.random.default_rng(20_241_124)
    for _ in range(_PROBES):
        W = [random.normal(scale=1 / np.sqrt(w.shape[1]), size=w.shape) for w in here.W]
        b = [random.uniform(0.5, 1.5, v.shape) for v in here.b]
        yield Point(W, b, random.uniform(-1, 1, here.x.shape), random.permuted(here.y, axis=-1))
