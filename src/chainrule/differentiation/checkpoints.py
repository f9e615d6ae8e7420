"""Memory traded for time: functions of which only the inputs are kept, and which run again on the way back.

A call of such a function is one node in every recording that it touches. While the function runs, each of these
recordings writes into a list of its own, which tells what the function was made of: its arguments, and whatever
traced values it closes over. Then the list is dropped. On the way back the function runs again, in recordings opened
anew, and the cotangents are carried back through what these then wrote. That step back is itself such a function: so
derivatives of derivatives keep no more than derivatives do.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from chainrule.differentiation.bundles import GATHER, ITEM, Bundle
from chainrule.differentiation.forward import push_forward
from chainrule.differentiation.reverse import pull_back
from chainrule.differentiation.stepping import call_as_node
from chainrule.differentiation.tracing import name_of
from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.locks import release
from chainrule.graph.node import Array, Node, Rule, Shares
from chainrule.graph.structure import Rebuild, flatten
from chainrule.graph.tracer import OPEN, Recording, Tracer, value_of


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function like f whose intermediate values are not kept: on the way back it is run again.

    A derivative needs the values that the function computed on its way. Of a function under `checkpoint` only the
    arguments and the results are kept; the rest is computed a second time when the derivative asks for it.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy; takes arrays or nested structures of them, keyword arguments too, and returns the
        like. It may close over traced values, and is differentiated by them as well. It must give the same result
        whenever it is run, and write into nothing but arrays that it makes itself. What it returns is an array of its
        own, even where f returns a view of an argument.

    Returns
    -------
    callable
        Takes f's arguments and returns f's result. Every operator differentiates it, to any order. Outside of one it
        is f, and `chainrule.record` sees through it. Compiled, it is a loop of one turn, which is computed by itself.

    Raises
    ------
    RecordingError
        While a derivative is taken: f gave another result the second time (because of random numbers, or of a loop's
        variable that went on), closes over a traced array that was written into since, or writes into an argument.

    Notes
    -----
    Recomputation instead of storage: Griewank and Walther, "Algorithm 799: revolve", ACM TOMS 26 (2000), and
    "Evaluating Derivatives" (2nd ed., 2008), chapter 12. Checkpoints nest, and so trade further.

    Examples
    --------
    >>> from chainrule import grad
    >>> def slowly(x):
    ...     for _ in range(1000):
    ...         x = np.sin(x)
    ...     return x
    >>> bool(grad(checkpoint(slowly))(1.0) == grad(slowly)(1.0))
    True
    """

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if any(recording.for_all_values for recording in OPEN.get()):
            return call_as_node(f, args, kwargs)
        return call_checkpointed(f, *args, **kwargs)

    return checkpointed


