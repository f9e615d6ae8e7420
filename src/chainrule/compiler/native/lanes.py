"""Numbers side by side in a register, with Python's operators: each builds an instruction of LLVM.

Nothing here carries a fast-math flag, so that every lane is rounded as IEEE 754 says, alone or among others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from llvmlite import ir


@dataclass(frozen=True)
class Format:
    """A binary floating-point format of IEEE 754: its bits in all, those of the mantissa, and the exponent's bias."""

    bits: int
    mantissa: int
    bias: int

    @property
    def magic(self) -> float:
        """What rounds a small x to the integer n by ``x + magic``, whose last bits are then n's."""
        return 1.5 * 2.0**self.mantissa


FORMATS = {ir.FloatType(): Format(32, 23, 127), ir.DoubleType(): Format(64, 52, 1023)}

Number = float | int


class Lanes:
    """One value of LLVM: a number, or a vector of them; floats, integers or bits.

    Parameters
    ----------
    builder
        Where the instructions go.
    value
        The value.
    """

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder = builder
        self.value = value

    @cached_property
    def type(self) -> ir.Type:
        """The value's type."""
        return self.value.type

    @cached_property
    def count(self) -> int:
        """How many lanes there are."""
        return self.type.count if isinstance(self.type, ir.VectorType) else 1

    @cached_property
    def element(self) -> ir.Type:
        """The type of one lane."""
        return self.type.element if isinstance(self.type, ir.VectorType) else self.type

    @cached_property
    def format(self) -> Format:
        """The format of a lane of floating point."""
        return FORMATS[self.element]

    @property
    def is_float(self) -> bool:
        """Whether the lanes are floating-point numbers."""
        return self.element in FORMATS

    def of(self, element: ir.Type) -> ir.Type:
        """Return the type of as many lanes of another element."""
        return ir.VectorType(element, self.count) if isinstance(self.type, ir.VectorType) else element

    def like(self, number: "Lanes | Number") -> "Lanes":
        """Return a number as a constant of this type in every lane."""
        return number if isinstance(number, Lanes) else Lanes(self.builder, ir.Constant(self.type, number))

    def _build(self, name: str, *operands: "Lanes | Number") -> "Lanes":
        values = [self.like(operand).value for operand in operands]
        return Lanes(self.builder, getattr(self.builder, name)(*values))

    def _either(self, for_floats: str, for_integers: str, *operands: "Lanes | Number") -> "Lanes":
        return self._build(for_floats if self.is_float else for_integers, *operands)

    # Arithmetic: of floats, or of integers modulo a power of two

    def __add__(self, other: "Lanes | Number") -> "Lanes":
        return self._either("fadd", "add", self, other)

    def __radd__(self, other: Number) -> "Lanes":
        return self._either("fadd", "add", other, self)

    def __sub__(self, other: "Lanes | Number") -> "Lanes":
        return self._either("fsub", "sub", self, other)

    def __rsub__(self, other: Number) -> "Lanes":
        return self._either("fsub", "sub", other, self)

    def __mul__(self, other: "Lanes | Number") -> "Lanes":
        return self._either("fmul", "mul", self, other)

    def __rmul__(self, other: Number) -> "Lanes":
        return self._either("fmul", "mul", other, self)

    def __truediv__(self, other: "Lanes | Number") -> "Lanes":
        return self._build("fdiv", self, other)

    def __rtruediv__(self, other: Number) -> "Lanes":
        return self._build("fdiv", other, self)

    def __neg__(self) -> "Lanes":
        return self._build("fneg", self)

    def __abs__(self) -> "Lanes":
        return self.intrinsic("fabs")

    # Bits

    def __lshift__(self, places: int) -> "Lanes":
        return self._build("shl", self, places)

    def __rshift__(self, places: int) -> "Lanes":
        return self._build("lshr", self, places)

    def __and__(self, other: "Lanes | Number") -> "Lanes":
        return self._build("and_", self, other)

    def __or__(self, other: "Lanes | Number") -> "Lanes":
        return self._build("or_", self, other)

    def __xor__(self, other: "Lanes | Number") -> "Lanes":
        return self._build("xor", self, other)

    def __invert__(self) -> "Lanes":
        return self._build("not_", self)

    def as_bits(self) -> "Lanes":
        """Return the bits of a float, as an integer."""
        return Lanes(self.builder, self.builder.bitcast(self.value, self.of(ir.IntType(self.format.bits))))

    def as_float(self) -> "Lanes":
        """Return the float that an integer's bits stand for."""
        element = next(element for element, form in FORMATS.items() if form.bits == self.element.width)
        return Lanes(self.builder, self.builder.bitcast(self.value, self.of(element)))

    def widened(self) -> "Lanes":
        """Return numbers of 32 bits in 64."""
        return Lanes(self.builder, self.builder.fpext(self.value, self.of(ir.DoubleType())))

    def narrowed(self) -> "Lanes":
        """Return numbers of 64 bits rounded to 32."""
        return Lanes(self.builder, self.builder.fptrunc(self.value, self.of(ir.FloatType())))

    # Comparisons: a NaN is unlike every number, itself too

    def _compare(self, relation: str, other: "Lanes | Number") -> "Lanes":
        name = "fcmp_unordered" if relation in ("!=", "uno") else "fcmp_ordered"
        if not self.is_float:
            name = "icmp_signed"
        return Lanes(self.builder, getattr(self.builder, name)(relation, self.value, self.like(other).value))

    def __lt__(self, other: "Lanes | Number") -> "Lanes":
        return self._compare("<", other)

    def __le__(self, other: "Lanes | Number") -> "Lanes":
        return self._compare("<=", other)

    def __gt__(self, other: "Lanes | Number") -> "Lanes":
        return self._compare(">", other)

    def __ge__(self, other: "Lanes | Number") -> "Lanes":
        return self._compare(">=", other)

    def equals(self, other: "Lanes | Number") -> "Lanes":
        """Return where this equals another."""
        return self._compare("==", other)

    def differs(self, other: "Lanes | Number") -> "Lanes":
        """Return where this does not equal another."""
        return self._compare("!=", other)

    def is_nan(self) -> "Lanes":
        """Return where this is no number."""
        return self._compare("uno", self)

    def any(self) -> ir.Value:
        """Return one bit: whether any lane's bit is set."""
        together = self.builder.bitcast(self.value, ir.IntType(self.count))
        return self.builder.icmp_unsigned("!=", together, ir.Constant(together.type, 0))

    # What LLVM has an intrinsic function for

    def intrinsic(self, name: str, *others: "Lanes | Number") -> "Lanes":
        """Return what one of LLVM's intrinsic functions makes of this and other operands of this type."""
        operands = [self.value, *(self.like(other).value for other in others)]
        function = declare(self.builder.module, f"llvm.{name}.{suffix(self.type)}", self.type, len(operands))
        return Lanes(self.builder, self.builder.call(function, operands))

    def sqrt(self) -> "Lanes":
        """Return the square root."""
        return self.intrinsic("sqrt")

    def with_sign_of(self, other: "Lanes") -> "Lanes":
        """Return this magnitude with another's sign."""
        return self.intrinsic("copysign", other)


