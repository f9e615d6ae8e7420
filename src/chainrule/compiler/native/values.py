"""Entries of arrays as LLVM's values: one, or a vector of them.

A truth value is a byte in memory and one bit in a register; all other numbers are what they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir

from chainrule.compiler.native import mathematics

DType = np.dtype[Any]
I1, I8, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 32, 64))
POINTER = ir.PointerType()
FLOATS = {4: ir.FloatType(), 8: ir.DoubleType()}

COMPARISONS = {
    "equal": "==", "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
}  # fmt: skip
LOGIC = {"logical_and": 2, "logical_or": 2, "logical_xor": 2, "logical_not": 1}
INTEGER = {
    "add": 2, "subtract": 2, "multiply": 2, "maximum": 2, "minimum": 2, "negative": 1, "square": 1, "absolute": 1,
    **dict.fromkeys(COMPARISONS, 2),
}  # fmt: skip
BOOLEAN = {"add": 2, "multiply": 2, "maximum": 2, "minimum": 2, "equal": 2, "not_equal": 2}


@dataclass(frozen=True)
class Chunk:
    """The entries of the vector axis that are computed together.

    Attributes
    ----------
    width : int
        How many there are; 1 is no vector but one value.
    offset : int
        Which of the vectors from the loop's index on.
    mask : ir.Value or None
        Which of them exist. None: all.
    """

    width: int = 1
    offset: int = 0
    mask: Any = None


def is_number(dtype: DType) -> bool:
    """Whether the native code knows a dtype: truth values, integers, float32 and float64 in this machine's order."""
    return dtype.isnative and (dtype.kind in "iub" or (dtype.kind == "f" and dtype.itemsize in FLOATS))


def supported(function: str, dtypes: Sequence[DType]) -> bool:
    """Whether a scalar function of operands of these dtypes can be emitted; there is no implicit conversion.

    Parameters
    ----------
    function : str
        A ufunc's name, ``where`` or ``astype``.
    dtypes : sequence of numpy.dtype
        The operands'.

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> supported("add", [np.dtype("int64"), np.dtype("int64")])
    True
    >>> supported("add", [np.dtype("float64"), np.dtype("int64")])
    False
    """
    if not all(is_number(dtype) for dtype in dtypes):
        return False
    if function == "astype":
        return len(dtypes) == 1
    if function == "where":
        return len(dtypes) == 3 and dtypes[0].kind == "b" and dtypes[1] == dtypes[2]
    if function in LOGIC:
        return len(dtypes) == LOGIC[function]
    if any(dtype != dtypes[0] for dtype in dtypes):
        return False
    if dtypes[0].kind == "f":
        return function in mathematics.SUPPORTED
    return (BOOLEAN if dtypes[0].kind == "b" else INTEGER).get(function) == len(dtypes)


def memory_type(dtype: DType) -> ir.Type:
    """Give the type of an entry in memory."""
    return FLOATS[dtype.itemsize] if dtype.kind == "f" else ir.IntType(8 * dtype.itemsize)


def value_type(dtype: DType, width: int) -> ir.Type:
    """Give the type of so many entries in a register."""
    one = I1 if dtype.kind == "b" else memory_type(dtype)
    return one if width == 1 else ir.VectorType(one, width)


def constant(value: Any, dtype: DType, width: int) -> ir.Constant:
    """Put a number in all lanes."""
    number = dtype.type(value).item()
    if dtype.kind == "b":
        number = int(number)
    return ir.Constant(value_type(dtype, width), number if width == 1 else [number] * width)


def splat(builder: ir.IRBuilder, value: ir.Value, width: int) -> ir.Value:
    """One value in all lanes."""
    if width == 1:
        return value
    vector = ir.VectorType(value.type, width)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, I32(0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(I32, width), [0] * width))


def intrinsic(builder: ir.IRBuilder, name: str, result: ir.Type, arguments: Sequence[ir.Value]) -> ir.Value:
    """Call one of LLVM's own functions, declared where it is not yet."""
    known = builder.module.globals.get(name)
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(known or ir.Function(builder.module, kind, name), arguments)


def _suffix(vector: ir.VectorType) -> str:
    element = vector.element
    letter = {ir.FloatType(): "f32", ir.DoubleType(): "f64"}.get(element) or f"i{element.width}"
    return f"v{vector.count}{letter}"


def shift(builder: ir.IRBuilder, pointer: ir.Value, index: ir.Value, dtype: DType) -> ir.Value:
    """Find the place so many entries further on."""
    if isinstance(index, ir.Constant) and index.constant == 0:
        return pointer
    return builder.gep(pointer, [index], source_etype=memory_type(dtype))


def _places(builder: ir.IRBuilder, pointer: ir.Value, stride: int, dtype: DType, width: int) -> ir.Value:
    """Find the entries that lie `stride` apart."""
    steps = ir.Constant(ir.VectorType(I64, width), [lane * stride for lane in range(width)])
    return builder.gep(splat(builder, pointer, width), [steps], source_etype=memory_type(dtype))


