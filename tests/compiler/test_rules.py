"""Every rule, compiled for both executors, beside itself as it is: values, pullbacks and pushforwards.

What is compared is rounded alike but for sums in another order, functions of other libraries, and products fused with
sums. Each of these changes an entry by a few units in the last place of the largest number that takes part, and in the
samples, of some ten entries, no more than a few dozen of them follow upon each other. So two arrays may differ by
64 units in the last place of the largest entry. Where nothing cancels, entries are held to 8 of their own.
"""

import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.compiler.comparing import both_programs
from tests.compiler.samples import Sample, rules, samples
from tests.rules import test_elementwise, test_special

from chainrule import jvp, vjp
from chainrule.errors import RecordingError
from chainrule.graph.graph import Graph, record_in
from chainrule.graph.node import Rule
from chainrule.graph.structure import flatten
from chainrule.graph.table import TABLE
from chainrule.graph.tracer import Recording
from chainrule.rules.histograms import COUNTED
from chainrule.rules.kinds import Elementwise
from chainrule.rules.linear_algebra import LSTSQ
from chainrule.rules.sorting import UNIQUE

OF_THE_LARGEST, OF_EACH = 64, 8  # units in the last place
NEVER_COMPILED = {
    LSTSQ: "its result depends on the rank",
    UNIQUE: "the count of its results depends on the values",
    COUNTED: "the count of its results depends on the values",
}
SUMS = (np.logaddexp, np.logaddexp2)  # the greater operand, and more: these may cancel
SAMPLES = samples()
# The samples whose shapes or branches depend on values, of each family.
REFUSED = {
    f"{family}: {name}" if family else name
    for family, names in {
        "": "np.polymul((3,), (5,)); np.roots; np.polyfit((5,), (5,), int); np.polydiv; np.linalg.eigvals; "
        "np.linalg.lstsq",
        "arrays": "index, mask traced",
        "choosing": "compress, found; extract; where, places; piecewise; piecewise, arguments; piecewise, overlapping; "
        "piecewise, number; real_if_close; real_if_close, close; emath.sqrt; emath.sqrt, positive; emath.log; "
        "emath.logn; emath.power; emath.arcsin",
        "histograms": "bincount, found; histogram, weights; histogram, edges; histogram, density; histogram_bin_edges; "
        "histogram2d; histogramdd",
        "order_statistics": "percentile, by q",
        "polynomials": "polymul; polymul, leading zeros; polymul, by nothing; polydiv; polydiv, short; poly1d; "
        "poly, complex; poly, of a matrix; poly, conjugate zeros; roots; roots, complex; roots, at zero; roots, none; "
        "polyfit; polyfit, columns; polyfit, with covariance; polyfit, unscaled; polyfit, full",
        "putting": "place, found",
        "rearranging": "trim_zeros; trim_zeros, front; trim_zeros, nothing left; trim_zeros, matrix",
        "sorting": "unique; unique, equals; unique, rows; unique, complex; unique, counts; unique_values; unique_all; "
        "unique_counts; unique_inverse; union1d; setdiff1d; setxor1d; setxor1d, distinct",
        "statistics": "cov, weights; cov, both weights",
        "steps": "nonzero; argwhere; flatnonzero; ravel_multi_index",
        "writing": "masked; chosen_by_where; conditionally",
    }.items()
    for name in names.split("; ")
}


def random_like(x: Any, random: np.random.Generator) -> Any:
    real = random.normal(size=np.shape(x))
    return np.asarray(real + 1j * random.normal(size=np.shape(x)) if np.iscomplexobj(x) else real, x.dtype)[()]


def both_ways(function, arrays):
    """Return the function that gives a function's results, and what derivatives in both directions make of noise."""

    def results(*x: Any) -> list[Any]:
        return [y for y in flatten(function(*x))[0] if getattr(y, "dtype", np.dtype(bool)).kind in "fc"]

    random = np.random.default_rng(zlib.crc32(repr([(x.shape, str(x.dtype)) for x in arrays]).encode()))
    cotangents = [random_like(y, random) for y in results(*arrays)]
    tangents = [random_like(x, random) for x in arrays]

    def derived(*x: Any) -> Any:
        return function(*x), vjp(results, *x)[1](cotangents), jvp(results, x, tangents)[1]

    return derived


def numbers(tree: Any) -> list[Any]:
    return [np.asarray(x) for x in flatten(tree)[0]]


def largest(x: Any) -> Any:
    """Return the largest finite magnitude in an array, or 0."""
    return np.max(np.abs(x), where=np.isfinite(x), initial=0) if x.dtype.kind in "fc" else 0


def assert_near(found: Any, expected: Any, unit: float, least: float = 0) -> None:
    """Hold arrays against each other by units in the last place of the largest entry, or of a larger number."""
    found, expected = numbers(found), numbers(expected)
    assert [(x.shape, x.dtype) for x in found] == [(x.shape, x.dtype) for x in expected]
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=0, atol=OF_THE_LARGEST * unit * max(largest(y), least))


