"""The scalar functions that kernels are made of, by their names in NumPy and SciPy."""

from collections.abc import Callable
from typing import Any

import numpy as np

FLOATS = ("float32", "float64")

# What kernels compute on floating-point numbers; mathematics.py has the native code of each.
_ON_FLOATS = """
    add subtract multiply divide negative positive absolute fabs square reciprocal sqrt cbrt sign maximum minimum
    fmax fmin floor ceil trunc rint floor_divide remainder fmod exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin
    arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh hypot power float_power logaddexp logaddexp2 copysign
    deg2rad rad2deg heaviside greater greater_equal less less_equal equal not_equal isnan isinf isfinite signbit expit
    log_expit logit erf erfc xlogy xlog1py
"""
ON_FLOATS = frozenset(_ON_FLOATS.split())
ON_TRUTH = frozenset(["logical_and", "logical_or", "logical_xor", "logical_not"])
ON_INTEGERS = frozenset(
    ["add", "subtract", "multiply", "greater", "greater_equal", "less", "less_equal", "equal", "not_equal"]
)
_ALIASES = {"true_divide": "divide", "radians": "deg2rad", "degrees": "rad2deg", "abs": "absolute", "pow": "power"}


def canonical(name: str) -> str:
    """Return the one name of a function that NumPy gives several."""
    return _ALIASES.get(name, name)


def is_known(name: str, dtype: np.dtype[Any]) -> bool:
    """Say whether kernels compute a function of operands of a type."""
    if dtype.kind == "f":
        return dtype.name in FLOATS and name in ON_FLOATS
    if dtype.kind == "b":
        return name in ON_TRUTH
    return dtype.name == "int64" and name in ON_INTEGERS


def scalar_function(name: str) -> Callable[..., Any]:
    """Return NumPy's, or SciPy's, function of a name."""
    if hasattr(np, name):
        return getattr(np, name)  # type: ignore[no-any-return]
    import scipy.special  # only programs that need it pay for it

    return getattr(scipy.special, name)  # type: ignore[no-any-return]
