"""The price of a gradient: chainrule beside autograd, PyTorch eager and MyGrad, and beside the function alone.

    python benchmarks/gradients.py [--rounds 15] [--only a b c d e]

Cases (a) to (d) are one function each, written once and run by every system that is installed. All must come to the
same value and gradients before anything is timed. A call gives the value and the gradient by all of its variables;
the arrays a system takes are made beforehand. Rounds are interleaved, so that a slow minute of the machine hits all
systems, and medians are compared. Every library has one thread. The unit is the function alone in NumPy, without any
derivative.

(e) is the price of chainrule's gradient, value included, in units of the function, for arrays of 10⁵ and 10⁶ entries.

The limits: half of autograd's time on each of (a) to (d), PyTorch's on (a) and (b), and 5 for each price of (e).
The exit code is 1 where one is missed.
"""

import argparse
import dataclasses
import importlib
import importlib.util
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import chainrule

PRICE_LIMIT = 5.0
SECONDS_A_ROUND = 0.02

Run = Callable[[], tuple[Any, Sequence[Any]]]


@dataclasses.dataclass(frozen=True)
class Case:
    """A function ``f(xp, *arguments)`` of a NumPy-like namespace, and how many of its arguments are variables."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    variables: int
    limits: dict[str, float] = dataclasses.field(default_factory=dict)


# The functions


def chain(xp: Any, x: Any) -> Any:
    """61 elementwise operations, and a sum to end in a scalar."""
    y = x * 0.5
    for _ in range(6):
        s = xp.sin(y)
        product = s * xp.cos(y)
        e = xp.exp(product)
        t = xp.tanh((e - s) / e)
        y = xp.sqrt(t * t + 0.5)
    return xp.sum(y)


def sigmoid(xp: Any, z: Any) -> Any:
    return 1 / (1 + xp.exp(-z))


def network(xp: Any, W1: Any, b1: Any, W2: Any, b2: Any, x: Any, y: Any) -> Any:
    """Run the paper's network, to its quadratic cost, averaged over the mini-batch."""
    a1 = sigmoid(xp, x @ W1.T + b1)
    a2 = sigmoid(xp, a1 @ W2.T + b2)
    return xp.sum((a2 - y) ** 2) / (2 * len(x))


def lstm(xp: Any, W: Any, U: Any, b: Any, h: Any, c: Any, x: Any) -> Any:
    """Run an LSTM cell with forget gates (Gers et al. 2000), the gates side by side in W, U and b."""
    n = h.shape[1]
    for t in range(len(x)):
        z = x[t] @ W + h @ U + b
        i, f, o = sigmoid(xp, z[:, :n]), sigmoid(xp, z[:, n : 2 * n]), sigmoid(xp, z[:, 2 * n : 3 * n])
        c = f * c + i * xp.tanh(z[:, 3 * n :])
        h = o * xp.tanh(c)
    return xp.sum(h * h)


def log_sum_exp(xp: Any, x: Any, axis: int) -> Any:
    """Take log Σ exp over the first or the last axis, safe from overflow."""
    highest = xp.amax(x, axis)
    shifted = x - (highest if axis == 0 else highest[..., None])
    return highest + xp.log(xp.sum(xp.exp(shifted), axis))


def factors(xp: Any, q: Any, r: Any, below: Any, unit: Any) -> Any:
    """Return the lower triangular R of the precisions RᵀR, with exp(q) on its diagonal and r below it."""
    return r * below + xp.exp(q)[:, :, None] * unit


def mixture(xp: Any, alpha: Any, mu: Any, q: Any, r: Any, below: Any, unit: Any, x: Any) -> Any:
    """Compute the log-likelihood of a Gaussian mixture: weights softmax(alpha), means mu, precisions RᵀR.

    The points are the rows of x, of shape (n, 1, 4), as data come.
    """
    z = (factors(xp, q, r, below, unit) @ (x - mu)[..., None])[..., 0]
    log_weight = alpha - log_sum_exp(xp, alpha, 0) + xp.sum(q, 1)
    log_density = log_weight - 0.5 * xp.sum(z * z, -1)
    return xp.sum(log_sum_exp(xp, log_density, -1)) - 0.5 * x.shape[0] * x.shape[2] * math.log(2 * math.pi)


def mixture_of_columns(xp: Any, alpha: Any, mu: Any, q: Any, r: Any, below: Any, unit: Any, x: Any) -> Any:
    """Compute the same with the points as the columns of x, since NumPy's loops run along the last axis."""
    z = factors(xp, q, r, below, unit) @ (x - mu[:, :, None])
    log_weight = alpha - log_sum_exp(xp, alpha, 0) + xp.sum(q, 1)
    log_density = log_weight[:, None] - 0.5 * xp.sum(z * z, 1)
    return xp.sum(log_sum_exp(xp, log_density, 0)) - 0.5 * x.shape[0] * x.shape[1] * math.log(2 * math.pi)