def suffix(kind: ir.Type) -> str:
    """Return how LLVM's names of functions spell a type: f64, v8f32.

    Examples
    --------
    >>> suffix(ir.VectorType(ir.FloatType(), 8))
    'v8f32'
    """
    if isinstance(kind, ir.VectorType):
        return f"v{kind.count}{kind.element.intrinsic_name}"
    name: str = kind.intrinsic_name
    return name


def declare(module: ir.Module, name: str, kind: ir.Type, arity: int) -> ir.Function:
    """Return the function of that name, all of one type; declared in the module if it is not yet."""
    if name in module.globals:
        return module.globals[name]
    return ir.Function(module, ir.FunctionType(kind, [kind] * arity), name)


def fma(a: Lanes, b: Lanes | Number, c: Lanes | Number) -> Lanes:
    """Return ab + c, rounded once."""
    return a.intrinsic("fma", b, c)


def choose(condition: Lanes, a: Lanes | Number, b: Lanes | Number) -> Lanes:
    """Return a where the condition holds, b elsewhere; one of the two is not a plain number."""
    like: Any = a if isinstance(a, Lanes) else b
    builder = condition.builder
    return Lanes(builder, builder.select(condition.value, like.like(a).value, like.like(b).value))


def clamp(x: Lanes, low: Number, high: Number) -> Lanes:
    """Return x, or the end of the interval that it lies beyond. A NaN stays."""
    x = choose(x < low, low, x)
    return choose(x > high, high, x)


def polynomial(x: Lanes, coefficients: Sequence[Number]) -> Lanes:
    """Return c₀ + c₁x + c₂x² + …, by Horner's scheme."""
    sum_ = x.like(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        sum_ = fma(sum_, x, coefficient)
    return sum_
