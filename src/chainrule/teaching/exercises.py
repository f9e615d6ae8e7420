# ruff: noqa: E741  (l is the paper's index of a layer)
"""Exercises in backpropagation by hand: a small network with friendly numbers, a worksheet, and its solution."""

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, Self

import numpy as np

from chainrule.descent.checks import whole_number
from chainrule.document import (
    Blank,
    Block,
    Call,
    Document,
    Equation,
    Expression,
    Formula,
    Fraction,
    Heading,
    Number,
    Paragraph,
    Power,
    Symbol,
    Total,
    Values,
)
from chainrule.errors import InputError
from chainrule.networks import Network
from chainrule.networks.activations import ACTIVATIONS
from chainrule.networks.checks import layer_sizes, one_of
from chainrule.networks.costs import COSTS
from chainrule.teaching.asked import Array, Asked, all_asked, computed, symbol

MOST_UNITS, MOST_LAYERS, MOST_EXAMPLES, MOST_ETA = 8, 5, 6, 1000
_WEIGHTS = (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0)
_BIASES = tuple(round(0.1 * n, 1) for n in range(-5, 6))
_INPUTS = (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0)
_TRIES = 200
COMMAND = "chainrule exercise"


@dataclass(frozen=True)
class Exercise:
    """An exercise; its numbers follow from these parameters alone.

    Attributes
    ----------
    layers : tuple of int
        n_0..n_L.
    seed : int
    activation, cost : str
    batch : int or None
        The number of examples; None for one alone.
    eta : float
        The learning rate of the update at the end.
    """

    layers: tuple[int, ...]
    seed: int = 0
    activation: str = "sigmoid"
    cost: str = "quadratic"
    batch: int | None = None
    eta: float = 0.5

    def __post_init__(self) -> None:
        sizes = layer_sizes(self.layers)
        if max(sizes) > MOST_UNITS or len(sizes) - 1 > MOST_LAYERS:
            raise InputError(
                f"layers are {'-'.join(map(str, sizes))}; by hand, at most {MOST_UNITS} units in a layer and "
                f"{MOST_LAYERS} layers with weights are asked for."
            )
        whole_number(self.seed, "seed", at_least=0)
        one_of("activation", self.activation, ACTIVATIONS)
        one_of("cost", self.cost, COSTS)
        if COSTS[self.cost].activation not in (None, self.activation):
            raise InputError(
                f"cost {self.cost!r} goes with activation {COSTS[self.cost].activation!r}, not {self.activation!r}."
            )
        if self.batch is not None and not 1 <= whole_number(self.batch, "batch", at_least=1) <= MOST_EXAMPLES:
            raise InputError(f"batch is {self.batch}; by hand, at most {MOST_EXAMPLES} examples are asked for.")
        if not 0 < self.eta <= MOST_ETA:
            raise InputError(f"eta is {self.eta:g}; give a positive number of at most {MOST_ETA}, such as 0.5.")

    @property
    def command(self) -> str:
        """The command that writes this exercise: what a worksheet is known by."""
        batch = "" if self.batch is None else f" --batch {self.batch}"
        return (
            f"{COMMAND} --layers {','.join(map(str, self.layers))} --seed {self.seed} --activation {self.activation} "
            f"--cost {self.cost}{batch} --eta {self.eta!r}"
        )

    @classmethod
    def of_command(cls, command: str) -> Self:
        """Read an exercise from the command that writes it; what is left out has its default.

        Raises
        ------
        InputError
            If it is no such command.

        Examples
        --------
        >>> Exercise.of_command("chainrule exercise --layers 3,4,2 --seed 5").layers
        (3, 4, 2)
        """
        words = shlex.split(command.removeprefix(COMMAND))
        options = dict(zip(words[::2], words[1::2], strict=False))
        readers: dict[str, Any] = {
            "--layers": lambda word: tuple(int(n) for n in word.split(",")),
            "--seed": int,
            "--activation": str,
            "--cost": str,
            "--batch": int,
            "--eta": float,
        }
        try:
            return cls(**{name[2:]: readers[name](word) for name, word in options.items()})
        except (KeyError, ValueError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"`{command}` names no exercise; write it as `{COMMAND} --layers 3,4,2 --seed 5`."
            ) from None

    @cached_property
    def asked(self) -> list[Asked]:
        """What is asked for, in order."""
        return all_asked(self.layers, self.activation, self.cost, self.batch, self.eta)

    @cached_property
    def given(self) -> dict[str, Array]:
        """W_1, b_1, …, x and y, by name; examples of a batch as columns."""
        # random() gives the same numbers in every version of Python, which nothing else promises.
        random = Random(self.seed).random  # noqa: S311

        def draw(choices: Sequence[float], *shape: int) -> Array:
            numbers = [choices[int(random() * len(choices))] for _ in range(math.prod(shape))]
            return np.array(numbers).reshape(shape)

        n_L, m = self.layers[-1], self.batch or 1
        # The inputs of an example all differ, so that a transposed product shows.
        examples = []
        for _ in range(m):
            left = list(_INPUTS)
            examples.append([left.pop(int(random() * len(left))) for _ in range(self.layers[0])])
        a = x = np.array(examples).T
        values: dict[str, Array] = {}
        for l, (n_in, n) in enumerate(zip(self.layers, self.layers[1:], strict=False), 1):
            for _ in range(_TRIES):
                W, b = draw(_WEIGHTS, n, n_in), draw(_BIASES, n)
                z = W @ a + b[:, np.newaxis]
                if self._is_friendly(z):
                    break
            values |= {f"W_{l}": W, f"b_{l}": b}
            a = np.asarray(ACTIVATIONS[self.activation].function(z))
        labels = [int(random() * max(n_L, 2)) for _ in range(m)]
        y = np.array([[label] for label in labels], float).T if n_L == 1 else np.eye(n_L)[:, labels]
        return values | ({"x": x, "y": y} if self.batch else {"x": x[:, 0], "y": y[:, 0]})

    def _is_friendly(self, z: Array) -> bool:
        """Whether σ neither saturates nor has its corner here, and lets something through."""
        if self.activation == "relu":
            return bool(np.all(np.abs(z) >= 0.1) and np.any(z > 0) and np.all(np.abs(z) < 10))
        return bool(np.all(np.abs(z) <= {"sigmoid": 4, "tanh": 2}.get(self.activation, 10)))

    @cached_property
    def values(self) -> dict[str, Array]:
        """All numbers by name: what is given, and the right answers."""
        return computed(self.asked, self.given)

    @cached_property
    def network(self) -> Network:
        """The network of the exercise."""
        network = Network(self.layers, self.activation, self.cost, dtype="float64")
        L = len(self.layers) - 1
        network.weights = [self.given[f"W_{l}"].copy() for l in range(1, L + 1)]
        network.biases = [self.given[f"b_{l}"].copy() for l in range(1, L + 1)]
        return network

    def worksheet(self) -> Document:
        """Return the exercise, with room for each answer."""
        blanks = (Blank(one.label, one.symbol, one.shape) for one in self.asked)
        return Document(self._title(), (*self._head(), *self._parts([(blank,) for blank in blanks])))

    def solution(self) -> Document:
        """Return the answers, each with its formula; then the same by the chain rule, from `Network.derive`."""
        answers = [(Formula(one.equation), Values(one.symbol, self.values[one.label])) for one in self.asked]
        derivation = self.network.derive(self.given["x"].T, self.given["y"].T, eta=self.eta)
        derived = (
            Heading(block.text, block.level + 1) if isinstance(block, Heading) else block
            for block in derivation.document().blocks
        )
        blocks = (*self._head(solved=True), *self._parts(answers), Heading("The same, by the chain rule"), *derived)
        return Document(f"{self._title()}: solution", blocks)

    def _title(self) -> str:
        return f"Backpropagation by hand: a {'-'.join(map(str, self.layers))} network"

    def _head(self, *, solved: bool = False) -> Iterator[Block]:
        yield Paragraph((f"Exercise: `{self.command}`",))
        if not solved:
            yield Paragraph(
                (
                    "Give at least three significant digits. Vectors are columns; here their entries may stand in one "
                    "row. A fraction such as 1/2 is as good as 0.5.",
                )
            )
        yield Heading("Given")
        for l in range(1, len(self.layers)):
            yield Values(symbol("W", l), self.given[f"W_{l}"])
            yield Values(symbol("b", l), self.given[f"b_{l}"])
        yield Values(Symbol("x"), self.given["x"])
        yield Values(Symbol("y"), self.given["y"])
        if self.batch:
            yield Paragraph(
                (
                    f"Each column is one of {self.batch} examples, and ", Symbol("C"), " is the mean of their costs. ",
                    Symbol("b", above="l"), " is added to every column.",
                )
            )  # fmt: skip
        yield Paragraph(("In every layer", *_sigma(self.activation)))
        cost = next(one for one in self.asked if one.label == "C")
        eta = Equation((Symbol("eta"), Number(self.eta)), ("=",))
        yield Paragraph(("The cost is ", cost.equation, "; the learning rate is ", eta, "."))

    def _parts(self, blocks: Sequence[Sequence[Block]]) -> Iterator[Block]:
        part = ""
        for one, own in zip(self.asked, blocks, strict=True):
            if one.part != part:
                part = one.part
                yield Heading(part)
                if part == "Update":
                    yield Paragraph(("One step of gradient descent; the new weights and biases:",))
            yield from own


