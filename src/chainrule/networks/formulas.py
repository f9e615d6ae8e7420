# ruff: noqa: E741  (l is the paper's index of a layer)
"""Backpropagation as the paper writes it: the closed formulas, and the general algorithm with nothing left out.

- `one_example` and `mini_batch`: the closed formulas of section IV.4, for a vector x and for a batch of rows.
- `literal`: the general algorithm of section IV.3, with its Jacobians and rank-3 tensors really formed.
- `price`: what the second costs next to the first.

Inside, lists count as the paper does: ``W[l]`` is W^l, ``a[0]`` is the input, and there is no ``W[0]``. δ^l always
means ∂C/∂z^l. The paper uses that letter for ∂C/∂a^l in IV.3 and for ∂C/∂z^l in IV.4; its closing formulas hold
for the second only. Here ∂C/∂a^l is written out.

References
----------
Amayed, "A Guided Derivation of Backpropagation Algorithm", sections II.1, IV.3 and IV.4.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.graph.node import Array
from chainrule.networks.activations import ACTIVATIONS, Activation
from chainrule.networks.costs import COSTS, Cost

SIGMOID = ACTIVATIONS["sigmoid"]
QUADRATIC = COSTS["quadratic"]


class Forward(NamedTuple):
    """Everything that a forward pass computes.

    Attributes
    ----------
    z : list of arrays
        z^1..z^L, so that ``z[0]`` is that of the first layer.
    a : list of arrays
        a^0..a^L, so that ``a[l]`` is a^l and ``a[0]`` is the input.
    """

    z: list[Array]
    a: list[Array]


class Derivatives(NamedTuple):
    """The cost of an example (or the mean over a batch) and its derivatives, first layer first.

    Attributes
    ----------
    C : float
        The cost.
    weights : list of arrays
        ∂C/∂W^1..∂C/∂W^L, each of the shape of its W^l.
    biases : list of arrays
        ∂C/∂b^1..∂C/∂b^L.
    deltas : list of arrays
        δ^1..δ^L with δ^l = ∂C/∂z^l, of shape (n_l,), or (m, n_l) for a batch. There C is the mean cost, so a row is
        the δ^l of its example alone, divided by m.
    """

    C: float
    weights: list[Array]
    biases: list[Array]
    deltas: list[Array]


def forward(W: Sequence[Array], b: Sequence[Array], x: Array, activation: Activation = SIGMOID) -> Forward:
    """Compute z^l = W^l a^(l-1) + b^l and a^l = σ(z^l), layer after layer (II.1).

    Parameters
    ----------
    W, b : list of arrays
        W^1..W^L of shape (n_l, n_{l-1}) and b^1..b^L of shape (n_l,).
    x : array
        An example (n_0,), or a batch (m, n_0) with one example a row.
    activation : Activation
        σ.

    Returns
    -------
    Forward
        Every z^l and a^l, of shape (n_l,) or (m, n_l).
    """
    z: list[Array] = []
    a = [x]
    for W_l, b_l in zip(W, b, strict=True):
        # W a + b for a vector a; for a batch the same with the examples as rows: a Wᵀ + b.
        z.append(a[-1] @ W_l.T + b_l)
        a.append(activation.function(z[-1]))
    return Forward(z, a)


def one_example(
    W: Sequence[Array],
    b: Sequence[Array],
    x: Array,
    y: Array,
    activation: Activation = SIGMOID,
    cost: Cost = QUADRATIC,
) -> Derivatives:
    """Differentiate the cost of one example by the closed formulas (IV.4).

    Parameters
    ----------
    W, b : list of arrays
        W^1..W^L of shape (n_l, n_{l-1}) and b^1..b^L of shape (n_l,).
    x : array of shape (n_0,)
        The input a^0.
    y : array of shape (n_L,)
        The target.
    activation, cost : Activation, Cost
        σ and C; the paper's example has the sigmoid and ½ ‖a - y‖².

    Returns
    -------
    Derivatives

    Examples
    --------
    A single neuron with W = 2, b = 0, at x = 0, so that a = 0.5 and σ'(z) = 0.25:

    >>> found = one_example([np.array([[2.0]])], [np.zeros(1)], np.zeros(1), np.ones(1))
    >>> found.C, found.deltas[0]
    (0.125, array([-0.125]))
    """
    L = len(W)
    z, a = forward(W, b, x, activation)
    W, z = [None, *W], [None, *z]

    def slope(l: int) -> Array:
        """σ'(z^l), which is a^l ⊙ (1 - a^l) for the sigmoid."""
        return activation.derivative(z[l], a[l])

    delta = _list(L)
    # δ^L = ∂C/∂a^L ⊙ σ'(z^L) = (a^L - y) ⊙ a^L ⊙ (1 - a^L)
    delta[L] = cost.delta(a[L], y, slope(L))
    for l in range(L - 1, 0, -1):
        # δ^l = (W^(l+1))ᵀ δ^(l+1) ⊙ σ'(z^l)
        delta[l] = W[l + 1].T @ delta[l + 1] * slope(l)
    return Derivatives(
        C=float(cost.terms(z[L], a[L], y).sum()),
        # ∂C/∂W^l = δ^l (a^(l-1))ᵀ
        weights=[np.outer(delta[l], a[l - 1]) for l in range(1, L + 1)],
        # ∂C/∂b^l = δ^l
        biases=[delta[l] for l in range(1, L + 1)],
        deltas=delta[1:],
    )


