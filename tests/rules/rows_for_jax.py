"""What rules are held against JAX on: functions that NumPy or SciPy and JAX have by the same name, with arguments.

A row's function is looked up in a library of three parts: ``np``, ``special`` and ``linalg``, the latter two SciPy's.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """A function of a library, ``call(library, *arguments)``, and what to call it with.

    Arrays of real or complex numbers among the arguments, in lists too, are differentiated by.
    """

    name: str
    call: Callable[..., Any]
    arguments: tuple[Any, ...]
    derivatives: int = 2
    """How many times over JAX can differentiate it."""
    compiled: bool = True
    """Whether JAX can compile it: the result's shape is known without the values."""


def named(name: str, *arguments: Any, derivatives: int = 2, compiled: bool = True, **keywords: Any) -> Row:
    """Make a row of a function's dotted name, its arguments and keywords."""

    def call(library: Any, *given: Any) -> Any:
        function = library
        for part in name.split("."):
            function = getattr(function, part)
        return function(*given, **keywords)

    shapes = [str(np.shape(x)) if isinstance(x, np.ndarray) else type(x).__name__ for x in arguments]
    options = [f"{key}={value if np.ndim(value) == 0 else '...'}" for key, value in keywords.items()]
    kinds = " complex" * any(np.iscomplexobj(x) for x in arguments if isinstance(x, np.ndarray))
    return Row(f"{name}({', '.join(shapes + options)}){kinds}", call, arguments, derivatives, compiled)


def each(pattern: str, names: str, *arguments: Any, **keywords: Any) -> list[Row]:
    """Make a row of each of the names, put into the pattern, with the same arguments."""
    return [named(pattern.format(name), *arguments, **keywords) for name in names.split()]


