"""Native scalar functions: held against NumPy's and SciPy's, by units in the last place, on every bit pattern."""

import ctypes
from ctypes.util import find_library

import llvmlite.binding as llvm
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from llvmlite import ir

from chainrule.compiler.native.mathematics import SUPPORTED, emit, link
from chainrule.errors import InputError

WIDTHS = (1, 4, 8)
ELEMENTS = {np.float32: ir.FloatType(), np.float64: ir.DoubleType()}
PREDICATES = {"equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "not_equal"}
PREDICATES |= {"logical_and", "logical_not", "logical_or", "logical_xor", "signbit"}
BINARY = {"add", "arctan2", "copysign", "divide", "equal", "floor_divide", "fmax", "fmin", "fmod", "greater"}
BINARY |= {"greater_equal", "heaviside", "hypot", "less", "less_equal", "logaddexp", "logaddexp2", "logical_and"}
BINARY |= {"logical_or", "logical_xor", "maximum", "minimum", "multiply", "not_equal", "power", "remainder"}
BINARY |= {"subtract", "xlog1py", "xlogy"}
# Where NumPy rounds more than once, or differs between processors in the last place, 4; here nothing.
EXACT = PREDICATES | {"absolute", "add", "ceil", "copysign", "deg2rad", "degrees", "divide", "fabs", "floor", "fmax"}
EXACT |= {"floor_divide", "fmin", "fmod", "heaviside", "maximum", "minimum", "multiply", "negative", "positive"}
EXACT |= {"rad2deg", "radians", "reciprocal", "remainder", "rint", "sign", "sqrt", "square", "subtract", "trunc"}

every_function = pytest.mark.parametrize("name", sorted(SUPPORTED))
both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])

_erfcl = (ctypes.CDLL("ucrtbase") if find_library("m") is None else ctypes.CDLL(find_library("m"))).erfcl
_erfcl.restype, _erfcl.argtypes = ctypes.c_longdouble, [ctypes.c_longdouble]


def erfc(x):
    """SciPy's is 500 units wrong at x = 26, and 0 where there are subnormal numbers; the C library's is right."""
    return np.array([_erfcl(float(entry)) for entry in x]).astype(x.dtype)


def ndtr(x):
    return erfc(x.astype(np.float64) * -np.sqrt(0.5)) * 0.5


def log_ndtr(x):
    right = np.log1p(erfc(np.maximum(x.astype(np.float64), -1) * np.sqrt(0.5)) * -0.5)
    return np.where(x < -1, scipy.special.log_ndtr(x.astype(np.float64)), right)


def expit(x):
    """SciPy's is 0 where exp(-x) overflows; the function is not."""
    return np.where(x < -50, np.exp(x), scipy.special.expit(x))


REFERENCES = {"erfc": erfc, "expit": expit, "log_ndtr": log_ndtr, "ndtr": ndtr}


def reference(name, operands):
    function = REFERENCES.get(name) or getattr(np, name, None) or getattr(scipy.special, name)
    with np.errstate(all="ignore"):
        y = function(*operands)
        return y if y.dtype == bool else y.astype(operands[0].dtype)


def write_loop(module, symbol, element, width, arity, compute, stored=None):
    """Write a function (entries / width, operands…, result) that computes width entries at a time."""
    i64, pointer = ir.IntType(64), ir.PointerType()
    kind = ir.VectorType(element, width) if width > 1 else element
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [i64] + [pointer] * (arity + 1)), symbol)
    count, *operands, result = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    start, loop, end = builder.block, function.append_basic_block(), function.append_basic_block()
    builder.branch(loop)
    builder.position_at_end(loop)
    i = builder.phi(i64)
    i.add_incoming(i64(0), start)
    place = builder.mul(i, i64(width))
    size = element.width // 8 if isinstance(element, ir.IntType) else (4 if element == ir.FloatType() else 8)
    loaded = [
        builder.load(builder.gep(operand, [place], source_etype=element), align=size, typ=kind) for operand in operands
    ]
    y = compute(builder, *loaded)
    if stored is not None:
        y = builder.zext(y, ir.VectorType(stored, width) if width > 1 else stored)
    builder.store(y, builder.gep(result, [place], source_etype=stored or element), align=1)
    following = builder.add(i, i64(1))
    i.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, end)
    builder.position_at_end(end)
    builder.ret_void()


