"""The training by JAX: a whole epoch is one compiled scan that gathers its mini-batches by the permutation.

Tried and slower: weights kept transposed, the permuted examples gathered before the scan, a scan unrolled by 4, the
backward pass by hand.
"""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cases.trainers import Array, Task


@functools.partial(jax.jit, donate_argnums=0, static_argnames="batch")
def _epoch(parameters: Any, x: Any, y: Any, order: Any, eta: Any, batch: int) -> Any:
    def cost(parameters: Any, x: Any, y: Any) -> Any:
        a = x
        for W, b in zip(*parameters, strict=True):
            a = jax.nn.sigmoid(a @ W.T + b)
        return jnp.sum((a - y) ** 2) / (2 * batch)

    def step(parameters: Any, rows: Any) -> Any:
        gradient = jax.grad(cost)(parameters, x[rows], y[rows])
        return jax.tree.map(lambda theta, d: theta - eta * d, parameters, gradient), None

    return jax.lax.scan(step, parameters, order.reshape(-1, batch))[0]


class Jax:
    """Train by jit of a whole-epoch scan, its buffers donated."""

    def __init__(self, task: Task) -> None:
        self.task, self.epoch = task, 0
        self.state = jax.tree.map(jnp.array, task.start())
        self.x, self.y, self.eta = jnp.asarray(task.x), jnp.asarray(task.y), jnp.float32(task.eta)

    def train(self, epochs: int) -> None:
        """Go on learning."""
        for _ in range(epochs):
            self.epoch += 1
            order = self.task.order(self.epoch).astype(np.int32)
            self.state = _epoch(self.state, self.x, self.y, order, self.eta, batch=self.task.batch)
        jax.block_until_ready(self.state)

    def parameters(self) -> Sequence[Array]:
        """Give weights and biases."""
        W, b = self.state
        return [np.asarray(theta) for theta in [*W, *b]]