def call_checkpointed(f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call f as one node in each recording, of which only the operands and the results are kept."""
    recordings = _open_recordings()
    if not recordings:
        return f(*args, **kwargs)
    call = _Call(f, args, kwargs, recordings)
    run = call.run(recordings)
    replaced: dict[Node, Node] = {}
    for recording in recordings:  # the outer ones first: an inner one's values are theirs
        results = run.results(recording)
        if results:
            call.keep_plain(recording)
            replaced.update(zip(results, _record(call, run, recording, results, replaced), strict=True))
    leaves = [_in_place_of(leaf, replaced) for leaf in run.leaves]
    for nodes in run.nodes.values():
        for node in nodes:
            node.value = _GONE
    return run.rebuild(leaves)


def _open_recordings() -> list[Recording]:
    """Return the recordings that may write down what is called now as one node, the outermost first.

    What is to run again is seen as it is, and what lies outside of that merely writes down what happens within. A
    program that is compiled runs again what is the turn of a loop, and nothing else.
    """
    running = OPEN.get()
    if any(recording.for_all_values for recording in running):
        return []
    outside = [i for i, recording in enumerate(running) if recording.runs_again]
    return list(running[outside[-1] + 1 if outside else 0 :])


class _Run(NamedTuple):
    """What one run of a checkpointed function came to."""

    leaves: list[Any]
    rebuild: Rebuild
    nodes: dict[Recording, list[Node]]
    origins: dict[Node, Node]  # the function's own inputs, and the nodes that these stand for

    def results(self, recording: Recording) -> list[Node]:
        """Return the nodes of a recording, made in this run, that the result's leaves are, or are made of."""
        made = set(self.nodes[recording])
        found: dict[Node, None] = {}
        for leaf in self.leaves:
            while type(leaf) is Tracer:
                if leaf._recording is recording and leaf._node in made:
                    found[leaf._node] = None
                leaf = leaf._node.value
        return list(found)

    def operands(self, recording: Recording) -> list[Node]:
        """Return the nodes of a recording that this run began with: its arguments and what it closes over."""
        made = set(self.nodes[recording])
        found = {origin: None for own, origin in self.origins.items() if own in made}
        for node in self.nodes[recording]:
            found.update((x, None) for x in node.operands if type(x) is Node and x not in made)
        return list(found)


class _Call:
    """One call of a checkpointed function: all that is needed to run it again."""

    def __init__(
        self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], recordings: list[Recording]
    ) -> None:
        self.f = f
        self.recordings = recordings
        leaves, self.rebuild = flatten((args, kwargs))
        # What a traced array is now, whatever will be written into it.
        self.leaves = [x._now() if type(x) is Tracer else x for x in leaves]

    def run(self, recordings: list[Recording]) -> _Run:
        """Run the function, with a new list of nodes in each of these recordings, which are opened if need be."""
        inside = sorted({*OPEN.get(), *recordings}, key=lambda recording: recording.level)
        outside = OPEN.set(tuple(inside))
        before = [(recording.nodes, recording.locked, recording.open) for recording in recordings]
        for recording in recordings:
            recording.nodes = []
            recording.locked = recording.locked if recording.open else {}
            recording.open = True
        try:
            origins: dict[Node, Node] = {}
            args, kwargs = self.rebuild([_input(leaf, recordings, origins) for leaf in self.leaves])
            leaves, rebuild = flatten(self.f(*args, **kwargs))
            leaves = [x._now() if type(x) is Tracer else x for x in leaves]
            return _Run(leaves, rebuild, {recording: recording.nodes for recording in recordings}, origins)
        finally:
            OPEN.reset(outside)
            for recording, (nodes, locked, was_open) in zip(recordings, before, strict=True):
                if not was_open:
                    for array in recording.locked.values():
                        release(array)
                recording.nodes, recording.locked, recording.open = nodes, locked, was_open

    def keep_plain(self, recording: Recording) -> None:
        """Keep the arguments that are not traced as they are now, as operands of a node are kept."""
        self.leaves = [recording.keep(x) if type(x) is np.ndarray else x for x in self.leaves]


def _input(leaf: Any, recordings: list[Recording], origins: dict[Node, Node]) -> Any:
    """Give the function an input of its own for a traced argument, so that writing into it is noticed."""
    if type(leaf) is not Tracer or leaf._recording not in recordings:
        return leaf
    own = leaf._recording.variable(leaf._node.value)
    origins[own._node] = leaf._node
    return own


def _record(
    call: _Call, run: _Run, recording: Recording, results: Sequence[Node], replaced: dict[Node, Node]
) -> list[Node]:
    """Write down a call as one node; return the nodes that take the place of its results."""
    operands = run.operands(recording)
    values = tuple(x.value for x in operands)
    gather = Node(GATHER, tuple(operands), values, {}, Bundle(values))
    value = Bundle(_in_place_of(x.value, replaced) for x in results)
    node = Node(_Again(call, recording, operands), (gather,), (gather.value,), {}, value)
    items = [Node(ITEM, (node,), (value,), {"index": k}, x) for k, x in enumerate(value)]
    recording.nodes += [gather, node, *items]
    return items


