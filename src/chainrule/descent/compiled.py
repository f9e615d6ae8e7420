"""Epochs that are compiled: a native program takes many steps, from gathering the rows to the cost, without Python.

A program runs to its end, and only then can Python hear Ctrl-C or draw the progress bar. So an epoch is cut into parts
of so many steps that each takes a small part of a second. All parts are runs of one program, but for what is left over
at the epoch's end, which has another one.
"""

from collections.abc import Iterator, Sequence
from time import perf_counter, thread_time
from typing import Any, NamedTuple

import numpy as np

from chainrule.descent.batches import mini_batch, order_of
from chainrule.descent.checks import Array
from chainrule.descent.steps import Part, Step
from chainrule.differentiation import scan

# What a part is given to do at first: operations, which take 50 to 100 ms on two cores with AVX-512, if each parameter
# takes six an example; of a step that costs more than its parameters tell, at most what NumPy does in this time.
OPERATIONS = 2e10
SECONDS_OF_NUMPY = 1.0
TRIALS = 3

# Ctrl-C is to be obeyed within 0.2 seconds: parts that take longer than this are made shorter.
LONGEST = 0.1


class Like(NamedTuple):
    """What epochs are compiled for: arrays of the shapes and types of these.

    Attributes
    ----------
    parameters : list of arrays
        Where a descent starts.
    data : list of arrays
        One example a row each.
    eta : list of numbers
        The learning rate of each parameter.
    examples, batch_size : int
        The number of rows of the data, and that of a mini-batch.
    """

    parameters: list[Array]
    data: list[Array]
    eta: list[Any]
    examples: int
    batch_size: int

    def key(self) -> tuple[Any, ...]:
        """Return what is the same for all that can use the same programs."""
        kinds = [tuple((np.shape(x), x.dtype) for x in arrays) for arrays in (self.parameters, self.data, self.eta)]
        return (*kinds, self.examples, self.batch_size)


class CompiledEpochs:
    """Epochs whose steps a native program takes; for any data and learning rates like those that it was made with.

    Parameters
    ----------
    step : callable
        As `chainrule.descent.steps.step_of` makes it.
    like : Like
        What they are made for.

    Raises
    ------
    RecordingError
        The step cannot be compiled.
    """

    def __init__(self, step: Step, like: Like) -> None:
        self._step = step
        self._examples, self._batch_size = like.examples, like.batch_size
        self._programs: dict[tuple[tuple[int, ...], ...], Any] = {}
        self._recent: list[float] = []  # seconds that each of the last parts took
        self._steps = self._fitting(self._first_guess(like))
        for orders in self._cut(np.arange(like.examples)):
            self._program(like.parameters, like.data, like.eta, orders)

    def parts(
        self, parameters: list[Array], data: Sequence[Array], eta: Sequence[Any], seed: tuple[int, int]
    ) -> Iterator[Part]:
        """Run an epoch, part after part; all have the same memory for their parameters."""
        # A program begins with a copy of what it is given: so it may be given the place of its results.
        theta = [np.array(each, each.dtype.newbyteorder("="), order="C") for each in parameters]
        for orders in self._cut(order_of(self._examples, self._batch_size, seed=seed)):
            program = self._program(theta, data, eta, orders)
            start = perf_counter()
            costs = [np.empty(view.shape, view.dtype) for view in program.plan.outputs[len(theta) :]]
            program.run([*theta, *data, *eta, *orders], [*theta, *costs])
            self._keep_pace(perf_counter() - start)
            sums = [rows.shape[1] * C.astype(float) for rows, C in zip(orders, costs, strict=True)]
            yield Part(theta, sum(rows.size for rows in orders), np.concatenate(sums))

    def rest(self) -> None:
        """Give back the memory that the programs have worked in."""
        for program in list(self._programs.values()):
            program.rest()

    def _cut(self, order: Array) -> Iterator[list[Array]]:
        """Cut an epoch's order into parts: an array with a row for each step, and one for a smaller last step."""
        m, at = self._batch_size, 0
        while at < len(order):
            steps = min(self._steps, (len(order) - at) // m)
            orders = [order[at : at + steps * m].reshape(steps, m)] if steps else []
            at += steps * m
            is_last = len(order) - at < m and (steps < self._steps or steps == len(order) // m)
            if is_last and at < len(order):
                orders.append(order[np.newaxis, at:])
                at = len(order)
            yield orders

    def _program(self, parameters: list[Array], data: Sequence[Array], eta: Sequence[Any], orders: list[Array]) -> Any:
        """Return the program for parts of such a shape."""
        shapes = tuple(rows.shape for rows in orders)
        if shapes not in self._programs:
            # Here and not above: it brings BLAS's own addresses, which `import chainrule` does without.
            from chainrule.compiler.program import program_of

            self._programs[shapes] = program_of(self._part, (parameters, list(data), list(eta), orders))
        return self._programs[shapes]

    def _part(
        self, parameters: list[Array], data: list[Array], eta: list[Any], orders: list[Array]
    ) -> tuple[list[Array], list[Array]]:
        """Take the steps of a part: what is compiled."""

        def turn(parameters: list[Array], rows: Array) -> tuple[list[Array], Any]:
            return self._step(parameters, mini_batch(data, rows, self._examples), eta)

        costs = []
        for rows in orders:
            parameters, C = scan(turn, parameters, rows)
            costs.append(C)
        return parameters, costs

    def _first_guess(self, like: Like) -> int:
        """Return how many steps a part may have, by the parameters' number and by a step that NumPy takes."""
        rows = np.arange(self._batch_size)
        seconds: list[float] = []
        while len(seconds) < TRIALS and sum(seconds) < LONGEST:
            start = thread_time()  # which heeds no other program's work
            self._step(like.parameters, mini_batch(like.data, rows, self._examples), like.eta)
            seconds.append(thread_time() - start)
        operations = 6 * self._batch_size * sum(theta.size for theta in like.parameters)
        return int(min(OPERATIONS / max(1, operations), SECONDS_OF_NUMPY / max(1e-6, min(seconds))))

    def _fitting(self, limit: int) -> int:
        """Return how many steps a part shall have, up to a limit: if possible, so many that the parts are alike."""
        full = self._examples // self._batch_size
        limit = max(1, min(limit, full))
        alike = (steps for steps in range(limit, max(1, limit // 8), -1) if full % steps == 0)
        return next(alike, limit)

    def _keep_pace(self, seconds: float) -> None:
        """Make parts shorter, where two in succession took too long."""
        self._recent = [*self._recent[-1:], seconds]
        least = min(self._recent)
        if len(self._recent) == 2 and least > LONGEST and self._steps > 1:
            self._steps = self._fitting(int(self._steps * LONGEST / 2 / least))
            self._recent = []
