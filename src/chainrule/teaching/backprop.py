"""Checking a backward pass that was written by hand, and naming its mistakes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.networks import Network
from chainrule.networks.checks import examples, targets
from chainrule.teaching.answers import FORMS, Answer, Failure, Form, call, check_network, lists_of, readings
from chainrule.teaching.passes import Array, Pass, forward
from chainrule.teaching.reports import BackpropReport, Mistake
from chainrule.teaching.searching import State, mistakes_in

_PROBES = 3
"""Other networks of the same sizes, on which mistakes that give the same numbers are told apart."""


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
        Its weights and biases are handed over as lists of copies: W^l of shape (n_l, n_{l-1}), b^l of shape (n_l,), or
        (n_l, 1) if the function wants columns.
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
    checker = _Checker(my_backprop, network)
    W, b = [np.array(w) for w in network.weights], [np.array(v) for v in network.biases]
    report = checker.report(W, b, x, y)
    return checker.elsewhere(report, x, y)


class _Checker:
    def __init__(self, my_backprop: Callable[..., Any], network: Network) -> None:
        self.my_backprop, self.network = my_backprop, network
        self.sizes: Sequence[int] = network.sizes
        self.L = len(network.weights)

    def report(self, W: list[Array], b: list[Array], x: Array, y: Array) -> BackpropReport:
        """Check at one point, in whichever form of call explains most."""
        rows_x, rows_y = np.atleast_2d(x), np.atleast_2d(y)
        p = forward(W, b, rows_x.T, rows_y.T, self.network.activation, self.network.cost_name)
        best: tuple[float, BackpropReport] | None = None
        failures: list[Failure] = []
        for form in FORMS:
            try:
                price, report = self._in_form(p, W, b, x, y, form)
            except Failure as failure:
                failures.append(failure)
                continue
            if best is None or price < best[0]:
                best = price, report
            if report.ok:
                break
        if best is None:
            first = failures[0]
            mistake = Mistake(first.name, self.L, "delta", f"nothing could be checked: {first}")
            return BackpropReport(self.L, (), (mistake,))
        return best[1]

    def _in_form(
        self, p: Pass, W: list[Array], b: list[Array], x: Array, y: Array, form: Form
    ) -> tuple[float, BackpropReport]:
        found, changed = call(self.my_backprop, W, b, x, y, form)
        lists = lists_of(found, self.L)
        best: tuple[State, Answer] | None = None
        for answer in readings(lists, self.sizes, p.m, batch=x.ndim > 1):
            state = mistakes_in(p, answer, _tolerance(W))
            if best is None or state.price < best[0].price:
                best = state, answer
            if not state.price:
                break
        assert best is not None
        state, answer = best
        notes = list(answer.notes)
        if form.columns:
            notes.append("The examples were given as columns.")
        mistakes = state.mistakes
        if changed:
            notes.append("It changed the weights or biases that it was given; a gradient leaves them as they are.")
            soon = [m for m in mistakes if "update-before-gradient" in (m.name, *m.also)]
            mistakes = tuple(replace(m, name="update-before-gradient") if m in soon else m for m in mistakes)
        wrong_shapes = sum(m.name in ("wrong-shape", "broadcasting") for m in mistakes)
        price = state.price + wrong_shapes * 0.5 + (0.25 if form.columns else 0)
        return (0.0 if not mistakes else price), BackpropReport(self.L, answer.given, mistakes, tuple(notes))

    def elsewhere(self, report: BackpropReport, x: Array, y: Array) -> BackpropReport:
        """Check at other points too: names, or right answers, that fit here by coincidence go."""
        random = np.random.default_rng(20_241_124)
        for _ in range(_PROBES):
            W = [random.normal(size=w.shape).astype(w.dtype) for w in self.network.weights]
            b = [random.normal(size=v.shape).astype(v.dtype) for v in self.network.biases]
            other_x = random.normal(size=x.shape).astype(x.dtype)
            other_y = random.uniform(0.1, 0.9, y.shape).astype(y.dtype)
            other = self.report(W, b, other_x, other_y)
            if report.ok and not other.ok:
                note = (
                    "At the point that was given all numbers are right, but not at other weights and examples, which "
                    "were drawn to tell; what is said holds there."
                )
                return replace(other, notes=(*other.notes, note))
            report = replace(report, mistakes=tuple(_narrowed(m, other) for m in report.mistakes))
        return report


def _narrowed(mistake: Mistake, other: BackpropReport) -> Mistake:
    """Keep of the names of a mistake those that fit at another point too."""
    names = (mistake.name, *mistake.also)
    there = [m for m in other.mistakes if (m.layer, m.quantity) == (mistake.layer, mistake.quantity)]
    fitting = [name for name in names if any(name in (m.name, *m.also) for m in there)]
    if not fitting:
        return mistake
    words = mistake.explanation
    if fitting[0] != mistake.name:
        words = next(m.explanation for m in there if fitting[0] in (m.name, *m.also))
    return replace(mistake, name=fitting[0], also=tuple(fitting[1:]), explanation=words)


def _tolerance(W: Sequence[Array]) -> float:
    """Return what rounding may amount to, relative: the student may compute in the weights' own precision."""
    return 2e-5 if any(w.dtype == np.float32 for w in W) else 1e-9