def load(module):
    """Compile a module for this processor, with the passes that a program gets at least: inlining."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    link()
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=1
    )
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.run(parsed, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(1)))
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return engine


def symbol_of(name, dtype, width):
    return f"{name}_{dtype.__name__}_{width}"


@pytest.fixture(scope="module")
def run():
    """What calls a function by name, on arrays of a whole number of vectors."""
    module = ir.Module()
    for name in SUPPORTED:
        for dtype, element in ELEMENTS.items():
            for width in WIDTHS:
                write_loop(
                    module,
                    symbol_of(name, dtype, width),
                    element,
                    width,
                    2 if name in BINARY else 1,
                    lambda builder, *operands, name=name: emit(builder, name, *operands),
                    ir.IntType(8) if name in PREDICATES else None,
                )
    engine = load(module)

    def call(name, operands, width):
        dtype = operands[0].dtype.type
        result = np.empty(len(operands[0]), bool if name in PREDICATES else dtype)
        arrays = [np.ascontiguousarray(operand) for operand in operands]
        native = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * (len(operands) + 1))(
            engine.get_function_address(symbol_of(name, dtype, width))
        )
        assert len(result) % width == 0
        native(len(result) // width, *(array.ctypes.data for array in arrays), result.ctypes.data)
        return result

    return call


def units_apart(a, b, scale):
    """How many floats lie between a and b, or as many of scale's spacing where that is wider."""
    integer = np.int32 if a.dtype == np.float32 else np.int64
    a_place, b_place = (
        np.where(x.view(integer) < 0, np.iinfo(integer).min - x.view(integer), x.view(integer)) for x in (a, b)
    )
    places = np.abs(a_place.astype(np.longdouble) - b_place.astype(np.longdouble))
    with np.errstate(all="ignore"):
        spacings = np.abs(a - b) / np.spacing(scale)
    nearest = np.where(np.isfinite(scale) & (scale > 0), np.minimum(places, spacings), places)
    return np.where(np.isnan(a) | np.isnan(b), np.where(np.isnan(a) & np.isnan(b), 0, np.inf), nearest)


def assert_near(name, operands, y):
    expected = reference(name, operands)
    if name in PREDICATES:
        np.testing.assert_array_equal(y, expected)
        return
    # The two terms of logaddexp may cancel, in NumPy as here: a unit of the greater operand is the measure then.
    scale = np.abs(np.maximum(*operands)) if name in ("logaddexp", "logaddexp2") else np.zeros_like(y)
    apart = units_apart(y, expected, scale)
    worst = np.argmax(apart)
    assert apart[worst] <= (0 if name in EXACT else 4), (
        f"{name} of {[float(x[worst]) for x in operands]} is {y[worst]!r}, not {expected[worst]!r}"
    )
    if name not in BINARY:
        known = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(y[known]), np.signbit(expected[known]))


SPECIAL: list[float] = [0.0, 1, 0.5, 2, 3, 10, 100, 1000, np.pi / 2, np.pi, 2.0**16, 2.0**30, 1e22, np.inf]
SPECIAL += [
    5e-324,
    1e-310,
    1e-45,
    1e-40,
    2.0**-126,
    2.0**-1022,
    float(np.finfo(np.float32).max),
    float(np.finfo(np.float64).max),
]
SPECIAL = [*SPECIAL, *(-x for x in SPECIAL), np.nan, np.nan]


def samples(dtype, seed):
    """Numbers of all magnitudes, and many where the functions have their ends, zeros and seams."""
    random = np.random.default_rng(seed)
    count = 2000
    unsigned = np.uint32 if dtype == np.float32 else np.uint64
    parts = [random.integers(0, np.iinfo(unsigned).max, count, unsigned).view(dtype)]
    parts += [random.uniform(-reach, reach, count) for reach in (1, 5, 20, 110, 800)]
    parts += [10.0 ** random.uniform(-20, 12, count) * random.choice([-1, 1], count)]
    parts += [
        around + random.choice([-1, 1], count) * 10.0 ** random.uniform(-17, -1, count) for around in (1, -1, 0.5)
    ]
    parts += [np.pi / 2 * random.integers(-(10**4), 10**4, count)]
    with np.errstate(over="ignore"):
        x = np.concatenate([part.astype(dtype) for part in parts])
    # Of a signalling NaN, which no arithmetic makes, C libraries have their own opinions.
    return random.permutation(np.where(np.isnan(x), dtype(np.nan), x))


def operands_of(name, dtype):
    with np.errstate(over="ignore"):
        special = np.array(SPECIAL).astype(dtype)
    if name not in BINARY:
        return [whole_vectors(np.concatenate([special, samples(dtype, 0)]))]
    pairs = np.stack(np.meshgrid(special, special), -1).reshape(-1, 2)
    return [whole_vectors(np.concatenate([pairs[:, i], samples(dtype, i)])) for i in range(2)]


