"""Solutions of equations, differentiated by what the equations hold and not through the solver's iterations.

Where r(x, θ) = 0 defines x, the implicit function theorem gives ∂x/∂θ = −(∂r/∂x)⁻¹ ∂r/∂θ: each direction of the chain
rule is one linear system in ∂r/∂x. That system defines its own solution in the same way, so it is another node of the
same kind, and derivatives of every order follow.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.differentiation.bundles import Bundle, gathered, items
from chainrule.differentiation.operators import jvp, vjp
from chainrule.differentiation.tracing import Trace, name_of
from chainrule.errors import ConvergenceError, InputError, RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array, Node, Rule, Shares
from chainrule.graph.structure import flatten
from chainrule.graph.tracer import Tracer, apply, value_of

Function: TypeAlias = Callable[..., Any]
LinearMap: TypeAlias = Callable[[Array], Array]

_DENSE = 128  # unknowns: up to so many, a linear system is written out and solved by elimination
_DENSE_IF_NEEDED = 4096  # where the iterative solver fails
_HALVINGS = 40


def fixed_point(f: Function, x0: Any, *args: Any, tolerance: float | None = None, max_iterations: int = 1000) -> Any:
    """Find x = f(x, *args) by repeating x ← f(x, *args), differentiable by args.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, written in ordinary NumPy, gives a real array of x's shape, and draws its arguments nearer to
        each other in x. It may not close over traced arrays: what a derivative is taken by comes in args.
    x0 : array
        Where to begin, of any shape. No derivative is taken by it, as the solution does not depend on it.
    *args : arrays, or nested structures of them
        What f takes beside x.
    tolerance : float, optional
        The iteration ends when no entry of x changes by more than this, times the largest entry of x where that is
        above 1. By default ε^(3/4), ε being the precision of x's type: 2e-12 in float64.
    max_iterations : int
        How often to call f at most.

    Returns
    -------
    array
        x, of x0's shape.

    Raises
    ------
    ConvergenceError
        The iteration did not come to rest; when a derivative is taken: I − ∂f/∂x has no inverse.
    InputError
        f's result does not fit x, or x0 is no real array.
    RecordingError
        f closes over a traced array.

    Notes
    -----
    With the cotangent g of x, the cotangent of args is (∂f/∂args)ᵀ w, where w = g + (∂f/∂x)ᵀ w. The memory that this
    takes does not depend on the number of iterations. Bai, Kolter and Koltun, "Deep equilibrium models", NeurIPS 2019;
    Blondel et al., "Efficient and modular implicit differentiation", NeurIPS 2022.

    Examples
    --------
    Heron's iteration for the square root, whose derivative is 1/(2√a):

    >>> from chainrule import grad
    >>> def heron(x, a):
    ...     return 0.5 * (x + a / x)
    >>> fixed_point(heron, 1.0, 2.0).round(12)
    np.float64(1.414213562373)
    >>> grad(lambda a: fixed_point(heron, 1.0, a))(4.0).round(12)
    np.float64(0.25)
    """

    def residual(x: Array, *args: Any) -> Array:
        return x - f(x, *args)

    return _solution("fixed_point", f, residual, _iterate, x0, args, tolerance, max_iterations)


def root(f: Function, x0: Any, *args: Any, tolerance: float | None = None, max_iterations: int = 50) -> Any:
    """Find where f(x, *args) = 0 by Newton's method, differentiable by args.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, written in ordinary NumPy, gives a real array of x's shape. It may not close over traced
        arrays: what a derivative is taken by comes in args.
    x0 : array
        Where to begin, of any shape. No derivative is taken by it.
    *args : arrays, or nested structures of them
        What f takes beside x.
    tolerance : float, optional
        The iteration ends when no entry of Newton's step is above this, times the largest entry of x where that is
        above 1; or when rounding lets it come no nearer. By default ε^(3/4), ε being the precision of x's type.
    max_iterations : int
        How many of Newton's steps to take at most. Each forms the matrix ∂f/∂x, and is halved while it leads away.

    Returns
    -------
    array
        x, of x0's shape: the root that Newton's method comes to from x0.

    Raises
    ------
    ConvergenceError
        The iteration found no root; when a derivative is taken: ∂f/∂x has no inverse, as at a double root.
    InputError
        f's result does not fit x, or x0 is no real array.
    RecordingError
        f closes over a traced array.

    Notes
    -----
    The implicit function theorem, ∂x/∂args = −(∂f/∂x)⁻¹ ∂f/∂args: Blondel et al., "Efficient and modular implicit
    differentiation", NeurIPS 2022.

    Examples
    --------
    >>> from chainrule import grad
    >>> def cubic(x, a):
    ...     return x**3 - a
    >>> root(cubic, 1.0, 8.0)
    np.float64(2.0)
    >>> grad(lambda a: root(cubic, 1.0, a))(8.0).round(12)
    np.float64(0.083333333333)
    """
    return _solution("root", f, f, _newton, x0, args, tolerance, max_iterations)


def _solution(
    name: str,
    f: Function,
    residual: Function,
    solver: Callable[[LinearMap, Any, float, int], Any],
    x0: Any,
    args: tuple[Any, ...],
    tolerance: float | None,
    max_iterations: int,
) -> Any:
    """Solve, as one node whose operand is the bundle of the arrays in args."""
    start = _start(name, x0)
    if tolerance is None:
        tolerance = float(np.finfo(start.dtype).eps) ** 0.75
    if not tolerance > 0 or max_iterations < 1:
        raise InputError(
            f"{name} was given tolerance {tolerance!r} and max_iterations {max_iterations!r}; give a tolerance above "
            "0, and at least one iteration."
        )
    leaves, rebuild = flatten(args)
    places = [i for i, leaf in enumerate(leaves) if type(leaf) is Tracer or type(leaf) is np.ndarray]
    operands = [leaves[i] for i in places]
    constants = [None if i in places else leaf for i, leaf in enumerate(leaves)]  # the node is to hold no tracer

    def full(operands: Sequence[Any]) -> Any:
        known = dict(zip(places, operands, strict=True))
        return rebuild([known.get(i, constant) for i, constant in enumerate(constants)])

    def solve(operands: Bundle) -> Any:
        given = full(operands)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the solver looks at what came out itself
            return solver(lambda x: _checked(name, f, f(x, *given), x), start, tolerance, max_iterations)

    traced = tuple(k for k, x in enumerate(operands) if type(x) is Tracer and x.dtype.kind in "fc")
    rule = _Implicit(name, lambda x, *operands: residual(x, *full(operands)), solve, traced)
    return apply(rule, (gathered(operands),), {})


def _start(name: str, x0: Any) -> Any:
    """Return where to begin, as an array of real numbers."""
    x = np.array(value_of(x0))
    if x.dtype.kind in "iub":
        x = x.astype(float)
    if x.dtype.kind != "f":
        raise InputError(
            f"{name} begins at an array of real numbers, and x0 is of {x.dtype}; give one array, with the real and the "
            "imaginary parts of complex unknowns beside each other."
        )
    return x[()]


def _checked(name: str, f: Function, y: Any, x: Any) -> Any:
    """Check what f gave for x, and return it in floating point."""
    if type(x) is Tracer:
        return y  # the solver differentiates f where it has already called it
    if type(y) is Tracer:
        raise RecordingError(
            f"{at_user_line()}{name_of(f)} closes over a traced array, by which {name} would lose the derivative; make "
            f"it an argument: {name}(f, x0, a) solves for f(x, a)."
        )
    y = np.asarray(y)
    if y.shape != np.shape(x) or y.dtype.kind not in "fiub":
        raise InputError(
            f"{name_of(f)} gave an array of {y.dtype} of shape {y.shape} for an x of shape {np.shape(x)}; {name} needs "
            "real numbers of x's shape."
        )
    return y.astype(np.result_type(y, x), copy=False)[()]


# Solvers, on plain arrays


def _iterate(f: LinearMap, x: Any, tolerance: float, max_iterations: int) -> Any:
    """Repeat x ← f(x) until x rests."""
    change = math.inf
    for iteration in range(max_iterations):
        previous, x = x, f(x)
        if not np.isfinite(x).all():
            raise ConvergenceError(
                f"fixed_point left the finite numbers at iteration {iteration + 1}, after a change of {change:.3g}; "
                "begin nearer to the solution, or give an f that draws x nearer to it."
            )
        change = _largest(x - previous)
        if change <= tolerance * max(1.0, _largest(x)):
            return x
    raise ConvergenceError(
        f"fixed_point did not come to rest in {max_iterations} iterations: the last one still changed x by "
        f"{change:.3g}, where {tolerance:.3g} was asked for; allow more, or give an f that draws x nearer to its place."
    )


def _newton(f: LinearMap, x: Any, tolerance: float, max_iterations: int) -> Any:
    """Repeat x ← x − (∂f/∂x)⁻¹ f(x), with steps halved while they do not bring f nearer to 0, until x rests."""
    y = f(x)
    x = x.astype(y.dtype)
    rounding = float(np.finfo(x.dtype).eps) ** 0.5
    for _ in range(max_iterations):
        if not np.isfinite(y).all():
            raise InputError("root was given an f that is not finite at x0; begin where it is.")
        if _largest(y) == 0:
            return x
        step = _eliminate(_pushforward(f, x), -y)
        length = _largest(step) / max(1.0, _largest(x))
        if length <= tolerance:
            return x + step
        for k in range(_HALVINGS):
            trial = x + step / 2**k
            value = f(trial)
            if _largest(value) < _largest(y):
                break
        else:
            if length <= rounding:
                return x
            raise ConvergenceError(
                f"root is stuck where the largest entry of f is {_largest(y):.3g}: no step makes it smaller; begin "
                "elsewhere, or make sure that there is a root."
            )
        x, y = trial, value
    raise ConvergenceError(
        f"root did not come to rest in {max_iterations} iterations: the largest entry of f is still {_largest(y):.3g}; "
        "allow more, or begin nearer to the root."
    )


def _solve_linear(linear: LinearMap, b: Any) -> Any:
    """Solve linear(w) = b: by elimination where that is cheap, else by GMRES, which needs a few products only."""
    n = b.size
    if n > _DENSE:
        from scipy.sparse.linalg import LinearOperator, gmres

        operator = LinearOperator((n, n), lambda v: np.ravel(linear(v.reshape(b.shape))), dtype=b.dtype)
        accuracy = 1000 * float(np.finfo(b.dtype).eps)
        w, failed = gmres(operator, np.ravel(b), rtol=accuracy, restart=min(n, 64), maxiter=20)
        if not failed:
            return w.reshape(b.shape)
        if n > _DENSE_IF_NEEDED:
            left = _largest(operator @ w - np.ravel(b)) / _largest(b)
            raise ConvergenceError(
                f"the derivative of a solution needs a linear system of {n} unknowns solved, and GMRES left a relative "
                f"error of {left:.3g}; give an equation that is better conditioned."
            )
    return _eliminate(linear, b)


def _eliminate(linear: LinearMap, b: Any) -> Any:
    """Solve linear(w) = b by writing out the matrix."""
    if not b.size:
        return b
    columns = [np.ravel(linear(unit.reshape(b.shape)[()])) for unit in np.eye(b.size, dtype=b.dtype)]
    try:
        return np.linalg.solve(np.stack(columns, axis=1), np.ravel(b)).reshape(b.shape)[()]
    except np.linalg.LinAlgError:
        raise ConvergenceError(
            "the derivative of the equation by its unknown x is a matrix without an inverse, so that x does not follow "
            "the arguments smoothly there, as at a double root; begin elsewhere, or change the equation."
        ) from None


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0))


# The derivative


class _Implicit(Rule):
    """The x for which residual(x, *operands) = 0, as a function of the bundle of the operands."""

    def __init__(self, name: str, residual: Function, solve: Callable[[Bundle], Any], traced: tuple[int, ...]) -> None:
        super().__init__(name, solve)
        self.residual = residual
        self.traced = traced

    def pullback(self, i: int, cotangent: Array, node: Node) -> Shares:
        """Return −(∂r/∂operands)ᵀ w, where (∂r/∂x)ᵀ w is the cotangent."""
        x, operands = node.value, items(node.values[0])

        def adjoint(x: Array, *operands: Array) -> LinearMap:
            pullback = vjp(lambda x: self.residual(x, *operands), x)[1]
            return lambda w: pullback(w)[0]

        w = _linear_solution(adjoint, cotangent, x, operands, self.traced)
        pullback = vjp(self._at(x, operands, self.traced), *(operands[k] for k in self.traced))[1]
        return Shares(zip(self.traced, pullback(-w), strict=True))

    def pushforward(self, i: int, tangent: Shares, node: Node) -> Array:
        """Return the v for which ∂r/∂x v = −∂r/∂operands · tangent."""
        x, operands = node.value, items(node.values[0])
        traced = tuple(k for k in self.traced if k in tangent)
        tangents = [tangent[k] for k in traced]
        along = jvp(self._at(x, operands, traced), [operands[k] for k in traced], tangents)[1]

        def forward(x: Array, *operands: Array) -> LinearMap:
            return _pushforward(lambda x: self.residual(x, *operands), x)

        return _linear_solution(forward, -along, x, operands, self.traced)

    def _at(self, x: Array, operands: list[Array], places: tuple[int, ...]) -> Function:
        """Return the residual at x as a function of the operands at these places."""

        def residual(*some: Array) -> Array:
            known = dict(zip(places, some, strict=True))
            return self.residual(x, *(known.get(k, operand) for k, operand in enumerate(operands)))

        return residual


def _linear_solution(
    linear: Callable[..., LinearMap], b: Array, x: Array, operands: list[Array], traced: tuple[int, ...]
) -> Array:
    """Return the w for which linear(x, *operands)(w) = b: the solution of an equation once more, and so a node."""

    def residual(w: Array, b: Array, x: Array, *operands: Array) -> Array:
        return linear(x, *operands)(w) - b

    def solve(bundle: Bundle) -> Any:
        b, x, *operands = bundle
        return _solve_linear(linear(x, *operands), b)

    rule = _Implicit("linear_solution", residual, solve, (0, 1, *(k + 2 for k in traced)))
    return apply(rule, (gathered([b, x, *operands]),), {})


def _pushforward(f: LinearMap, x: Array) -> LinearMap:
    """Return v ↦ ∂f/∂x v, for which f runs once."""
    trace = Trace(f, (x,), {}, (0,))
    return lambda v: trace.push_forward([v])[0]
