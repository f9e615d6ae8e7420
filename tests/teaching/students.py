"""Students: backward passes written by hand, right or with planted mistakes, in whichever form students write them."""

from collections.abc import Callable
from typing import Any

import numpy as np

SLOPES: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)) * (1 - 1 / (1 + np.exp(-z))),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0).astype(z.dtype),
    "identity": np.ones_like,
}
SIGMAS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "identity": lambda z: z,
}

AT_DELTA = [
    "target-minus-output", "sign", "sigma-prime-missing", "cross-entropy-delta", "dC/da-as-delta", "sigma-prime-of-a",
    "sigma-prime-wrong-layer", "W-not-transposed", "wrong-layer-W", "update-before-gradient", "factor-2", "factor-half",
]  # fmt: skip
AT_DW = ["transposed", "wrong-layer-activation", "sign", "sum-for-mean", "mean-for-sum", "factor-2", "factor-half"]
AT_DB = ["bias-not-summed", "bias-times-activation", "sign", "sum-for-mean", "mean-for-sum", "broadcasting"]
PLANTED = [*(("delta", n) for n in AT_DELTA), *(("dW", n) for n in AT_DW), *(("db", n) for n in AT_DB)]


def student(
    sizes,
    activation,
    cost,
    mistakes=(),
    form="flat",
    answer="dict",
    kinds=("delta", "dW", "db"),
    eta=0.5,
    computed_in=np.float64,
):
    """A backward pass for networks of these sizes.

    mistakes: pairs ((quantity, name), layer). form: "flat" or "columns". answer: "dict", "pair", "transposed" (dW in
    every layer), "divided" (δ by m). kinds: what a dict holds. computed_in: the precision.
    """
    planted: dict[tuple[str, int], str] = {(quantity, layer): name for (quantity, name), layer in mistakes}
    L = len(sizes) - 1
    sigma, slope = SIGMAS[activation], SLOPES[activation]

    def my_backprop(weights, biases, x, y):
        weights, biases = ([v.astype(computed_in) for v in values] for values in (weights, biases))
        x, y = x.astype(computed_in), y.astype(computed_in)
        columns = form == "columns"
        if columns:
            assert x.ndim == 2
            assert biases[0].ndim == 2
            a, y = [x], y
        else:
            a, y = [np.atleast_2d(x).T], np.atleast_2d(y).T
        m = y.shape[1]
        W: list[Any] = [None, *weights]
        b: list[Any] = [None, *(v.reshape(-1, 1) for v in biases)]
        z: list[Any] = [None]
        for layer in range(1, L + 1):
            z.append(W[layer] @ a[layer - 1] + b[layer])
            a.append(sigma(z[layer]))
        delta: list[Any] = [None] * (L + 1)
        dW: list[Any] = [None] * (L + 1)
        db: list[Any] = [None] * (L + 1)
        for layer in range(L, 0, -1):
            name = planted.get(("delta", layer), "")
            used = slope(z[layer])
            if layer == L:
                outer = a[L] - y
                if cost != "quadratic":
                    outer = outer / (a[L] * (1 - a[L]))
            else:
                W_next = W[layer + 1]
                if name == "W-not-transposed":
                    W_next = W_next.T
                elif name == "wrong-layer-W":
                    W_next = next(W[k] for k in range(1, L + 1) if k != layer + 1 and W[k].shape == W_next.shape)
                elif name == "update-before-gradient":
                    W_next = W_next - eta * (delta[layer + 1] @ a[layer].T / m)
                outer = W_next.T @ delta[layer + 1]
            if name == "sigma-prime-of-a":
                used = slope(a[layer])
            elif name == "sigma-prime-wrong-layer":
                used = next(slope(z[k]) for k in range(1, L + 1) if k != layer and z[k].shape == z[layer].shape)
            elif name in ("sigma-prime-missing", "cross-entropy-delta", "dC/da-as-delta"):
                used = 1
            factor = {"target-minus-output": -1, "sign": -1, "factor-2": 2, "factor-half": 0.5}.get(name, 1)
            delta[layer] = factor * outer * used
            dW[layer], db[layer] = delta[layer] @ a[layer - 1].T / m, delta[layer].sum(axis=1) / m
            scale = {"sign": -1, "sum-for-mean": m, "mean-for-sum": 1 / m, "factor-2": 2, "factor-half": 0.5}
            name = planted.get(("dW", layer), "")
            dW[layer] = dW[layer] * scale.get(name, 1)
            if name == "transposed":
                dW[layer] = dW[layer].T
            elif name == "wrong-layer-activation":
                dW[layer] = delta[layer] @ a[layer].T / m
            name = planted.get(("db", layer), "")
            db[layer] = db[layer] * scale.get(name, 1)
            if name == "bias-not-summed":
                db[layer] = delta[layer] if columns else delta[layer].T
            elif name == "bias-times-activation":
                db[layer] = (delta[layer] * a[layer]).sum(axis=1) / m
            elif name == "broadcasting":
                db[layer] = db[layer] + np.zeros_like(db[layer])[:, np.newaxis]
        delta, dW, db = delta[1:], dW[1:], db[1:]
        if answer == "transposed":
            dW = [w.T for w in dW]
        if answer == "divided":
            delta = [d / m for d in delta]
        if columns:
            db = [v[:, np.newaxis] if v.ndim == 1 else v for v in db]
        else:
            delta = [d[:, 0] if x.ndim == 1 else d.T for d in delta]
        if answer == "pair":
            return db, dW
        return {kind: value for kind, value in (("delta", delta), ("dW", dW), ("db", db)) if kind in kinds}

    return my_backprop


def can_be_made(mistake, layer, sizes, activation, cost, m):
    """Whether a mistake can be made in this layer at all, and shows in its numbers.

    It does not where σ' is 1 or 0 (σ' at a is σ' at z then), where the mean of one example is meant, and where there is
    one layer only: what is transposed there is transposed in every layer, which is one of the right forms.
    """
    quantity, name = mistake
    L, n = len(sizes) - 1, sizes[layer]
    linear = activation in ("identity", "relu")
    if quantity == "delta":
        if name in ("target-minus-output", "cross-entropy-delta"):
            return layer == L and cost == "quadratic" and (name == "target-minus-output" or not linear)
        if name in ("sign", "W-not-transposed", "wrong-layer-W", "update-before-gradient") and layer == L:
            return False
        if name == "W-not-transposed":
            return sizes[layer + 1] == n > 1
        if name == "wrong-layer-W":
            shapes = [(sizes[k], sizes[k - 1]) for k in range(1, L + 1)]
            return shapes.count(shapes[layer]) > 1
        if name == "sigma-prime-wrong-layer":
            return not linear and [*sizes[1:]].count(n) > 1
        if name.startswith("sigma-prime") or name == "dC/da-as-delta":
            return not linear
        return True
    if name in ("sum-for-mean", "mean-for-sum"):
        return m > 1
    if name == "bias-not-summed":
        return m > 1
    if name == "transposed":
        return L > 1 and (n > 1 or sizes[layer - 1] > 1)
    if name == "broadcasting":
        return n > 1
    return True