def long_chain(xp: Any, x: Any) -> Any:
    y = xp.sin(x) * xp.exp(-x * x)
    return xp.sum(xp.log(1 + y * y) / xp.sqrt(x * x + 1))


def arithmetic(xp: Any, x: Any, y: Any) -> Any:
    """Nothing but passes over memory: the hardest case for a price counted in passes."""
    return xp.sum((x * y - x) * (x + y) + 0.5 * x)


def softmax_cross_entropy(xp: Any, z: Any, labels: Any) -> Any:
    shifted = z - xp.max(z, axis=1, keepdims=True)
    log_p = shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))
    return -xp.mean(log_p[xp.arange(len(labels)), labels])


def dense(xp: Any, W: Any, b: Any, V: Any, x: Any) -> Any:
    return xp.mean(xp.tanh(x @ W + b) @ V)


def running(xp: Any, x: Any, places: Any) -> Any:
    """Take running sums, differences of neighbours, entries picked by number and by slices."""
    total = xp.cumsum(x)
    steps = total[2:] - total[:-2]
    return xp.sum(steps * steps) + xp.sum(xp.tanh(x[places])) + xp.sum(total[::2] * x[1::2])


def small_cases() -> list[Case]:
    random = np.random.default_rng(0)

    def normal(*shape: int, scale: float = 1.0, dtype: str = "float64") -> Any:
        return (scale * random.normal(size=shape)).astype(dtype)

    def single(*shape: int, scale: float = 1.0) -> Any:
        return normal(*shape, scale=scale, dtype="float32")

    pixels = random.uniform(size=(10, 784)).astype("float32")
    one_hot = np.eye(10, dtype="float32")[random.integers(10, size=10)]
    weights = (single(30, 784, scale=784**-0.5), single(30), single(10, 30, scale=30**-0.5), single(10))
    cell = (normal(16, 128, scale=0.25), normal(32, 128, scale=0.2), normal(128), np.zeros((8, 32)), np.zeros((8, 32)))
    gaussians = (normal(5), normal(5, 4), normal(5, 4, scale=0.2), normal(5, 4, 4, scale=0.3))
    triangle = (np.tril(np.ones((4, 4)), -1), np.eye(4))
    columns = normal(4, 1000)
    rows = np.ascontiguousarray(columns.T)[:, None, :]
    both = {"autograd": 0.5, "PyTorch": 1.0}
    one = {"autograd": 0.5}
    return [
        Case("a  61 elementwise operations, 10 numbers", chain, (random.uniform(0.2, 2, size=10),), 1, both),
        Case("b  784-30-10 network, batch 10, float32", network, (*weights, pixels, one_hot), 4, both),
        Case("c  LSTM cell, 20 steps, batch 8", lstm, (*cell, normal(20, 8, 16)), 3, one),
        Case("d  Gaussian mixture, 1,000 points", mixture, (*gaussians, *triangle, rows), 4, one),
        Case("d  the same, points as columns", mixture_of_columns, (*gaussians, *triangle, columns), 4, one),
    ]


