"""Recording the body of a loop: a function written down once, whatever it closes over, to be run for every turn.

A body is a whole of its own. A tracer of an outer recording that takes part in it, which is the same in every turn, is
given an input of the body (it is *captured*), and so nothing that happens in the body is written down outside of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.graph.graph import Graph, as_array
from chainrule.graph.locks import release
from chainrule.graph.node import Array, Node
from chainrule.graph.refusals import refuse_changing_within_a_step
from chainrule.graph.tracer import INPUT, OPEN, Recording, Tracer, sample_of


class Body(Recording):
    """The recording of a loop's body.

    Attributes
    ----------
    captured : list
        The outer tracers that the body closes over, in the order of the inputs that stand for them.
    """

    __slots__ = ("_began", "_inputs", "captured")

    def __init__(self) -> None:
        super().__init__(for_all_values=True)
        self.captured: list[Tracer] = []
        self._inputs: dict[Node, Tracer] = {}
        self._began = {recording: len(recording.nodes) for recording in OPEN.get()}

    def record(self, name: str, function: Callable[..., Sequence[Array]], samples: dict[str, Sequence[Array]]) -> Graph:
        """Record a function of lists of arrays, by their names; what it closes over becomes further inputs."""
        arguments = [[self.variable(sample_of(x)) for x in group] for group in samples.values()]
        results = [self.node_of(x) or as_array(x) for x in function(*arguments)]
        inputs = [x._node for group in (*arguments, self._inputs.values()) for x in group]
        groups = [*samples.items(), ("captured", self.captured)]
        names = [name for group, arrays in groups for name in _numbered(group, len(arrays))]
        return Graph(name, inputs, self.nodes, results, names, list)

    def node_of(self, value: Array) -> Node | None:
        """Return the node behind a value, in this recording, of whatever recording the value is."""
        return super().node_of(self._own(value)) if type(value) is Tracer else None

    def taken_in(self, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """Put the body's own inputs in the place of outer tracers."""
        return tuple(self._own(x) if type(x) is Tracer else x for x in operands)

    def _own(self, x: Tracer) -> Tracer:
        if x._recording is self:
            return x
        node = x._current()
        own = self._inputs.get(node)
        if own is None:
            self.captured.append(Tracer(x._recording, node))
            own = self._inputs[node] = self.variable(sample_of(node.value))
        return own

    def check_write(self, array: Tracer) -> None:
        """Let the body write only into what it made itself: what was there before is the same in every turn."""
        recording, node = array._recording, array._current()
        before = self._began.get(recording, 0)
        if (node.rule is INPUT) if recording is self else (node in recording.nodes[:before]):
            refuse_changing_within_a_step()

    def hand_over(self, recording: Recording) -> None:
        """Have a recording, which outlives this one, hold the plain arrays that this one must not see changed."""
        for key, array in self.locked.items():
            if key in recording.locked:
                release(array)  # which that one holds already
            else:
                recording.locked[key] = array
        self.locked = {}


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}_{i + 1}" for i in range(count)]
