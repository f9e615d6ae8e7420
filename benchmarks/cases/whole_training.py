"""The paper's training in this process, from MNIST's files to a trained network, by one system.

    python -m cases.whole_training chainrule|JAX|PyTorch|NumPy FOLDER EPOCHS

784-30-10, mini-batches of 10, η = 3, float32, 50,000 images; the accuracy on 10,000 others after each epoch. Printed:
the last accuracy, and the most memory that the process has had, in MB. No side imports more than it needs.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from cases.resident import peak_memory

SIZES, BATCH, ETA = (784, 30, 10), 10, 3.0


def with_chainrule(folder: str, epochs: int) -> float:
    from chainrule.datasets import mnist
    from chainrule.networks import Network

    data, network = mnist(folder), Network(SIZES)
    assert data.validation is not None
    validation = (data.validation.x, data.validation.y)
    history = network.fit(
        data.train.x, data.train.y, epochs=epochs, batch_size=BATCH, eta=ETA, validation=validation, progress=False
    )
    return history.accuracy[-1]


def read(folder: str) -> tuple[Any, Any]:
    """Read the training files by NumPy alone: images (60,000, 784) from 0 to 1, and labels."""
    import numpy as np

    def entries(name: str, header: int) -> Any:
        return np.frombuffer(gzip.decompress(Path(folder, name).read_bytes()), np.uint8, offset=header)

    pixels = entries("train-images-idx3-ubyte.gz", 16).reshape(-1, SIZES[0])
    return np.divide(pixels, 255, dtype=np.float32), entries("train-labels-idx1-ubyte.gz", 8)


def initial() -> tuple[list[Any], list[Any]]:
    import numpy as np

    random = np.random.default_rng(0)
    shapes = list(zip(SIZES[1:], SIZES, strict=False))
    W = [random.normal(scale=n_in**-0.5, size=(n_out, n_in)).astype(np.float32) for n_out, n_in in shapes]
    return W, [random.normal(size=n_out).astype(np.float32) for n_out, _ in shapes]


def with_jax(folder: str, epochs: int) -> float:
    import functools

    import jax
    import jax.numpy as jnp
    import numpy as np

    images, labels = read(folder)
    x, y = jnp.asarray(images[:50_000]), jax.nn.one_hot(labels[:50_000], SIZES[-1])
    x_measured, expected = jnp.asarray(images[50_000:]), jnp.asarray(labels[50_000:])
    del images

    def outputs(parameters: Any, x: Any) -> Any:
        a = x
        for W, b in zip(*parameters, strict=True):
            a = jax.nn.sigmoid(a @ W.T + b)
        return a

    def cost(parameters: Any, x: Any, y: Any) -> Any:
        return jnp.sum((outputs(parameters, x) - y) ** 2) / (2 * BATCH)

    @functools.partial(jax.jit, donate_argnums=0)
    def epoch(parameters: Any, x: Any, y: Any, order: Any) -> Any:
        def step(parameters: Any, rows: Any) -> Any:
            gradient = jax.grad(cost)(parameters, x[rows], y[rows])
            return jax.tree.map(lambda theta, d: theta - ETA * d, parameters, gradient), None

        parameters, _ = jax.lax.scan(step, parameters, order.reshape(-1, BATCH))
        return parameters, jnp.mean(jnp.argmax(outputs(parameters, x_measured), axis=1) == expected)

    parameters = jax.tree.map(jnp.array, initial())
    for number in range(1, epochs + 1):
        order = np.random.default_rng((0, number)).permutation(len(x)).astype(np.int32)
        parameters, accuracy = epoch(parameters, x, y, order)
    return float(accuracy)


def with_pytorch(folder: str, epochs: int) -> float:
    import torch

    images, labels = map(torch.from_numpy, map(_writable, read(folder)))
    x, y = images[:50_000], torch.nn.functional.one_hot(labels[:50_000].long(), SIZES[-1]).float()
    W, b = initial()
    parameters = [torch.tensor(theta, requires_grad=True) for theta in [*W, *b]]

    def outputs(x: Any) -> Any:
        for W, b in zip(parameters[:2], parameters[2:], strict=True):
            x = torch.sigmoid(torch.nn.functional.linear(x, W, b))
        return x

    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            C = torch.nn.functional.mse_loss(outputs(x[rows]), y[rows], reduction="sum") / (2 * BATCH)
            gradients = torch.autograd.grad(C, parameters)
            with torch.no_grad():
                torch._foreach_add_(parameters, gradients, alpha=-ETA)
        with torch.no_grad():
            accuracy = (outputs(images[50_000:]).argmax(dim=1) == labels[50_000:]).float().mean()
    return float(accuracy)


def _writable(array: Any) -> Any:
    return array if array.flags.writeable else array.copy()


def with_numpy(folder: str, epochs: int) -> float:
    import numpy as np

    images, labels = read(folder)
    x, y = images[:50_000], np.eye(SIZES[-1], dtype=np.float32)[labels[:50_000]]
    (W1, W2), (b1, b2) = initial()

    def layer(a: Any, W: Any, b: Any) -> Any:
        z = a @ W.T
        z += b
        np.exp(np.negative(z, out=z), out=z)
        z += 1
        return np.reciprocal(z, out=z)

    for number in range(1, epochs + 1):
        for rows in np.random.default_rng((0, number)).permutation(len(x)).reshape(-1, BATCH):
            a0 = x[rows]
            a1 = layer(a0, W1, b1)
            a2 = layer(a1, W2, b2)
            delta2 = np.float32(ETA / BATCH) * (a2 - y[rows]) * a2 * (1 - a2)
            delta1 = delta2 @ W2 * a1 * (1 - a1)
            W2 -= delta2.T @ a1
            b2 -= delta2.sum(axis=0)
            W1 -= delta1.T @ a0
            b1 -= delta1.sum(axis=0)
        found = layer(layer(images[50_000:], W1, b1), W2, b2).argmax(axis=1)
    return float((found == labels[50_000:]).mean())


SYSTEMS = {"chainrule": with_chainrule, "JAX": with_jax, "PyTorch": with_pytorch, "NumPy": with_numpy}


if __name__ == "__main__":
    system, folder, epochs = sys.argv[1:]
    accuracy = SYSTEMS[system](folder, int(epochs))
    print(json.dumps({"accuracy": accuracy, "memory": peak_memory()}))
