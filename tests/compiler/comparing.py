"""Compiled functions beside the same functions run as they are."""

import numpy as np

from chainrule.compiler.native import engine
from chainrule.compiler.program import Program, program_of
from chainrule.graph.structure import flatten


def others_like(*arguments, seed=0):
    """Return other values near the given ones, of their shapes and types; whole numbers and truth stay."""
    random = np.random.default_rng(seed)
    return [
        np.asarray(x * (1 + 0.01 * random.uniform(-1, 1, np.shape(x))), np.asarray(x).dtype)[()]
        if np.asarray(x).dtype.kind in "fc"
        else x
        for x in arguments
    ]


def executors():
    """Say which executors there are: NumPy's, and native code where that can be had."""
    return (False, True) if engine.available() else (False,)


def both_programs(f, *arguments):
    """Return f, compiled for each executor; it is recorded and planned once."""
    made = program_of(f, arguments, native=engine.available())
    if not made.native:
        return [made]
    return [Program(made.name, made.plan, made.arguments, made.returned, made.graph, made.names, native=False), made]


def assert_same(found, expected, rtol, atol):
    """Hold results against each other: their number, shapes and types, and their values within rounding."""
    found, expected = ([np.asarray(x) for x in flatten(tree)[0]] for tree in (found, expected))
    assert [(x.shape, x.dtype) for x in found] == [(x.shape, x.dtype) for x in expected]
    for x, y in zip(found, expected, strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=atol)


def assert_compiled(f, *arguments, others=None, rtol=1e-12, atol=1e-13):
    """Hold f, compiled for both executors, against f: on the values it was compiled with, and on others."""
    others = others_like(*arguments) if others is None else others
    for program in both_programs(f, *arguments):
        for values in (arguments, others, arguments):
            with np.errstate(all="ignore"):
                expected = f(*values)
            assert_same(program(*values), expected, rtol, atol)
