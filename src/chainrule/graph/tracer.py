"""The tracer: what stands in for an array while the user's function is being recorded.

A tracer carries the real value, so that branches, loops, lengths and printing just work, and answers NumPy's own
protocols (`__array_ufunc__`, `__array_function__`, operators, methods), so that the user's function needs nothing
of ours. Each operation on it is looked up in `TABLE` and recorded as a `Node`.

Recordings nest: where a derivative is taken inside a function that is itself being recorded, the inner tracers'
values are tracers of the outer recording. An operation is recorded by the innermost recording that takes part in it,
and computing its value records it in the next one out. So a derivative is itself recordable, to any depth.
"""

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.node import Array, Item, Node, Rule
from chainrule.graph.refusals import (
    refuse_array,
    refuse_conversion,
    refuse_escaped,
    refuse_function,
    refuse_writing,
    refuse_writing_into_a_plain_array,
)

TABLE: dict[Callable[..., Any], Callable[..., Any]] = {}
"""For each NumPy (or SciPy) function: what a tracer does in its place. `chainrule.rules` fills it."""

INPUT = Rule("input", lambda value: value)
"""The rule of a recorded function's own arguments."""

_levels = itertools.count()


class Recording:
    """One run of a user's function, written down node by node.

    ``level`` orders recordings by birth: of two that are open at once, the later one is the inner one. The user's
    function runs within ``with recording:``; afterwards the recording is closed.
    """

    __slots__ = ("level", "nodes", "open")

    def __init__(self) -> None:
        self.level = next(_levels)
        self.nodes: list[Node] = []
        self.open = True

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: Any) -> None:
        self.open = False
        # NumPy hides what a tracer says when it is assigned to an array's entry behind an error of its own.
        if isinstance(error, ValueError) and isinstance(error.__cause__, RecordingError):
            raise error.__cause__ from None

    def variable(self, value: Array) -> "Tracer":
        """Make the tracer of a new argument of the recorded function."""
        node = Node(INPUT, (), (), {}, value)
        self.nodes.append(node)
        return Tracer(self, node)

    def node_of(self, value: Array) -> Node | None:
        """Return the node behind a value of this recording, or None: the value does not depend on its variables."""
        return value._node if type(value) is Tracer and value._recording is self else None


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
    nodes: list[Any] = []
    values: list[Array] = []
    nested = False
    for operand in operands:
        nodes.append(operand)
        if type(operand) is Tracer:
            if operand._recording is recording:
                nodes[-1] = operand._node
                operand = operand._node.value
            nested = nested or type(operand) is Tracer
        values.append(operand)
    # Where the values are tracers of outer recordings, these record the same rule, whatever its body is.
    value = apply(rule, tuple(values), parameters) if nested else rule.function(*values, **parameters)
    node = Node(rule, tuple(nodes), tuple(values), parameters, value)
    recording.nodes.append(node)
    return Tracer(recording, node) if type(value) is not tuple else _each(recording, node)


def _each(recording: Recording, node: Node) -> tuple[Array, ...]:
    """Return tracers of the several arrays that a node's value consists of."""
    tracers = []
    for k, value in enumerate(node.value):
        item = Node(Item(k), (node,), (node.value,), {}, value)
        recording.nodes.append(item)
        tracers.append(Tracer(recording, item))
    return tuple(tracers)


def value_of(x: Array) -> Any:
    """Return the plain value under all recordings: an ndarray, a NumPy scalar, or x itself where it is not traced."""
    while type(x) is Tracer:
        x = x._node.value
    return x


class Tracer:
    """What stands in for an array in a function that is being recorded. It is made by chainrule only."""

    __slots__ = ("_node", "_recording")

    def __init__(self, recording: Recording, node: Node) -> None:
        self._recording = recording
        self._node = node

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Answer a call of a NumPy ufunc in which this tracer takes part."""
        spelling = TABLE.get(ufunc) if method == "__call__" and not kwargs else None
        if spelling is None:
            _refuse_ufunc(ufunc, method, kwargs)
        return spelling(*inputs)

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Answer a call of another NumPy function in which this tracer takes part."""
        spelling = TABLE.get(function)
        if spelling is None:
            refuse_function(f"{function.__module__}.{function.__name__}")
        return spelling(*args, **kwargs)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        refuse_array()

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
        return bool(self._node.value)

    def __index__(self) -> int:
        return int(value_of(self).__index__())

    def __float__(self) -> NoReturn:
        refuse_conversion("float")

    def __int__(self) -> NoReturn:
        refuse_conversion("int")

    def __complex__(self) -> NoReturn:
        refuse_conversion("complex")

    def __repr__(self) -> str:
        return f"Tracer({value_of(self)!r})"

    def __str__(self) -> str:
        return str(value_of(self))

    def __format__(self, specification: str) -> str:
        return format(value_of(self), specification)

    __hash__ = None  # type: ignore[assignment]  # == compares entry by entry, as an array's does

    def __iter__(self) -> Iterator["Tracer"]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Array:
        return TABLE[Tracer.__getitem__](self, index)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        refuse_writing()

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

    def flatten(self) -> Array:
        """Return the entries as one row."""
        return TABLE[np.reshape](self, -1)

    def astype(self, dtype: Any, **kwargs: Any) -> Array:
        """Return the array with entries of another type."""
        return TABLE[np.astype](self, dtype, **kwargs)


def _refuse_ufunc(ufunc: np.ufunc, method: str, kwargs: dict[str, Any]) -> NoReturn:
    if kwargs.get("out") is not None:
        refuse_writing_into_a_plain_array()
    refuse_function(
        f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}") + "".join(f" with {k}=" for k in kwargs)
    )


def _operator(ufunc: Callable[..., Any]) -> Callable[[Tracer, Any], Array]:
    return lambda x, other: TABLE[ufunc](x, other)


def _reflected(ufunc: Callable[..., Any]) -> Callable[[Tracer, Any], Array]:
    return lambda x, other: TABLE[ufunc](other, x)


def _unary(ufunc: Callable[..., Any]) -> Callable[[Tracer], Array]:
    return lambda x: TABLE[ufunc](x)


def _method(function: Callable[..., Any]) -> Callable[..., Array]:
    return lambda x, *args, **kwargs: TABLE[function](x, *args, **kwargs)


_BINARY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.true_divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": operator.pow,
    "matmul": np.matmul,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
}
_COMPARISONS = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
_UNARY = {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}
# Methods of ndarray that are the function of the same name with the array first.
_METHODS = (
    *(
        "sum",
        "prod",
        "mean",
        "var",
        "std",
        "max",
        "min",
        "cumsum",
        "all",
        "any",
        "argmax",
        "argmin",
        "argsort",
    ),
    *(
        "ravel",
        "squeeze",
        "swapaxes",
        "repeat",
        "take",
        "diagonal",
        "trace",
        "dot",
        "clip",
        "copy",
        "conj",
        "round",
    ),
)

for _name, _ufunc in _BINARY.items():
    setattr(Tracer, f"__{_name}__", _operator(_ufunc))
    setattr(Tracer, f"__r{_name}__", _reflected(_ufunc))
for _name, _ufunc in _COMPARISONS.items():
    setattr(Tracer, f"__{_name}__", _operator(_ufunc))
for _name, _ufunc in _UNARY.items():
    setattr(Tracer, f"__{_name}__", _unary(_ufunc))
for _name in _METHODS:
    setattr(Tracer, _name, _method(getattr(np, _name)))
