"""One epoch of the paper's training beside the same steps written by hand in NumPy.

    python benchmarks/epoch.py FOLDER_WITH_MNIST [--rounds 7]

784-30-10, mini-batches of 10, float32, 50,000 images. Every side trains from the same network in the same order for
a few epochs, and the time is divided by their number. The sides take turns, so that a slow moment of the machine hits
all of them, and each side's median is compared with that of the one by hand. The limit for the ratio is 0.33.

The side by hand does the steps and nothing else: no cost, no accuracy, no checks, no Ctrl-C, no progress. `fit` records
and compiles its steps each time that it is called; this is measured apart, and not counted in an epoch's time.
"""

import argparse
import functools
import statistics
import time
from typing import Any
from unittest import mock

import numpy as np

from chainrule.datasets import mnist
from chainrule.descent.compiled import CompiledEpochs
from chainrule.networks import Network

SIZES, BATCH, ETA, EPOCHS = [784, 30, 10], 10, 3.0, 10


def by_hand(x: Any, y: Any) -> Any:
    start = Network(SIZES)
    (W1, W2), (b1, b2) = start.weights, start.biases
    for epoch in range(1, EPOCHS + 1):
        order = np.random.default_rng([0, epoch]).permutation(len(x))
        for first in range(0, len(x), BATCH):
            rows = order[first : first + BATCH]
            a0, target = x[rows], y[rows]
            a1 = 1 / (1 + np.exp(-(a0 @ W1.T + b1)))
            a2 = 1 / (1 + np.exp(-(a1 @ W2.T + b2)))
            delta2 = (a2 - target) * a2 * (1 - a2)
            delta1 = delta2 @ W2 * a1 * (1 - a1)
            W2 -= ETA / BATCH * (delta2.T @ a1)
            b2 -= ETA / BATCH * delta2.sum(axis=0)
            W1 -= ETA / BATCH * (delta1.T @ a0)
            b1 -= ETA / BATCH * delta1.sum(axis=0)
    return W1


def by_fit(x: Any, y: Any, validation: Any, progress: bool, preparing: list[float]) -> Any:
    """Train by `fit`; the seconds that go by before the first step are added to `preparing`."""
    network = Network(SIZES)
    with timed_preparation(preparing):
        history = network.fit(x, y, epochs=EPOCHS, batch_size=BATCH, eta=ETA, validation=validation, progress=progress)
    assert history.compiled
    return network.weights[0]


def timed_preparation(seconds: list[float]) -> Any:
    """Add up, within a block, the time that making the compiled steps takes."""
    prepare = CompiledEpochs.__init__

    def timed(self: CompiledEpochs, *arguments: Any) -> None:
        start = time.perf_counter()
        prepare(self, *arguments)
        seconds.append(time.perf_counter() - start)

    return mock.patch.object(CompiledEpochs, "__init__", timed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="where the four MNIST files are")
    parser.add_argument("--rounds", type=int, default=7, help="how often each side runs; at least 5")
    arguments = parser.parse_args()
    data = mnist(arguments.folder)
    assert data.validation is not None
    x, y = data.train.x, data.train.y
    # The same steps on both sides. (Over many more of them float32's rounding would drift apart.)
    few = x[:1000], y[:1000]
    expected, found = by_hand(*few), by_fit(*few, validation=None, progress=False, preparing=[])
    np.testing.assert_allclose(expected, found, atol=1e-3)
    validation = (data.validation.x, data.validation.y)
    preparing: list[float] = []
    fit = functools.partial(by_fit, x, y, preparing=preparing)
    sides = {
        "by hand": functools.partial(by_hand, x, y),
        "fit, accuracy on 1 image": functools.partial(fit, validation=(x[:1], y[:1]), progress=False),
        "fit, accuracy on 10,000": functools.partial(fit, validation=validation, progress=False),
        "fit, without a validation set": functools.partial(fit, validation=None, progress=False),
        "fit, on 10,000, with progress bar": functools.partial(fit, validation=validation, progress=True),
    }
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(max(5, arguments.rounds)):
        for side, train in sides.items():
            prepared = len(preparing)
            start = time.perf_counter()
            train()
            seconds = time.perf_counter() - start - sum(preparing[prepared:])
            times[side].append(seconds / EPOCHS)

    baseline = statistics.median(times["by hand"])
    for side, epochs in times.items():
        median = statistics.median(epochs)
        step = median / (len(x) / BATCH) * 1e6
        print(f"{side:34} {median:6.3f} s an epoch  {step:5.1f} µs a step  ratio {median / baseline:.2f}")
    preparation = statistics.median(preparing)
    print(f"{'to record and compile the steps':34} {preparation:6.3f} s             ratio {preparation / baseline:.2f}")


if __name__ == "__main__":
    main()
