"""The training by PyTorch, eager and by torch.compile.

Eager: autograd.grad and one foreach update, faster than zero_grad, backward and any of the optimizers (fused or not).
Compiled: the step as one graph, gradients by torch.func; torch.autograd.grad in the graph, or only the cost compiled,
is half as fast. Several steps in one call spare overhead, where steps are small.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
import torch.nn.functional

from cases.trainers import Array, Task, Variants


def _cost(parameters: Sequence[Any], x: Any, y: Any) -> Any:
    L, a = len(parameters) // 2, x
    for W, b in zip(parameters[:L], parameters[L:], strict=True):
        a = torch.sigmoid(torch.nn.functional.linear(a, W, b))
    return torch.nn.functional.mse_loss(a, y, reduction="sum") / (2 * len(x))


class Eager:
    """Train by PyTorch as it is without compilation."""

    gradients_recorded = True

    def __init__(self, task: Task, threads: int) -> None:
        self.task, self.threads, self.epoch = task, threads, 0
        W, b = task.start()
        self.state = [torch.tensor(theta, requires_grad=self.gradients_recorded) for theta in [*W, *b]]
        self.x, self.y = torch.from_numpy(task.x), torch.from_numpy(task.y)

    def train(self, epochs: int) -> None:
        """Go on learning."""
        torch.set_num_threads(self.threads)
        for _ in range(epochs):
            self.epoch += 1
            self.learn(torch.from_numpy(self.task.order(self.epoch)))

    def learn(self, order: Any) -> None:
        """Go through the examples once."""
        eta = self.task.eta
        for rows in order.split(self.task.batch):
            gradients = torch.autograd.grad(_cost(self.state, self.x[rows], self.y[rows]), self.state)
            with torch.no_grad():
                torch._foreach_add_(self.state, gradients, alpha=-eta)

    def parameters(self) -> Sequence[Array]:
        """Give weights and biases."""
        return [theta.detach().numpy() for theta in self.state]


@functools.cache
def _compiled_steps() -> Callable[..., None]:
    gradient = torch.func.grad(_cost)
    # Beyond this number of networks and batches PyTorch would go on without compiling.
    torch._dynamo.config.recompile_limit = 100

    def steps(state: list[Any], x: Any, y: Any, eta: float) -> None:
        now = state
        for mini_batch in zip(x, y, strict=True):
            now = [theta - eta * d for theta, d in zip(now, gradient(now, *mini_batch), strict=True)]
        # Only here in place: PyTorch 2.13 compiles theta.add_(d) among the steps to something else.
        for theta, last in zip(state, now, strict=True):
            theta.copy_(last)

    return cast(Callable[..., None], torch.compile(steps, dynamic=False))


class Compiled(Eager):
    """Train by torch.compile, so many steps a call."""

    gradients_recorded = False

    def __init__(self, task: Task, threads: int, steps: int) -> None:
        super().__init__(task, threads)
        self.steps = steps

    def learn(self, order: Any) -> None:
        """Go through the examples once."""
        with torch.no_grad():
            for rows in order.reshape(-1, self.steps, self.task.batch):
                _compiled_steps()(self.state, self.x[rows], self.y[rows], self.task.eta)


def eager() -> Variants:
    """Offer one thread, and all."""
    return {_threads(n): functools.partial(Eager, threads=n) for n in _numbers()}


def compiled(single: bool) -> Variants:
    """Offer one step a call and, where `single` is not asked for, ten: which takes half a minute to compile."""
    return {
        f"{steps} steps a call, {_threads(n)}": functools.partial(Compiled, threads=n, steps=steps)
        for steps in ((1,) if single else (1, 10))
        for n in _numbers()
    }


@functools.cache
def _numbers() -> list[int]:
    return sorted({1, torch.get_num_threads()})


def _threads(n: int) -> str:
    return "1 thread" if n == 1 else "all threads"
