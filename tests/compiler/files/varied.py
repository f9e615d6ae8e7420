"""Functions whose programs have every kind of step, with arguments to call them with."""

from typing import Any, NamedTuple

import numpy as np

from chainrule import grad, hessian, scan, value_and_grad


class Case(NamedTuple):
    """A function, and arguments for it."""

    name: str
    function: Any
    arguments: tuple[Any, ...]


def cost(W, x, y):
    return 0.5 * np.sum((np.tanh(W @ x) - y) ** 2)


def levels(rain):
    return scan(lambda level, drop: (0.9 * level + np.tanh(drop), level), 0.0, rain)


def weighted_rows(table, rows, weights):
    return np.sum(np.sum(table[rows] * weights, axis=0) ** 2)


def decomposed(A, b):
    positive = A @ A.T + np.eye(len(A))
    return np.linalg.solve(positive, b), np.linalg.cholesky(positive), np.linalg.slogdet(positive)


def ordered(x):
    found = {"order": np.argsort(x), "sorted": np.sort(x)[::-1], "rounded": np.round(x, 1)}
    return found, [np.where(x > 0, x, -x), x.astype(np.float32), np.any(x > 0)]


def written(x):
    y = np.zeros((3, len(x)), like=x)
    y[1] = x
    y[:, ::2] += 1
    y[[0, 2]] *= x
    return y


def trained(parameters, x, y, order):
    def step(weights, rows):
        def mean_cost(weights):
            a = x[rows]
            for W, b in weights:
                a = 1 / (1 + np.exp(-(a @ W + b)))
            return np.mean((a - y[rows]) ** 2)

        value, slopes = value_and_grad(mean_cost)(weights)
        return [(W - 0.5 * dW, b - 0.5 * db) for (W, b), (dW, db) in zip(weights, slopes, strict=True)], value

    return scan(step, parameters, order)


def _numbers(*shape, dtype=np.float64):
    return np.random.default_rng([7, *shape]).uniform(-2, 2, shape).astype(dtype)


LAYERS = [(_numbers(4, 5), _numbers(5)), (_numbers(5, 2), _numbers(2))]
ORDER = np.random.default_rng(0).permutation(12).reshape(4, 3)

CASES = [
    Case("elementwise", lambda x, y: np.exp(-x) * np.arctan2(y, 0.1) + np.hypot(x, y), (_numbers(3, 1), _numbers(4))),
    Case("reductions", lambda x: (np.sum(x, axis=0), np.prod(x), x.max(axis=1), np.all(x > -3)), (_numbers(3, 4),)),
    Case("a gradient", value_and_grad(cost), (_numbers(3, 2), _numbers(2), _numbers(3))),
    Case("float32", value_and_grad(cost), tuple(_numbers(*s, dtype=np.float32) for s in ((3, 2), (2,), (3,)))),
    Case("a batch of products", lambda A, B: 2 * A @ B.transpose(0, 2, 1), (_numbers(2, 3, 4), _numbers(2, 5, 4))),
    Case("a hessian", hessian(lambda x: np.sum(np.sin(x) * np.cumsum(x) ** 2)), (_numbers(4),)),
    Case("a loop", levels, (_numbers(6),)),
    Case("a loop's gradient", grad(lambda rain: levels(rain)[0] ** 2), (_numbers(6),)),
    Case("rows", value_and_grad(weighted_rows), (_numbers(5, 2), np.array([0, 4, -2]), _numbers(3, 2))),
    Case("decompositions", decomposed, (_numbers(3, 3), _numbers(3))),
    Case("sorts", ordered, (_numbers(7),)),
    Case("writing", grad(lambda x: np.sum(written(x) ** 2)), (_numbers(4),)),
    Case("complex", lambda z: np.abs(np.fft.fft(z)) + z.real, (_numbers(4) + 1j * _numbers(4),)),
    Case(
        "whole numbers", lambda n, p: (n * 2 + 1, p & (n > 0)), (np.arange(-2, 3), np.array([True, False] * 2 + [True]))
    ),
    Case("numbers", lambda x, y, z: x * y + z, (2.0, np.float32(3), 1j)),
    Case("nothing", lambda x: (np.sum(x), x * 2), (np.zeros((0, 3)),)),
    Case("not finite", lambda x: np.where(x > 0, np.nan, -np.inf) * x + -0.0, (_numbers(3),)),
    Case("a training", trained, (LAYERS, _numbers(12, 4), _numbers(12, 2), ORDER)),
]