def mini_batch(
    W: Sequence[Array],
    b: Sequence[Array],
    x: Array,
    y: Array,
    activation: Activation = SIGMOID,
    cost: Cost = QUADRATIC,
) -> Derivatives:
    """Differentiate the mean cost of a batch by the closed formulas (IV.4), all its examples at once.

    The examples become columns, side by side, so that a formula reads as it does for one: where δ^l (a^(l-1))ᵀ was
    an outer product it now is a matrix product, and sums the examples' outer products by itself.

    Parameters
    ----------
    W, b : list of arrays
        As for `one_example`.
    x : array of shape (m, n_0)
        The inputs, one example a row.
    y : array of shape (m, n_L)
        The targets, one example a row.
    activation, cost : Activation, Cost
        σ and C.

    Returns
    -------
    Derivatives
        Those of the mean cost of the m examples.
    """
    L, m = len(W), len(x)
    # The targets are copied into the order in memory that a^L has: NumPy is slower where two orders meet.
    W, b, y = [None, *W], [None, *b], y.T.copy()
    z, a, delta = [None], [x.T], _list(L)
    for l in range(1, L + 1):
        z.append(W[l] @ a[l - 1] + b[l][:, np.newaxis])
        a.append(activation.function(z[l]))
    # C is the mean of the examples' costs: hence 1/m, which goes from here into every derivative.
    delta[L] = cost.delta(a[L], y, activation.derivative(z[L], a[L])) / m
    for l in range(L - 1, 0, -1):
        delta[l] = W[l + 1].T @ delta[l + 1] * activation.derivative(z[l], a[l])
    return Derivatives(
        C=float(cost.terms(z[L], a[L], y).sum()) / m,
        weights=[delta[l] @ a[l - 1].T for l in range(1, L + 1)],
        biases=[delta[l].sum(axis=1) for l in range(1, L + 1)],
        deltas=[delta[l].T for l in range(1, L + 1)],
    )


def literal(
    W: Sequence[Array],
    b: Sequence[Array],
    x: Array,
    y: Array,
    activation: Activation = SIGMOID,
    cost: Cost = QUADRATIC,
) -> Derivatives:
    """Differentiate the cost of one example by the general algorithm, every Jacobian and tensor formed (IV.3).

    It is a reference, to be read and to hold the closed formulas against: `price` says why nobody trains so.

    Parameters
    ----------
    W, b, x, y, activation, cost
        As for `one_example`.

    Returns
    -------
    Derivatives

    Notes
    -----
    Each layer takes one transposed Jacobian with a matrix-vector product, ∂C/∂a^(l-1) = (∂a^l/∂a^(l-1))ᵀ ∂C/∂a^l,
    and one tensor-vector contraction, ∂C/∂W^l = ∂a^l/∂W^l · ∂C/∂a^l.
    """
    L = len(W)
    z, a = forward(W, b, x, activation)
    W, z = [None, *W], [None, *z]
    dC_da, dC_dW, dC_db, delta = (_list(L) for _ in range(4))

    dC_da[L] = cost.derivative(a[L], y)
    for l in range(L, 0, -1):
        slope = activation.derivative(z[l], a[l])
        # ∂a^l/∂z^l = diag(σ'(z^l)), so ∂C/∂z^l = diag(σ'(z^l)) ∂C/∂a^l: the δ^l of the closed formulas.
        delta[l] = np.diag(slope).T @ dC_da[l]
        # z^l depends on b^l by ∂z^l/∂b^l = I.
        dC_db[l] = np.eye(len(slope), dtype=slope.dtype).T @ delta[l]
        dC_dW[l] = np.einsum("ijk,i->jk", weight_tensor(slope, a[l - 1]), dC_da[l])
        dC_da[l - 1] = layer_jacobian(slope, W[l]).T @ dC_da[l]
    return Derivatives(float(cost.terms(z[L], a[L], y).sum()), dC_dW[1:], dC_db[1:], delta[1:])


