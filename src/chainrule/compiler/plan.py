"""What a program does, step by step, before anybody says how: by native code or by NumPy.

A `Plan` is data only: buffers, and steps that read and write them. Every array in it lies in a buffer, at a `Place`.
Two steps that do the same to other places are equal in all but their places, and share their native code.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where an array's first entry lies.

    Attributes
    ----------
    buffer : int
        The number of the buffer.
    offset : int
        Bytes from the buffer's beginning.
    advance : tuple of int
        Bytes by which the place moves on with each turn of the loops around the step, the outermost first. Left out:
        it stays.
    """

    buffer: int
    offset: int = 0
    advance: tuple[int, ...] = ()


@dataclass(frozen=True)
class View:
    """An array in a buffer: where it begins and how it is laid out."""

    place: Place
    shape: Shape
    strides: tuple[int, ...]  # in entries
    dtype: np.dtype[Any]


# Kernels: one nest of loops that computes entry by entry


@dataclass(frozen=True)
class Read:
    """The entry of an argument that belongs to a turn of the loops; strides are in entries, one for each axis."""

    argument: int
    strides: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Number:
    """A constant. Two are equal if their bits are: 0.0 is not -0.0, and NaN is NaN."""

    value: float | int | bool = field(compare=False)
    dtype: np.dtype[Any]
    bits: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", np.asarray(self.value, self.dtype).tobytes())


@dataclass(frozen=True)
class Apply:
    """A scalar function of expressions that come before: a ufunc's name, or ``where``, or ``astype``."""

    function: str
    operands: tuple[int, ...]
    dtype: np.dtype[Any]


Expression = Read | Number | Apply


@dataclass(frozen=True)
class Store:
    """What becomes of an expression: it is written, or reduced over those axes along which nothing moves on.

    Attributes
    ----------
    expression : int
        The number of the expression, of the same dtype as the argument.
    argument : int
        Where it is written.
    strides : tuple of int
        In entries, one for each axis of the kernel's shape; those of reduced axes are 0.
    reduce : str or None
        ``add``, ``multiply``, ``maximum``, ``minimum``, ``logical_and``, ``logical_or``. None: nothing is reduced.
    axes : tuple of int
        The axes that are reduced.
    onto : bool
        Whether what is reduced or written is added to what the argument holds already, rather than put in its place.
    """

    expression: int
    argument: int
    strides: tuple[int, ...]
    reduce: str | None = None
    axes: tuple[int, ...] = ()
    onto: bool = False


@dataclass(frozen=True)
class Kernel:
    """A nest of loops over a shape, the last axis innermost; in each turn all expressions, then all stores.

    An argument that is written may be one that is read only where each entry is read, if at all, in the turn that
    writes it. Reads of arguments that are reduced into do not occur.
    """

    shape: Shape
    expressions: tuple[Expression, ...]
    stores: tuple[Store, ...]


@dataclass(frozen=True)
class Rows:
    """Rows taken by number: ``y[i] = x[indices[i]]``, or with `add` put back: ``y[indices[i]] += x[i]``, in order.

    Arguments are x, indices (int64) and y, all C-contiguous; a negative number counts from the end. With `add`, y is
    already filled. A number out of range stops the program.
    """

    count: int  # of the indices
    rows: int  # of the array that is indexed
    length: int  # entries of one row
    dtype: np.dtype[Any]
    add: bool = False


@dataclass(frozen=True)
class Product:
    """C = α·A B + β·C, for each index of the batch; sizes, strides and factors are constants of the code.

    Parameters
    ----------
    dtype : numpy.dtype
        float32 or float64.
    m, n, k : int
        A is m × k, B is k × n, C is m × n.
    a_strides, b_strides, c_strides : (int, int)
        Strides along rows and along columns, in entries. Those of A and B may be 0, all may be negative.
    batch : tuple of int
        Sizes of the batch's axes, and in ``a_batch``, ``b_batch``, ``c_batch`` the strides along them.
    alpha, beta : float
        Factors of the product and of what C holds. With beta = 0, C is not read.
    bias : bool
        Add a row of n neighbouring entries, the fourth array, to each row of C; in the place of beta·C.
    """

    dtype: np.dtype[Any]
    m: int
    n: int
    k: int
    a_strides: tuple[int, int]
    b_strides: tuple[int, int]
    c_strides: tuple[int, int]
    batch: tuple[int, ...] = ()
    a_batch: tuple[int, ...] = ()
    b_batch: tuple[int, ...] = ()
    c_batch: tuple[int, ...] = ()
    alpha: float = 1.0
    beta: float = 0.0
    bias: bool = False

    @property
    def turned(self) -> "Product":
        """The same product as Cᵀ = Bᵀ Aᵀ."""
        return replace(
            self,
            m=self.n,
            n=self.m,
            a_strides=self.b_strides[::-1],
            b_strides=self.a_strides[::-1],
            c_strides=self.c_strides[::-1],
            a_batch=self.b_batch,
            b_batch=self.a_batch,
        )


@dataclass(frozen=True)
class Call:
    """A rule that only NumPy can compute: ``function(*operands, **parameters)``, whose results are copied out."""

    name: str
    function: Callable[..., Any]
    operands: tuple[Any, ...]  # a View, or a constant as it is
    parameters: tuple[tuple[str, Any], ...]
    results: tuple[View | None, ...]
    several: bool  # whether the function gives a tuple

    @property
    def arguments(self) -> tuple[Place, ...]:
        """The places of the arrays that take part, operands before results."""
        return tuple(x.place for x in (*self.operands, *self.results) if isinstance(x, View))


@dataclass(frozen=True)
class Step:
    """A kernel, rows or a product, applied to places."""

    work: Kernel | Rows | Product
    arguments: tuple[Place, ...]
    label: str = ""  # what it computes, in words for a reader


@dataclass(frozen=True)
class Loop:
    """Steps repeated; the places in them move on as their `advance` says."""

    length: int
    steps: tuple["Step | Call | Loop", ...]


@dataclass(frozen=True)
class Buffer:
    """A piece of memory.

    Attributes
    ----------
    kind : str
        ``input`` and ``output`` are the caller's arrays, ``constant`` one of the program's, ``scratch`` a part of its
        arena.
    number : int
        Which input, output or constant; of scratch, the offset in the arena in bytes.
    nbytes : int
        How large it is.
    """

    kind: str
    number: int
    nbytes: int


@dataclass(frozen=True)
class Plan:
    """A whole program: buffers, steps, and what comes in and goes out."""

    buffers: tuple[Buffer, ...]
    steps: tuple[Step | Call | Loop, ...]
    inputs: tuple[View, ...]
    outputs: tuple[View, ...]
    constants: tuple[Any, ...]  # the arrays
    arena: int  # bytes
