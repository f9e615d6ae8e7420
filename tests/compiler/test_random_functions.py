"""Random functions, compiled for both executors, beside themselves as they are: values and derivatives."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.compiler.comparing import assert_same, both_programs
from tests.compiler.random_functions import random_functions

from chainrule import grad, jvp

# Numbers are of the order of 1 and pass through up to 40 steps; each may make what came before ten times as inexact as
# a unit in the last place, but few of them do.
TOLERANCES = {np.float64: 1e-9, np.float32: 1e-3}
both_types = pytest.mark.parametrize("dtype", TOLERANCES)


def assert_compiled_like(f, inputs, dtype):
    """Hold f, its gradient and its tangents against themselves compiled, where they were compiled and elsewhere."""

    def total(*x):
        return sum(np.sum(np.sin(y)) for y in f(*x))

    def derivatives(*x):
        return grad(total, tuple(range(len(x))))(*x), jvp(f, x, [y * 0.5 + 1 for y in inputs])[1]

    others = [np.asarray(x * 0.99 + 0.01, dtype)[()] for x in inputs]
    for g in (f, derivatives):
        for program in both_programs(g, *inputs):
            for values in (inputs, others):
                expected = g(*values)
                largest = max((np.max(np.abs(y), initial=1) for y in f(*values)), default=1)
                assert_same(program(*values), expected, TOLERANCES[dtype], TOLERANCES[dtype] * largest)


@both_types
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_short_functions(dtype, data):
    f, inputs = data.draw(random_functions(dtype, most=8))
    assert_compiled_like(f, inputs, dtype)


@pytest.mark.long
@both_types
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_long_functions(dtype, data):
    f, inputs = data.draw(random_functions(dtype, most=40))
    assert_compiled_like(f, inputs, dtype)
