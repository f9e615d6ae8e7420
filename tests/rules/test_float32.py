"""In single precision, too, what a rule computes is NumPy's own value, of NumPy's own type, to the last bit."""

import importlib
import warnings

import numpy as np
import pytest

from chainrule import vjp

FAMILIES = [
    *("calculus", "choosing", "creating", "histograms", "joining", "nan_reductions", "order_statistics"),
    *("polynomials", "putting", "rearranging", "reductions", "sorting", "statistics", "steps"),
]


def single(x):
    """The same numbers in half the bits."""
    return x.astype(np.complex64 if x.dtype.kind == "c" else np.float32)


@pytest.mark.parametrize("family", FAMILIES)
def test_values_and_types(family):
    table = importlib.import_module(f"tests.rules.test_{family}").FUNCTIONS
    for name, (f, *arguments) in table.items():
        arguments = [single(x) for x in arguments]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            value, plain = vjp(f, *arguments)[0], f(*arguments)
        assert value.dtype == plain.dtype, name
        np.testing.assert_array_equal(value, plain, err_msg=name)