def real(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> Any:
    return np.random.default_rng([seed, *shape]).uniform(low, high, size=shape)


def complexes(*shape: int, seed: int = 0) -> Any:
    return real(*shape, seed=seed) + 1j * real(*shape, seed=seed + 1)


def like_identity(*shape: int, seed: int = 0) -> Any:
    """Matrices that are far from singular."""
    return 0.3 * real(*shape, seed=seed) + 2 * np.eye(shape[-2], shape[-1])


X, Y, ROW, ONE = real(2, 3), real(2, 3, seed=1), real(3, seed=2), real(seed=3)
POSITIVE, ABOVE_ONE, INSIDE = real(2, 3, low=0.3), real(2, 3, low=1.2, high=3), real(2, 3, low=-0.9, high=0.9)
PROBABILITY = real(2, 3, low=0.1, high=0.9)
Z, V = complexes(2, 3), complexes(3, seed=5)
CUBE, SQUARE, SQUARES = real(2, 3, 4), like_identity(3, 3), like_identity(2, 3, 3, seed=1)
COMPLEX_SQUARE = like_identity(3, 3) + 0.3j * real(3, 3, seed=4)
LINE, OTHER = real(5), real(4, seed=1)
MASK, PLACES = np.array([[True, False, True], [False, True, True]]), np.array([2, 0, 2, 1])
WITH_NAN = np.where(MASK, X, np.nan)


def symmetrised(library: Any, x: Any) -> Any:
    """NumPy reads one triangle of a matrix, JAX both: they agree on what is symmetric."""
    return (x + library.np.swapaxes(library.np.conj(x), -1, -2)) / 2


def positive_definite(library: Any, x: Any) -> Any:
    return x @ library.np.swapaxes(library.np.conj(x), -1, -2)


UNARY = {
    "absolute fabs negative positive exp exp2 expm1 sin cos tanh sinh cosh arctan arcsinh square": X,
    "cbrt deg2rad rad2deg degrees radians sinc i0 nan_to_num angle real imag conjugate": X,
    "floor ceil trunc rint sign round around asinh atan": X,
    "log log2 log10 log1p sqrt reciprocal": POSITIVE,
    "arcsin arccos arctanh tan asin acos atanh": INSIDE,
    "arccosh acosh": ABOVE_ONE,
}
UNARY_COMPLEX = "negative exp exp2 expm1 log log1p sqrt square reciprocal sin cos tan sinh cosh tanh arctan arcsinh"
UNARY_COMPLEX += " absolute conjugate real imag angle"
BINARY = {
    "add subtract multiply arctan2 atan2 hypot logaddexp logaddexp2 maximum minimum fmax fmin copysign": (X, ROW),
    "true_divide divide remainder fmod mod floor_divide heaviside": (X, real(3, low=0.4)),
    "power float_power pow": (POSITIVE, ROW),
}
SHAPE_FUNCTIONS = [
    named("np.reshape", X, (3, 2)),
    named("np.reshape", X, (3, 2), order="F"),
    named("np.ravel", X),
    named("np.transpose", CUBE),
    named("np.transpose", CUBE, (1, 2, 0)),
    named("np.permute_dims", CUBE, (1, 2, 0)),
    named("np.matrix_transpose", CUBE),
    named("np.swapaxes", CUBE, 0, 2),
    named("np.moveaxis", CUBE, 0, 2),
    named("np.rollaxis", CUBE, 2),
    named("np.squeeze", real(2, 1, 3)),
    named("np.expand_dims", X, (0, 2)),
    named("np.broadcast_to", ROW, (2, 3)),
    named("np.broadcast_arrays", X, ROW),
    named("np.atleast_1d", ONE),
    named("np.atleast_2d", ROW),
    named("np.atleast_3d", X),
    named("np.flip", CUBE, (0, 2)),
    named("np.fliplr", X),
    named("np.flipud", X),
    named("np.rot90", X),
    named("np.rot90", CUBE, 3, (1, 2)),
    named("np.roll", X, 2),
    named("np.roll", X, (1, 2), (0, 1)),
    named("np.tile", X, (2, 1, 2)),
    named("np.repeat", X, 2),
    named("np.repeat", X, np.array([1, 0, 2]), 1),
    named("np.repeat", X, 3, 1),
    named("np.resize", X, (4, 2)),
    named("np.concatenate", [X, Y], 1),
    named("np.concatenate", [X, ROW], None),
    named("np.concat", [X, Y]),
    named("np.stack", [X, Y], -1),
    named("np.unstack", X),
    named("np.hstack", [X, Y]),
    named("np.vstack", [X, ROW]),
    named("np.dstack", [X, Y]),
    named("np.column_stack", [X, real(2, seed=8)]),
    named("np.block", [[X, Y], [Y, X]]),
    named("np.append", X, Y, 0),
    named("np.insert", LINE, 2, ONE),
    named("np.delete", LINE, 1),
    named("np.split", CUBE, 2, 2),
    named("np.array_split", LINE, 2),
    named("np.hsplit", X, [1]),
    named("np.vsplit", X, 2),
    named("np.dsplit", CUBE, 2),
    named("np.pad", X, 1),
    *(named("np.pad", LINE, (2, 3), mode=mode) for mode in ("edge", "wrap", "reflect", "symmetric", "mean")),
    *(named("np.pad", X, ((1, 0), (2, 1)), mode=mode) for mode in ("linear_ramp", "maximum", "minimum")),
    named("np.diag", ROW),
    named("np.diag", X, 1),
    named("np.diagflat", X),
    named("np.diagonal", CUBE, 1, 0, 2),
    named("np.trace", SQUARE),
    named("np.tril", X),
    named("np.triu", CUBE, 1),
    named("np.vander", LINE),
    named("np.meshgrid", LINE, ROW),
    named("np.astype", X, "complex128"),
    named("np.copy", X),
    named("np.ediff1d", X),
    named("np.apply_along_axis", lambda v: v * v, 0, X),
]
CHOOSING = [
    named("np.take", X, PLACES[:2], 1),
    named("np.take", X, PLACES),
    named("np.take_along_axis", X, np.array([[2, 0], [1, 1]]), 1),
    named("np.where", MASK, X, ROW),
    named("np.select", [MASK, ~MASK], [X, Y]),
    named("np.choose", np.array([0, 1, 1]), [ROW, ONE], compiled=False),
    named("np.compress", np.array([True, False, True]), X, 1, compiled=False),
    named("np.extract", MASK, X, compiled=False),
    named("np.clip", X, -1.0, 1.0),
    named("np.clip", X, Y - 1, Y + 1),
    named("np.sort", X),
    named("np.sort", X, 0),
    Row("np.partition", lambda m, x: m.np.partition(x, 2)[2], (LINE,)),
    Row("x[...]", lambda _, x: (x[0], x[:, 1:], x[..., None], x[::-1, ::2], x[PLACES - 1], x[:, PLACES]), (SQUARE,)),
    Row("x[mask]", lambda _, x: x[MASK], (X,)),
    named("np.piecewise", X, [X > 0], [lambda x: x**2, lambda x: x**3]),
    named("np.sort_complex", LINE),
]
REDUCTIONS = [
    *each("np.{}", "sum prod mean var std max min amax amin ptp median trace", X),
    *each("np.{}", "sum prod mean var std max min ptp median", CUBE, axis=1),
    *each("np.{}", "sum prod mean var std max min", CUBE, axis=(0, 2), keepdims=True),
    *each("np.{}", "sum prod mean var std", X, where=MASK, axis=1),
    *each("np.{}", "sum prod max min", X, where=MASK, initial=0.5),
    named("np.var", X, ddof=1),
    *each("np.nan{}", "sum prod mean var std max min median", WITH_NAN),
    *each("np.nan{}", "sum prod mean var std max min median", WITH_NAN, axis=1),
    *each("np.{}", "cumsum cumprod nancumsum nancumprod", X, axis=1),
    *each("np.{}", "cumsum cumprod cumulative_sum cumulative_prod", LINE),
    named("np.cumulative_sum", LINE, include_initial=True),
    named("np.average", X, weights=POSITIVE),
    named("np.average", X, axis=1),
    named("np.quantile", X, 0.3),
    named("np.quantile", CUBE, 0.6, axis=1),
    named("np.percentile", X, 30.0, axis=1),
    named("np.nanquantile", WITH_NAN, 0.3),
    named("np.nanpercentile", WITH_NAN, 30.0),
    *each("np.{}.reduce", "add multiply maximum logaddexp", X, axis=1),
    *each("np.{}.accumulate", "add multiply maximum", X, axis=1),
    *each("np.{}.outer", "add multiply subtract", LINE, ROW),
    named("np.cov", X),
    named("np.corrcoef", X),
]
PRODUCTS = [
    *(named("np.matmul", a, b) for a, b in [(X, SQUARE), (ROW, SQUARE), (SQUARE, ROW), (ROW, V.real), (CUBE, OTHER)]),
    named("np.matmul", SQUARES, real(3, 2)),
    named("np.dot", X, SQUARE),
    named("np.dot", CUBE, real(5, 4, 2)),
    named("np.dot", ONE, X),
    named("np.vdot", X, Y),
    named("np.inner", X, real(4, 3)),
    named("np.outer", LINE, ROW),
    named("np.tensordot", CUBE, real(3, 4, 2), 2),
    named("np.tensordot", CUBE, real(4, 5, 2), ((2, 0), (0, 2))),
    named("np.kron", X, SQUARE[:2]),
    named("np.vecdot", X, ROW),
    named("np.matvec", SQUARES, X),
    named("np.vecmat", X, SQUARES),
    named("np.cross", X, ROW),
    *(
        Row(f"np.einsum {pattern}", lambda m, *x, pattern=pattern: m.np.einsum(pattern, *x), operands)
        for pattern, operands in {
            "ij,jk->ik": (X, SQUARE),
            "ij,ij": (X, Y),
            "ii->i": (SQUARE,),
            "ii": (SQUARE,),
            "ij->ji": (X,),
            "bij,bjk,k->bi": (SQUARES, SQUARES, ROW),
            "...ij,...j": (SQUARES, ROW),
            "ij->": (X,),
        }.items()
    ),
    *(named("np.convolve", LINE, ROW, mode=mode) for mode in ("full", "same", "valid")),
    *(named("np.correlate", LINE, ROW, mode=mode) for mode in ("full", "same", "valid")),
    named("np.polyval", ROW, X),
    named("np.polyadd", ROW, LINE),
    named("np.polysub", ROW, LINE),
    named("np.polymul", ROW, LINE),
    named("np.polyder", LINE),
    named("np.polyint", LINE),
    named("np.poly", ROW),
    Row("np.roots", lambda m, p: m.np.sort(m.np.real(m.np.roots(p))), (np.array([1, -2.5, -1, 2]),), 1, compiled=False),
    named("np.polyfit", LINE, real(5, seed=6), 2),
    Row("np.polydiv", lambda m, u, v: m.np.polydiv(u, v)[0], (LINE, ROW + 3)),
]
CALCULUS = [
    named("np.diff", X),
    named("np.diff", CUBE, 2, 1),
    named("np.gradient", LINE),
    named("np.gradient", real(3, 4), 0.5, axis=1),
    named("np.trapezoid", X),
    named("np.trapezoid", LINE, np.sort(real(5, seed=4))),
    named("np.interp", INSIDE, np.array([-1.0, 0.1, 1.2]), ROW),
    named("np.unwrap", 3 * LINE),
    named("np.linspace", ONE, real(3), 4),
    named("np.linspace", ROW, ROW + 1, 4, axis=1),
    named("np.logspace", ONE, ROW, 4),
    named("np.geomspace", 2.5 + ONE, 3 + ROW, 4),
    Row("np.bincount", lambda m, w: m.np.bincount(PLACES, weights=w), (OTHER,), compiled=False),
    Row("np.modf", lambda m, x: m.np.modf(x)[0], (X,)),
    Row("np.divmod", lambda m, x, y: m.np.divmod(x, y), (X, real(3, low=0.4))),
    Row("np.ldexp", lambda m, x: m.np.ldexp(x, np.array([1, 2, -1])), (X,)),
    Row("np.frexp", lambda m, x: m.np.frexp(x)[0], (X,)),
]
NORMS = [
    *(named("np.linalg.norm", ROW, order) for order in (None, 1, 2, 3, 0.5, np.inf, -np.inf)),
    *(named("np.linalg.norm", X, order) for order in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
    named("np.linalg.norm", X, axis=1),
    named("np.linalg.norm", CUBE, axis=(0, 2), keepdims=True),
    named("np.linalg.vector_norm", X, axis=0),
    named("np.linalg.matrix_norm", CUBE),
    named("np.linalg.norm", Z),
]
LINEAR_ALGEBRA = [
    *each("np.linalg.{}", "inv det slogdet pinv", SQUARE),
    *each("np.linalg.{}", "inv det slogdet pinv", SQUARES),
    *each("np.linalg.{}", "inv det pinv", COMPLEX_SQUARE),
    named("np.linalg.pinv", X),
    named("np.linalg.solve", SQUARE, ROW),
    named("np.linalg.solve", SQUARES, real(2, 3, 2)),
    named("np.linalg.solve", COMPLEX_SQUARE, V),
    Row("np.linalg.cholesky", lambda m, x: m.np.linalg.cholesky(positive_definite(m, x)), (SQUARES,)),
    Row("np.linalg.cholesky complex", lambda m, x: m.np.linalg.cholesky(positive_definite(m, x)), (COMPLEX_SQUARE,)),
    named("np.linalg.qr", real(4, 3)),
    named("np.linalg.qr", SQUARES),
    Row("np.linalg.eigh", lambda m, x: m.np.linalg.eigh(symmetrised(m, x))[0], (SQUARES,)),
    Row("np.linalg.eigh vectors", lambda m, x: m.np.abs(m.np.linalg.eigh(symmetrised(m, x))[1]), (SQUARE,)),
    Row("np.linalg.eigvalsh", lambda m, x: m.np.linalg.eigvalsh(symmetrised(m, x)), (SQUARE,)),
    Row("np.linalg.eigvalsh complex", lambda m, x: m.np.linalg.eigvalsh(symmetrised(m, x)), (COMPLEX_SQUARE,)),
    Row("np.linalg.eigvals", lambda m, x: m.np.sort(m.np.real(m.np.linalg.eigvals(x) ** 2)), (SQUARE,), derivatives=1),
    Row("np.linalg.svd", lambda m, x: m.np.linalg.svd(x, full_matrices=False)[1], (real(4, 3),)),
    Row("np.linalg.svd vectors", lambda m, x: [abs(y) for y in m.np.linalg.svd(x, full_matrices=False)], (X,)),
    named("np.linalg.svdvals", X),
    named("np.linalg.matrix_power", SQUARE, 3),
    named("np.linalg.matrix_power", SQUARE, -2),
    named("np.linalg.multi_dot", [X, SQUARE, real(3, 2)]),
    Row("np.linalg.lstsq", lambda m, a, b: m.np.linalg.lstsq(a, b)[0], (real(4, 3), OTHER)),
    named("np.linalg.tensorsolve", real(2, 3, 6), X),
    named("np.linalg.tensorinv", real(2, 3, 6), ind=2),
    named("np.linalg.cond", SQUARE),
    named("np.linalg.trace", CUBE[..., :3]),
    named("np.linalg.diagonal", CUBE),
    named("np.linalg.cross", X, Y),
    named("np.linalg.outer", LINE, ROW),
    named("np.linalg.vecdot", X, Y),
    named("np.linalg.tensordot", X, SQUARE, axes=1),
    named("np.linalg.matmul", X, SQUARE),
    named("linalg.solve", SQUARE, ROW),
    named("linalg.solve_triangular", SQUARE, ROW, lower=True),
    named("linalg.expm", SQUARE),
    named("linalg.inv", SQUARE),
    named("linalg.det", SQUARE),
    Row("linalg.cholesky", lambda m, x: m.linalg.cholesky(positive_definite(m, x), lower=True), (SQUARE,)),
    Row("linalg.lu_solve", lambda m, a, b: m.linalg.lu_solve(m.linalg.lu_factor(a), b), (SQUARE, ROW)),
    named("linalg.block_diag", X, SQUARE),
    named("linalg.toeplitz", LINE, ROW),
    named("linalg.hankel", LINE, ROW),
    named("linalg.circulant", LINE),
    Row("linalg.cho_solve", lambda m, c, b: m.linalg.cho_solve((c, True), b), (SQUARE, ROW)),
]
FOURIER = [
    *each("np.fft.{}", "fft ifft fft2 ifft2 fftn ifftn", X),
    *each("np.fft.{}", "fft ifft fft2 ifft2 fftn ifftn", Z),
    *each("np.fft.{}", "rfft rfft2 rfftn ihfft fftshift ifftshift", X),
    *each("np.fft.{}", "irfft irfft2 irfftn hfft", Z),
    *(named("np.fft.fft", Z, n, 0, norm=norm) for n, norm in [(5, "ortho"), (1, "forward"), (2, "backward")]),
    *(named("np.fft.rfft", CUBE, n, 1) for n in (2, 5)),
    *(named("np.fft.irfft", Z, n) for n in (3, 5)),
]
SPECIAL = [
    *each("special.{}", "expit erf erfc i0 i0e i1 i1e ndtr log_ndtr", X),
    *each("special.{}", "logit ndtri entr", PROBABILITY),
    named("special.erfinv", INSIDE),
    *each("special.{}", "gamma gammaln loggamma digamma expi", POSITIVE),
    named("special.exp1", POSITIVE, derivatives=1),
    *each("special.{}", "dawsn erfcx wofz fresnel sici", X),
    *each("special.{}", "boxcox boxcox1p", POSITIVE, ROW),
    Row("special.owens_t", lambda m, h, a: m.special.owens_t(h, a), (X, ROW)),
    Row("special.hyp2f1", lambda m, x: m.special.hyp2f1(0.5, 1.5, 2.5, x), (INSIDE,), derivatives=1),
    named("special.spence", real(2, 3, low=0.1, high=0.9)),  # above 1, JAX gives NaN
    *each("special.{}", "beta betaln xlogy xlog1py kl_div rel_entr", POSITIVE, ABOVE_ONE),
    *each("special.{}", "gammainc gammaincc", 2, POSITIVE),
    Row("special.betainc", lambda m, x: m.special.betainc(1.5, 2.5, x), (PROBABILITY,)),
    Row("special.expn", lambda m, x: m.special.expn(3, x), (POSITIVE,), derivatives=1),
    Row("special.polygamma", lambda m, x: m.special.polygamma(2, x), (POSITIVE,)),
    Row("special.zeta", lambda m, q: m.special.zeta(2.5, q), (POSITIVE,)),
    Row("special.poch", lambda m, z: m.special.poch(z, 2.0), (POSITIVE,)),
    Row("special.hyp1f1", lambda m, x: m.special.hyp1f1(1.5, 2.5, x), (X,)),
    Row("special.multigammaln", lambda m, a: m.special.multigammaln(a, 2), (ABOVE_ONE,)),
    *each("special.{}", "logsumexp softmax log_softmax", X),
    *each("special.{}", "logsumexp softmax log_softmax", X, axis=1),
    named("special.logsumexp", X, axis=1, b=POSITIVE, keepdims=True),
]
SCALARS = [*each("np.{}", "sin exp square", ONE), named("np.add", ONE, X)]
ROWS = [
    *(row for names, x in UNARY.items() for row in each("np.{}", names, x)),
    *each("np.{}", UNARY_COMPLEX, Z),
    *(row for names, xs in BINARY.items() for row in each("np.{}", names, *xs)),
    *each("np.{}", "add subtract multiply true_divide power", Z, V),
    *each("np.{}", "sum prod mean var std cumsum cumprod", Z, axis=1),
    *each("np.{}", "dot inner vecdot matmul", Z, V),
    named("np.vdot", V, complexes(3)),
    Row("x * y, z + x", lambda _, x, z: (x * z, z + x, z / (3 + x)), (X, Z)),
    *(
        SCALARS
        + SHAPE_FUNCTIONS
        + CHOOSING
        + REDUCTIONS
        + PRODUCTS
        + CALCULUS
        + NORMS
        + LINEAR_ALGEBRA
        + FOURIER
        + SPECIAL
    ),
]
