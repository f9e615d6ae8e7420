"""Derivations to be drawn and played: of a network, of a small graph whose source is hostile, and of a long one."""

from dataclasses import replace

import numpy as np

from chainrule.derivation.deriving import derive


def sigma(z):
    return 1 / (1 + np.exp(-z))


def three_layers(W1, b1, W2, b2, x, y):
    z1 = W1 @ x + b1
    a1 = sigma(z1)
    z2 = W2 @ a1 + b2
    a2 = sigma(z2)
    return 0.5 * np.sum((y - a2) ** 2)


def network(n=4, hidden=3, outputs=2, seed=0):
    """Derive the quadratic cost of one example in a network; its quantities know their layers."""
    rng = np.random.default_rng(seed)
    W1, W2 = rng.normal(0, n**-0.5, (hidden, n)), rng.normal(0, hidden**-0.5, (outputs, hidden))
    b1, b2 = rng.normal(size=hidden), rng.normal(size=outputs)
    x, y = rng.random(n) * (rng.random(n) > 0.6), np.eye(outputs)[-1]
    found = derive(three_layers, wrt=("W1", "b1", "W2", "b2"))(W1, b1, W2, b2, x, y)
    return replace(found, quantities=tuple(in_layer(q) for q in found.quantities))


def in_layer(quantity):
    name, digit = quantity.symbol.name[:-1], quantity.symbol.name[-1]
    return replace(quantity, layer=int(digit)) if name and name in "Wbza" else quantity


def used_twice(x, weights_of_y):
    p = x * weights_of_y  # <script>alert("p")</script> & <img src=x onerror=alert(1)>
    s_1 = p + x
    return np.sum(s_1**2)


def graph():
    """Derive a function that uses an argument twice, and whose source holds markup."""
    return derive(used_twice)(np.array([1.0, -2.0, 0.5]), np.array([[0.5, 1.0, -1.0]]))


def hostile():
    """Give a derivation a name that holds markup."""
    return replace(graph(), name="<script>alert('name')</script>")


def recurrent(W, u, x):
    for _ in range(12):
        h = np.tanh(W @ x)
        gate = sigma(u * h)
        x = gate * x + (1 - gate) * h
    return np.sum(x * x)


def long():
    """Derive a loop: some fifty quantities, with ways that pass many layers."""
    rng = np.random.default_rng(1)
    return derive(recurrent)(rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3))