def read(builder: ir.IRBuilder, pointer: ir.Value, stride: int, dtype: DType, lanes: Chunk) -> ir.Value:
    """Read the entries of a chunk; `pointer` is to the one of the loop's index, `stride` is the vector axis's."""
    kind, width, size = memory_type(dtype), lanes.width, dtype.itemsize
    pointer = shift(builder, pointer, I64(stride * lanes.offset * width), dtype)
    vector = ir.VectorType(kind, width)
    if width == 1:
        value = builder.load(pointer, typ=kind, align=size)
    elif stride == 1 and lanes.mask is None:
        value = builder.load(pointer, typ=vector, align=size)
    elif lanes.mask is None:
        value = ir.Constant(vector, ir.Undefined)
        for lane in range(width):
            one = builder.load(shift(builder, pointer, I64(stride * lane), dtype), typ=kind, align=size)
            value = builder.insert_element(value, one, I32(lane))
    else:
        nothing = ir.Constant(vector, None)
        if stride == 1:
            name, places = f"llvm.masked.load.{_suffix(vector)}.p0", pointer
        else:
            name = f"llvm.masked.gather.{_suffix(vector)}.v{width}p0"
            places = _places(builder, pointer, stride, dtype, width)
        value = intrinsic(builder, name, vector, [places, I32(size), lanes.mask, nothing])
    if dtype.kind == "b":
        return builder.icmp_unsigned("!=", value, ir.Constant(value.type, None))
    return value


def write(builder: ir.IRBuilder, value: ir.Value, pointer: ir.Value, stride: int, dtype: DType, lanes: Chunk) -> None:
    """Put the entries of some lanes where `read` would read them."""
    kind, width, size = memory_type(dtype), lanes.width, dtype.itemsize
    pointer = shift(builder, pointer, I64(stride * lanes.offset * width), dtype)
    vector = ir.VectorType(kind, width)
    if dtype.kind == "b":
        value = builder.zext(value, kind if width == 1 else vector)
    if width == 1 or (stride == 1 and lanes.mask is None):
        builder.store(value, pointer, align=size)
    elif lanes.mask is None:
        for lane in range(width):
            one = builder.extract_element(value, I32(lane))
            builder.store(one, shift(builder, pointer, I64(stride * lane), dtype), align=size)
    else:
        if stride == 1:
            name, places = f"llvm.masked.store.{_suffix(vector)}.p0", pointer
        else:
            name = f"llvm.masked.scatter.{_suffix(vector)}.v{width}p0"
            places = _places(builder, pointer, stride, dtype, width)
        intrinsic(builder, name, ir.VoidType(), [value, places, I32(size), lanes.mask])


def apply(
    builder: ir.IRBuilder, function: str, operands: Sequence[ir.Value], dtypes: Sequence[DType], result: DType
) -> ir.Value:
    """Emit a `supported` function; all operands are of one width."""
    if function == "where":
        return builder.select(*operands)
    if function == "astype":
        return convert(builder, operands[0], dtypes[0], result)
    if function in LOGIC:
        truths = [convert(builder, *each, np.dtype(bool)) for each in zip(operands, dtypes, strict=True)]
        return _logic(builder, function, truths)
    if dtypes[0].kind == "f":
        return mathematics.emit(builder, function, *operands)
    return (
        _boolean(builder, function, *operands)
        if dtypes[0].kind == "b"
        else _integer(builder, function, operands, dtypes[0])
    )


def convert(builder: ir.IRBuilder, value: ir.Value, old: DType, new: DType) -> ir.Value:
    """Convert as C does."""
    width = value.type.count if isinstance(value.type, ir.VectorType) else 1
    kind = value_type(new, width)
    if old == new:
        return value
    if new.kind == "b":
        zero = constant(0, old, width)
        return builder.fcmp_unordered("!=", value, zero) if old.kind == "f" else builder.icmp_signed("!=", value, zero)
    if old.kind == "f" and new.kind == "f":
        return (builder.fpext if new.itemsize > old.itemsize else builder.fptrunc)(value, kind)
    if old.kind == "f":
        return (builder.fptosi if new.kind == "i" else builder.fptoui)(value, kind)
    if new.kind == "f":
        return (builder.sitofp if old.kind == "i" else builder.uitofp)(value, kind)
    if old.kind != "b" and new.itemsize <= old.itemsize:
        return builder.trunc(value, kind) if new.itemsize < old.itemsize else value
    return (builder.sext if old.kind == "i" else builder.zext)(value, kind)


def _logic(builder: ir.IRBuilder, function: str, truths: Sequence[ir.Value]) -> ir.Value:
    emit: dict[str, Callable[..., ir.Value]] = {
        "logical_and": builder.and_, "logical_or": builder.or_, "logical_xor": builder.xor,
        "logical_not": builder.not_,
    }  # fmt: skip
    return emit[function](*truths)


def _boolean(builder: ir.IRBuilder, function: str, a: ir.Value, b: ir.Value) -> ir.Value:
    """NumPy's arithmetic of truth values."""
    if function in ("add", "maximum"):
        return builder.or_(a, b)
    if function in ("multiply", "minimum"):
        return builder.and_(a, b)
    return builder.icmp_unsigned(COMPARISONS[function], a, b)


def _integer(builder: ir.IRBuilder, function: str, operands: Sequence[ir.Value], dtype: DType) -> ir.Value:
    a, b = operands[0], operands[-1]
    compare = builder.icmp_signed if dtype.kind == "i" else builder.icmp_unsigned
    if function in COMPARISONS:
        return compare(COMPARISONS[function], a, b)
    if function == "maximum":
        return builder.select(compare(">", a, b), a, b)
    if function == "minimum":
        return builder.select(compare("<", a, b), a, b)
    if function == "absolute":
        return (
            a
            if dtype.kind == "u"
            else builder.select(compare(">", a, ir.Constant(a.type, None)), a, _negative(builder, a))
        )
    if function == "negative":
        return _negative(builder, a)
    return {"add": builder.add, "subtract": builder.sub, "multiply": builder.mul, "square": builder.mul}[function](a, b)


def _negative(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    return builder.sub(ir.Constant(value.type, None), value)
