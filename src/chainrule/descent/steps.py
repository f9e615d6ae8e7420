"""A step of gradient descent, and an epoch of them, one after the other."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from chainrule.descent.batches import mini_batch, order_of
from chainrule.descent.checks import Array
from chainrule.errors import InputError

CostAndGradient = Callable[..., tuple[Any, Sequence[Any]]]
Update = Callable[[Sequence[Array], Sequence[Any], Sequence[Any]], list[Array]]
"""From parameters, their gradient and learning rates to new parameters."""
Step = Callable[[Sequence[Array], Sequence[Array], Sequence[Any]], tuple[list[Array], Any]]
"""From parameters, a mini-batch and learning rates to new parameters and the mini-batch's cost before."""


class Part(NamedTuple):
    """What some consecutive steps of an epoch came to.

    Attributes
    ----------
    parameters : list of arrays
        Those after the last of these steps.
    examples : int
        How many were in their mini-batches.
    costs : array of shape (steps,)
        The sum of the examples' costs in each mini-batch.
    """

    parameters: list[Array]
    examples: int
    costs: Array


class Epochs(Protocol):
    """A way of running epochs."""

    def parts(
        self, parameters: list[Array], data: Sequence[Array], eta: Sequence[Any], seed: tuple[int, int]
    ) -> Iterator[Part]:
        """Run an epoch, whose order of the examples is drawn from the seed, part after part."""

    def rest(self) -> None:
        """Give back what memory is only needed while epochs run."""


def step_of(cost_and_gradient: CostAndGradient, update: Update) -> Step:
    """Make a step of a cost and of what an optimizer does with its gradient.

    Parameters
    ----------
    cost_and_gradient : callable
        As for `chainrule.descent.gradient_descent`.
    update : callable
        ``update(parameters, gradient, eta)`` gives new parameters.

    Returns
    -------
    callable
        ``step(parameters, examples, eta)``, which changes nothing in place and gives ``(parameters, cost)``.
    """

    def step(parameters: Sequence[Array], examples: Sequence[Array], eta: Sequence[Any]) -> tuple[list[Array], Any]:
        C, gradient = cost_and_gradient(parameters, *examples)
        _check(C, gradient, parameters)
        return update(parameters, gradient, eta), C

    return step


def _check(C: Any, gradient: Sequence[Any], parameters: Sequence[Array]) -> None:
    """Make sure that there is a gradient for each parameter, before NumPy broadcasts one that does not fit."""
    if np.shape(C) != ():
        raise InputError(f"the cost came with shape {np.shape(C)}; give the mean over the examples, one number.")
    if len(gradient) != len(parameters):
        raise InputError(
            f"the gradient came as {len(gradient)} arrays; give one for each of the {len(parameters)} parameters."
        )
    for theta, dC in zip(parameters, gradient, strict=True):
        if np.shape(dC) != np.shape(theta):
            raise InputError(
                f"a gradient of shape {np.shape(dC)} came for a parameter of shape {np.shape(theta)}; "
                "the two must be alike."
            )


class PlainEpochs:
    """Epochs whose steps Python takes one by one.

    Parameters
    ----------
    step : callable
        As `step_of` makes it.
    examples, batch_size : int
        The number of rows of the data, and that of a mini-batch.
    """

    def __init__(self, step: Step, examples: int, batch_size: int) -> None:
        self._step = step
        self._examples = examples
        self._batch_size = batch_size

    def parts(
        self, parameters: list[Array], data: Sequence[Array], eta: Sequence[Any], seed: tuple[int, int]
    ) -> Iterator[Part]:
        """Run an epoch; each step is a part."""
        order = order_of(self._examples, self._batch_size, seed=seed)
        for at in range(0, self._examples, self._batch_size):
            rows = order[at : at + self._batch_size]
            parameters, C = self._step(parameters, mini_batch(data, rows, self._examples), eta)
            yield Part(parameters, len(rows), np.array([len(rows) * float(C)]))

    def rest(self) -> None:
        """Do nothing: a step gives its memory back by itself."""
