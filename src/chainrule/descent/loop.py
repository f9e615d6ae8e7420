"""Gradient descent in the paper's three forms (section II.3): batch, stochastic, mini-batch."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from time import perf_counter

import numpy as np

from chainrule.compiler.compiled import Compiled
from chainrule.compiler.fallback import say_once
from chainrule.compiler.native import engine
from chainrule.descent.batches import examples_in
from chainrule.descent.checks import Array, finite, is_finite, learning_rate, whole_number
from chainrule.descent.compiled import CompiledEpochs, Like
from chainrule.descent.history import History
from chainrule.descent.interruption import Interruption, interruption
from chainrule.descent.progress import Report, progress_bar
from chainrule.descent.steps import CostAndGradient, Epochs, Part, PlainEpochs, Step, step_of
from chainrule.descent.updates import plain
from chainrule.errors import InputError, RecordingError


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
    compiled: bool = True,
) -> History:
    """Go downhill: theta <- theta - eta * dC/dtheta for every parameter, mini-batch after mini-batch.

    Parameters
    ----------
    cost_and_gradient : callable
        ``cost_and_gradient(parameters, *mini_batch)`` gives the mean cost of the mini-batch's examples and a
        list with its gradient for each parameter: what `chainrule.value_and_grad` makes of a cost. Give
        ``chainrule.compile(value_and_grad(cost))``, the same one each time, where several descents follow one another:
        what was compiled for it is then used again, for parameters and data of the same shapes and types.
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
    compiled : bool
        Whether to compile the steps, where that can be done. `cost_and_gradient` is then called a few times only,
        while it is recorded. Give False for one that does something else besides: prints, draws random numbers, or
        reads what changes meanwhile.

    Returns
    -------
    History
        Cost, accuracy and speed by epoch, and whether the steps were compiled.

    Raises
    ------
    InputError
        If an argument does not fit, or holds NaN; or if the cost becomes infinite or NaN: the parameters are then
        as they were after the last epoch that ended well.

    Notes
    -----
    Amayed, "A Guided Derivation of Backpropagation Algorithm", II.3. A step lowers the cost of its mini-batch only
    if eta is small enough.

    Ctrl-C ends the training within a fraction of a second, after a whole step: what was learnt is kept and the history
    says ``interrupted``. An epoch counts when its accuracy has been measured. A second Ctrl-C raises
    `KeyboardInterrupt` at once, with the parameters as they were after the last whole epoch.

    The same parameters, data and seed give the same result on the same machine, bit for bit.

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
    return descend(
        cost_and_gradient,
        parameters,
        [_data(array, f"data[{i}]") for i, array in enumerate(data)],
        eta=eta,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        first_epoch=first_epoch,
        evaluate=evaluate,
        progress=progress,
        after_epoch=after_epoch,
        compiled=compiled,
    )


def descend(
    cost_and_gradient: CostAndGradient,
    parameters: Sequence[Array],
    data: list[Array],
    *,
    eta: float,
    epochs: int,
    batch_size: int | None,
    seed: int,
    first_epoch: int,
    evaluate: Callable[[], float] | None,
    progress: bool,
    after_epoch: Callable[[History], object] | None,
    compiled: bool = True,
) -> History:
    """Do what `gradient_descent` does, with data that have been looked through for NaN: that takes time.

    Parameters
    ----------
    data : list of arrays
        C-contiguous; all of their entries are finite.
    cost_and_gradient, parameters, eta, epochs, batch_size, seed, first_epoch, evaluate, progress, after_epoch, compiled
        As for `gradient_descent`.
    """
    eta = learning_rate(eta)
    epochs = whole_number(epochs, "epochs", at_least=0)
    first_epoch = whole_number(first_epoch, "first_epoch", at_least=1)
    seed = whole_number(seed, "seed", at_least=0)
    parameters = [_parameter(theta, f"parameters[{i}]") for i, theta in enumerate(parameters)]
    examples = examples_in(data)
    batch_size = examples if batch_size is None else _batch_size(batch_size, examples)

    history = History()
    last_epoch = first_epoch + epochs - 1
    with np.errstate(over="ignore"):  # too large a rate for float32 is told of as a divergence
        rates = [theta.dtype.type(eta) for theta in parameters]
    with (
        interruption() as stop,
        progress_bar(history, first=first_epoch, last=last_epoch, examples=examples, shown=progress) as report,
        ExitStack() as at_the_end,
    ):
        like = Like(parameters, data, rates, examples, batch_size)
        ready = stop.heeded(lambda: _prepared(cost_and_gradient, like, compiled, history))
        if ready is not None:
            at_the_end.callback(ready.rest)
        for epoch in range(first_epoch, last_epoch + 1):
            if ready is None or stop.requested:
                break
            start = perf_counter()
            parts = ready.parts(parameters, data, rates, (seed, epoch))
            theta, done, total = _run(parts, parameters, stop, report)
            seconds = perf_counter() - start
            if not (math.isfinite(total) and all(map(is_finite, theta))):
                raise InputError(_divergence(epoch, eta))
            _copy(theta, parameters)
            accuracy = None if evaluate is None or stop.requested else stop.heeded(evaluate)
            if done < examples or (accuracy is None and evaluate is not None):
                break
            history.epochs.append(epoch)
            history.cost.append(total / examples)
            history.examples_per_second.append(examples / seconds)
            if accuracy is not None:
                history.accuracy.append(float(accuracy))
            if after_epoch is not None:
                after_epoch(history)
        history.interrupted = stop.requested and len(history.epochs) < epochs
    return history


def _prepared(f: CostAndGradient, like: Like, compiled: bool, history: History) -> Epochs:
    """Compile the steps, or find them compiled, or say in the history why they are not."""
    # Compiled by itself, it would be called once a step: the steps are compiled around what it was made of.
    step = step_of(f.__wrapped__ if isinstance(f, Compiled) else f, plain)
    if not compiled:
        history.note = "not asked for"
    elif not engine.available():
        history.note = "llvmlite is not installed"
        say_once()
    else:
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                epochs = _compiled(f, step, like)
        except RecordingError as error:
            history.note = str(error).partition("\n")[0]
        else:
            history.compiled = True
            return epochs
    return PlainEpochs(step, like.examples, like.batch_size)


def _compiled(f: CostAndGradient, step: Step, like: Like) -> CompiledEpochs:
    """Compile the steps, once for a cost that is compiled by itself: what another one reads may be changed any time."""
    if not isinstance(f, Compiled):
        return CompiledEpochs(step, like)
    found: CompiledEpochs = f.trainings.get((plain, *like.key()), lambda: CompiledEpochs(step, like))
    return found


def _run(
    parts: Iterable[Part], theta: list[Array], stop: Interruption, report: Report
) -> tuple[list[Array], int, float]:
    """Run an epoch; return its parameters, how many examples it covered, and the sum of these examples' costs."""
    done, total = 0, 0.0
    # What overflows shows in the cost or the parameters, which are looked at here and after the epoch.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for part in parts:
            theta = part.parameters
            done += part.examples
            total = float(np.cumsum(np.append(total, part.costs))[-1])  # in their order, wherever the parts begin
            report(done, total)
            if stop.requested or not math.isfinite(total):
                break
    return theta, done, total


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
    return finite(np.ascontiguousarray(array), name)


def _batch_size(batch_size: object, examples: int) -> int:
    size = whole_number(batch_size, "batch_size", at_least=1)
    if size > examples:
        raise InputError(f"batch_size is {size}, but there are only {examples} examples; give at most {examples}.")
    return size
