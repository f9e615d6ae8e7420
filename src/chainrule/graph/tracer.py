"""The tracer: what stands in for an array while the user's function is being recorded.

A tracer carries the real value, so that branches, loops, lengths and printing just work, and answers NumPy's own
protocols (`__array_ufunc__`, `__array_function__`, operators, methods), so that the user's function needs nothing
of ours. Each operation on it is looked up in `chainrule.graph.table` and recorded as a `Node`. Its operators, and the
methods that are functions of NumPy, are in `chainrule.graph.operators`.

Recordings nest: where a derivative is taken inside a function that is itself being recorded, the inner tracers'
values are tracers of the outer recording. An operation is recorded by the innermost recording that takes part in it,
and computing its value records it in the next one out. So a derivative is itself recordable, to any depth.
"""

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from types import FrameType
from typing import Any, NamedTuple, Self

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.locks import hold, release
from chainrule.graph.node import Array, Item, Node, Rule
from chainrule.graph.overwritten import read_apart
from chainrule.graph.refusals import (
    refuse_array,
    refuse_changing_a_constant,
    refuse_changing_an_input,
    refuse_conversion,
    refuse_escaped,
    refuse_plain_index,
    refuse_sparse,
    refuse_truth,
    refuse_value,
)
from chainrule.graph.table import MADE, TABLE, find

INPUT = Rule("input", lambda value: value)
"""The rule of a recorded function's own arguments."""

CONSTANT = Rule("constant", lambda value: value)
"""The rule of an array that depends on no argument, but is traced so that it can be written into."""

_ndarray = np.ndarray
_NUMBERS = frozenset((int, float, bool, complex, np.float64, np.float32))
_SMALL = 65_536  # bytes

_levels = itertools.count()


WATCH: ContextVar[Callable[[Node], None] | None] = ContextVar("watch", default=None)
"""What is called with every node that is recorded in this context, or None."""


OPEN: ContextVar[tuple["Recording", ...]] = ContextVar("open", default=())
"""The recordings whose functions are running in this context, the outermost first."""


class View(NamedTuple):
    """What a tracer may share its memory with: the tracer it was taken from, and how it was taken.

    ``seen`` is the node of that tracer of which this one has the numbers. ``shares`` says whether the memory is
    indeed shared; None: the arrays tell.
    """

    base: "Tracer"
    seen: Node
    rule: Rule
    operands: tuple[Any, ...]
    parameters: dict[str, Any]
    shares: bool | None = None


