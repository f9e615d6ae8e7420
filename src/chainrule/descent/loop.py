"""Gradient descent in the paper's three forms (section II.3): batch, stochastic, mini-batch."""

import math
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from chainrule.descent.batches import examples_in, mini_batches
from chainrule.descent.checks import Array, finite, is_finite, learning_rate, whole_number
from chainrule.descent.history import History
from chainrule.descent.interruption import Interruption, interruption
from chainrule.descent.progress import Report, progress_bar
from chainrule.errors import InputError

CostAndGradient = Callable[..., tuple[Any, Sequence[Any]]]


def gradient_descent(
    cost_and_gradient: CostAndGradient,
    parameters: Sequence[Array],
    *data: Array,
    eta: float,
    epochs: int = 30,
    batch_size: int | None = None,
    seed: int = 0,
    first_epoch: int = 1,
    evaluate: Callable[[], float] | None = None,
    progress: bool = True,
    after_epoch: Callable[[History], object] | None = None,
) -> History:
    """Go downhill: theta <- theta - eta * dC/dtheta for every parameter, mini-batch after mini-batch.

    Parameters
    ----------
    cost_and_gradient : callable
        ``cost_and_gradient(parameters, *mini_batch)`` gives the mean cost of the mini-batch's examples and a
        list with its gradient for each parameter: what `chainrule.value_and_grad` makes of a cost.
    parameters : list of float arrays
        Where the descent starts. They are changed in place and hold the result.
    *data : arrays
        Any number of arrays with one example a row, say x and y; each step is given the same rows of each.
        Without data a step is given the parameters alone, and an epoch is one step.
    eta : float
        The learning rate, positive.
    epochs : int
        How many times to go through the data.
    batch_size : int, optional
        Examples in a mini-batch. All of them (or None): batch gradient descent; 1: stochastic gradient descent.
        Where the examples do not divide evenly, the last mini-batch of an epoch is smaller.
    seed : int
        Epoch e goes through the examples in an order drawn from ``(seed, e)`` alone, so that a training
        continued with `first_epoch` goes exactly as one that was never stopped.
    first_epoch : int
        The number of the first epoch: one more than those already done.
    evaluate : callable, optional
        Called without arguments after each epoch; its result is recorded as the accuracy.
    progress : bool
        Whether to show a progress bar.
    after_epoch : callable, optional
        Called with the history after each epoch.

    Returns
    -------
    History
        Cost, accuracy and speed by epoch.

    Raises
    ------
    InputError
        If an argument does not fit, or holds NaN; or if the cost becomes infinite or NaN: the parameters are then
        as they were after the last epoch that ended well.

    Notes
    -----
    Amayed, "A Guided Derivation of Backpropagation Algorithm", II.3. A step lowers the cost of its mini-batch only
    if eta is small enough.

    Ctrl-C ends the training after the step under way: what was learnt is kept and the history says
    ``interrupted``. A second Ctrl-C raises `KeyboardInterrupt` at once.

    Examples
    --------
    The lowest point of (u - 3)², by the gradient 2 (u - 3):

    >>> import numpy as np
    >>> u = np.array([0.0])
    >>> def cost_and_gradient(parameters):
    ...     (u,) = parameters
    ...     return np.sum((u - 3) ** 2), [2 * (u - 3)]
    >>> history = gradient_descent(cost_and_gradient, [u], eta=0.25, epochs=30, progress=False)
    >>> np.round(u, 6)
    array([3.])
    >>> history.cost[:3]
    [9.0, 2.25, 0.5625]
    """
    eta = learning_rate(eta)
    epochs = whole_number(epochs, "epochs", at_least=0)
    first_epoch = whole_number(first_epoch, "first_epoch", at_least=1)
    seed = whole_number(seed, "seed", at_least=0)
    parameters = [_parameter(theta, f"parameters[{i}]") for i, theta in enumerate(parameters)]
    arrays = [_data(array, f"data[{i}]") for i, array in enumerate(data)]
    examples = examples_in(arrays)
    batch_size = examples if batch_size is None else _batch_size(batch_size, examples)

    history = History()
    last_epoch = first_epoch + epochs - 1
    step = _stepper(cost_and_gradient, parameters, eta)
    before = [theta.copy() for theta in parameters]
    with (
        interruption() as stop,
        progress_bar(history, first=first_epoch, last=last_epoch, examples=examples, shown=progress) as report,
    ):
        for epoch in range(first_epoch, last_epoch + 1):
            _copy(parameters, before)
            start = perf_counter()
            batches = mini_batches(arrays, examples, batch_size, seed=(seed, epoch))
            done, total = _run(step, batches, stop, report)
            seconds = perf_counter() - start
            if not (math.isfinite(total) and all(map(is_finite, parameters))):
                _copy(before, parameters)
                raise InputError(_divergence(epoch, eta))
            if done < examples:
                break
            history.epochs.append(epoch)
            history.cost.append(total / examples)
            history.examples_per_second.append(examples / seconds)
            if evaluate is not None:
                history.accuracy.append(float(evaluate()))
            if after_epoch is not None:
                after_epoch(history)
            if stop.requested:
                break
        history.interrupted = stop.requested and len(history.epochs) < epochs
    return history