def whole_vectors(x):
    return np.concatenate([x, np.ones(-len(x) % max(WIDTHS), x.dtype)])


@both_types
@every_function
def test_is_numpys_function(run, name, dtype):
    operands = operands_of(name, dtype)
    assert_near(name, operands, run(name, operands, 8))


@both_types
@every_function
def test_no_result_depends_on_the_number_of_lanes(run, name, dtype):
    operands = operands_of(name, dtype)
    alone = run(name, operands, 1)
    for width in WIDTHS[1:]:
        together = run(name, operands, width)
        numbers = ~np.isnan(together) if together.dtype != bool else slice(None)
        np.testing.assert_array_equal(np.isnan(alone), np.isnan(together))
        np.testing.assert_array_equal(alone[numbers].view(np.uint8), together[numbers].view(np.uint8))


@both_types
@every_function
@settings(max_examples=25, deadline=None)
@given(patterns=st.binary(min_size=512, max_size=512))
def test_is_numpys_function_on_every_bit_pattern(run, name, dtype, patterns):
    numbers = np.frombuffer(patterns, dtype)
    numbers = np.where(np.isfinite(numbers), numbers, dtype(1)).reshape(2, -1)
    operands = list(numbers[: 2 if name in BINARY else 1])
    for width in WIDTHS:
        assert_near(name, operands, run(name, operands, width))


@both_types
def test_one_lane_beyond_the_bound_leaves_its_neighbours_alone(run, dtype):
    for name in ("sin", "cos", "tan"):
        near = np.linspace(-3, 3, 8, dtype=dtype)
        far = near.copy()
        far[3] = 1e22
        result, plain = run(name, [far], 8), run(name, [near], 8)
        assert result[3] == pytest.approx(getattr(np, name)(dtype(1e22)), rel=1e-6)
        np.testing.assert_array_equal(np.delete(result, 3), np.delete(plain, 3))


def test_a_body_is_written_once_for_each_type():
    module = ir.Module()
    for kind in (ir.DoubleType(), ir.VectorType(ir.DoubleType(), 4)):
        function = ir.Function(module, ir.FunctionType(kind, [kind]), f"twice_{kind}")
        builder = ir.IRBuilder(function.append_basic_block())
        builder.ret(emit(builder, "exp", emit(builder, "exp", function.args[0])))
    bodies = [function for function in module.functions if function.name.startswith("chainrule.exp.")]
    assert [function.name for function in bodies] == ["chainrule.exp.f64", "chainrule.exp.v4f64"]
    assert all(function.linkage == "internal" for function in bodies)


def test_a_vector_may_have_a_single_lane():
    module = ir.Module()
    one = ir.VectorType(ir.DoubleType(), 1)

    def through_a_vector(builder, x):
        vector = builder.insert_element(ir.Constant(one, ir.Undefined), x, ir.IntType(32)(0))
        y = emit(builder, "arctan", emit(builder, "sin", vector))
        return builder.extract_element(y, ir.IntType(32)(0))

    write_loop(module, "f", ir.DoubleType(), 1, 1, through_a_vector)
    engine = load(module)
    x, y = np.array([0.3, 1e22]), np.empty(2)
    address = engine.get_function_address("f")
    ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)(address)(2, x.ctypes.data, y.ctypes.data)
    np.testing.assert_allclose(y, np.arctan(np.sin(x)), rtol=1e-15)


def test_logical_functions_take_truths():
    module = ir.Module()
    i8 = ir.IntType(8)

    def not_both(builder, a, b):
        truths = [builder.trunc(x, ir.VectorType(ir.IntType(1), 4)) for x in (a, b)]
        return emit(builder, "logical_not", emit(builder, "logical_and", *truths))

    write_loop(module, "f", i8, 4, 2, not_both, stored=i8)
    engine = load(module)
    a, b, y = np.array([0, 0, 1, 1], np.uint8), np.array([0, 1, 0, 1], np.uint8), np.empty(4, bool)
    native = ctypes.CFUNCTYPE(None, ctypes.c_int64, *[ctypes.c_void_p] * 3)(engine.get_function_address("f"))
    native(1, a.ctypes.data, b.ctypes.data, y.ctypes.data)
    assert y.tolist() == [True, True, True, False]


def test_an_unknown_function_is_refused():
    with pytest.raises(InputError, match="no native code for gamma"):
        emit(ir.IRBuilder(), "gamma")