def _sigma(activation: str) -> tuple[str | Expression, ...]:
    """Say what σ is."""
    z, one = Symbol("z"), Number(1)
    written: dict[str, Expression] = {
        "sigmoid": Fraction(one, Total((one, Power(Symbol("e"), Total((z,), (True,)))), (False, False))),
        "tanh": Call("tanh", (z,)),
        "relu": Call("max", (z, Number(0))),
        "identity": z,
    }
    return " ", Equation((Call("sigma", (z,)), written[activation]), ("=",)), "."


def exercise(
    layers: Sequence[int],
    seed: int = 0,
    activation: str = "sigmoid",
    cost: str = "quadratic",
    batch: int | None = None,
    eta: float = 0.5,
) -> Exercise:
    """Make an exercise in backpropagation by hand.

    Parameters
    ----------
    layers : sequence of int
        n_0..n_L: the units of each layer, at most eight.
    seed : int
        Which exercise of this kind.
    activation : {"sigmoid", "tanh", "relu", "identity"}
    cost : {"quadratic", "cross_entropy"}
    batch : int, optional
        For a mini-batch of so many examples, which stand as columns; by default, one example.
    eta : float
        The learning rate of the update at the end.

    Returns
    -------
    Exercise
        ``.worksheet()`` and ``.solution()`` are documents, ``.values`` the right answers by label.

    Raises
    ------
    InputError
        If an argument is none of the above.

    Examples
    --------
    >>> made = exercise([2, 1], seed=3)
    >>> [asked.label for asked in made.asked][:4]
    ['z_1', 'a_1', 'C', 'delta_1']
    >>> made.values["z_1"].shape
    (1,)
    """
    return Exercise(tuple(layer_sizes(layers)), seed, activation, cost, batch, eta)
