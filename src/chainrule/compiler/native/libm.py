"""The C library's mathematics, called lane by lane, for what is rare or has no short polynomial."""

import ctypes
import ctypes.util
import sys

import llvmlite.binding
from llvmlite import ir

from chainrule.compiler.native.lanes import FORMATS, Lanes, choose, declare, suffix

C_NAMES = {
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "cbrt": "cbrt",
    "cos": "cos",
    "fmod": "fmod",
    "power": "pow",
    "sin": "sin",
    "tan": "tan",
}

# What LLVM calls of its own accord where the processor has no such instruction.
_INSTRUCTIONS = ("ceil", "floor", "fma", "rint", "trunc")


def link() -> None:
    """Make the C library's functions known to LLVM by name; again and again does no harm.

    Code that was compiled elsewhere, or kept on disk, finds them by the same names.
    """
    library = _library()
    for name in sorted({*C_NAMES.values(), *_INSTRUCTIONS}):
        for spelled in (name, name + "f"):
            address = ctypes.cast(getattr(library, spelled), ctypes.c_void_p).value
            llvmlite.binding.add_symbol(spelled, address)


def _library() -> ctypes.CDLL:
    if sys.platform == "win32":
        return ctypes.CDLL("ucrtbase")
    process = ctypes.CDLL(None)
    return process if hasattr(process, "acosf") else ctypes.CDLL(ctypes.util.find_library("m"))


def call(name: str, *operands: Lanes) -> Lanes:
    """Return what libm's function makes of the operands, lane by lane; name is NumPy's."""
    x = operands[0]
    builder, function = x.builder, _lane_by_lane(x.builder.module, name, x.type, len(operands))
    return Lanes(builder, builder.call(function, [operand.value for operand in operands]))


def beyond(bound: float, name: str, x: Lanes, y: Lanes) -> Lanes:
    """Return y, and libm's function of x in the lanes where |x| is beyond a bound."""
    builder, start = x.builder, x.builder.block
    far = abs(x) > bound
    with builder.if_then(far.any(), likely=False):
        # Lane by lane the choice is the same in every company.
        replaced = choose(far, call(name, x), y)
        branch = builder.block
    result = builder.phi(y.type)
    result.add_incoming(y.value, start)
    result.add_incoming(replaced.value, branch)
    return Lanes(builder, result)


def _lane_by_lane(module: ir.Module, name: str, kind: ir.Type, arity: int) -> ir.Function:
    function = declare(module, f"chainrule.libm.{name}.{suffix(kind)}", kind, arity)
    if function.is_declaration:
        function.linkage = "internal"
        function.attributes.add("noinline")
        builder = ir.IRBuilder(function.append_basic_block())
        element = kind.element if isinstance(kind, ir.VectorType) else kind
        scalar = declare(module, C_NAMES[name] + ("f" if FORMATS[element].bits == 32 else ""), element, arity)
        if isinstance(kind, ir.VectorType):
            result = ir.Constant(kind, ir.Undefined)
            for lane in range(kind.count):
                index = ir.Constant(ir.IntType(32), lane)
                operands = [builder.extract_element(argument, index) for argument in function.args]
                result = builder.insert_element(result, builder.call(scalar, operands), index)
        else:
            result = builder.call(scalar, function.args)
        builder.ret(result)
    return function
