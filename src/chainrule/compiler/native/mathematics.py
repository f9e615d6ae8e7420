"""NumPy's and SciPy's scalar functions as LLVM IR, for one number or a vector of them.

Every function is within 4 units in the last place of NumPy's (SciPy's), in float32 and float64, from the subnormal
numbers to infinity; arithmetic, rounding and comparisons are exact. No lane's result depends on its neighbours or on
how many there are.
"""

from collections.abc import Callable

from llvmlite import ir

from chainrule.compiler.native import (
    arithmetic,
    compositions,
    error_functions,
    exponentials,
    libm,
    logarithms,
    trigonometry,
)
from chainrule.compiler.native.lanes import Lanes, suffix
from chainrule.compiler.native.libm import link
from chainrule.errors import InputError

__all__ = ["SUPPORTED", "emit", "link"]

Function = Callable[..., Lanes]

# A few instructions each, written where they are used.
_INLINE: dict[str, Function] = {
    "absolute": abs,
    "add": lambda a, b: a + b,
    "ceil": lambda x: x.intrinsic("ceil"),
    "copysign": lambda a, b: a.with_sign_of(b),
    "deg2rad": arithmetic.deg2rad,
    "degrees": arithmetic.rad2deg,
    "divide": lambda a, b: a / b,
    "equal": lambda a, b: a.equals(b),
    "fabs": abs,
    "floor": lambda x: x.intrinsic("floor"),
    "fmax": arithmetic.fmax,
    "fmin": arithmetic.fmin,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "heaviside": arithmetic.heaviside,
    "isfinite": arithmetic.is_finite,
    "isinf": lambda x: abs(x).equals(float("inf")),
    "isnan": lambda x: x.is_nan(),
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "logical_and": lambda a, b: arithmetic.is_true(a) & arithmetic.is_true(b),
    "logical_not": lambda x: ~arithmetic.is_true(x),
    "logical_or": lambda a, b: arithmetic.is_true(a) | arithmetic.is_true(b),
    "logical_xor": lambda a, b: arithmetic.is_true(a) ^ arithmetic.is_true(b),
    "maximum": arithmetic.maximum,
    "minimum": arithmetic.minimum,
    "multiply": lambda a, b: a * b,
    "negative": lambda x: -x,
    "not_equal": lambda a, b: a.differs(b),
    "positive": lambda x: x,
    "rad2deg": arithmetic.rad2deg,
    "radians": arithmetic.deg2rad,
    "reciprocal": lambda x: 1 / x,
    "rint": lambda x: x.intrinsic("rint"),
    "sign": arithmetic.sign,
    "signbit": lambda x: x.as_bits() < 0,
    "sqrt": lambda x: x.sqrt(),
    "square": lambda x: x * x,
    "subtract": lambda a, b: a - b,
    "trunc": lambda x: x.intrinsic("trunc"),
}

# A body each, written once in a module for each type.
_BODIES: dict[str, Function] = {
    "cbrt": arithmetic.cbrt,
    "cos": trigonometry.cos,
    "cosh": exponentials.cosh,
    "erf": error_functions.erf,
    "erfc": error_functions.erfc,
    "exp": exponentials.exp,
    "exp2": exponentials.exp2,
    "expit": exponentials.expit,
    "expm1": exponentials.expm1,
    "floor_divide": arithmetic.floor_divide,
    "hypot": arithmetic.hypot,
    "log": logarithms.log,
    "log10": logarithms.log10,
    "log1p": logarithms.log1p,
    "log2": logarithms.log2,
    "log_expit": compositions.log_expit,
    "log_ndtr": error_functions.log_ndtr,
    "logaddexp": compositions.logaddexp,
    "logaddexp2": compositions.logaddexp2,
    "logit": compositions.logit,
    "ndtr": error_functions.ndtr,
    "remainder": arithmetic.remainder,
    "sin": trigonometry.sin,
    "sinh": exponentials.sinh,
    "softplus": compositions.softplus,
    "tan": trigonometry.tan,
    "tanh": exponentials.tanh,
    "xlog1py": compositions.xlog1py,
    "xlogy": compositions.xlogy,
}

_LIBM = frozenset(libm.C_NAMES) - frozenset(_BODIES)

SUPPORTED: frozenset[str] = frozenset(_INLINE) | frozenset(_BODIES) | _LIBM
"""The names that `emit` takes."""


def emit(builder: ir.IRBuilder, name: str, *operands: ir.Value) -> ir.Value:
    """Write instructions that compute a function, at the builder's place.

    Parameters
    ----------
    builder
        Where they go. Functions that are needed come into its module, internal and once for each type.
    name
        The name of NumPy's or SciPy's ufunc, one of `SUPPORTED`.
    operands
        As many as the ufunc takes, all of one type: ``float``, ``double`` or a vector of one of these; for the
        ``logical`` functions also ``i1`` or a vector of it.

    Returns
    -------
    ir.Value
        The result: of the operands' type, or of as many ``i1`` from a comparison, a test or a logical function.

    Raises
    ------
    InputError
        If there is no such function here.

    Examples
    --------
    >>> module = ir.Module()
    >>> vector = ir.VectorType(ir.FloatType(), 8)
    >>> function = ir.Function(module, ir.FunctionType(vector, [vector]), "sigmoid")
    >>> builder = ir.IRBuilder(function.append_basic_block())
    >>> _ = builder.ret(emit(builder, "expit", function.args[0]))
    """
    lanes = [Lanes(builder, operand) for operand in operands]
    if name in _INLINE:
        return _INLINE[name](*lanes).value
    if name in _BODIES:
        return builder.call(_function(builder.module, name, [operand.type for operand in operands]), operands)
    if name in _LIBM:
        return libm.call(name, *lanes).value
    raise InputError(f"there is no native code for {name}: take one of chainrule.compiler.native.mathematics.SUPPORTED")


def _function(module: ir.Module, name: str, kinds: list[ir.Type]) -> ir.Function:
    """Return the module's function of that name for operands of these types."""
    full = f"chainrule.{name}.{suffix(kinds[0])}"
    if full in module.globals:
        return module.globals[full]
    function = ir.Function(module, ir.FunctionType(kinds[0], kinds), full)
    function.linkage = "internal"
    # In a loop, the constants of what is inlined stay in registers.
    function.attributes.add("alwaysinline")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(_BODIES[name](*(Lanes(builder, argument) for argument in function.args)).value)
    return function