def layer_jacobian(slope: Array, W: Array) -> Array:
    """Form ∂a^l/∂a^(l-1) = diag(σ'(z^l)) W^l.

    The paper prints the two factors in the other order (IV.4), in which they do not even conform unless both layers
    have the same number of units.

    Parameters
    ----------
    slope : array of shape (n_l,)
        σ'(z^l).
    W : array of shape (n_l, n_{l-1})
        W^l.

    Returns
    -------
    array of shape (n_l, n_{l-1})
    """
    return np.diag(slope) @ W


def weight_tensor(slope: Array, a: Array) -> Array:
    """Form ∂a^l/∂W^l, the rank-3 tensor T_ijk = ∂a_i/∂w_jk = [i = j] σ'(z_i) a_k (IV.1, fig. 7).

    The paper's component formula (IV.4) leaves the Kronecker delta [i = j] out: the weights into unit j move no
    other unit i. That is why the tensor is mostly zeros, and its contraction collapses to the outer product δ aᵀ.

    Parameters
    ----------
    slope : array of shape (n_l,)
        σ'(z^l).
    a : array of shape (n_{l-1},)
        The layer's input a^(l-1).

    Returns
    -------
    array of shape (n_l, n_l, n_{l-1})
    """
    return np.einsum("ij,i,k->ijk", np.eye(len(slope), dtype=slope.dtype), slope, a)


def _list(L: int) -> list[Any]:
    """Make a list to be filled at 0..L or 1..L."""
    return [None] * (L + 1)


class Price(NamedTuple):
    """What a backward pass for one example takes, besides the gradient itself.

    Attributes
    ----------
    multiplications : int
        Of two numbers.
    numbers : int
        Entries of the arrays formed on the way.
    """

    multiplications: int
    numbers: int

    def bytes(self, itemsize: int = 8) -> int:
        """Memory for these numbers, by default in float64."""
        return self.numbers * itemsize


def price(sizes: Sequence[int]) -> dict[str, Price]:
    """Count what the closed formulas and the literal algorithm take for a network of the given sizes.

    Parameters
    ----------
    sizes : sequence of int
        n_0..n_L.

    Returns
    -------
    dict
        "closed" and "literal", a `Price` each.

    Examples
    --------
    >>> price([784, 30, 10])["closed"]
    Price(multiplications=24160, numbers=40)
    >>> price([784, 30, 10])["literal"]
    Price(multiplications=2860220, numbers=734460)
    """
    closed = [0, 0]
    literal = [0, 0]
    for l in range(1, len(sizes)):
        n, n_in = sizes[l], sizes[l - 1]
        n_next = sizes[l + 1] if l + 1 < len(sizes) else 0
        closed[0] += n_next * n + n + n * n_in  # (W^(l+1))ᵀ δ^(l+1), ⊙ σ'(z^l), and δ^l (a^(l-1))ᵀ
        closed[1] += n  # δ^l
        literal[0] += 2 * n * n + 3 * n * n * n_in  # two diagonal matrices; the tensor formed, then contracted
        literal[0] += n * n * n_in + n * n_in  # the Jacobian formed, then applied
        literal[1] += 2 * n * n + n * n * n_in + n * n_in + n  # diagonals, tensor, Jacobian, ∂C/∂a^l
    return {"closed": Price(*closed), "literal": Price(*literal)}
