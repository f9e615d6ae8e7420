"""Running a function once with some of its arguments traced: where every operator begins."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.differentiation.forward import push_forward
from chainrule.differentiation.reverse import pull_back
from chainrule.errors import InputError
from chainrule.graph.blame import at_user_line
from chainrule.graph.graph import as_array
from chainrule.graph.node import Array, Node, lent
from chainrule.graph.structure import Rebuild, flatten
from chainrule.graph.tracer import INPUT, Recording, Tracer, sample_of

Wrt: TypeAlias = int | str | tuple[int | str, ...]
"""Which arguments a derivative is taken by: a position, a name, or a tuple of them."""


class Trace:
    """One run of a function, recorded, with what is needed to carry cotangents back and tangents forward.

    Attributes
    ----------
    inputs : list of Node
        The leaves of the traced arguments.
    leaves : list
        The leaves of the result, traced where they depend on the inputs.
    aux : object
        What the function returned beside its result, nothing in it traced; None without `has_aux`.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        wrt: Sequence[int | str],
        has_aux: bool = False,
    ) -> None:
        self.recording = Recording()
        self.inputs: list[Node] = []
        self.structures: list[tuple[int, Rebuild]] = []
        positional, named = list(args), dict(kwargs)
        for place in wrt:
            container: Any = positional if isinstance(place, int) else named
            leaves, rebuild = flatten(container[place])
            tracers = [self.recording.variable(_variable(leaf, place)) for leaf in leaves]
            self.inputs += [tracer._node for tracer in tracers]
            self.structures.append((len(leaves), rebuild))
            container[place] = rebuild(tracers)
        with self.recording:
            result = f(*positional, **named)
            if has_aux and not (isinstance(result, tuple) and len(result) == 2):
                raise InputError(
                    f"{name_of(f)} was to return a pair (value, aux), as has_aux=True says, and returned "
                    f"{_described(result)}; return both, or leave has_aux out."
                )
            value, aux = result if has_aux else (result, None)
            self.leaves, self.rebuild = flatten(value)
            self.nodes = [self.recording.node_of(leaf) for leaf in self.leaves]
            self.aux = self.untraced(aux)

    def __del__(self) -> None:
        # A checkpointed call is held by its node, and holds what its function closes over: tracers of this recording.
        # So that its nodes go without the garbage collector's help:
        self.recording.nodes = []

    def untraced(self, tree: Any) -> Any:
        """Return a structure with the values in the place of this recording's tracers."""
        leaves, rebuild = flatten(tree)
        nodes = [self.recording.node_of(leaf) for leaf in leaves]
        return rebuild([leaf if node is None else node.value for leaf, node in zip(leaves, nodes, strict=True)])

    @property
    def values(self) -> list[Array]:
        """The leaves of the result, with nothing of this recording left in them."""
        return [leaf if node is None else node.value for leaf, node in zip(self.leaves, self.nodes, strict=True)]

    @property
    def value(self) -> Any:
        """The result in the function's own structure."""
        return self.rebuild(self.values)

    def pull_back(self, cotangents: Sequence[Array]) -> list[Array]:
        """Carry one cotangent for each leaf of the result back to the inputs."""
        return self._arrived(reversed(self.recording.nodes), self._start(cotangents))

    def pull_back_once(self, cotangents: Sequence[Array]) -> list[Array]:
        """Do the same for the last time: a node's memory is let go as soon as its cotangent is handed on."""
        start = self._start(cotangents)
        self.leaves, self.nodes = self.values, [None] * len(self.nodes)
        return self._arrived(_emptied(self.recording.nodes), start)

    def _start(self, cotangents: Sequence[Array]) -> dict[Node, Array]:
        start: dict[Node, Array] = {}
        for node, cotangent in zip(self.nodes, cotangents, strict=True):
            if node is not None:
                start[node] = start[node] + cotangent if node in start else cotangent
        return start

    def _arrived(self, nodes: Iterable[Node], start: dict[Node, Array]) -> list[Array]:
        arrived = pull_back(nodes, start, getattr(self.recording.watch, "backward", None))
        return [arrived[x] if x in arrived else zero_like(x.value) for x in self.inputs]

    def push_forward(self, tangents: Sequence[Array]) -> list[Array]:
        """Carry one tangent for each input forward to the leaves of the result."""
        results = [node for node in self.nodes if node is not None]
        arrived = push_forward(self.recording.nodes, dict(zip(self.inputs, tangents, strict=True)), results)
        return [
            zero_like(as_array(value)) if node is None or node not in arrived else arrived[node]
            for value, node in zip(self.values, self.nodes, strict=True)
        ]

    def in_arguments(self, leaves: Sequence[Any]) -> list[Any]:
        """Put one thing for each input into the structures of the arguments."""
        return list(self._split(leaves))

    def _split(self, leaves: Sequence[Any]) -> Iterator[Any]:
        at = 0
        for count, rebuild in self.structures:
            yield rebuild(leaves[at : at + count])
            at += count


