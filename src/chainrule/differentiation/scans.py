"""A loop as one node: where a function is recorded for all values, `chainrule.scan` is not unrolled.

A `Scan` runs a body, which is a graph, over rows. Its derivatives are loops again, of bodies that are made by
differentiating this one: the tangents are carried along beside the state; the cotangents are carried over the rows in
the other order, and each turn computes its step again from the state that it began with. So derivatives nest.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from chainrule.differentiation.bundles import ITEM, Bundle, gathered, items
from chainrule.differentiation.forward import push_forward
from chainrule.differentiation.reverse import pull_back
from chainrule.differentiation.tracing import zero_like
from chainrule.graph.body import Body
from chainrule.graph.graph import Graph, as_array
from chainrule.graph.node import Array, Node, Shares
from chainrule.graph.tracer import CONSTANT, Recording, Tracer, sample_of
from chainrule.rules.kinds import Primitive


class Scan(Primitive):
    """The rule of a loop over rows.

    Its one operand is a bundle, made by GATHER: the carry's arrays, then arrays of which each turn is given a row,
    then what is the same in every turn. Its value is a bundle: the carry after the last turn, then what the turns
    gave, stacked, then the carry that each turn began with, stacked likewise. ITEM picks from it.

    Parameters of a node: ``body``, a Graph from a carry, one row of each array, and what stays the same, to the next
    carry and what the turn gives; ``length``, how many turns; ``carries`` and ``rows``, how many arrays are of these
    kinds; ``reverse``, whether the last row comes first: what a turn gives is always stored at its row's place.
    """

    def __init__(self) -> None:
        super().__init__("scan", _run)

    def sample(self, *operands: Bundle, **parameters: Any) -> Bundle:
        """Give the body's own samples in the shapes of the result, without running the loop."""
        (bundle,) = operands
        body, n, carries = parameters["body"], parameters["length"], parameters["carries"]
        results = [as_array(x.value if type(x) is Node else x) for x in body.outputs]
        given = [np.array(_repeated(y, n)) for y in results[carries:]]
        return Bundle([*results[:carries], *given, *(_repeated(x, n) for x in bundle[:carries])])

    def pushforward(self, i: int, tangent: Shares, node: Node) -> Shares:
        """Carry the tangents of the carry along beside it."""
        return _Derivative(node, tangent).forward(tangent)

    def pullback(self, i: int, cotangent: Shares, node: Node) -> Shares:
        """Carry cotangents over the rows in the other order."""
        operands = enumerate(node.operands[0].operands)
        wrt = [k for k, x in operands if type(x) is Node and x.rule is not CONSTANT]
        return _Derivative(node, wrt).backward(cotangent)


def _run(bundle: Bundle, *, body: Graph, length: int, carries: int, rows: int, reverse: bool) -> Bundle:
    """Run the loop, turn by turn."""
    carry, columns, same = bundle[:carries], bundle[carries : carries + rows], bundle[carries + rows :]
    stacks: list[Any] = []
    for t in reversed(range(length)) if reverse else range(length):
        results = body(*carry, *(x[t] for x in columns), *same)
        given = [as_array(y) for y in (*results[carries:], *carry)]
        stacks = stacks or [np.empty((length, *y.shape), y.dtype) for y in given]
        for stack, y in zip(stacks, given, strict=True):
            stack[t] = y
        carry = results[:carries]
    return Bundle([*map(as_array, carry), *stacks])


def _repeated(x: Array, n: int) -> Array:
    return np.broadcast_to(x, (n, *x.shape))


SCAN = Scan()


Turn = Callable[[list[Array], list[Array], list[Array]], tuple[Sequence[Array], Sequence[Array]]]
"""From a carry, a row of each array, and what is the same in every turn, to the next carry and what the turn gives."""


class Turns(NamedTuple):
    """What a loop came to: the carry at its end; what the turns gave and the carries they began with, stacked."""

    carry: list[Array]
    given: list[Array]
    begun: list[Array]


def run_turns(
    name: str,
    turn: Turn,
    carry: Sequence[Array],
    rows: Sequence[Array],
    same: Sequence[Array],
    length: int,
    reverse: bool = False,
) -> Turns:
    """Record a turn of a loop, and then the loop, as one node of each recording that takes part.

    Parameters
    ----------
    name : str
        What the body is called.
    turn : callable
        A `Turn`. The carry that it returns has the shapes and types of the one that it takes.
    carry, rows, same : sequence of arrays
        What it is given, traced or plain: rows are taken of the second. It may close over traced arrays too.
    length : int
        How many turns.
    reverse : bool
        Whether the last row comes first.
    """
    first = [sample_of(x)[0] for x in rows]
    with Body() as body:
        graph = body.record(name, lambda *x: [*chain(*turn(*x))], {"carry": carry, "row": first, "same": same})
        operands = [*carry, *rows, *same, *body.captured]
        parameters = {"length": length, "carries": len(carry), "rows": len(rows), "reverse": reverse}
        arrays = iter(items(SCAN(gathered(operands), body=graph, **parameters)))
        outer = _recordings(operands)
        if outer:
            body.hand_over(min(outer, key=lambda recording: recording.level))
    ends = [next(arrays) for _ in carry]
    given = [next(arrays) for _ in graph.outputs[len(carry) :]]
    return Turns(ends, given, list(arrays))


def _recordings(operands: Iterable[Any]) -> list[Recording]:
    """Return the recordings that any of the operands belongs to."""
    found = []
    for x in operands:
        while type(x) is Tracer:
            found.append(x._recording)
            x = x._node.value
    return found


