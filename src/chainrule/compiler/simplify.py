"""Making values so that they come out simple: the same one never twice, what is known already computed.

Everything here leaves the values themselves as they are; what differs in rounding (a power as products, say) is as
near to the mathematics as what it replaces.
"""

from typing import Any

import numpy as np

from chainrule.compiler.scalars import scalar_function
from chainrule.compiler.values import Called, Looped, Shape, Value

_FOLDED = 4_096  # entries: known arrays of up to so many are computed when the program is made
_POWERS = 16


class Builder:
    """Makes values; equal ones are one."""

    def __init__(self) -> None:
        self._known: dict[Any, Value] = {}
        self._arrays: dict[int, tuple[Any, Value]] = {}

    def make(
        self, kind: str, operands: tuple[Value, ...], shape: Shape, dtype: Any, detail: tuple[Any, ...] = ()
    ) -> Value:
        """Return the value of a kind, operands and detail; it is made once."""
        key = (kind, operands, shape, np.dtype(dtype), detail)
        if key not in self._known:
            self._known[key] = Value(kind, operands, shape, dtype, detail)
        return self._known[key]

    # Leaves

    def input(self, number: int, shape: Shape, dtype: Any) -> Value:
        """Make an argument; each is one of its own."""
        return Value("input", (), shape, dtype, (number,))

    def constant(self, x: Any) -> Value:
        """Make a known array, a copy of what it is now; the same one, and equal numbers, are one.

        An array of equal numbers is one of them, repeated.
        """
        array = np.asarray(x)
        if array.size > 1 and not array.dtype.hasobject:
            first = array[(slice(0, 1),) * array.ndim]
            if array.tobytes() == first.tobytes() * array.size:
                return self.full(first.reshape(()), array.shape)
        if array.size == 1:
            scalar = array.reshape(())
            key = ("constant", scalar.tobytes(), scalar.dtype)
            if key not in self._known:
                self._known[key] = Value("constant", (), (), scalar.dtype, (scalar.copy(),))
            return self.reshape(self._known[key], array.shape)
        if id(array) not in self._arrays:  # what is kept beside its copy, so that no other array takes its number
            self._arrays[id(array)] = array, Value("constant", (), array.shape, array.dtype, (array.copy(),))
        return self._arrays[id(array)][1]

    def full(self, x: Any, shape: Shape) -> Value:
        """Make an array of one number."""
        return self.broadcast(self.constant(x), shape)

    def empty(self, shape: Shape, dtype: Any) -> Value:
        """Make memory to be written into."""
        return Value("empty", (), shape, dtype)

    # Entry by entry

    def map(self, function: str, *operands: Value, dtype: Any) -> Value:
        """Apply a scalar function; operands are of the types that it takes."""
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        operands = tuple(_unrepeated(x, shape, operands) for x in operands)
        if all(x.shape != shape for x in operands):  # all were repeated: compute once, then repeat
            inner = np.broadcast_shapes(*(x.shape for x in operands))
            if inner != shape:
                return self.broadcast(self.map(function, *operands, dtype=dtype), shape)
        if all(x.kind == "constant" for x in operands) and np.prod(shape, dtype=int) <= _FOLDED:
            return self.constant(_folded(function, operands, dtype))
        simple = self._simpler(function, operands, shape, np.dtype(dtype))
        return simple if simple is not None else self.make("map", operands, shape, dtype, (function,))

    def _simpler(self, function: str, operands: tuple[Value, ...], shape: Shape, dtype: np.dtype[Any]) -> Value | None:
        x = operands[0]
        if function == "astype":
            return x if x.dtype == dtype else None
        if function == "positive":
            return x
        if function == "negative" and x.kind == "map" and x.detail == ("negative",):
            return x.operands[0]
        if function == "where" and x.kind == "constant" and x.shape == ():
            chosen = operands[1] if x.detail[0] else operands[2]
            return self.broadcast(chosen, shape)
        if dtype.kind != "f" or len(operands) != 2:
            return None
        y = operands[1]
        if function == "multiply" and _is_number(x, 1) and y.shape == shape:
            return y
        if function in ("multiply", "divide") and _is_number(y, 1) and x.shape == shape:
            return x
        if function == "subtract" and _is_number(y, 0) and x.shape == shape:
            return x
        if function == "multiply" and x is y:
            return self.map("square", x, dtype=dtype)
        if function in ("multiply", "divide"):
            # Signs are taken out of constants by NumPy's own arithmetic; a quotient by a power of two is a product.
            if function == "divide" and (number := _number(y)) is not None and _is_power_of_two(number):
                return self.map("multiply", x, self.constant(np.asarray(1 / number, dtype)), dtype=dtype)
            return None
        if function == "power" and _is_number(y, 0.5) and () != x.shape == shape:
            return self.map("sqrt", x, dtype=dtype)  # as NumPy has it of arrays; of numbers it differs at -0.0 and -inf
        if function in ("power", "float_power") and (number := _number(y)) is not None and x.shape == shape:
            return self._power(x, number, dtype)
        return None

    def _power(self, x: Value, p: float, dtype: np.dtype[Any]) -> Value | None:
        if p != int(p) or abs(p) > _POWERS:
            return None
        n, result, factor = int(abs(p)), None, x
        while n:
            if n & 1:
                result = factor if result is None else self.map("multiply", result, factor, dtype=dtype)
            n >>= 1
            if n:
                factor = self.map("square", factor, dtype=dtype)
        if result is None:
            return self.full(np.ones((), dtype), x.shape)
        return self.map("reciprocal", result, dtype=dtype) if p < 0 else result

    def cast(self, x: Value, dtype: Any) -> Value:
        """Give an array another type."""
        return self.map("astype", x, dtype=dtype)

    def reduce(self, function: str, x: Value, axes: tuple[int, ...]) -> Value:
        """Reduce over axes; they disappear."""
        axes = tuple(sorted(axes))
        if not axes:
            return x
        kept = tuple(i for i in range(len(x.shape)) if i not in axes)
        shape = tuple(x.shape[i] for i in kept)
        single = tuple(axis for axis in axes if x.shape[axis] == 1)
        if single:
            rest = tuple(n for axis, n in enumerate(x.shape) if axis not in single)
            left = tuple(axis - sum(s < axis for s in single) for axis in axes if axis not in single)
            return self.reduce(function, self.reshape(x, rest), left)
        return self.make("reduce", (x,), shape, x.dtype, (function, axes))

    # Views

    def reshape(self, x: Value, shape: Shape) -> Value:
        """Give an array another shape."""
        if x.shape == shape:
            return x
        if x.kind == "reshape":
            return self.reshape(x.operands[0], shape)
        if x.kind == "constant":
            return (
                self.make("reshape", (x,), shape, x.dtype)
                if x.shape == ()
                else self.constant(x.detail[0].reshape(shape))
            )
        return self.make("reshape", (x,), shape, x.dtype)

    def permute(self, x: Value, axes: tuple[int, ...]) -> Value:
        """Put axes into another order."""
        if axes == tuple(range(len(axes))):
            return x
        if x.kind == "permute":
            return self.permute(x.operands[0], tuple(x.detail[0][a] for a in axes))
        return self.make("permute", (x,), tuple(x.shape[a] for a in axes), x.dtype, (axes,))

    def broadcast(self, x: Value, shape: Shape) -> Value:
        """Repeat an array along axes of size 1 and new leading ones."""
        if x.shape == shape:
            return x
        if x.kind == "broadcast":
            return self.broadcast(x.operands[0], shape)
        return self.make("broadcast", (x,), shape, x.dtype)

    def slice(self, x: Value, starts: Shape, steps: Shape, shape: Shape) -> Value:
        """Take every step-th entry from a start on, along each axis."""
        if shape == x.shape and not any(starts) and all(s == 1 for s in steps):
            return x
        if x.kind == "slice":
            inner_starts, inner_steps = x.detail
            starts = tuple(a + s * b for a, b, s in zip(inner_starts, starts, inner_steps, strict=True))
            steps = tuple(s * t for s, t in zip(inner_steps, steps, strict=True))
            return self.slice(x.operands[0], starts, steps, shape)
        return self.make("slice", (x,), shape, x.dtype, (starts, steps))

    # The others

    def write(self, x: Value, v: Value, starts: Shape, steps: Shape, onto: bool = False) -> Value:
        """Write v into a slice of x, or add it there."""
        if v.shape == x.shape and all(s == 1 for s in steps) and not onto:
            return v
        return self.make("write", (x, v), x.shape, x.dtype, (starts, steps, onto))

    def take(self, x: Value, indices: Value) -> Value:
        """Take rows by number."""
        return self.make("take", (x, indices), (*indices.shape, *x.shape[1:]), x.dtype)

    def add_rows(self, x: Value, v: Value, indices: Value) -> Value:
        """Add rows of v to those of x that have the given numbers."""
        return self.make("add_rows", (x, v, indices), x.shape, x.dtype)

    def dot(self, a: Value, b: Value, c: Value | None = None, alpha: float = 1.0) -> Value:
        """Multiply matrices (…, m, k) and (…, k, n) of the same leading shape."""
        shape = (*a.shape[:-1], b.shape[-1])
        return self.make("dot", (a, b) if c is None else (a, b, c), shape, a.dtype, (alpha,))

    def call(self, called: Called, operands: tuple[Value, ...]) -> list[Value]:
        """Have NumPy compute something; return its results."""
        whole = Value("call", operands, (), object, (called,))
        return [self.make("part", (whole,), shape, dtype, (k,)) for k, (shape, dtype) in enumerate(called.results)]

    def loop(self, looped: Looped, operands: tuple[Value, ...]) -> list[Value]:
        """Run a body again and again; return the last carried values, then what it gave, stacked."""
        whole = Value("loop", operands, (), object, (looped,))
        parts = []
        for k, x in enumerate(looped.outputs):
            shape = x.shape if k < looped.carries else (looped.length, *x.shape)
            parts.append(self.make("part", (whole,), shape, x.dtype, (k,)))
        return parts


def _unrepeated(x: Value, shape: Shape, operands: tuple[Value, ...]) -> Value:
    """Leave out a broadcast that a map does by itself."""
    return x.operands[0] if x.kind == "broadcast" else x


def _folded(function: str, operands: tuple[Value, ...], dtype: Any) -> Any:
    arrays = [x.detail[0] for x in operands]
    with np.errstate(all="ignore"):
        if function == "astype":
            return arrays[0].astype(dtype)
        return np.asarray(scalar_function(function)(*arrays), dtype)


def _number(x: Value) -> float | None:
    """Return the one number that an array consists of, where it is known."""
    while x.kind in ("broadcast", "reshape"):
        (x,) = x.operands
    if x.kind != "constant" or x.shape != () or x.dtype.kind not in "fiub":
        return None
    number = float(x.detail[0])
    return number if np.isfinite(number) else None


def _is_number(x: Value, number: float) -> bool:
    return _number(x) == number


def _is_power_of_two(x: float) -> bool:
    return x != 0 and abs(np.frexp(x)[0]) == 0.5 and 1e-300 < abs(x) < 1e300