def rules_in(graph: Graph) -> set[Rule]:
    bodies = [x for node in graph.nodes for x in node.parameters.values() if isinstance(x, Graph)]
    return {node.rule for node in graph.nodes}.union(*map(rules_in, bodies))


def rules_of(sample: Sample) -> set[Rule]:
    arrays = [precise(x, np.float64) for x in sample.arrays]
    with np.errstate(all="ignore"):
        return rules_in(record_in(Recording(for_all_values=True), both_ways(sample.function, arrays), *arrays))


def precise(x: Any, dtype: Any) -> Any:
    """Return numbers in a precision; complex ones stay complex."""
    return np.asarray(x, np.result_type(dtype, np.complex64) if np.iscomplexobj(x) else dtype)[()]


def test_every_rule_has_a_sample_that_is_compiled():
    assert {sample.name for sample in SAMPLES} >= REFUSED
    seen = set().union(*(rules_of(sample) for sample in SAMPLES if sample.name not in REFUSED))
    assert {where: rule for rule, where in rules().items() if rule not in seen and rule not in NEVER_COMPILED} == {}
    assert not seen & set(NEVER_COMPILED)


@pytest.mark.filterwarnings("ignore")  # of NumPy's and SciPy's: they are given at run time, compiled or not
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_a_compiled_rule_is_the_rule(sample, dtype):
    arrays = [precise(x, dtype) for x in sample.arrays]
    f = both_ways(sample.function, arrays)
    if sample.name in REFUSED:
        with pytest.raises(RecordingError):
            both_programs(f, *arrays)
        return
    for program in both_programs(f, *arrays):
        with np.errstate(all="ignore"):
            assert_near(program(*arrays), f(*arrays), np.finfo(dtype).eps)


ENTRYWISE = {
    f"{rule.name}, of {'NumPy' if f in test_elementwise.RULES else 'SciPy'}": f
    for f, rule in TABLE.items()
    if type(rule) is Elementwise and isinstance(f, np.ufunc) and f is not np.ldexp
}


@st.composite
def laid_out(draw, shape, pool, dtype):
    """An array of numbers from a pool, and a view of it, of a shape: repeated, turned, of every second entry or all."""
    random = np.random.default_rng(draw(st.integers(0, 99)))

    def fresh(*shape):
        return np.asarray(random.choice(pool, size=shape), dtype)[()]

    way = draw(
        st.sampled_from(["plain", "turned", "swapped", "skipping", "repeated", "inside"] if shape else ["plain"])
    )
    if way == "turned":
        return fresh(*shape), lambda x: x[::-1]
    if way == "swapped":
        return fresh(*shape[::-1]), lambda x: x.T
    if way == "skipping":
        return fresh(*shape[:-1], 2 * shape[-1] + 1), lambda x: x[..., -1:0:-2]
    if way == "repeated":
        return fresh(1, *shape[1:]), lambda x: np.broadcast_to(x, shape)
    if way == "inside":
        return fresh(*(n + 2 for n in shape)), lambda x: x[(slice(1, -1),) * x.ndim]
    return fresh(*shape), lambda x: x


def pools(ufunc):
    """The numbers that a function may be called with, for each operand; one number stays as it is."""
    if ufunc in test_elementwise.RULES:
        low, high = test_elementwise.DOMAINS.get(ufunc, (-2, 2))
        return [np.linspace(low, high, 37) + 0.013 * k for k in range(ufunc.nin)]
    return test_special.SAMPLES[ufunc.__name__]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ufunc", ENTRYWISE.values(), ids=ENTRYWISE)
@settings(max_examples=10)
@given(data=st.data())
def test_entrywise_rules_of_all_shapes_and_layouts(ufunc, data):
    dtype = data.draw(st.sampled_from([np.float64, np.float32]))
    operands = list(pools(ufunc))
    places = [i for i, pool in enumerate(operands) if isinstance(pool, list) or np.size(pool) == 37]
    if len(places) == 1:
        shapes = (data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)),)
    else:
        drawn = hnp.mutually_broadcastable_shapes(num_shapes=len(places), max_dims=3, min_side=0, max_side=4)
        shapes = data.draw(drawn).input_shapes
    laid = [data.draw(laid_out(shape, operands[i], dtype)) for i, shape in zip(places, shapes, strict=True)]

    def f(*arrays):
        for i, x, (_, view) in zip(places, arrays, laid, strict=True):
            operands[i] = view(x)
        return ufunc(*(x.ravel()[0] if np.ndim(x) and i not in places else x for i, x in enumerate(operands)))

    arrays = [x for x, _ in laid]
    derived, unit = both_ways(f, arrays), np.finfo(dtype).eps
    with np.errstate(all="ignore"):
        expected = derived(*arrays)
        for program in both_programs(derived, *arrays):
            found = program(*arrays)
            assert_near(found, expected, unit, least=max(map(largest, numbers(expected)), default=0))
            for x, y in zip(numbers(found[0]), numbers(expected[0]), strict=True):
                cancelled = max(map(largest, arrays), default=0) if ufunc in SUMS else 0
                np.testing.assert_allclose(x, y, rtol=OF_EACH * unit, atol=np.finfo(dtype).tiny + 2 * unit * cancelled)
