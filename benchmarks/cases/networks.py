# ruff: noqa: E741  (l is the paper's index of a layer)
"""One epoch of the paper's training, by all who can: four networks, and their matrix products alone."""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np

import chainrule
from cases import products
from cases.measuring import OURS, Case, Figure, Settings, fastest, figures, in_turns, installed, not_installed, seconds
from cases.trainers import Array, ByHand, Chainrule, ScikitLearn, Task, Trainer, Variants, with_threads
from chainrule.datasets import mnist

PEERS = {"JAX": "jax", "PyTorch": "torch", "torch.compile": "torch", "scikit-learn": "sklearn"}
PRODUCTS = "products alone"
# All must have come to the same weights after so many steps, to so much of the largest: float32 rounds to 6e-8. (The
# wide networks have a small η: with a large one they double a difference every few steps.)
CHECKED, TOLERANCE = 100, 1e-5

# scikit-learn's cost is another, whose gradient is larger and makes more of each rounding.
SKLEARN_ETA, SKLEARN_CHECKED = 0.1, 3

LARGE = 100  # examples in a mini-batch


@dataclasses.dataclass(frozen=True)
class Setup:
    """A network, and how many times as fast as each peer it must learn."""

    sizes: tuple[int, ...]
    batch: int
    eta: float
    images: int
    epochs: int  # in a repetition
    limits: dict[str, float]

    @property
    def name(self) -> str:
        """Name it as the paper does, 784-30-10."""
        return "-".join(map(str, self.sizes))


FASTEST = {"JAX": 1.0, "PyTorch": 1.0, "torch.compile": 1.0, "NumPy": 1.0}
SETUPS = [
    Setup((784, 30, 10), 10, 3.0, 50_000, 3,
          {"JAX": 2.2, "NumPy": 3.0, "PyTorch": 15.0, "scikit-learn": 8.0, PRODUCTS: 1 / 1.5}),
    Setup((784, 100, 100, 10), 32, 1.0, 49_920, 1, {"JAX": 1.5}),
    Setup((784, 800, 10), 128, 0.3, 49_920, 1, FASTEST),
    Setup((784, 2048, 2048, 10), 256, 0.3, 5_120, 1, FASTEST),
]  # fmt: skip


def cases() -> list[Case]:
    return [
        Case(
            f"network/{setup.name}",
            f"one epoch, mini-batches of {setup.batch}",
            functools.partial(_run, setup),
            on_mnist=True,
        )
        for setup in SETUPS
    ]


def _run(setup: Setup, settings: Settings) -> tuple[list[Figure], list[str]]:
    task = _task(setup, settings)
    name = f"network/{setup.name}"
    # Ten steps in one call spare what a call costs: nothing beside a step on large mini-batches.
    ways = _ways(single=settings.quick or setup.batch > LARGE)
    _check(task.first(min(CHECKED, task.steps)), ways)
    trial = task.first(min(task.steps, 200))
    chosen = {side: fastest(_trials(variants, trial)) for side, variants in ways.items()}
    trainers = {side: variants[chosen[side]](task) for side, variants in ways.items()}
    epochs = 1 if settings.quick else setup.epochs
    for trainer in trainers.values():
        trainer.train(1)

    def microseconds(trainer: Trainer) -> float:
        return seconds(lambda: trainer.train(epochs)) / (epochs * task.steps) * 1e6

    sides = {
        f"{side} ({chosen[side]})" if chosen[side] else side: functools.partial(microseconds, trainer)
        for side, trainer in trainers.items()
    }
    found = figures(name, "a step", "µs", in_turns(sides, settings.repetitions), setup.limits)
    return found, not_installed(PEERS) + _without()


def _task(setup: Setup, settings: Settings) -> Task:
    train = mnist(settings.mnist).train
    # Ten steps in one call of torch.compile's, so a multiple of that.
    ten = 10 * setup.batch
    images = min(setup.images, -(-5_000 // ten) * ten) if settings.quick else setup.images
    return Task(setup.sizes, setup.batch, setup.eta, train.x[:images], train.y[:images])


def _ways(single: bool) -> dict[str, Variants]:
    ways: dict[str, Variants] = {OURS: {"": Chainrule}}
    if installed("jax"):
        from cases.trainers_jax import Jax

        ways["JAX"] = {"": Jax}
    if installed("torch"):
        from cases import trainers_torch

        ways |= {"PyTorch": trainers_torch.eager(), "torch.compile": trainers_torch.compiled(single)}
    if installed("sklearn"):
        ways["scikit-learn"] = with_threads(ScikitLearn)
    ways["NumPy"] = with_threads(ByHand)
    ways[PRODUCTS] = products.variants()
    return ways


def _without() -> list[str]:
    return [] if products.has_compiler() else ["The products alone are not measured natively: there is no C compiler."]


def _trials(variants: Variants, task: Task) -> dict[str, Callable[[], None]]:
    trainers = {name: make(task) for name, make in variants.items()} if len(variants) > 1 else dict.fromkeys(variants)
    return {name: functools.partial(trainer.train, 1) if trainer else _nothing for name, trainer in trainers.items()}


def _nothing() -> None:
    pass


# All must do the same.


def _check(task: Task, ways: dict[str, Variants]) -> None:
    """Hold every variant's weights, after an epoch of a few steps, against chainrule's."""
    expected = _learnt(Chainrule(task))
    for side, variants in ways.items():
        for name, make in variants.items():
            about = f"{side} {name}, {'-'.join(map(str, task.sizes))}"
            if side == "scikit-learn":
                its_task = dataclasses.replace(task.first(min(SKLEARN_CHECKED, task.steps)), eta=SKLEARN_ETA)
                _agree(_learnt(ScikitLearn(its_task, shuffle=False)), _by_cross_entropy(its_task), about)
            elif side == PRODUCTS:
                trainer = make(task)
                assert isinstance(trainer, products._Products)
                _agree(trainer.parameters(), trainer.expected(), about)
            else:
                _agree(_learnt(make(task)), expected, about)


def _learnt(trainer: Trainer) -> Sequence[Array]:
    trainer.train(1)
    return trainer.parameters()


def _agree(found: Sequence[Array], expected: Sequence[Array], about: str) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE * float(np.abs(other).max()), err_msg=about)


def _by_cross_entropy(task: Task) -> Sequence[Array]:
    """Learn what scikit-learn's classifier does, in the examples' own order."""

    def cost(W: list[Array], b: list[Array], x: Array, y: Array) -> Array:
        a, last = x, len(W) - 1
        for l in range(last):
            a = 1 / (1 + np.exp(-(a @ W[l].T + b[l])))
        z = a @ W[last].T + b[last]
        z = z - np.max(z, axis=1, keepdims=True)
        return -np.sum(y * (z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))) / len(x)

    W, b = task.start()
    gradient = chainrule.grad(cost, (0, 1))
    for start in range(0, len(task.x), task.batch):
        rows = slice(start, start + task.batch)
        for theta, d in zip([W, b], gradient(W, b, task.x[rows], task.y[rows]), strict=True):
            for one, its in zip(theta, d, strict=True):
                one -= np.float32(task.eta) * its
    return W + b
