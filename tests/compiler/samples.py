"""Every rule with something to call it on: what the rules' own tests have, and more where that is not enough."""

import importlib
import pkgutil
import types
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.special
from tests.rules import test_special
from tests.rules.rows_for_jax import ROWS, Row
from tests.scipy import test_linalg

import chainrule
import chainrule.scipy.linalg
import chainrule.scipy.sparse
import chainrule.scipy.sparse.linalg
import chainrule.scipy.special
from chainrule import record, scan, stop_gradient
from chainrule.graph.node import Rule
from chainrule.graph.table import LATE, TABLE
from chainrule.graph.tracer import CONSTANT, INPUT
from chainrule.networks import activations

FAMILIES = (
    *("arrays", "calculus", "choosing", "creating", "histograms", "joining", "nan_reductions", "order_statistics"),
    *("polynomials", "putting", "rearranging", "reductions", "sorting", "statistics", "steps", "ufuncs", "writing"),
)
OF_ONE = {"arrays": "A", "ufuncs": "X", "writing": "v"}
"""What the functions of one array are called with, by its name in their module."""


class Sample(NamedTuple):
    """A function of arrays of real or complex numbers, and such arrays."""

    name: str
    function: Callable[..., Any]
    arrays: tuple[Any, ...]


class _Either:
    """The functions of one module, and those of another where the first has none of that name."""

    def __init__(self, *modules: Any) -> None:
        self.modules = modules

    def __getattr__(self, name: str) -> Any:
        return next(getattr(module, name) for module in self.modules if hasattr(module, name))


LIBRARY = types.SimpleNamespace(
    np=np,
    special=_Either(chainrule.scipy.special, scipy.special),
    linalg=_Either(chainrule.scipy.linalg, scipy.linalg),
)
X = np.random.default_rng(11).uniform(0.2, 2, size=(3, 3))
Z = X + 1j * X[::-1]
V = np.linspace(0.3, 1.7, 4)
SPARSE = scipy.sparse.csr_array(np.array([[2.0, 0, 0.5], [0, 3, 0], [1, 0, 4]]))


def from_data(x: Any) -> Any:
    """A sparse matrix of traced entries, with as many as there are in SPARSE."""
    return chainrule.scipy.sparse.csr_array((x, SPARSE.indices, SPARSE.indptr), shape=SPARSE.shape)


