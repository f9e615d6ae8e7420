"""General functions in ordinary NumPy, as chainrule differentiates them. `functions_jax` has JAX's best forms."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule

Function = Callable[..., Any]

POINTS, DIMENSIONS, COMPONENTS = 10_000, 10, 25
UNITS, INPUTS, STEPS = 64, 64, 20
ROWS = 64
DURATION, MOMENTS = 2.0, 1000


# What a user of either system would write: to the same letters in both, where both have the function.


def logistic(w: Any, X: Any, y: Any) -> Any:
    """Logistic regression with labels ±1, log(1 + exp(m)) written so that it cannot overflow."""
    m = -y * (X @ w)
    return np.mean(np.maximum(m, 0) + np.log1p(np.exp(-np.abs(m)))) + 0.0005 * (w @ w)


def log_sum_exp(x: Any, axis: int = 0) -> Any:
    """Take log Σ exp, shifted by the highest, on which the result does not depend."""
    highest = chainrule.stop_gradient(np.max(x, axis=axis, keepdims=True))
    return np.squeeze(highest, axis) + np.log(np.sum(np.exp(x - highest), axis=axis))


def mixture(alpha: Any, mu: Any, icf: Any, x: Any) -> Any:
    """Log-likelihood of a Gaussian mixture in ADBench's form (Srajer et al. 2018), Wishart prior with γ = 1, m = 0.

    Component k has the weight softmax(alpha)_k, the mean mu_k and the precision QᵀQ, with exp of icf's first entries on
    Q's diagonal and the others below it. Constants are left out. The points are the columns of x: one product gives
    Q x for all components, and loops run along the points, of which there are many.
    """
    k, d = mu.shape
    q = icf[:, :d]
    Q = np.concatenate([icf, np.zeros((k, 1))], axis=1)[:, _below(d)] + np.exp(q)[:, :, None] * np.eye(d)
    z = (Q.reshape(k * d, d) @ x).reshape(k, d, -1) - Q @ mu[:, :, None]
    log_density = (alpha + np.sum(q, axis=1))[:, None] - 0.5 * np.sum(z * z, axis=1)
    prior = 0.5 * (np.sum(np.exp(2 * q)) + np.sum(icf[:, d:] ** 2))
    return np.sum(log_sum_exp(log_density)) - x.shape[1] * log_sum_exp(alpha) + prior


@functools.cache
def _below(d: int) -> Any:
    """Say which column of icf goes to each place below Q's diagonal; elsewhere the one after the last, of zeros."""
    columns = np.full((d, d), d + d * (d - 1) // 2)
    columns[np.tril_indices(d, -1)] = d + np.arange(d * (d - 1) // 2)
    return columns


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def lstm(W: Any, U: Any, b: Any, x: Any) -> Any:
    """Run one sequence through an LSTM with forget gates (Gers et al. 2000), the gates side by side in W, U and b."""
    n = len(U)

    def step(carry: Any, zx: Any) -> Any:
        h, c = carry
        z = zx + h @ U
        i, f, o = sigmoid(z[:n]), sigmoid(z[n : 2 * n]), sigmoid(z[2 * n : 3 * n])
        c = f * c + i * np.tanh(z[3 * n :])
        return (o * np.tanh(c), c), None

    (h, _), _ = chainrule.scan(step, (np.zeros(n), np.zeros(n)), x @ W + b)
    return np.sum(h * h)


def acceleration(q: Any, m: Any) -> Any:
    """Let bodies in the plane draw each other, G = 1."""
    between = q[None] - q[:, None]
    squared = np.sum(between * between, axis=-1) + np.eye(len(q))
    return np.sum(between * (m / (squared * np.sqrt(squared)))[:, :, None], axis=1)


def three_bodies(q: Any, v: Any, m: Any) -> Any:
    """Follow three bodies by the classical Runge-Kutta method of order 4."""
    t = DURATION / MOMENTS

    def step(carry: Any, _: Any) -> Any:
        q, v = carry
        v1, a1 = v, acceleration(q, m)
        v2, a2 = v + t / 2 * a1, acceleration(q + t / 2 * v1, m)
        v3, a3 = v + t / 2 * a2, acceleration(q + t / 2 * v2, m)
        v4, a4 = v + t * a3, acceleration(q + t * v3, m)
        return (q + t / 6 * (v1 + 2 * v2 + 2 * v3 + v4), v + t / 6 * (a1 + 2 * a2 + 2 * a3 + a4)), None

    (q, v), _ = chainrule.scan(step, (q, v), length=MOMENTS)
    return np.sum(q * q) + np.sum(v * v)


def k_means(c: Any, x: Any) -> Any:
    """Sum the squared distances from each point to the nearest of the centres c."""
    return np.sum(np.min(np.sum(c * c, axis=1)[:, None] - 2 * (c @ x.T), axis=0)) + np.sum(x * x)


def determinant(A: Any) -> Any:
    """Eliminate in place, row after row, without pivots."""
    U = A.copy()
    for k in range(len(A) - 1):
        factors = U[k + 1 :, k] / U[k, k]
        U[k + 1 :, k:] -= factors[:, None] * U[k, k:]
    return np.prod(np.diag(U))


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# The cases


@dataclasses.dataclass(frozen=True)
class General:
    """A function of arrays, some of which it is differentiated by."""

    name: str
    about: str
    function: Function
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    variables: int = 1
    hessian_diagonal: bool = False

    @property
    def wrt(self) -> Any:
        """The arguments to differentiate by, as `chainrule.value_and_grad` takes them."""
        return tuple(range(self.variables)) if self.variables > 1 else 0

    def inputs(self) -> tuple[Any, ...]:
        """Draw the arguments, the same ones every time."""
        return self.arguments(np.random.default_rng(0))


def derivative(case: General) -> Function:
    """Make of a function its value and gradient, and where the case wants H's diagonal, that as H·1: H is diagonal."""
    value_and_grad = chainrule.value_and_grad(case.function, case.wrt)
    if not case.hessian_diagonal:
        return value_and_grad

    def with_diagonal(first: Any, *others: Any) -> Any:
        (value, gradient), (_, diagonal) = chainrule.jvp(
            lambda first: value_and_grad(first, *others), (first,), (np.ones_like(first),)
        )
        return value, (gradient, diagonal)

    return with_diagonal


def compiled(f: Function) -> Function:
    """Compile f, where this chainrule can; otherwise f itself."""
    compile_ = getattr(chainrule, "compile", None)
    return f if compile_ is None else compile_(f)


def _labelled(random: np.random.Generator) -> tuple[Any, ...]:
    return 0.1 * random.normal(size=50), random.normal(size=(10_000, 50)), random.choice([-1.0, 1.0], size=10_000)


def _gaussians(points: int, random: np.random.Generator) -> tuple[Any, ...]:
    k, d = COMPONENTS, DIMENSIONS
    icf = 0.3 * random.normal(size=(k, d * (d + 1) // 2))
    return random.normal(size=k), random.normal(size=(k, d)), icf, random.normal(size=(d, points))


def _cell(random: np.random.Generator) -> tuple[Any, ...]:
    W, U = random.normal(size=(INPUTS, 4 * UNITS)) / 8, random.normal(size=(UNITS, 4 * UNITS)) / 8
    return W, U, random.normal(size=4 * UNITS), random.normal(size=(STEPS, INPUTS))


def _figure_of_eight(random: np.random.Generator) -> tuple[Any, ...]:
    """Begin near the orbit of Chenciner and Montgomery (2000)."""
    q = np.array([[-0.97000436, 0.24308753], [0.97000436, -0.24308753], [0, 0]])
    v = np.array([[0.466203685, 0.43236573], [0.466203685, 0.43236573], [-0.93240737, -0.86473146]])
    return q + 0.001 * random.normal(size=q.shape), v, np.ones(3)


def _clusters(random: np.random.Generator) -> tuple[Any, ...]:
    return random.normal(size=(COMPONENTS, DIMENSIONS)), random.normal(size=(POINTS, DIMENSIONS))


CASES = [
    General("logistic", "logistic regression, 10,000 x 50", logistic, _labelled),
    General("log-sum-exp", "log Σ exp of 10⁶ numbers", log_sum_exp, lambda random: (random.normal(size=10**6),)),
    General("mixture-1000", "Gaussian mixture, n = 1,000, d = 10, k = 25", mixture,
            functools.partial(_gaussians, 1000), variables=3),
    General("mixture-10000", "Gaussian mixture, n = 10,000, d = 10, k = 25", mixture,
            functools.partial(_gaussians, 10_000), variables=3),
    General("lstm", "LSTM, 64 units, 64 inputs, 20 steps, one sequence", lstm, _cell, variables=3),
    General("rk4", "3 bodies in the plane, RK4, 1,000 steps", three_bodies, _figure_of_eight, variables=2),
    General("k-means", "k-means cost, gradient, Hessian diagonal, n = 10,000, d = 10, k = 25", k_means, _clusters,
            hessian_diagonal=True),
    General("determinant", "determinant, 64 x 64, by its own LU", determinant,
            lambda random: (2 * np.eye(ROWS) + random.normal(size=(ROWS, ROWS)) / 8,)),
    General("rosenbrock", "Rosenbrock in 10⁶ dimensions", rosenbrock, lambda random: (random.normal(size=10**6),)),
]  # fmt: skip
