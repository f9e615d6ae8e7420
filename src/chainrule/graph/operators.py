"""The operators of a tracer, and those of its methods that are NumPy's function of the same name.

Importing this module gives them to the class: ``x + y`` is then np.add's entry in the table, ``x.sum()`` np.sum's.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.table import TABLE
from chainrule.graph.tracer import Tracer, sample_of


def _operator(ufunc: Callable[..., Any]) -> Callable[[Tracer, Any], Array]:
    return lambda x, other: TABLE[ufunc](x, other)


def _reflected(ufunc: Callable[..., Any]) -> Callable[[Tracer, Any], Array]:
    return lambda x, other: TABLE[ufunc](other, x)


def _in_place(ufunc: Callable[..., Any]) -> Callable[[Tracer, Any], Array]:
    def operate(x: Tracer, other: Any) -> Array:
        result = TABLE[ufunc](x, other)
        if type(sample_of(x)) is not np.ndarray:
            return result  # a NumPy scalar is not changed: the name is bound to another
        return TABLE[np.copyto](x, result)

    return operate


def _times(x: Tracer, other: Any) -> Array:
    # An array times itself is its square, to the last bit, whose derivative takes one product, not two and a sum.
    return TABLE[np.square](x) if other is x and x.dtype.kind in "fc" else TABLE[np.multiply](x, other)


def _unary(ufunc: Callable[..., Any]) -> Callable[[Tracer], Array]:
    return lambda x: TABLE[ufunc](x)


def _method(function: Callable[..., Any]) -> Callable[..., Array]:
    return lambda x, *args, **kwargs: TABLE[function](x, *args, **kwargs)


_BINARY: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.true_divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": operator.pow,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "lshift": np.left_shift,
    "rshift": np.right_shift,
}
_COMPARISONS = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
_UNARY = {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}
# Methods of ndarray that are the function of the same name with the array first.
_METHODS = """
    all any argmax argmin argpartition argsort choose clip conj conjugate copy cumprod cumsum diagonal dot max mean min
    nonzero prod put ravel repeat round searchsorted squeeze std sum swapaxes take trace var
"""

for _name, _ufunc in _BINARY.items():
    setattr(Tracer, f"__{_name}__", _operator(_ufunc))
    setattr(Tracer, f"__r{_name}__", _reflected(_ufunc))
    setattr(Tracer, f"__i{_name}__", _in_place(_ufunc))
setattr(Tracer, "__mul__", _times)  # noqa: B010  (the operators are no attributes that mypy knows)
Tracer.__imatmul__ = _in_place(np.matmul)  # type: ignore[attr-defined]
for _name, _ufunc in _COMPARISONS.items():
    setattr(Tracer, f"__{_name}__", _operator(_ufunc))
for _name, _ufunc in _UNARY.items():
    setattr(Tracer, f"__{_name}__", _unary(_ufunc))
for _name in _METHODS.split():
    setattr(Tracer, _name, _method(getattr(np, _name)))