def _in_place_of(x: Any, replaced: dict[Node, Node]) -> Any:
    return Tracer(x._recording, replaced[x._node]) if type(x) is Tracer and x._node in replaced else x


class _Again(Rule):
    """A checkpointed call in one recording: from the bundle of all that it began with to that of its results."""

    def __init__(self, call: _Call, recording: Recording, operands: list[Node]) -> None:
        super().__init__(f"checkpoint of {name_of(call.f)}", call.f)
        self.call = call
        self.recording = recording
        self.operands = operands

    def pullback(self, i: int, cotangent: Shares, node: Node) -> Shares:
        """Run the function again, and carry the cotangents of its results back to what it began with."""

        def backward(cotangents: dict[int, Array]) -> dict[int, Array]:
            run, results = self._run_again(node)
            start = {results[k]: g for k, g in cotangents.items()}
            watch = getattr(self.recording.watch, "backward", None)
            arrived = pull_back(reversed(run.nodes[self.recording]), start, watch)
            for own, origin in run.origins.items():
                if own in arrived:
                    arrived[origin] = arrived[origin] + arrived[own] if origin in arrived else arrived[own]
            return _numbered(self.operands, arrived)

        return Shares(call_checkpointed(backward, dict(cotangent)))

    def pushforward(self, i: int, tangent: Shares, node: Node) -> Shares:
        """Run the function again, and carry the tangents of what it began with forward to its results."""

        def forward(tangents: dict[int, Array]) -> dict[int, Array]:
            run, results = self._run_again(node)
            start = {self.operands[k]: t for k, t in tangents.items()}
            start |= {own: start[origin] for own, origin in run.origins.items() if origin in start}
            return _numbered(results, push_forward(run.nodes[self.recording], start, results))

        return Shares(call_checkpointed(forward, dict(tangent)))

    def _run_again(self, node: Node) -> tuple[_Run, list[Node]]:
        """Run the function as it ran before; the recordings further out, still open, write down that it did."""
        run = self.call.run([recording for recording in self.call.recordings if not recording.open])
        results = run.results(self.recording)
        if len(results) != len(node.value) or not all(map(_same, (x.value for x in results), node.value)):
            raise RecordingError(
                f"{self.name}: run again for its derivative, the function gave another result; make it give the same "
                "each time. Random numbers, and a loop's variable that it closes over, are to be its arguments."
            )
        if not set(run.operands(self.recording)) <= set(self.operands):
            raise RecordingError(
                f"{self.name}: the function closes over a traced array that was written into after it ran; give it "
                "that array as an argument."
            )
        return run, results


def _numbered(nodes: Iterable[Node], arrived: dict[Node, Array]) -> dict[int, Array]:
    return {k: arrived[x] for k, x in enumerate(nodes) if x in arrived}


def _same(again: Array, before: Array) -> bool:
    """Say whether two results are the same but for rounding, which may differ where memory is aligned otherwise."""
    x, y = np.asarray(value_of(again)), np.asarray(value_of(before))
    if x.shape != y.shape or y.dtype.kind not in "fc":
        return np.array_equal(x, y)
    rough = float(np.finfo(y.dtype).eps) ** 0.5
    largest = np.max(np.abs(y), where=np.isfinite(y), initial=0)
    return bool(np.allclose(x, y, rtol=rough, atol=rough * largest, equal_nan=True))


class _Gone:
    """What is in the place of a value that a checkpointed function computed on its way, once it has returned."""

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)  # asked by those who look what an object is
        _refuse_gone()


def _refuse_gone(*_: Any, **__: Any) -> NoReturn:
    raise RecordingError(
        f"{at_user_line()}a value is used that was computed within a function under chainrule.checkpoint, and is no "
        "longer kept; let that function return it, take as arguments what it reads, and write into its own arrays only."
    )


for _name in ("__array__", "__array_ufunc__", "__bool__", "__getitem__", "__len__", "__pow__", "__rpow__"):
    setattr(_Gone, _name, _refuse_gone)
_GONE = _Gone()
