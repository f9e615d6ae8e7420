"""The paper's network (section II.1): layers of neurons a^l = σ(W^l a^(l-1) + b^l), and how they learn."""

import dataclasses
from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, NamedTuple, Self

import numpy as np

from chainrule.derivation import Derivation
from chainrule.descent import History
from chainrule.descent.checks import learning_rate, whole_number
from chainrule.descent.loop import descend
from chainrule.differentiation import grad
from chainrule.errors import InputError, NetworkFileError
from chainrule.graph.node import Array
from chainrule.networks import checks, files, formulas, parameters
from chainrule.networks.activations import ACTIVATIONS
from chainrule.networks.costs import COSTS
from chainrule.networks.deriving import derivation_of
from chainrule.networks.formulas import Forward
from chainrule.networks.learning import cost_and_gradient, mean_cost
from chainrule.networks.outputs import Carry, carrier, outputs

# Without a validation set, the accuracy after an epoch is measured on so many training examples at most.
MEASURED = 10_000
ETA = 3.0


class Gradient(NamedTuple):
    """The derivatives of a cost by a network's parameters, first layer first.

    Attributes
    ----------
    weights : list of arrays
        ∂C/∂W^1..∂C/∂W^L, each of the shape of its W^l.
    biases : list of arrays
        ∂C/∂b^1..∂C/∂b^L.
    """

    weights: list[Array]
    biases: list[Array]


