"""One network's time a step and memory in this process, by one system.

    python -m cases.growth_point SYSTEM SIZES BATCH

Sizes are written 784-30-10. The examples are noise: neither time nor memory asks what they mean. Printed: the most
memory beyond what imports and examples had taken, in MB; then, for each line that comes in, the seconds a step.
"""

import functools
import sys
from itertools import pairwise

import numpy as np

from cases.measuring import fastest, seconds
from cases.resident import memory, peak_memory
from cases.trainers import ByHand, Chainrule, Task, Variants, with_threads

OPERATIONS = 4e9  # in a stretch that is timed, more or less


def ways(system: str) -> Variants:
    """Give the ways in which a system may train."""
    if system == "JAX":
        from cases.trainers_jax import Jax

        return {"": Jax}
    if system == "PyTorch":
        from cases import trainers_torch

        return trainers_torch.eager()
    return with_threads(ByHand) if system == "NumPy" else {"": Chainrule}


def noise(sizes: tuple[int, ...], batch: int) -> Task:
    """Draw examples for as many steps as fill a stretch."""
    operations = 6 * batch * sum(n_in * n_out for n_in, n_out in pairwise(sizes))
    # chainrule takes all examples at once as one mini-batch without an order, so there are two at least.
    layers = len(sizes) - 1  # each of them takes its time where Python is called for it
    examples = batch * int(np.clip(OPERATIONS / operations, 2, min(1000, 10_000 / layers)))
    random = np.random.default_rng(0)
    x = random.random((examples, sizes[0]), np.float32)
    return Task(sizes, batch, 0.3, x, np.eye(sizes[-1], dtype=np.float32)[random.integers(sizes[-1], size=examples)])


def main(system: str, sizes: str, batch: str) -> None:
    task = noise(tuple(map(int, sizes.split("-"))), int(batch))
    variants = ways(system)
    before = memory()
    trainers = {name: variants[name](task) for name in list(variants)[:1]}
    next(iter(trainers.values())).train(1)
    taken = peak_memory() - before
    # Memory is the same with any number of threads; for the time the best is taken.
    trainers |= {name: variants[name](task) for name in list(variants)[1:]}
    calls = {name: functools.partial(trainer.train, 1) for name, trainer in trainers.items()}
    best = fastest(calls)
    print(taken, flush=True)
    for _ in sys.stdin:
        print(seconds(calls[best]) / task.steps, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