def steps(library: Any, names: str, operands: Callable[[Any], tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Make a sample of each function, whose derivative is zero: what it gives multiplies what it is given."""

    def sample(name: str) -> tuple[Any, ...]:
        return lambda x: x * getattr(library, name)(*operands(x)), X

    return {f"{library.__name__}.{name} of {operands.__name__}": sample(name) for name in names.split()}


def number(x: Any) -> tuple[Any, ...]:
    return (x,)


def two_numbers(x: Any) -> tuple[Any, ...]:
    return x, x.T


def whole(x: Any) -> tuple[Any, ...]:
    return (np.astype(8 * x, np.int64),)


def two_whole(x: Any) -> tuple[Any, ...]:
    return np.astype(8 * x, np.int64), 3


def truth(x: Any) -> tuple[Any, ...]:
    return (x > 1,)


def two_truths(x: Any) -> tuple[Any, ...]:
    return x > 1, x.T > 1


MORE: dict[str, tuple[Any, ...]] = {
    **steps(np, "isnan isinf isfinite signbit spacing logical_not", number),
    **steps(np, "greater greater_equal less less_equal equal not_equal nextafter logical_and logical_or", two_numbers),
    **steps(np, "logical_xor", two_numbers),
    **steps(np, "invert bitwise_count", whole),
    **steps(np, "bitwise_and bitwise_or bitwise_xor left_shift right_shift gcd lcm less equal", two_whole),
    **steps(np, "logical_not invert", truth),
    **steps(np, "logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor equal not_equal", two_truths),
    **steps(scipy.special, "round gammasgn", number),
    "np.histogram of numbers": (lambda x: x * np.histogram(x, [0, 0.5, 1, 3])[0], X),
    "np.histogramdd of numbers": (lambda x: x * np.histogramdd(x[:, :2], [[0, 0.5, 1, 3], [0, 1, 1.5, 3]])[0], X),
    "np.linalg.matrix_rank": (lambda x: x * np.linalg.matrix_rank(x), X),
    "np.linalg.eig complex": (lambda z: np.abs(np.linalg.eig(z)[0] * np.linalg.eig(z)[1]), Z),
    "np.linalg.eigvals complex": (lambda z: np.abs(np.linalg.eigvals(z)), Z),
    "np.linalg.eigh complex vectors": (lambda z: np.abs(np.linalg.eigh(z + z.conj().T)[1]), Z),
    "np.pad, odd": (lambda x: np.pad(x, 2, mode="reflect", reflect_type="odd"), X),
    "np.linalg.norm, odd": (lambda x: np.linalg.norm(x, 3.5, axis=1), X),
    "special.ellipkinc by the parameter": (lambda m: scipy.special.ellipkinc(0.7, m), V / 2),
    "special.spherical_jn": (lambda x: chainrule.scipy.special.spherical_jn(2, x), V),
    "special.spherical_yn": (lambda x: chainrule.scipy.special.spherical_yn(2, x), V),
    "special.spherical_in": (lambda x: chainrule.scipy.special.spherical_in(2, x), V),
    "special.spherical_kn": (lambda x: chainrule.scipy.special.spherical_kn(2, x), V),
    "special.logsumexp, sign": (lambda x: chainrule.scipy.special.logsumexp(x, b=1 - x, return_sign=True)[0], V),
    "sparse @": (lambda x: SPARSE @ x, X),
    "sparse data @": (lambda d, x: from_data(d) @ x, np.arange(1.0, 6), X),
    "sparse data, toarray": (lambda d: from_data(d).toarray(), np.arange(1.0, 6)),
    "spsolve": (lambda d, b: chainrule.scipy.sparse.linalg.spsolve(from_data(d), b), np.arange(2.0, 7), X[0]),
    "stop_gradient": (lambda x: x * stop_gradient(np.sin(x)), X),
    "networks.sigmoid": (activations.sigmoid, X),
    "networks.relu": (activations.relu, X - 1),
    "scan": (lambda c, xs: scan(lambda c, x: (np.tanh(c + x), (c * x, x[0])), c, xs), X[0], X),
    "scan without rows": (lambda c, x: scan(lambda c, _: (np.sin(c) * x, c), c, length=3), V, V[::-1]),
    "scan, checkpoint": (lambda c, xs: scan(lambda c, x: (np.tanh(c + x), c), c, xs, checkpoint=True), X[0], X),
    "a graph of a scan": (record(lambda x: scan(lambda c, x: (np.tanh(c + x), c), X[0], x), X), X),
    "a graph of segments": (record(lambda x: scan(lambda c, x: (np.tanh(c + x), c), X[0], x, checkpoint=True), X), X),
}


def leaves(tree: Any) -> list[Any]:
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, list | tuple) else [tree]


def is_variable(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc"


def _of_row(row: Row) -> Sample:
    def put(tree: Any, variables: list[Any]) -> Any:
        if isinstance(tree, list | tuple):
            return type(tree)([put(part, variables) for part in tree])
        return variables.pop(0) if is_variable(tree) else tree

    def function(*variables: Any) -> Any:
        return row.call(LIBRARY, *put(row.arguments, list(variables)))

    return Sample(row.name, function, tuple(x for x in leaves(row.arguments) if is_variable(x)))


def _of_family(family: str) -> Iterator[Sample]:
    module: Any = importlib.import_module(f"tests.rules.test_{family}")
    table = module.FUNCTIONS
    for name, entry in table.items() if isinstance(table, dict) else [(f.__name__, f) for f in table]:
        function, *arrays = entry if isinstance(entry, tuple) else (entry, getattr(module, OF_ONE[family]))
        yield Sample(f"{family}: {name}", function, tuple(arrays))


@cache
def samples() -> list[Sample]:
    """All samples, of different names."""
    found = [_of_row(row) for row in ROWS]
    for family in FAMILIES:
        found += _of_family(family)
    for words, table in (("special", test_special.SAMPLES), ("complex special", test_special.COMPLEX)):
        for name, operands in table.items():
            function, arrays = test_special.stacked(test_special.RULES[name], operands)
            found.append(Sample(f"{words}: {name}", function, tuple(arrays)))
    for name, (function, *arrays) in test_linalg.CASES.items():
        found.append(Sample(f"linalg: {name}", lambda *x, f=function: f(chainrule.scipy.linalg, *x), tuple(arrays)))
    found += [Sample(name, function, tuple(arrays)) for name, (function, *arrays) in MORE.items()]
    unique: dict[str, Sample] = {}
    for sample in found:
        name = sample.name
        while name in unique:
            name += "'"
        unique[name] = sample._replace(name=name)
    return list(unique.values())


@cache
def rules() -> dict[Rule, str]:
    """All rules and where they are found: in the table, or in one of chainrule's modules."""
    for module in LATE.values():
        importlib.import_module(module)
    found: dict[Rule, str] = {}
    for function, rule in TABLE.items():
        if isinstance(rule, Rule):
            found[rule] = f"TABLE[{function!r}]"
    for info in pkgutil.walk_packages(chainrule.__path__, "chainrule."):
        if info.name.split(".")[1] in ("rules", "scipy", "differentiation", "networks"):
            for name, thing in vars(importlib.import_module(info.name)).items():
                if isinstance(thing, Rule) and thing not in (INPUT, CONSTANT):
                    found.setdefault(thing, f"{info.name}.{name}")
    return found