def _emptied(nodes: list[Node]) -> Iterator[Node]:
    while nodes:
        yield nodes.pop()


def zero_like(x: Array) -> Array:
    """Return the zero tangent or cotangent of a value: zeros of its shape and type."""
    return np.zeros(x.shape, x.dtype)[()]


def owned(derivatives: Sequence[Array]) -> list[Array]:
    """Return derivatives as writable arrays of the user's own, none of which shares memory with any other array.

    What the rules make is new, or it is a view of the cotangent that they were given. What is not new to begin with,
    the user's own arrays, is read-only here (see `lent`), and so are all views of it. So little is ever copied.
    """
    found = list(derivatives)
    seen: set[int] = set()
    for k, v in enumerate(found):
        if isinstance(v, np.ndarray):
            owner, base = v, v.base
            while base is not None:
                owner, base = base, getattr(base, "base", None)
            if v.flags.writeable and id(owner) not in seen:
                seen.add(id(owner))
            else:
                found[k] = v.copy()
        elif type(v) is Tracer:
            node = v._current()
            found[k] = np.copy(v) if node.rule is INPUT else Tracer(v._recording, node)
    return found


def name_of(f: Callable[..., Any]) -> str:
    """Return what an error calls a function."""
    return getattr(f, "__name__", "the function")


def places(f: Callable[..., Any], wrt: Wrt, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[int | str]:
    """Find each argument named by `wrt` among those of this call: its position, or its keyword."""
    return [_place(f, one, args, kwargs) for one in (wrt if isinstance(wrt, tuple) else (wrt,))]


def _place(f: Callable[..., Any], wrt: int | str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | str:
    if isinstance(wrt, str):
        if wrt in kwargs:
            return wrt
        names = list(inspect.signature(f).parameters)
        if wrt in names and names.index(wrt) < len(args):
            return names.index(wrt)
        raise InputError(
            f"the derivative by {wrt!r} was asked for, but {name_of(f)} was called without it; "
            f"its arguments are {', '.join(names) or 'none'}."
        )
    if isinstance(wrt, bool) or not isinstance(wrt, int):
        raise InputError(
            f"wrt is {wrt!r}; give the position of an argument, its name, or a tuple of positions and names."
        )
    if not -len(args) <= wrt < len(args):
        raise InputError(
            f"the derivative by argument {wrt} was asked for, but {name_of(f)} was called with {len(args)} positional "
            f"argument{'s' if len(args) != 1 else ''}; count from 0, or give the argument's name."
        )
    return wrt % len(args)


def _variable(leaf: Any, place: int | str) -> Array:
    """Check that a derivative can be taken by this leaf, and return it as an array."""
    array = as_array(leaf)
    if array.dtype.kind not in "fc":
        raise InputError(
            f"{at_user_line()}the derivative by argument {place!r} was asked for, which is {_described(leaf)}; "
            "integers and the like have no derivative: pass floating-point numbers, such as 2.0 for 2 or "
            "x.astype(float) for x."
        )
    return array


def _described(x: Any) -> str:
    x = sample_of(x)
    if isinstance(x, np.ndarray):
        return f"an array of {x.dtype} of shape {x.shape}"
    return f"{x!r} ({type(x).__name__})"


def scalar_result(f: Callable[..., Any], trace: Trace) -> Array:
    """Return the one real scalar that f came to; anything else has a Jacobian, not a gradient."""
    values = trace.values
    if len(values) != 1 or np.shape(values[0]) != ():
        came = f"shape {np.shape(values[0])}" if len(values) == 1 else f"{len(values)} arrays"
        raise InputError(
            f"{at_user_line()}a gradient belongs to a scalar, and {name_of(f)} returned {came}; "
            "sum it up to one number, or use chainrule.jacobian."
        )
    y = as_array(values[0])
    if y.dtype.kind == "c":
        raise InputError(
            f"{at_user_line()}a gradient belongs to a real number, and {name_of(f)} returned {_described(y)}; "
            "return its real part or its absolute value."
        )
    return y


def fitting(v: Any, value: Array, what: str) -> Array:
    """Check that a cotangent or a tangent has its value's shape, and give it the value's type."""
    v, shape = as_array(v), np.shape(value)
    if v.shape != shape:
        raise InputError(
            f"the {what} has shape {v.shape} and the value it belongs to has shape {shape}; give one of the same shape."
        )
    dtype = value.dtype if hasattr(value, "dtype") else v.dtype
    if v.dtype.kind == "c" and dtype.kind == "f":
        raise InputError(f"the {what} is complex and the value it belongs to is real; give a real one.")
    return lent(v) if v.dtype == dtype else np.astype(v, dtype)
