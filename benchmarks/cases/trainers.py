# ruff: noqa: E741  (l is the paper's index of a layer)
"""The same training by chainrule, by NumPy and by scikit-learn. `trainers_jax` and `trainers_torch` have the others.

A trainer begins at given weights and learns for whole epochs, each in the order that `Task.order` gives. One way of
training may have variants (how many threads, say): which of them is the fastest is found by trial, in `networks`.
"""

import contextlib
import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from chainrule.networks import Network

Array = Any


@dataclasses.dataclass(frozen=True)
class Task:
    """A network, what it learns from and how: sigmoid, quadratic cost, plain gradient descent, float32."""

    sizes: tuple[int, ...]
    batch: int
    eta: float
    x: Array  # (m, n_0), m a multiple of the batch
    y: Array  # (m, n_L)

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return len(self.x) // self.batch

    def first(self, steps: int) -> "Task":
        """Give the same task with the first examples only."""
        examples = steps * self.batch
        return dataclasses.replace(self, x=self.x[:examples], y=self.y[:examples])

    def order(self, epoch: int) -> Array:
        """Draw the order in which epoch 1, 2, … goes through the examples: the one that Network.fit draws."""
        return np.random.default_rng((0, epoch)).permutation(len(self.x))

    def start(self) -> tuple[list[Array], list[Array]]:
        """Give the initial weights (n_l, n_{l-1}) and biases."""
        network = Network(self.sizes)
        return network.weights, network.biases


class Trainer(Protocol):
    """Something that learns a task."""

    def train(self, epochs: int) -> None:
        """Go on learning for so many epochs."""

    def parameters(self) -> Sequence[Array]:
        """Give W^1..W^L, b^1..b^L as they are now."""


Variants = dict[str, Callable[[Task], Trainer]]


def chainrule_epoch(network: Network, x: Array, y: Array, *, batch: int, eta: float, epochs: int = 1) -> None:
    """Train by chainrule. The accuracy that fit measures after an epoch is asked for on a single example."""
    network.fit(x, y, epochs=epochs, batch_size=batch, eta=eta, progress=False, validation=(x[:1], y[:1]))


class Chainrule:
    """Train the way a user does, by Network.fit."""

    def __init__(self, task: Task) -> None:
        self.task, self.network = task, Network(task.sizes)

    def train(self, epochs: int) -> None:
        """Go on learning."""
        task = self.task
        chainrule_epoch(self.network, task.x, task.y, batch=task.batch, eta=task.eta, epochs=epochs)

    def parameters(self) -> Sequence[Array]:
        """Give weights and biases."""
        return self.network.weights + self.network.biases


@functools.cache
def _libraries() -> Any:
    """Find the BLAS libraries that are loaded; None without threadpoolctl (it comes with scikit-learn)."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()


@contextlib.contextmanager
def blas_threads(threads: int | None) -> Iterator[None]:
    """Let BLAS have so many threads; None: as many as it takes by itself."""
    if threads is None or _libraries() is None:
        yield
        return
    with _libraries().limit(limits=threads, user_api="blas"):
        yield


class ByHand:
    """The steps by hand in NumPy, on whole mini-batches, in buffers made beforehand, and nothing else."""

    def __init__(self, task: Task, threads: int | None = None) -> None:
        self.task, self.threads, self.epoch = task, threads, 0
        self.W, self.b = task.start()

        def rows(width: int) -> Array:
            return np.empty((task.batch, width), np.float32)

        self.a, self.delta, self.slope = ([rows(n) for n in task.sizes] for _ in range(3))
        self.y, self.ones = rows(task.sizes[-1]), np.ones(task.batch, np.float32)
        self.dW, self.db = [np.empty_like(W) for W in self.W], [np.empty_like(b) for b in self.b]

    def train(self, epochs: int) -> None:
        """Go on learning."""
        task = self.task
        # exp(-z) may overflow, and 1 / (1 + ∞) is right.
        with blas_threads(self.threads), np.errstate(over="ignore"):
            for _ in range(epochs):
                self.epoch += 1
                for rows in task.order(self.epoch).reshape(-1, task.batch):
                    # With "clip", take writes into out without a buffer between.
                    task.x.take(rows, axis=0, out=self.a[0], mode="clip")
                    task.y.take(rows, axis=0, out=self.y, mode="clip")
                    self.step()

    def step(self) -> None:
        """Take one step on the mini-batch in a[0] and y."""
        W, b, a, delta, slope, L = self.W, self.b, self.a, self.delta, self.slope, len(self.W)
        for l in range(L):
            z = a[l + 1]
            np.dot(a[l], W[l].T, out=z)
            z += b[l]
            np.negative(z, out=z)
            np.exp(z, out=z)
            z += 1
            np.reciprocal(z, out=z)
        # Scaled here, where it is small, the error scales every gradient.
        np.subtract(a[L], self.y, out=delta[L])
        delta[L] *= np.float32(self.task.eta / self.task.batch)
        for l in range(L, 0, -1):
            np.subtract(1, a[l], out=slope[l])
            slope[l] *= a[l]
            delta[l] *= slope[l]
            if l > 1:
                np.dot(delta[l], W[l - 1], out=delta[l - 1])
            np.dot(delta[l].T, a[l - 1], out=self.dW[l - 1])
            np.dot(self.ones, delta[l], out=self.db[l - 1])
            W[l - 1] -= self.dW[l - 1]
            b[l - 1] -= self.db[l - 1]

    def parameters(self) -> Sequence[Array]:
        """Give weights and biases."""
        return self.W + self.b


class ScikitLearn:
    """MLPClassifier: softmax and cross-entropy, since it has no other output, in an order that it draws itself."""

    def __init__(self, task: Task, threads: int | None = None, shuffle: bool = True) -> None:
        from sklearn.neural_network import MLPClassifier

        self.task, self.threads, self.labels = task, threads, task.y.argmax(axis=1)
        self.model = MLPClassifier(
            task.sizes[1:-1],
            activation="logistic",
            solver="sgd",
            alpha=0,
            batch_size=task.batch,
            learning_rate_init=task.eta,
            shuffle=shuffle,
            momentum=0,
            random_state=0,
        )
        # Only a step makes its arrays; then they are set to where all begin.
        self.model.partial_fit(task.x[: task.batch], self.labels[: task.batch], classes=np.arange(task.sizes[-1]))
        for own, given in zip(self._own(), [*(W.T for W in task.start()[0]), *task.start()[1]], strict=True):
            own[...] = given

    def train(self, epochs: int) -> None:
        """Go on learning."""
        with blas_threads(self.threads), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(epochs):
                self.model.partial_fit(self.task.x, self.labels)

    def parameters(self) -> Sequence[Array]:
        """Give weights and biases."""
        return [*(W.T for W in self.model.coefs_), *self.model.intercepts_]

    def _own(self) -> list[Array]:
        return [*self.model.coefs_, *self.model.intercepts_]


def with_threads(make: Callable[..., Trainer]) -> Variants:
    """Offer a way of training with one thread of BLAS and with as many as BLAS takes."""
    if _libraries() is None:
        return {"": make}
    return {"1 thread": functools.partial(make, threads=1), "all threads": make}