class Recording:
    """One run of a user's function, written down node by node.

    ``level`` orders recordings by birth: of two that are open at once, the later one is the inner one. The user's
    function runs within ``with recording:``; afterwards the recording is closed. ``runs_again`` says whether what is
    recorded will be run on other values. ``locked`` holds, by their ids, the plain arrays that must not be changed.

    With ``for_all_values`` it will be run on other values as a compiled program is: the values of now are samples that
    tell shapes and types, and nothing may be decided by them.
    """

    __slots__ = ("for_all_values", "level", "locked", "nodes", "open", "runs_again", "watch")

    def __init__(self, *, runs_again: bool = False, for_all_values: bool = False) -> None:
        self.for_all_values = for_all_values
        self.level = next(_levels)
        self.nodes: list[Node] = []
        self.locked: dict[int, Any] = {}
        self.open = True
        self.runs_again = runs_again or for_all_values
        self.watch = WATCH.get()

    def __enter__(self) -> Self:
        OPEN.set((*OPEN.get(), self))
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: Any) -> None:
        OPEN.set(tuple(recording for recording in OPEN.get() if recording is not self))
        self.open = False
        for array in self.locked.values():
            release(array)
        if isinstance(error, ValueError):
            # NumPy hides what a tracer says when it is assigned to an array's entry behind an error of its own.
            if isinstance(error.__cause__, RecordingError):
                raise error.__cause__ from None
            if self.locked and "read-only" in str(error):
                refuse_changing_a_constant(error)

    def keep(self, array: Any) -> Any:
        """Return a plain array's value of now, which the derivative will need even if the user's code changes it later.

        An array that owns its memory is returned itself, and cannot be changed until the function has run. Of a view,
        whose memory may be written by other names, a small one is copied, and a large one is held with its owner.
        """
        owner = array.base
        if owner is None:
            if id(array) not in self.locked:
                self._hold(array)
        elif array.nbytes <= _SMALL:
            return array.copy(order="K")
        elif type(owner) is _ndarray and self._hold(owner):
            self._hold(array)
        return array

    def _hold(self, array: Any) -> bool:
        if id(array) not in self.locked:
            if not hold(array):
                return False
            self.locked[id(array)] = array
        return True

    def variable(self, value: Array) -> "Tracer":
        """Make the tracer of a new argument of the recorded function."""
        return self._leaf(INPUT, value)

    def constant(self, value: Array) -> "Tracer":
        """Make a tracer of an array that depends on no argument: one that the user's function may write into."""
        return self._leaf(CONSTANT, value)

    def _leaf(self, rule: Rule, value: Array) -> "Tracer":
        node = Node(rule, (), (), {}, value)
        self.nodes.append(node)
        return Tracer(self, node)

    def taken_in(self, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the operands of an operation as this recording is to write them down; one for all values is asked."""
        return operands

    def check_write(self, array: "Tracer") -> None:
        """Refuse, while this recording's function runs, to write into an array that it may not change."""

    def node_of(self, value: Array) -> Node | None:
        """Return the node behind a value of this recording, or None: the value does not depend on its variables."""
        if type(value) is not Tracer or value._recording is not self:
            return None
        return value._current()


def apply(rule: Rule, operands: tuple[Any, ...], parameters: dict[str, Any]) -> Array:
    """Compute a rule on operands and record it in the innermost recording that any of them belongs to."""
    recording: Recording | None = None
    for operand in operands:
        if type(operand) is Tracer and (recording is None or operand._recording.level > recording.level):
            recording = operand._recording
    if recording is None:
        return rule.function(*operands, **parameters)
    if not recording.open:
        refuse_escaped()
    if recording.for_all_values:
        operands = recording.taken_in(operands)
    nodes: list[Any] = []
    values: list[Array] = []
    nested = False
    for operand in operands:
        kind = type(operand)
        if kind is Tracer:
            node = operand._node if operand._view is None else operand._current()
            if operand._recording is recording:
                nodes.append(node)
                values.append(node.value)
                nested = nested or type(node.value) is Tracer
                continue
            operand = operand._now()
            nested = True
        elif kind is _ndarray:
            operand = recording.keep(operand)
        elif kind not in _NUMBERS and hasattr(kind, "tocsr"):
            refuse_sparse()
        nodes.append(operand)
        values.append(operand)
    # Where the values are tracers of outer recordings, these record the same rule, whatever its body is.
    if nested:
        value = apply(rule, tuple(values), parameters)
    else:
        value = (rule.sample if recording.for_all_values else rule.function)(*values, **parameters)
    node = Node(rule, tuple(nodes), tuple(values), parameters, value)
    recording.nodes.append(node)
    if recording.watch is not None:
        recording.watch(node)
    if type(value) is tuple:
        return _each(recording, node)
    tracer = Tracer(recording, node)
    if rule.write_back is not None and type(operands[0]) is Tracer and operands[0]._recording is recording:
        base = operands[0]
        shares = read_apart(node, values[0]) if base._owns else None
        tracer._view = View(base, nodes[0], rule, operands[1:], parameters, shares)
    return tracer


def _each(recording: Recording, node: Node) -> tuple[Array, ...]:
    """Return tracers of the several arrays that a node's value consists of."""
    tracers = []
    for k, value in enumerate(node.value):
        item = Node(Item(k), (node,), (node.value,), {}, value)
        recording.nodes.append(item)
        tracers.append(Tracer(recording, item))
    return tuple(tracers)


def value_of(x: Array) -> Any:
    """Return the plain value under all recordings: an ndarray, a NumPy scalar, or x itself where it is not traced.

    Raises `RecordingError` where a recording for all values is among them: what one value decides holds for no other.
    """
    while type(x) is Tracer:
        if x._recording.for_all_values:
            refuse_value()
        x = x._current().value
    return x


def has_values(x: Array) -> bool:
    """Say whether an array's values may be looked at: those of a recording for all values may not."""
    while type(x) is Tracer:
        if x._recording.for_all_values:
            return False
        x = x._current().value
    return True


def sample_of(x: Array) -> Any:
    """Return the plain value under all recordings, for what does not depend on it: its shape, its type, its looks."""
    while type(x) is Tracer:
        x = x._current().value
    return x


class Tracer:
    """What stands in for an array in a function that is being recorded. It is made by chainrule only."""

    __slots__ = ("_node", "_owns", "_recording", "_view")

    def __init__(self, recording: Recording, node: Node) -> None:
        self._recording = recording
        self._node = node
        self._view: View | None = None
        self._owns = False

    # Writing: a tracer is a handle on a node. An array that is written into gets another node, and with it all arrays
    # that share its memory: a view hands what is written into it on to its base, and looks there when it is read.
    # A tracer owns its array when a write has made that array, and no other tracer is a handle on the same node.

    def _current(self) -> Node:
        """Return the node of this array's value, after what was written into the array that it is a view of."""
        view = self._view
        if view is not None and view.base._current() is not view.seen:
            if _shares_memory(self._node, view):
                again = apply(view.rule, (view.base, *view.operands), view.parameters)
                self._recording, self._node, self._view = again._recording, again._node, again._view
                self._owns = False
            else:
                self._view = None
        return self._node

    def _now(self) -> "Tracer":
        """Return a tracer of what this array is now, whatever will be written into it."""
        self._owns = False
        return Tracer(self._recording, self._current())

    def _write(self, value: Array) -> None:
        """Take on another value of the same shape and type, and let all that share memory with this array see it."""
        new = value if type(value) is Tracer else self._recording.constant(value)
        self._current()
        view = self._view
        if view is not None and _shares_memory(self._node, view):
            assert view.rule.write_back is not None  # views are made by such rules only
            view.base._write(view.rule.write_back(view.base, new, *view.operands, **view.parameters))
            self._view = view._replace(seen=view.base._current(), shares=True)
        else:
            for recording in OPEN.get():
                recording.check_write(self)
            if self._node.rule is INPUT:
                refuse_changing_an_input()
            self._view = None
        self._recording, self._node, self._owns = new._recording, new._current(), new._owns

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Answer a call of a NumPy ufunc in which this tracer takes part."""
        if kwargs or method != "__call__":
            return TABLE[Tracer.__array_ufunc__](ufunc, method, inputs, kwargs)
        spelling = TABLE.get(ufunc) or find(ufunc)
        return spelling(*inputs)

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Answer a call of another NumPy function in which this tracer takes part."""
        spelling = TABLE.get(function) or find(function)
        out = kwargs.pop("out", None)
        result = spelling(*args, **kwargs)
        if function in MADE and type(result) is _ndarray:
            return self._recording.constant(result)  # by like=, so that it can be written into
        return result if out is None else TABLE[np.copyto](out, result)

    def __array__(self, *_: Any, **__: Any) -> Any:
        if self.dtype.kind in "biu":  # a found index, a mask: no derivative is lost
            _refuse_to_freeze(self)
            return np.asarray(value_of(self))
        if not _is_sparse_product(sys._getframe(1)):
            refuse_array()
        return np.array(None)  # to a sparse array, a single object means: let the right operand answer

    def __matmul__(self, other: Any) -> Any:
        if _is_array(other):
            return TABLE[np.matmul](self, other)
        return find(Tracer.__matmul__)(self, other) if hasattr(other, "tocsr") else NotImplemented

    def __rmatmul__(self, other: Any) -> Any:
        if _is_array(other):
            return TABLE[np.matmul](other, self)
        return find(Tracer.__rmatmul__)(self, other) if hasattr(other, "tocsr") else NotImplemented

    # What is known without recording

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self._node.value.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._node.value.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return self._node.value.size  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the entries."""
        return self._node.value.dtype  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self._node.value)

    def __bool__(self) -> bool:
        if self.size != 1:
            refuse_truth()
        return bool(value_of(self))

    def __index__(self) -> int:
        return int(value_of(self).__index__())

    def __float__(self) -> float:
        return float(self._number("float()"))

    def __int__(self) -> int:
        return int(self._number("int()"))

    def __complex__(self) -> complex:
        return complex(self._number("complex()"))

    def item(self, *args: int) -> Any:
        """Return an entry as a Python number; of numbers that carry no derivative, such as counts, only."""
        return self._number("item()").item(*args)

    def tolist(self) -> Any:
        """Return the entries as nested lists; of numbers that carry no derivative, such as counts, only."""
        return self._number("tolist()").tolist()

    def _number(self, conversion: str) -> Any:
        if self.dtype.kind in "fc":
            refuse_conversion(conversion)
        return value_of(self)

    def __repr__(self) -> str:
        return f"Tracer({sample_of(self)!r})"

    def __str__(self) -> str:
        return str(sample_of(self))

    def __format__(self, specification: str) -> str:
        return format(sample_of(self), specification)

    __hash__ = None  # type: ignore[assignment]  # == compares entry by entry, as an array's does

    def __iter__(self) -> Iterator["Tracer"]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Array:
        return TABLE[Tracer.__getitem__](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._write(TABLE[Tracer.__setitem__](self, index, value))

    @property
    def T(self) -> Array:  # noqa: N802  (NumPy's own name)
        """The transpose."""
        return TABLE[np.transpose](self)

    @property
    def real(self) -> Array:
        """The real part."""
        return TABLE[np.real](self)

    @property
    def imag(self) -> Array:
        """The imaginary part."""
        return TABLE[np.imag](self)

    def reshape(self, *shape: Any, **kwargs: Any) -> Array:
        """Give the array another shape; the sizes come as one tuple or one by one, as in NumPy."""
        return TABLE[np.reshape](self, shape[0] if len(shape) == 1 else shape, **kwargs)

    def transpose(self, *axes: Any) -> Array:
        """Permute the axes; they come as one tuple or one by one, as in NumPy."""
        return TABLE[np.transpose](self, axes[0] if len(axes) == 1 else axes or None)

    def flatten(self, order: str = "C") -> Array:
        """Return a copy of the entries as one row."""
        return TABLE[np.copy](TABLE[np.reshape](self, -1, order))

    @property
    def mT(self) -> Array:  # noqa: N802  (NumPy's own name)
        """The transpose of the last two axes."""
        return TABLE[np.swapaxes](self, -1, -2)

    @property
    def flat(self) -> Iterator[Any]:
        """The entries, one by one."""
        return iter(TABLE[np.ravel](self))

    @property
    def itemsize(self) -> int:
        """The bytes of an entry."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all entries."""
        return self.size * self.dtype.itemsize

    def compress(self, condition: Any, axis: int | None = None) -> Array:
        """Return the entries, or the slices along an axis, for which a condition is true."""
        return TABLE[np.compress](condition, self, axis)

    def fill(self, value: Any) -> None:
        """Write a number into every entry."""
        self[...] = value

    def sort(self, axis: int = -1, **kwargs: Any) -> None:
        """Sort the entries in place."""
        self[...] = TABLE[np.sort](self, axis, **kwargs)

    def partition(self, kth: Any, axis: int = -1, **kwargs: Any) -> None:
        """Partition the entries in place."""
        self[...] = TABLE[np.partition](self, kth, axis, **kwargs)

    def __contains__(self, value: Any) -> bool:
        return bool(TABLE[np.any](TABLE[np.equal](self, value)))

    def __divmod__(self, other: Any) -> tuple[Array, Array]:
        return TABLE[np.floor_divide](self, other), TABLE[np.remainder](self, other)

    def __rdivmod__(self, other: Any) -> tuple[Array, Array]:
        return TABLE[np.floor_divide](other, self), TABLE[np.remainder](other, self)

    def __copy__(self) -> Array:
        return TABLE[np.copy](self)

    def __deepcopy__(self, memo: Any) -> Array:
        return TABLE[np.copy](self)

    def astype(self, dtype: Any, **kwargs: Any) -> Array:
        """Return the array with entries of another type."""
        return TABLE[np.astype](self, dtype, **kwargs)


def _shares_memory(node: Node, view: View) -> bool:
    """Say whether an array is of one memory with what it was taken from, as the plain values under them are."""
    if view.shares is not None:
        return view.shares
    x, y = sample_of(node.value), sample_of(view.seen.value)
    return type(x) is _ndarray and type(y) is _ndarray and bool(np.may_share_memory(x, y))


def _refuse_to_freeze(x: Tracer) -> None:
    """Refuse to make a plain array of x where what is recorded will be run on other values."""
    level: Any = x
    while type(level) is Tracer:
        if level._recording.runs_again:
            refuse_plain_index()
        level = level._node.value


def _is_array(x: Any) -> bool:
    """Say whether NumPy's functions take x: a sparse array they do not, nor what declines them by its own word."""
    kind = type(x)
    return (
        kind is Tracer
        or kind is _ndarray
        or not (hasattr(kind, "tocsr") or getattr(kind, "__array_ufunc__", kind) is None)
    )


def _is_sparse_product(frame: FrameType) -> bool:
    """Say whether it is the operator @ of one of SciPy's sparse arrays that runs in a frame."""
    outer = frame.f_back
    called = frame.f_code.co_name == "_matmul_dispatch"
    return called and outer is not None and outer.f_code.co_name == "__matmul__"