class Network:
    """A feed-forward network of fully connected layers.

    Parameters
    ----------
    sizes : sequence of int
        n_0..n_L: the units of the input layer, the hidden layers and the output layer.
    activation : {"sigmoid", "tanh", "relu", "identity"}
        σ, of every layer.
    cost : {"quadratic", "cross_entropy"}
        C, what training lowers. Cross-entropy goes with the sigmoid only.
    weights : {"scaled", "normal"}
        What the initial weights are drawn from: N(0, 1/n_in), with n_in the inputs of the layer, or N(0, 1).
    seed : int
        Of the initial weights and biases.
    dtype : {"float32", "float64"}
        What the network computes in.

    Attributes
    ----------
    weights : list of arrays
        W^1..W^L, each of shape (n_l, n_{l-1}): entry i, j weighs what unit j of the layer before gives to unit i.
    biases : list of arrays
        b^1..b^L, each of shape (n_l,).
    epochs : int
        How many epochs it has been trained for.

    Raises
    ------
    InputError
        If an argument is none of the above.

    Examples
    --------
    It learns exclusive or, which takes a hidden layer:

    >>> import numpy as np
    >>> x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    >>> network = Network([2, 4, 2], seed=1)
    >>> history = network.fit(x, y, epochs=2000, batch_size=4, eta=2.0, progress=False)
    >>> network.predict(x)
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "sigmoid",
        cost: str = "quadratic",
        weights: str = "scaled",
        seed: int = 0,
        dtype: str = "float32",
    ) -> None:
        self.sizes = checks.layer_sizes(sizes)
        self.activation = checks.one_of("activation", activation, ACTIVATIONS)
        self.cost_name = checks.one_of("cost", cost, COSTS)
        self.initial_weights = checks.one_of("weights", weights, parameters.DEVIATIONS)
        self.seed = whole_number(seed, "seed", at_least=0)
        self.dtype = checks.float_type(dtype)
        self.epochs = 0
        self._sigma = ACTIVATIONS[self.activation]
        self._C = COSTS[self.cost_name]
        if self._C.activation not in (None, self.activation):
            raise InputError(
                f"cost {cost!r} needs outputs between 0 and 1, and activation {activation!r} does not give them; "
                f"use activation {self._C.activation!r}, or another cost."
            )
        self.weights, self.biases = parameters.initial_parameters(self.sizes, weights, self.seed, self.dtype)

    def __repr__(self) -> str:
        return (
            f"Network({self.sizes}, activation={self.activation!r}, cost={self.cost_name!r}, "
            f"weights={self.initial_weights!r}, seed={self.seed}, dtype={self.dtype.name!r})"
        )

    def forward(self, x: Any) -> Forward:
        """Compute every z^l = W^l a^(l-1) + b^l and a^l = σ(z^l).

        Parameters
        ----------
        x : array of shape (n_0,) or (m, n_0)
            An example, or a batch with one example a row.

        Returns
        -------
        Forward
            z^l and a^l, each of shape (n_l,) or (m, n_l).
        """
        return formulas.forward(self.weights, self.biases, self._examples(x), self._sigma)

    def predict(self, x: Any) -> Any:
        """Say which output unit is the most active: the digit, where each stands for one (II.1).

        Parameters
        ----------
        x : array of shape (n_0,) or (m, n_0)
            An example, or a batch with one example a row.

        Returns
        -------
        int or array of int, shape (m,)
            argmax_k a_k^L. A network with a single output answers 1 where that is above 0.5, and 0 elsewhere.
        """
        x = self._examples(x)
        classes = self._answers(np.atleast_2d(x))
        return classes if x.ndim > 1 else int(classes[0])

    def cost(self, x: Any, y: Any) -> float:
        """Compute the cost C, for a batch the mean of its examples' costs.

        Parameters
        ----------
        x : array of shape (n_0,) or (m, n_0)
            An example, or a batch with one example a row.
        y : array of shape (n_L,) or (m, n_L), or int, or array of int of shape (m,)
            Its targets, or its labels (the number of the output unit that should be 1, the others 0). For a network
            with a single output, shapes () and (m,) are targets too.

        Returns
        -------
        float
        """
        x = self._examples(x)
        C = mean_cost(self._sigma, self._C)
        return float(C(self.weights, self.biases, x, self._targets(y, x)))

    def gradient(self, x: Any, y: Any) -> Gradient:
        """Differentiate the cost by all weights and biases, by `chainrule.grad`.

        Parameters
        ----------
        x, y
            As for `cost`.

        Returns
        -------
        Gradient
            ∂C/∂W^l and ∂C/∂b^l; for a batch the means over its examples.

        Examples
        --------
        >>> network = Network([3, 4, 2])
        >>> [dW.shape for dW in network.gradient([0.1, 0.2, 0.3], 1).weights]
        [(4, 3), (2, 4)]
        """
        x = self._examples(x)
        by_parameters = grad(mean_cost(self._sigma, self._C), wrt=(0, 1))
        return Gradient(*by_parameters(self.weights, self.biases, x, self._targets(y, x)))

    def derive(self, x: Any, y: Any, *, eta: float | None = None, full: bool = False) -> Derivation:
        """Derive the gradient in the paper's language: W^l, b^l, z^l, a^l and δ^l = ∂C/∂z^l, layer by layer.

        Parameters
        ----------
        x, y
            As for `cost`. The examples of a batch stand as columns, so that its formulas read as those of one example.
        eta : float, optional
            The learning rate η of the update W^l ← W^l − η ∂C/∂W^l at the end; by default, that of `fit`.
        full : bool
            Whether to form every Jacobian and tensor as well (the paper's IV.3), beside the shortcut.

        Returns
        -------
        Derivation
            Printed, it tells the steps; ``.gradient`` is what `gradient` gives: ∂C/∂W^l and ∂C/∂b^l.

        Raises
        ------
        InputError
            x and y do not fit the network; or a derivative that ``full=True`` asks for is too large to be formed.

        Examples
        --------
        >>> derivation = Network([3, 4, 2]).derive([0.1, 0.2, 0.3], 1)
        >>> derivation.ok, [dW.shape for dW in derivation.gradient.weights]
        (True, [(4, 3), (2, 4)])
        """
        x = self._examples(x)
        y = self._targets(y, x)
        found = derivation_of(
            self.weights, self.biases, x, y, self._sigma, self._C, ETA if eta is None else learning_rate(eta), full=full
        )
        return dataclasses.replace(found, gradient=Gradient(*found.gradient))

    def accuracy(self, x: Any, y: Any) -> float:
        """Compute the share of examples that `predict` gets right.

        Parameters
        ----------
        x, y
            As for `cost`; the right answer is the label, or the largest target. For a network with a single output
            it is whether the target is above 0.5.

        Returns
        -------
        float
            From 0 to 1.
        """
        x = self._examples(x)
        return self._accuracy(np.atleast_2d(x), self._classes(self._targets(y, x)))

    def fit(
        self,
        x: Any,
        y: Any,
        *,
        epochs: int = 30,
        batch_size: int = 10,
        eta: float = ETA,
        seed: int = 0,
        validation: tuple[Any, Any] | None = None,
        progress: bool = True,
        after_epoch: Callable[[History], object] | None = None,
    ) -> History:
        """Learn from examples by gradient descent. A second call goes on from where the first one ended.

        Parameters
        ----------
        x : array of shape (m, n_0)
            The examples, one a row.
        y : array of shape (m, n_L), or array of int of shape (m,)
            Their targets, or their labels.
        epochs : int
            How many times to go through the examples.
        batch_size : int
            Examples in a mini-batch: m for batch, 1 for stochastic gradient descent.
        eta : float
            The learning rate.
        seed : int
            Of the order in which the examples come. Fifteen epochs and fifteen more with the same seed give exactly
            the network of thirty at once.
        validation : (x, y), optional
            Examples to measure the accuracy on after each epoch; by default it is measured on those of the training
            (of more than 10,000, on every second, third, …, so that it takes little time beside the training).
        progress : bool
            Whether to show a progress bar.
        after_epoch : callable, optional
            Called with the history after each epoch.

        Returns
        -------
        History
            Cost, accuracy and speed by epoch.

        Raises
        ------
        InputError
            If an argument does not fit the network or the others, or holds NaN; if the training diverges, in which
            case the network is as it was before the epoch in which it did.

        Notes
        -----
        The steps are recorded and compiled: a native program draws the mini-batch's rows, goes forward and backward,
        and changes the weights, many steps at a time. The next fit of a network of the same sizes, cost and activation,
        on data of the same shape and type, uses it again, whatever the learning rate. (Where llvmlite is not installed,
        Python takes the steps one by one; the history's ``compiled`` and ``note`` say so.)

        Ctrl-C ends the training within 0.2 seconds; the network keeps what it has learnt, and the history says
        ``interrupted``. An epoch so cut short does not count: the next fit begins that epoch anew.
        """
        x = self._batch(x, "x")
        y = self._targets(y, x)
        if validation is None:
            spread = slice(None, None, -(-len(x) // MEASURED))
            x_measured, y_measured = np.ascontiguousarray(x[spread]), y[spread]
        else:
            x_given, y_given = checks.pair(validation)
            x_measured = self._batch(x_given, "validation x")
            y_measured = self._targets(y_given, x_measured, "validation y")
        expected = self._classes(y_measured)
        parameters.check(self.weights, self.biases, self.sizes, self.dtype)
        carry = carrier(self._sigma, whole_number(epochs, "epochs", at_least=0) * len(x_measured))

        def count_epoch(history: History) -> None:
            self.epochs += 1
            if after_epoch is not None:
                after_epoch(history)

        return descend(
            cost_and_gradient(self._sigma, self._C),
            self.weights + self.biases,
            [x, y],
            eta=eta,
            epochs=epochs,
            batch_size=batch_size,
            seed=seed,
            first_epoch=self.epochs + 1,
            evaluate=lambda: self._accuracy(x_measured, expected, carry),
            progress=progress,
            after_epoch=count_epoch,
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the network to a safetensors file, whole or not at all.

        Parameters
        ----------
        path : str or path
            Where to write; an existing file is replaced.

        Raises
        ------
        NetworkFileError
            If the path cannot be written. What was there before is then still there.
        InputError
            If weights or biases that you have put in do not fit the network.
        """
        parameters.check(self.weights, self.biases, self.sizes, self.dtype)
        architecture = {
            "sizes": self.sizes,
            "activation": self.activation,
            "cost": self.cost_name,
            "weights": self.initial_weights,
            "seed": self.seed,
            "dtype": self.dtype.name,
            "epochs": self.epochs,
        }
        files.write(path, parameters.named(self.weights, self.biases), architecture)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """Read a network that `save` has written. Nothing in the file is run.

        Parameters
        ----------
        path : str or path
            The file.

        Returns
        -------
        Network

        Raises
        ------
        NetworkFileError
            If the file is missing, damaged, or no network of chainrule's.
        """
        tensors, architecture = files.read(path)
        try:
            epochs = whole_number(architecture.pop("epochs"), "epochs", at_least=0)
            network = cls(**architecture)
        except (InputError, TypeError, KeyError) as error:
            raise NetworkFileError(f"{path} is damaged: in its architecture, {error}") from None
        layers = range(1, len(network.sizes))
        network.weights = [tensors[f"W{layer}"] for layer in layers]
        network.biases = [tensors[f"b{layer}"] for layer in layers]
        network.epochs = epochs
        return network

    def _answers(self, x: Array, carry: Carry | None = None) -> Array:
        """Return the classes that the network takes the rows of x for."""
        return self._classes(outputs(carry or carrier(self._sigma, len(x)), self.weights, self.biases, x))

    def _classes(self, outputs: Array) -> Array:
        if self.sizes[-1] == 1:
            return (outputs[..., 0] > 0.5).astype(np.intp)
        return np.argmax(outputs, axis=-1)

    def _accuracy(self, x: Array, expected: Array, carry: Carry | None = None) -> float:
        return float(np.mean(self._answers(x, carry) == expected))

    def _examples(self, x: Any, name: str = "x") -> Array:
        return checks.examples(x, self.sizes[0], self.dtype, name)

    def _batch(self, x: Any, name: str) -> Array:
        batch = self._examples(x, name)
        if batch.ndim == 1:
            raise InputError(
                f"{name} has shape {batch.shape}; give a batch of shape (m, {self.sizes[0]}), one example a row."
            )
        return batch

    def _targets(self, y: Any, x: Array, name: str = "y") -> Array:
        y = checks.targets(y, x, self.sizes[-1], self.dtype, name)
        if self.cost_name == "cross_entropy" and (y.min() < 0 or y.max() > 1):
            raise InputError(
                f"{name} has targets from {y.min():g} to {y.max():g}; cross-entropy needs them between 0 and 1."
            )
        return y
