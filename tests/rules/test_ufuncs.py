"""The methods and keywords of ufuncs."""

import numpy as np
import pytest
from tests.numerics import assert_derivatives

from chainrule import RecordingError, grad

X = np.random.default_rng(3).uniform(0.5, 1.5, size=(3, 4))
MASK = X > 1

FUNCTIONS = {
    "add.reduce": lambda x: np.add.reduce(x),
    "add.reduce, keepdims": lambda x: np.add.reduce(x, axis=(0, 1), keepdims=True),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
    "minimum.reduce": lambda x: np.minimum.reduce(x, axis=None),
    "logaddexp.reduce": lambda x: np.logaddexp.reduce(x, axis=1),
    "subtract.reduce": lambda x: np.subtract.reduce(x, axis=-1, keepdims=True),
    "divide.reduce": lambda x: np.divide.reduce(x, axis=0, initial=2.0),
    "hypot.reduce": lambda x: np.hypot.reduce(x, axis=None),
    "reduce into out": lambda x: np.add.reduce(x, axis=0, out=np.zeros_like(x[0])),
    "add.accumulate": lambda x: np.add.accumulate(x, axis=1),
    "multiply.accumulate": lambda x: np.multiply.accumulate(x),
    "maximum.accumulate": lambda x: np.maximum.accumulate(x, axis=1),
    "add.reduceat": lambda x: np.add.reduceat(x, [0, 2, 1], axis=1),
    "maximum.reduceat": lambda x: np.maximum.reduceat(x, [1, 0], axis=0),
    "multiply.outer": lambda x: np.multiply.outer(x, x[0]),
    "add.outer, plain": lambda x: np.add.outer(np.ones(2), x),
    "where": lambda x: np.log(x, where=MASK, out=np.zeros_like(x)),
    "where, broadcast": lambda x: np.multiply(x, x[0], where=MASK[:, :1], out=np.ones_like(x)),
    "dtype": lambda x: np.add(x, 1, dtype=np.float64),
    "out": lambda x: np.add(x, x, out=np.zeros_like(x)),
    "out, positional keyword": lambda x: np.exp(x, out=(np.zeros_like(x),)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_ufunc(name):
    assert_derivatives(FUNCTIONS[name], X)


def test_what_where_leaves_out_is_in_no_derivative():
    x = np.array([-1.0, 0.0, 2.0])
    gradient = grad(lambda x: np.sum(np.log(x, where=x > 0, out=np.zeros_like(x))))(x)
    np.testing.assert_array_equal(gradient, [0, 0, 0.5])


def test_a_ufunc_without_a_rule_is_refused_by_name():
    of_python = np.frompyfunc(abs, 1, 1)
    for call in (of_python, lambda x: of_python(x, out=np.zeros_like(x))):
        with pytest.raises(RecordingError, match=r"abs \(vectorized\) has no derivative"):
            grad(lambda x, call=call: call(x).sum())(X)