class _Derivative:
    """The derivative of one scan by some of its operands, which are named by their numbers.

    The body's inputs are numbered as the operands are, and its outputs as the first arrays of the value are.
    """

    def __init__(self, node: Node, wrt: Iterable[int]) -> None:
        self.node = node
        self.body: Graph = node.parameters["body"]
        self.length: int = node.parameters["length"]
        self.reverse: bool = node.parameters["reverse"]
        self.values: tuple[Array, ...] = node.operands[0].values
        self.at_rows: int = node.parameters["carries"]
        self.at_same: int = self.at_rows + node.parameters["rows"]
        self.wrt = sorted(self._with_carries({k for k in wrt if _has_derivative(self.values[k])}))
        self.carries, self.columns, self.same = self.parted(self.wrt)
        self.given = [j for j in self._outputs(self.wrt) if j >= self.at_rows]

    def parted(self, x: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """Part what belongs to `wrt` as the operands are parted: the carry, arrays of rows, what stays the same."""
        a = sum(k < self.at_rows for k in self.wrt)
        b = sum(k < self.at_same for k in self.wrt)
        return list(x[:a]), list(x[a:b]), list(x[b:])

    def _with_carries(self, wrt: set[int]) -> set[int]:
        """Add what is carried and depends on these, in whichever turn."""
        carried = {j for j in self._outputs(wrt) if j < self.at_rows}
        return wrt if carried <= wrt else self._with_carries(wrt | carried)

    def _outputs(self, wrt: Iterable[int]) -> list[int]:
        """Return the outputs of the body that depend on some of its inputs."""
        reached = {self.body.inputs[k] for k in wrt}
        for node in self.body.nodes:
            if any(x in reached for x in node.operands if type(x) is Node):
                reached.add(node)
        outputs = enumerate(self.body.outputs)
        return [j for j, x in outputs if type(x) is Node and x in reached and _has_derivative(x.value)]

    def _recorded(self, inputs: Sequence[Array]) -> tuple[Recording, list[Node], list[Array]]:
        """Record the body anew, within that of the derivative; return the nodes of what the derivative is by too."""
        with Recording() as recording:
            variables = {k: recording.variable(inputs[k]) for k in self.wrt}
            results = self.body(*(variables.get(k, x) for k, x in enumerate(inputs)))
        return recording, [x._node for x in variables.values()], results

    def forward(self, tangents: Shares) -> Shares:
        """Return the tangents of the value."""
        values, given = self.values, [tangents.get(k, zero_like(self.values[k])) for k in self.wrt]
        a, b, c = self.at_rows, self.at_same - self.at_rows, len(values) - self.at_same

        def turn(carry: list[Array], row: list[Array], same: list[Array]) -> tuple[list[Array], list[Array]]:
            recording, variables, results = self._recorded([*carry[:a], *row[:b], *same[:c]])
            nodes = [recording.node_of(x) for x in results]
            start = dict(zip(variables, [*carry[a:], *row[b:], *same[c:]], strict=True))
            arrived = push_forward(recording.nodes, start, [x for x in nodes if x is not None])
            pushed = [_or_zero(arrived, nodes[j], results[j]) for j in (*self.carries, *self.given)]
            values = [x if node is None else node.value for x, node in zip(results[:a], nodes, strict=False)]
            return [*values, *pushed[: len(self.carries)]], pushed[len(self.carries) :]

        groups = (values[:a], values[a : a + b], values[a + b :])
        carry, rows, same = ([*x, *dx] for x, dx in zip(groups, self.parted(given), strict=True))
        turns = run_turns(f"tangents of {self.body.name}", turn, carry, rows, same, self.length, self.reverse)
        begun = [len(self.body.outputs) + k for k in self.carries]
        found = [*turns.carry[a:], *turns.given, *turns.begun[a:]]
        return Shares(zip([*self.carries, *self.given, *begun], found, strict=True))

    def backward(self, cotangents: Shares) -> Shares:
        """Return the cotangents of the operands."""
        a, b, n = self.at_rows, self.at_same, len(self.carries)
        begun = len(self.body.outputs)
        given = [j for j in self.given if j in cotangents]
        added = [i for i, k in enumerate(self.carries) if begun + k in cotangents]

        def turn(carry: list[Array], row: list[Array], same: list[Array]) -> tuple[list[Array], list[Array]]:
            recording, variables, results = self._recorded([*row[:b], *same])
            arriving = zip([*self.carries, *given], [*carry[:n], *row[b:]], strict=False)
            start: dict[Node, Array] = {}
            for j, g in arriving:
                node = recording.node_of(results[j])
                if node is not None:
                    start[node] = start[node] + g if node in start else g
            arrived = pull_back(reversed(recording.nodes), start)
            pulled, by_row, by_same = self.parted([_or_zero(arrived, x, x.value) for x in variables])
            for i, g in zip(added, row[b + len(given) :], strict=True):
                pulled[i] = pulled[i] + g
            return [*pulled, *(total + g for total, g in zip(carry[n:], by_same, strict=True))], by_row

        values = self.values
        ends = [cotangents.get(k, zero_like(values[k])) for k in self.carries]
        turns = run_turns(
            f"cotangents of {self.body.name}",
            turn,
            [*ends, *(zero_like(values[k]) for k in self.same)],
            [ITEM(self.node.value, index=begun + k) for k in range(a)]
            + [*values[a:b], *(cotangents[j] for j in given), *(cotangents[begun + self.carries[i]] for i in added)],
            values[b:],
            self.length,
            not self.reverse,
        )
        found = [*turns.carry[:n], *turns.given, *turns.carry[n:]]
        return Shares(zip(self.wrt, found, strict=True))


def _has_derivative(x: Array) -> bool:
    return x.dtype.kind in "fc"


def _or_zero(arrived: dict[Node, Array], node: Node | None, like: Array) -> Array:
    return arrived[node] if node is not None and node in arrived else zero_like(as_array(like))
