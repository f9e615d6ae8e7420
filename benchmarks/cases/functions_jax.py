"""The general functions in JAX, each in the forms that were found to be its fastest, by call or to the first result.

Tried and slower: logaddexp and log_sigmoid for the logistic cost; a product for each component of the mixture, or the
points in rows; an LSTM with x @ W in the loop; bodies taken in pairs; distances by broadcasting or by a minimum;
elimination unrolled in place (by .at) or on a shrinking matrix (seconds to compile, slower to run).
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cases import functions
from cases.functions import General

Function = Callable[..., Any]


def derivative(case: General, form: Function) -> Any:
    """Compile a form's value and gradient, as `functions.derivative` has it."""
    value_and_grad = jax.value_and_grad(form, case.wrt)
    if not case.hessian_diagonal:
        return jax.jit(value_and_grad)

    def with_diagonal(first: Any, *others: Any) -> Any:
        (value, gradient), (_, diagonal) = jax.jvp(
            lambda first: value_and_grad(first, *others), (first,), (jnp.ones_like(first),)
        )
        return value, (gradient, diagonal)

    return jax.jit(with_diagonal)


def use_float64() -> None:
    jax.config.update("jax_enable_x64", True)


def arrays(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(jnp.asarray, inputs))


def logistic(w: Any, X: Any, y: Any) -> Any:
    m = -y * (X @ w)
    return jnp.mean(jnp.maximum(m, 0) + jnp.log1p(jnp.exp(-jnp.abs(m)))) + 0.0005 * (w @ w)


def mixture(alpha: Any, mu: Any, icf: Any, x: Any) -> Any:
    k, d = mu.shape
    q, rows, columns = icf[:, :d], *np.tril_indices(d, -1)
    Q = jnp.zeros((k, d, d)).at[:, rows, columns].set(icf[:, d:]) + jnp.exp(q)[:, :, None] * jnp.eye(d)
    z = (Q.reshape(k * d, d) @ x).reshape(k, d, -1) - jnp.einsum("kij,kj->ki", Q, mu)[:, :, None]
    log_density = (alpha + jnp.sum(q, axis=1))[:, None] - 0.5 * jnp.sum(z * z, axis=1)
    prior = 0.5 * (jnp.sum(jnp.exp(2 * q)) + jnp.sum(icf[:, d:] ** 2))
    log_sum_exp = jax.nn.logsumexp
    return jnp.sum(log_sum_exp(log_density, axis=0)) - x.shape[1] * log_sum_exp(alpha) + prior


def lstm(W: Any, U: Any, b: Any, x: Any, unroll: int = 1) -> Any:
    n = len(U)
    sigmoid = jax.nn.sigmoid

    def step(carry: Any, zx: Any) -> Any:
        h, c = carry
        z = zx + h @ U
        i, f, o = sigmoid(z[:n]), sigmoid(z[n : 2 * n]), sigmoid(z[2 * n : 3 * n])
        c = f * c + i * jnp.tanh(z[3 * n :])
        return (o * jnp.tanh(c), c), None

    (h, _), _ = jax.lax.scan(step, (jnp.zeros(n), jnp.zeros(n)), x @ W + b, unroll=unroll)
    return jnp.sum(h * h)


def acceleration(q: Any, m: Any) -> Any:
    between = q[None] - q[:, None]
    squared = jnp.sum(between * between, axis=-1) + jnp.eye(len(q))
    return jnp.sum(between * (m / (squared * jnp.sqrt(squared)))[:, :, None], axis=1)


def three_bodies(q: Any, v: Any, m: Any, unroll: int = 1) -> Any:
    t = functions.DURATION / functions.MOMENTS

    def step(carry: Any, _: Any) -> Any:
        q, v = carry
        v1, a1 = v, acceleration(q, m)
        v2, a2 = v + t / 2 * a1, acceleration(q + t / 2 * v1, m)
        v3, a3 = v + t / 2 * a2, acceleration(q + t / 2 * v2, m)
        v4, a4 = v + t * a3, acceleration(q + t * v3, m)
        return (q + t / 6 * (v1 + 2 * v2 + 2 * v3 + v4), v + t / 6 * (a1 + 2 * a2 + 2 * a3 + a4)), None

    (q, v), _ = jax.lax.scan(step, (q, v), length=functions.MOMENTS, unroll=unroll)
    return jnp.sum(q * q) + jnp.sum(v * v)


def k_means(c: Any, x: Any) -> Any:
    nearest = jnp.argmin(jnp.sum(c * c, axis=1) - 2 * (x @ c.T), axis=1)
    return jnp.sum((x - c[nearest]) ** 2)


def determinant(A: Any) -> Any:
    """Eliminate with all rows in every step, those above the pivot by a factor of 0: shapes must not change."""
    rows = jnp.arange(len(A))

    def step(U: Any, k: Any) -> Any:
        factors = jnp.where(rows > k, U[:, k] / U[k, k], 0)
        return U - factors[:, None] * U[k], None

    U, _ = jax.lax.scan(step, A, rows)
    return jnp.prod(jnp.diag(U))


def rosenbrock(x: Any) -> Any:
    return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


FORMS: dict[str, dict[str, Function]] = {
    "logistic": {"JAX": logistic},
    "log-sum-exp": {"JAX": jax.nn.logsumexp},
    "mixture-1000": {"JAX": mixture},
    "mixture-10000": {"JAX": mixture},
    "lstm": {"JAX scan": lstm, "JAX unrolled": functools.partial(lstm, unroll=functions.STEPS)},
    "rk4": {"JAX scan": three_bodies, "JAX scan, unroll 2": functools.partial(three_bodies, unroll=2)},
    "k-means": {"JAX": k_means},
    "determinant": {"JAX scan": determinant},
    "rosenbrock": {"JAX": rosenbrock},
}