def _stepper(
    cost_and_gradient: CostAndGradient, parameters: list[Array], eta: float
) -> Callable[[Sequence[Array]], float]:
    """Make the function that takes one step and returns the mini-batch's cost before it."""
    first = True

    def step(mini_batch: Sequence[Array]) -> float:
        nonlocal first
        C, gradients = cost_and_gradient(parameters, *mini_batch)
        if first:
            _check_gradients(gradients, parameters)
            first = False
        for theta, gradient in zip(parameters, gradients, strict=True):
            theta -= eta * gradient
        return float(C)

    return step


def _check_gradients(gradients: Sequence[Any], parameters: list[Array]) -> None:
    """Make sure that there is a gradient for each parameter, before NumPy broadcasts one that does not fit."""
    if len(gradients) != len(parameters):
        raise InputError(
            f"the gradient came as {len(gradients)} arrays; give one for each of the {len(parameters)} parameters."
        )
    for theta, gradient in zip(parameters, gradients, strict=True):
        if np.shape(gradient) != theta.shape:
            raise InputError(
                f"a gradient of shape {np.shape(gradient)} came for a parameter of shape {theta.shape}; "
                "the two must be alike."
            )


def _run(
    step: Callable[[Sequence[Array]], float],
    batches: Iterable[tuple[int, Sequence[Array]]],
    stop: Interruption,
    report: Report,
) -> tuple[int, float]:
    """Take an epoch's steps; return how many examples they covered and the sum of the examples' costs."""
    done, total = 0, 0.0
    # What overflows shows in the cost or the parameters, which are looked at here and after the epoch.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for size, mini_batch in batches:
            total += size * step(mini_batch)
            done += size
            report(done, total)
            if stop.requested or not math.isfinite(total):
                break
    return done, total


def _copy(sources: list[Array], destinations: list[Array]) -> None:
    for source, destination in zip(sources, destinations, strict=True):
        np.copyto(destination, source)


def _divergence(epoch: int, eta: float) -> str:
    return (
        f"the training diverged in epoch {epoch}: with eta {eta:g} the cost or a parameter became infinite or NaN; "
        "try a smaller eta (the parameters are as they were before that epoch)."
    )


def _parameter(theta: Array, name: str) -> Array:
    if not isinstance(theta, np.ndarray) or theta.dtype.kind != "f" or not theta.flags.writeable:
        what = f"an array of {theta.dtype}" if isinstance(theta, np.ndarray) else f"a {type(theta).__name__}"
        if isinstance(theta, np.ndarray) and theta.dtype.kind == "f":
            what = "a read-only array"
        raise InputError(
            f"{name} is {what}; give a writable array of floats, such as np.array(..., dtype=float): "
            "the descent changes it in place."
        )
    return finite(theta, name)


def _data(array: Array, name: str) -> Array:
    array = np.asarray(array)
    if array.ndim == 0 or array.dtype.kind not in "biuf":
        raise InputError(
            f"{name} has dtype {array.dtype} and shape {array.shape}; give numbers, with one example a row."
        )
    return finite(array, name)


def _batch_size(batch_size: object, examples: int) -> int:
    size = whole_number(batch_size, "batch_size", at_least=1)
    if size > examples:
        raise InputError(f"batch_size is {size}, but there are only {examples} examples; give at most {examples}.")
    return size
