"""What every data set is made of: examples to learn from, each a row of pixels and a label."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.errors import DataError, InputError


def one_hot(labels: ArrayLike, classes: int = 10) -> NDArray[np.float32]:
    """Write each label as the activations wanted of the output layer: 1 at the label, 0 elsewhere.

    Parameters
    ----------
    labels : array_like of int, shape (m,)
        The labels, each from 0 to ``classes - 1``.
    classes : int
        How many classes there are: the length of a row.

    Returns
    -------
    ndarray of float32, shape (m, classes)
        One row for each label.

    Raises
    ------
    DataError
        If `labels` is not one row of integers from 0 to ``classes - 1``.
    InputError
        If `classes` is not a positive integer.

    Examples
    --------
    >>> one_hot([2, 0], classes=3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    which = _checked_labels(labels, classes)
    y = np.zeros((len(which), classes), dtype=np.float32)
    y[np.arange(len(which)), which] = 1
    return y


@dataclass(frozen=True, eq=False, repr=False)
class Examples:
    """Inputs and their labels, one example a row.

    Parameters
    ----------
    x : array_like, shape (m, n_0)
        The inputs, each number in 0..1; kept as float32.
    labels : array_like of int, shape (m,)
        The class of each example, from 0 to ``classes - 1``; kept as int64.
    classes : int
        How many classes there are.

    Raises
    ------
    DataError
        If the shapes do not fit together, an input is NaN or outside 0..1, or a label outside its range.
    InputError
        If `classes` is not a positive integer.

    Examples
    --------
    >>> examples = Examples(x=[[0.0, 1.0], [0.5, 0.25]], labels=[1, 0], classes=2)
    >>> examples
    Examples(m=2, n_0=2, classes=2)
    >>> examples.y
    array([[0., 1.],
           [1., 0.]], dtype=float32)
    >>> examples[:1].labels
    array([1])
    """

    x: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: int = 10

    def __post_init__(self) -> None:
        # object.__setattr__ is the way in which a frozen dataclass may still put its own fields in order.
        object.__setattr__(self, "labels", _checked_labels(self.labels, self.classes))
        object.__setattr__(self, "x", _checked_inputs(self.x))
        if len(self.x) != len(self.labels):
            raise DataError(
                f"There are {len(self.x):,} inputs but {len(self.labels):,} labels: give one label for each input."
            )

    @cached_property
    def y(self) -> NDArray[np.float32]:
        """The targets, one-hot, shape (m, classes): what the output layer should say to each input."""
        return one_hot(self.labels, self.classes)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: slice | Sequence[int] | NDArray[np.integer] | NDArray[np.bool_]) -> "Examples":
        if not isinstance(rows, slice) and np.ndim(rows) != 1:
            raise InputError(
                f"Examples are picked by a slice or a list of row numbers, not by {rows!r}: "
                "write examples[i : i + 1] for one of them."
            )
        try:
            return Examples(self.x[rows], self.labels[rows], self.classes)
        except IndexError as error:
            raise InputError(f"These rows cannot be picked from {len(self):,} examples: {error}.") from error

    def __repr__(self) -> str:
        return f"Examples(m={len(self)}, n_0={self.x.shape[1]}, classes={self.classes})"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples to train on, to choose settings by (`validation`), and to test on once that is done.

    Parameters
    ----------
    name : str
        What to call it in tables and pictures.
    train, test : Examples
        The examples to learn from, and those never learnt from.
    validation : Examples or None
        Examples kept apart to watch the training by; None where there are too few to spare.

    Raises
    ------
    DataError
        If the parts differ in the size of an input or in their classes.

    Examples
    --------
    >>> part = Examples(x=[[0.0, 1.0]], labels=[1], classes=2)
    >>> Dataset("tiny", train=part, validation=None, test=part)
    Dataset(name='tiny', train=Examples(m=1, n_0=2, classes=2), validation=None, test=Examples(m=1, n_0=2, classes=2))
    """

    name: str
    train: Examples
    validation: Examples | None
    test: Examples

    def __post_init__(self) -> None:
        for part, examples in (("validation", self.validation), ("test", self.test)):
            if examples is None:
                continue
            theirs, ours = _form(examples), _form(self.train)
            if theirs != ours:
                raise DataError(
                    f"The {part} examples of {self.name!r} have {theirs}, the training examples {ours}: "
                    "all parts of a data set must be alike."
                )


def _form(examples: Examples) -> str:
    return f"{examples.x.shape[1]} numbers an input and {examples.classes} classes"


def _checked_inputs(x: ArrayLike) -> NDArray[np.float32]:
    try:
        inputs = np.asarray(x)
    except ValueError as error:  # rows of different lengths
        raise DataError("The inputs are not one array: give rows of equal length, one example a row.") from error
    if inputs.dtype.kind not in "fiub":
        raise DataError(f"The inputs came as {inputs.dtype}, and real numbers in 0..1 are expected.")
    if inputs.ndim != 2:
        raise DataError(f"The inputs came with shape {inputs.shape}, and (m, n_0) is expected: one example a row.")
    if inputs.size:
        low, high = inputs.min(), inputs.max()  # NaN if there is any NaN
        if np.isnan(low):
            row, column = np.argwhere(np.isnan(inputs))[0]
            raise DataError(f"The inputs hold NaN, first in example {row}, number {column}: repair or drop it.")
        if low < 0 or high > 1:
            raise DataError(
                f"The inputs reach from {low:g} to {high:g}, and 0..1 is expected: divide pixels of 0..255 by 255."
            )
    return inputs.astype(np.float32, copy=False)


def _checked_labels(labels: ArrayLike, classes: int) -> NDArray[np.int64]:
    if isinstance(classes, bool) or not isinstance(classes, int | np.integer) or classes < 1:
        raise InputError(f"classes is {classes!r}, and a positive whole number is expected.")
    try:
        which = np.asarray(labels)
    except ValueError as error:
        raise DataError("The labels are not one row of integers: give one integer for each example.") from error
    if which.size == 0 and which.ndim == 1:  # an empty list has no integers to show their type
        which = which.astype(np.int64)
    if which.dtype.kind not in "iu":
        raise DataError(
            f"The labels came as {which.dtype}, and integers are expected: "
            "convert them knowingly, as with labels.astype(int)."
        )
    if which.ndim != 1:
        raise DataError(f"The labels came with shape {which.shape}, and (m,) is expected: one for each example.")
    if which.size and not 0 <= which.min() <= which.max() < classes:
        row = np.flatnonzero((which < 0) | (which >= classes))[0]
        raise DataError(f"Label {which[row]} of example {row} is not one of the {classes} classes 0 to {classes - 1}.")
    return which.astype(np.int64, copy=False)
