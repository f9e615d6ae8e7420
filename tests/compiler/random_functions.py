"""Random functions of arrays: compositions of what compilation takes apart, such as views, sums, products and loops.

All numbers stay within a few units, so that rounding does; and where a function jumps, it is at odd numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from chainrule import scan

MOST = 600  # entries of an array


@dataclass(frozen=True)
class Step:
    """One operation on arrays that came before, by their numbers."""

    text: str
    operands: tuple[int, ...]
    function: Callable[..., Any]

    def __repr__(self) -> str:
        return f"{self.text}({', '.join(f'v{i}' for i in self.operands)})"


@dataclass(frozen=True)
class RandomFunction:
    """A function of arrays ``v0``, ``v1``, …, to which each step adds one; it returns some of them."""

    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    def __call__(self, *inputs: Any) -> list[Any]:
        pool = list(inputs)
        for step in self.steps:
            pool.append(step.function(*(pool[i] for i in step.operands)))
        return [pool[i] for i in self.outputs]

    def __repr__(self) -> str:
        return f"{'; '.join(map(repr, self.steps))}; return {', '.join(f'v{i}' for i in self.outputs)}"


def tame(x: Any) -> Any:
    return x / (1 + np.abs(x))


ENTRYWISE: dict[str, Callable[..., Any]] = {
    "tanh": np.tanh,
    "sin": np.sin,
    "negative": np.negative,
    "abs": np.abs,
    "exp(-x²)": lambda x: np.exp(-x * x),
    "sqrt": lambda x: np.sqrt(np.abs(x) + 0.1),
    "log1p": lambda x: np.log1p(x * x),
    "cube": lambda x: tame(x**3),
    "half": lambda x: x * 0.5,
    "times one": lambda x: x * 1.0 + 0.0,
    "reciprocal": lambda x: 1 / (2 + x * x),
    "above": lambda x: np.maximum(x, 0.1234),
    "chosen": lambda x: np.where(x > 0.0789, x, x * 0.5),
    "truth": lambda x: (x > 0.0456).astype(x.dtype),
    "ones": lambda x: np.ones_like(x) * 0.3,
    "zeros": lambda x: np.zeros(x.shape, x.dtype) + x,
}
OF_TWO: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: tame(x + y),
    "subtract": lambda x, y: tame(x - y),
    "multiply": lambda x, y: x * y,
    "ratio": lambda x, y: x / (1 + y * y),
    "hypot": lambda x, y: tame(np.hypot(x + 3, y)),
    "where": lambda x, y: np.where(x > 0.0891, x, y),
    "multiply, add": lambda x, y: tame(x * y + x),
}
REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": np.sum,
    "mean": np.mean,
    "var": np.var,
    "max": lambda x, axis, keepdims: (
        np.max(x, axis=axis, keepdims=keepdims) if x.size else np.sum(x, axis=axis, keepdims=keepdims)
    ),
    "prod": lambda x, axis, keepdims: np.prod(1 + 0.1 * x, axis=axis, keepdims=keepdims),
}
OF_SQUARES: dict[str, Callable[..., Any]] = {
    "added": lambda x: tame(x + x @ x),
    "subtracted": lambda x: tame(x.T - 0.5 * (x @ x)),
    "turned": lambda x: tame((x * 2 @ x).T + x * 2),
}
SLICES = [np.s_[:], np.s_[::-1], np.s_[1:], np.s_[:-1], np.s_[::2], np.s_[-1::-2], np.s_[1:-1], np.s_[2:2]]


def written(part: Any, value: Any, onto: bool) -> Callable[..., Any]:
    def write(x: Any, *given: Any) -> Any:
        y = x * 1.5
        v = given[0] if given else value
        if onto:
            y[part] += v
        else:
            y[part] = v
        return tame(y)

    return write


def shifted(x: Any) -> Any:
    y = np.copy(x)
    y[1:] = y[:-1] * 0.5
    view = y[::-1]
    view *= 0.9
    return y


def recurrence(c: Any, xs: Any) -> Any:
    return scan(lambda c, x: (np.tanh(c * 0.5 + x), c * x), c, xs)[1]


def swapping(c: Any, xs: Any) -> Any:
    (c, d), _ = scan(lambda c, x: ((c[1], tame(c[0] + x)), None), (c, c * 0.5), xs)
    return c + d


def turning(c: Any, xs: Any) -> Any:
    def step(c: Any, x: Any) -> Any:
        y = np.copy(c)
        if y.ndim:
            y[:1] = x[:1]
        return tame(y[::-1] + x if y.ndim else y + x), np.sum(y)

    return scan(step, c, xs[::-1])[0]


def nested(c: Any, xs: Any) -> Any:
    def step(c: Any, x: Any) -> Any:
        return scan(lambda d, _: (tame(d + x * c), np.sum(d * x) * 0.1), c, length=2)

    return scan(step, c, xs, checkpoint=True)[1]


LOOPS = {"recurrence": recurrence, "swapping": swapping, "turning": turning, "nested": nested}


@st.composite
def slices(draw: Any, shape: tuple[int, ...]) -> Any:
    return tuple(draw(st.sampled_from(SLICES)) for _ in shape)


@st.composite
def _step(draw: Any, pool: list[Any]) -> Step:
    """Draw an operation that fits the arrays that there are."""
    i = draw(st.integers(0, len(pool) - 1)) if draw(st.booleans()) else len(pool) - 1
    x = pool[i]
    kinds = ["entrywise", "two", "reshape", "repeat"]
    kinds += ["slice", "transpose", "reduce", "write", "join", "product", "take", "flip"] if x.ndim else []
    kinds += ["shift", "scan", "scan"] if x.ndim and 0 < x.shape[0] < 10 else []
    kind = draw(st.sampled_from(kinds))
    others = [j for j, y in enumerate(pool) if _fits(kind, x, y)]
    j = draw(st.sampled_from(others)) if others else None
    if kind == "two" and j is not None:
        name = draw(st.sampled_from(sorted(OF_TWO)))
        return Step(name, (i, j), OF_TWO[name])
    if kind == "reshape":
        shape = draw(
            st.sampled_from(
                [(-1,), (x.size, 1), (1, x.size), *([(2, -1), (-1, 2)] if x.size and x.size % 2 == 0 else [])]
            )
        )
        return Step(f"reshape {shape}", (i,), lambda x: np.reshape(x, shape if x.size else (0,)))
    if kind == "repeat" and x.ndim < 3 and x.size * 3 <= MOST:
        shape = draw(st.sampled_from([(3, *x.shape), (1, *x.shape)]))
        return Step(f"repeat {shape}", (i,), lambda x: np.broadcast_to(x, shape))
    if kind == "slice":
        part = draw(slices(x.shape))
        return Step(f"slice {part}", (i,), lambda x: x[part])
    if kind == "transpose":
        axes = tuple(draw(st.permutations(range(x.ndim))))
        return Step(f"transpose {axes}", (i,), lambda x: np.transpose(x, axes))
    if kind == "flip":
        axis = draw(st.integers(0, x.ndim - 1))
        return Step(f"flip {axis}", (i,), lambda x: np.roll(np.flip(x, axis), 1, axis))
    if kind == "reduce":
        name = draw(st.sampled_from(sorted(REDUCTIONS) if x.size else ["sum", "prod"]))
        axis = draw(st.sampled_from([None, *range(x.ndim)]))
        kept = draw(st.booleans())
        return Step(f"{name} {axis} {kept}", (i,), lambda x: tame(REDUCTIONS[name](x, axis=axis, keepdims=kept)))
    if kind == "write":
        part, onto = draw(slices(x.shape)), draw(st.booleans())
        fitting = [k for k, y in enumerate(pool) if y.shape == x[part].shape]
        given = (draw(st.sampled_from(fitting)),) if fitting else ()
        return Step(f"write {part} {onto}", (i, *given), written(part, 0.5, onto))
    if kind == "join" and j is not None:
        return Step("join", (i, j), lambda x, y: np.concatenate([x, y]))
    if kind == "product" and x.ndim == 2 and x.shape[0] == x.shape[1] and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(OF_SQUARES)))
        return Step(name, (i,), OF_SQUARES[name])
    if kind == "product" and j is not None:
        return Step("product", (i, j), lambda x, y: tame(x @ y))
    if kind == "take" and x.shape[0]:
        rows = np.array(draw(st.lists(st.integers(-x.shape[0], x.shape[0] - 1), min_size=1, max_size=4)))
        return Step(f"take {rows.tolist()}", (i,), lambda x: x[rows])
    if kind == "shift":
        return Step("shift", (i,), shifted)
    if kind == "scan" and j is not None:
        name = draw(st.sampled_from(sorted(LOOPS)))
        return Step(name, (j, i), LOOPS[name])
    name = draw(st.sampled_from(sorted(ENTRYWISE)))
    return Step(name, (i,), ENTRYWISE[name])


def _fits(kind: str, x: Any, y: Any) -> Any:
    """Say whether an array may be the second operand of an operation."""
    if kind == "two":
        try:
            return np.prod(np.broadcast_shapes(x.shape, y.shape)) <= MOST
        except ValueError:
            return False
    if kind == "join":
        return y.ndim == x.ndim and y.shape[1:] == x.shape[1:] and x.size + y.size <= MOST
    if kind == "product":
        return y.ndim in (1, 2) and y.shape[0] == x.shape[-1] and x.size * y.shape[-1] <= MOST
    return kind == "scan" and y.shape == x.shape[1:]


@st.composite
def random_functions(draw: Any, dtype: Any, most: int) -> tuple[RandomFunction, list[Any]]:
    """Draw a function of up to so many steps, and arrays to call it with."""
    random = np.random.default_rng(draw(st.integers(0, 99)))
    sides = draw(st.lists(st.integers(0, 9), min_size=2, max_size=2))
    shapes = draw(st.lists(st.lists(st.sampled_from(sides), max_size=2), min_size=1, max_size=3))
    inputs = [np.asarray(random.normal(size=shape), dtype)[()] for shape in shapes]
    pool: list[Any] = [np.asarray(x)[()] for x in inputs]
    steps = []
    for _ in range(draw(st.integers(1, most))):
        step = draw(_step(pool))
        steps.append(step)
        pool.append(step.function(*(pool[i] for i in step.operands)))
    outputs = [len(pool) - 1, *draw(st.lists(st.integers(0, len(pool) - 1), max_size=2))]
    return RandomFunction(tuple(steps), tuple(outputs)), inputs
