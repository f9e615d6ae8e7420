"""Small functions of many kinds, each with a point: what derivations are held against and reviewed on.

They are written as a user writes them; nothing of chainrule is in them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

_RANDOM = np.random.default_rng(7)


def numbers(*shape):
    """Friendly numbers: one decimal, no zero."""
    drawn = np.round(_RANDOM.uniform(-1, 1, shape), 1)
    return np.where(drawn == 0, 0.5, drawn)


V3, V4, V5 = numbers(3), numbers(4), numbers(5)
W23, W43, W24, M33, X53 = numbers(2, 3), numbers(4, 3), numbers(2, 4), numbers(3, 3), numbers(5, 3)
SPD = M33 @ M33.T + 2 * np.eye(3)


def cubic(x):
    return x**3 - 2 * x


def damped(x, rate):
    decay = np.exp(-rate * x)
    return decay * np.sin(x)


def quotient(x, y):
    return (x * y) / (x + y)


def parabola(x):
    return 0.5 * np.sum(x**2)


def distance(a, y):
    return 0.5 * np.sum((a - y) ** 2)


def length(x):
    return np.sqrt(np.sum(x * x))


def linear(w, x):
    return w @ x


def neuron(w, a, b):
    z = w @ a + b
    return 1 / (1 + np.exp(-z))


def layer(W, a, b):
    z = W @ a + b
    a_1 = np.tanh(z)
    return np.sum(a_1)


def two_layers(W1, b1, W2, b2, x, y):
    a = x
    for W, b in ((W1, b1), (W2, b2)):
        z = W @ a + b
        a = 1 / (1 + np.exp(-z))
    return 0.5 * np.sum((a - y) ** 2)


def batch_layer(W, b, X):
    Z = X @ W.T + b
    A = np.tanh(Z)
    return np.mean(A**2)


def rectified(W, x):
    z = W @ x
    return np.maximum(z, 0).sum()


def logistic_regression(w, b, X, t):
    m = len(X)
    p = 1 / (1 + np.exp(-(X @ w + b)))
    return -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) / m


def softmax_cross_entropy(W, x):
    y = np.array([0.0, 1.0])
    z = W @ x
    return -np.sum(y * np.log(np.exp(z) / np.sum(np.exp(z))))


def softmax_by_name(z, y):
    e = np.exp(z - np.max(z))
    a = e / np.sum(e)
    return -np.sum(y * np.log(a))


def smooth_maximum(z):
    return np.log(np.sum(np.exp(z)))


def stable_maximum(z):
    m = np.max(z)
    return m + np.log(np.sum(np.exp(z - m)))


def softmax_score(z, v):
    a = np.exp(z) / np.sum(np.exp(z))
    return v @ a


def ridge(w, X, y, lambda_):
    residual = X @ w - y
    return 0.5 * np.sum(residual**2) + lambda_ * np.sum(w**2)


def lasso(w, X, y):
    return np.sum((X @ w - y) ** 2) + np.sum(np.abs(w))


def quadratic_form(x, A):
    return 0.5 * x @ A @ x


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def trace_of_product(A, B):
    return np.trace(A @ B)


def bilinear(A, B):
    return np.sum(np.einsum("ij,jk->ik", A, B) ** 2)


def log_determinant(A):
    return np.log(np.linalg.det(A))


def solution(A, b):
    x = np.linalg.solve(A, b)
    return np.sum(x**2)


def inverse_entry(A):
    return np.linalg.inv(A)[0, 1]


def norm_of_product(W, x):
    return np.linalg.norm(W @ x)


def spectrum(A):
    w, V = np.linalg.eigh(A + A.T)
    return w[0] + np.sum(V[:, 1] ** 3)


def singular_values(A):
    U, s, Vh = np.linalg.svd(A, full_matrices=False)
    return s[0] ** 2 + U[0, 0] * Vh[0, 0]


def triangular(A):
    L = np.linalg.cholesky(A)
    return np.sum(np.log(np.diag(L)))


def orthogonal(A):
    Q, R = np.linalg.qr(A)
    return np.sum(Q**3) + R[0, 1]


def log_volume(A):
    _sign, logdet = np.linalg.slogdet(A)
    return logdet


def recurrent(W, h, steps=3):
    for _ in range(steps):
        h = np.tanh(W @ h)
    return h @ h


def recurrent_list(W, h):
    hs = [h]
    for _ in range(2):
        hs.append(np.tanh(W @ hs[-1]))
    return np.sum(hs[1] * hs[2])


def branch(x):
    if x.sum() > 0:  # noqa: SIM108  (as a student writes it)
        y = x**2
    else:
        y = -x
    return y.sum()


def masked(x):
    return np.sum(np.where(x > 0, x**2, -x))


def picked(W, rows=(0, 2, 2)):
    e = W[list(rows)]
    return np.sum(e * e)


def filled(x):
    y = np.zeros_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = 0.5 * y[i - 1] + np.sin(x[i])
    return np.sum(y**2)


def in_place(x, v):
    y = x * 2
    y += v
    y *= y
    return y.sum()


def joined(x, y):
    both = np.concatenate([x, 2 * y])
    return np.sum(both**2)


def stacked(x, y):
    rows = np.stack([x, y * x])
    return np.sum(np.prod(rows, axis=0))


def centred(X):
    mu = X.mean(axis=0)
    D = X - mu
    return np.sum(D**2) / len(X)


def standardised(x):
    z = (x - np.mean(x)) / np.std(x)
    return np.sum(z**3)


def kernel(mu, X):
    d = X - mu
    return np.mean(np.exp(-0.5 * np.sum(d**2, axis=1)))


def grey(picture):
    weights = np.array([0.3, 0.59, 0.11])
    return np.sum((picture @ weights) ** 2)


def parameters_in_a_dict(p, x):
    h = np.tanh(p["W"] @ x + p["b"])
    return h.sum()


def shared(x):
    y = np.sin(x)
    return np.sum(y * y + y)


def attention(Q, K, V):
    scores = Q @ K.T / np.sqrt(Q.shape[1])
    A = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
    return np.sum((A @ V) ** 2)


def euler(y, k):
    for _ in range(3):
        y = y + 0.1 * (-k * y)
    return np.sum(y**2)


def polynomial(c, x):
    return np.polyval(c, x)


def cumulative(x):
    return np.sum(np.cumsum(x) ** 2)


def outer(u, v):
    return np.sum(np.outer(u, v) ** 2)


def maxima(X):
    return np.sum(np.max(X, axis=1))


def convolution(x, kernel):
    return np.sum(np.convolve(x, kernel, mode="valid") ** 2)


CORPUS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (cubic, (1.5,)),
    (damped, (1.5, 0.5)),
    (quotient, (1.5, 0.5)),
    (parabola, (V3,)),
    (distance, (V3, numbers(3))),
    (length, (V3,)),
    (linear, (V3, numbers(3))),
    (neuron, (V3, numbers(3), 0.1)),
    (layer, (W23, V3, numbers(2))),
    (two_layers, (W43, V4, W24, numbers(2), V3, np.array([0.0, 1.0]))),
    (batch_layer, (W23, numbers(2), X53)),
    (rectified, (W23, V3)),
    (logistic_regression, (V3, 0.1, X53, np.array([0.0, 1.0, 1.0, 0.0, 1.0]))),
    (softmax_cross_entropy, (W23, V3)),
    (softmax_by_name, (V3, np.array([0.0, 1.0, 0.0]))),
    (smooth_maximum, (V3,)),
    (stable_maximum, (V3,)),
    (softmax_score, (V3, numbers(3))),
    (ridge, (V3, X53, V5, 0.1)),
    (lasso, (V3, X53, V5)),
    (quadratic_form, (V3, M33)),
    (rosenbrock, (V4,)),
    (trace_of_product, (M33, numbers(3, 3))),
    (bilinear, (W23, M33)),
    (log_determinant, (SPD,)),
    (solution, (SPD, V3)),
    (inverse_entry, (SPD,)),
    (norm_of_product, (W23, V3)),
    (spectrum, (M33,)),
    (singular_values, (W43,)),
    (triangular, (SPD,)),
    (orthogonal, (W43,)),
    (log_volume, (SPD,)),
    (recurrent, (M33, V3)),
    (recurrent_list, (M33, V3)),
    (branch, (np.array([0.5, 1.0, -0.2]),)),
    (masked, (V4,)),
    (picked, (W43,)),
    (filled, (V4,)),
    (in_place, (V3, numbers(3))),
    (joined, (V3, numbers(2))),
    (stacked, (V3, numbers(3))),
    (centred, (X53,)),
    (standardised, (V4,)),
    (kernel, (V3, X53)),
    (grey, (np.abs(numbers(2, 2, 3)),)),
    (parameters_in_a_dict, ({"W": W23, "b": numbers(2)}, V3)),
    (shared, (V3,)),
    (attention, (W23, numbers(2, 3), numbers(2, 2))),
    (euler, (V3, numbers(3))),
    (polynomial, (V3, 0.5)),
    (cumulative, (V4,)),
    (outer, (V3, numbers(2))),
    (maxima, (X53,)),
    (convolution, (V5, numbers(3))),
]
"""Each function with the arguments that it is derived at."""