def large_cases(size: int) -> list[Case]:
    random = np.random.default_rng(1)
    x = random.uniform(0.2, 2, size=size)
    logits, labels = random.normal(size=(size // 10, 10)), random.integers(10, size=size // 10)
    W, b, V = random.normal(size=(256, 64)) / 16, random.normal(size=64), random.normal(size=(64, 10))
    return [
        Case("elementwise chain", long_chain, (x,), 1),
        Case("arithmetic", arithmetic, (x, random.normal(size=size)), 2),
        Case("softmax cross-entropy", softmax_cross_entropy, (logits, labels), 1),
        Case("x @ W network", dense, (W, b, V, random.normal(size=(size // 256, 256))), 3),
        Case("cumsum and indexing", running, (x, random.integers(size, size=size // 10)), 1),
    ]


# The systems: each makes of a case a call that gives the value and the gradients, or the value alone


def with_numpy(case: Case) -> Run:
    return lambda: (case.function(np, *case.arguments), ())


def with_chainrule(case: Case) -> Run:
    gradient = chainrule.value_and_grad(lambda *x: case.function(np, *x), tuple(range(case.variables)))
    return lambda: gradient(*case.arguments)


def with_autograd(case: Case) -> Run:
    autograd, xp = importlib.import_module("autograd"), importlib.import_module("autograd.numpy")
    gradient = autograd.value_and_grad(lambda *x: case.function(xp, *x), tuple(range(case.variables)))
    return lambda: gradient(*case.arguments)


def with_pytorch(case: Case) -> Run:
    torch = importlib.import_module("torch")
    tensors = [torch.tensor(x) for x in case.arguments]
    variables = [x.requires_grad_() for x in tensors[: case.variables]]

    def run() -> tuple[Any, Sequence[Any]]:
        value = case.function(torch, *tensors)
        return value.detach(), torch.autograd.grad(value, variables)

    return run


def with_mygrad(case: Case) -> Run:
    mygrad = importlib.import_module("mygrad")
    variables = [mygrad.tensor(x) for x in case.arguments[: case.variables]]

    def run() -> tuple[Any, Sequence[Any]]:
        value = case.function(mygrad, *variables, *case.arguments[case.variables :])
        value.backward()
        return value.data, [x.grad for x in variables]

    return run


PEERS = {
    "autograd": ("autograd", with_autograd),
    "PyTorch": ("torch", with_pytorch),
    "MyGrad": ("mygrad", with_mygrad),
}


def check(case: Case, runs: dict[str, Run]) -> None:
    """Hold every system's value and gradients against chainrule's."""
    value, gradients = runs["chainrule"]()
    tolerance = 1e-4 if gradients[0].dtype == np.float32 else 1e-9
    for name, run in runs.items():
        other, found = run()
        np.testing.assert_allclose(other, value, rtol=tolerance, err_msg=f"{case.name}: value by {name}")
        for ours, theirs in zip(gradients, found, strict=False):
            scale = float(np.abs(ours).max())
            np.testing.assert_allclose(
                theirs, ours, rtol=tolerance, atol=tolerance * scale, err_msg=f"{case.name}: gradient by {name}"
            )


# Timing


def seconds_each(runs: dict[str, Run], rounds: int) -> dict[str, float]:
    """Time calls in interleaved rounds; return the median of each system's seconds a call."""
    repeats = {name: max(1, round(SECONDS_A_ROUND / _seconds(run, 3))) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(_seconds(run, repeats[name]))
    return {name: statistics.median(taken) for name, taken in times.items()}


def _seconds(run: Run, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def beside_peers(cases: Sequence[Case], rounds: int, console: Console) -> bool:
    """Time the cases with every system that is installed, print both tables, say whether all limits are kept."""
    systems = {"NumPy alone": with_numpy, "chainrule": with_chainrule}
    systems |= {name: make for name, (module, make) in PEERS.items() if importlib.util.find_spec(module)}
    missing = [name for name in PEERS if name not in systems]
    if missing:
        console.print(f"Not installed, so not compared: {', '.join(missing)}.")
    table = Table("value and gradient", *systems, "ratio to", title="µs a call (times NumPy's function alone)")
    kept = True
    for case in cases:
        runs = {name: make(case) for name, make in systems.items()}
        check(case, runs)
        times = seconds_each(runs, rounds)
        cells = [f"{t * 1e6:,.0f} ({t / times['NumPy alone']:.1f})" for t in times.values()]
        verdicts = []
        for name in PEERS:
            if name in times:
                ratio, limit = times["chainrule"] / times[name], case.limits.get(name, math.inf)
                kept = kept and ratio <= limit
                verdicts.append(f"{name} {ratio:.2f}" + (f" {_verdict(ratio, limit)}" if limit < math.inf else ""))
        table.add_row(case.name, *cells, "\n".join(verdicts))
    console.print(table)
    return kept


def beside_the_function(rounds: int, console: Console) -> bool:
    """Time gradients of large arrays in units of their functions, print the table, say whether all are in the limit."""
    table = Table("function", "entries", "NumPy alone, ms", "value and gradient, ms", "price")
    kept = True
    for size in (100_000, 1_000_000):
        for case in large_cases(size):
            runs = {"NumPy alone": with_numpy(case), "chainrule": with_chainrule(case)}
            check(case, runs)
            alone, both = seconds_each(runs, rounds).values()
            kept = kept and both / alone <= PRICE_LIMIT
            price = f"{both / alone:.2f} {_verdict(both / alone, PRICE_LIMIT)}"
            table.add_row(case.name, f"{size:,}", f"{alone * 1e3:.2f}", f"{both * 1e3:.2f}", price)
    console.print(table)
    return kept


def _verdict(ratio: float, limit: float) -> str:
    return f"(limit {limit:g}: {'kept' if ratio <= limit else 'MISSED'})"


def use_one_thread() -> None:
    """Start anew with one thread for each library: on small arrays, more of them are in each other's way."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    if not threads.keys() <= os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], threads | os.environ)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="interleaved rounds; at least 7")
    parser.add_argument("--only", nargs="+", choices=list("abcde"), default=list("abcde"), help="the cases to run")
    arguments = parser.parse_args()
    use_one_thread()
    rounds = max(7, arguments.rounds)
    console = Console(width=None if sys.stdout.isatty() else 150)
    chosen = [case for case in small_cases() if case.name[0] in arguments.only]
    kept = beside_peers(chosen, rounds, console) if chosen else True
    if "e" in arguments.only:
        kept = beside_the_function(rounds, console) and kept
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
