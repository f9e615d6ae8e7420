"""Sparse arrays whose entries may be traced. Products with a constant sparse array need nothing of this module.

The functions are called as the classes of `scipy.sparse`. Where nothing is traced, they make SciPy's own arrays.
"""

from collections.abc import Callable
from typing import Any

import scipy.sparse

from chainrule.errors import InputError, RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array
from chainrule.graph.tracer import sample_of
from chainrule.rules.operands import holds_tracer, operand, untraced
from chainrule.scipy.sparse.patterns import DATA_MATMUL, TOARRAY, Pattern

__all__ = ["SparseArray", "coo_array", "csc_array", "csr_array"]


class SparseArray:
    """A sparse array of traced entries: where they stand is constant, what they are is differentiated by.

    Made by `csr_array`, `csc_array` and `coo_array`. It is a factor in products ``@`` with arrays of one or two axes,
    on either side; ``T``, ``toarray()``, and multiples by a number are the other operations.

    Attributes
    ----------
    data : array (nnz,)
        The entries.
    pattern : Pattern
        Where they stand.
    """

    __array_ufunc__ = None  # NumPy's word for: let this operand answer

    def __init__(self, data: Array, pattern: Pattern) -> None:
        self.data = data
        self.pattern = pattern

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of columns."""
        return self.pattern.shape

    @property
    def ndim(self) -> int:
        """The number of axes, 2."""
        return 2

    @property
    def dtype(self) -> Any:
        """The type of the entries."""
        return self.data.dtype

    @property
    def nnz(self) -> int:
        """The number of entries, zeros among them included."""
        return int(self.data.shape[0])

    @property
    def T(self) -> "SparseArray":  # noqa: N802  (SciPy's own name)
        """The transpose."""
        return SparseArray(self.data, self.pattern.T)

    def transpose(self) -> "SparseArray":
        """Return the transpose."""
        return self.T

    def toarray(self) -> Array:
        """Return the whole array, zeros included; entries of the same place are added up."""
        return TOARRAY(self.data, pattern=self.pattern)

    def dot(self, other: Any) -> Array:
        """Return ``self @ other``."""
        return self @ other

    def __matmul__(self, other: Any) -> Array:
        return DATA_MATMUL(self.data, operand(other), pattern=self.pattern)

    def __rmatmul__(self, other: Any) -> Array:
        # SciPy computes x A as (Aᵀ xᵀ)ᵀ, too.
        return (self.T @ operand(other).T).T

    def __mul__(self, number: Any) -> "SparseArray":
        if operand(number).ndim:
            return NotImplemented
        return SparseArray(self.data * number, self.pattern)

    __rmul__ = __mul__

    def __truediv__(self, number: Any) -> "SparseArray":
        return self.__mul__(1 / number)  # as SciPy computes it

    def __neg__(self) -> "SparseArray":
        return SparseArray(-self.data, self.pattern)

    def __repr__(self) -> str:
        return f"SparseArray({self.pattern}, {sample_of(self.data)!r})"


def csr_array(arg1: Any, shape: tuple[int, int] | None = None, dtype: Any = None, copy: bool = False) -> Any:
    """Make a sparse array by rows, as `scipy.sparse.csr_array` does.

    Parameters
    ----------
    arg1 : (data, indices, indptr), or whatever SciPy takes
        The entries, row by row; their columns; where in them each row begins. The entries may be traced.
    shape : pair of int, optional
    dtype : optional
        The type of the entries.
    copy : bool
        Of no effect on traced entries.

    Returns
    -------
    SparseArray, or SciPy's ``csr_array`` where nothing is traced

    Raises
    ------
    RecordingError
        Traced entries came in another form than (data, indices, indptr).

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> columns, starts = [0, 2, 1], [0, 2, 3]
    >>> grad(lambda data: (csr_array((data, columns, starts)) @ np.array([1.0, 2.0, 3.0])).sum())(np.ones(3))
    array([1., 3., 2.])
    """
    return _made(scipy.sparse.csr_array, "(data, indices, indptr)", 3, arg1, shape, dtype, copy)


def csc_array(arg1: Any, shape: tuple[int, int] | None = None, dtype: Any = None, copy: bool = False) -> Any:
    """Make a sparse array by columns, as `scipy.sparse.csc_array` does.

    Parameters
    ----------
    arg1 : (data, indices, indptr), or whatever SciPy takes
        The entries, column by column; their rows; where in them each column begins. The entries may be traced.
    shape, dtype, copy
        As for `csr_array`.

    Returns
    -------
    SparseArray, or SciPy's ``csc_array`` where nothing is traced

    Raises
    ------
    RecordingError
        Traced entries came in another form than (data, indices, indptr).

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda data: csc_array((data, [0, 1], [0, 1, 2])).toarray()[1, 1])(np.ones(2))
    array([0., 1.])
    """
    return _made(scipy.sparse.csc_array, "(data, indices, indptr)", 3, arg1, shape, dtype, copy)


def coo_array(arg1: Any, shape: tuple[int, int] | None = None, dtype: Any = None, copy: bool = False) -> Any:
    """Make a sparse array of entries at given places, as `scipy.sparse.coo_array` does.

    Parameters
    ----------
    arg1 : (data, (row, col)), or whatever SciPy takes
        The entries, and each one's row and column. The entries may be traced; those of the same place are added.
    shape, dtype, copy
        As for `csr_array`.

    Returns
    -------
    SparseArray, or SciPy's ``coo_array`` where nothing is traced

    Raises
    ------
    RecordingError
        Traced entries came in another form than (data, (row, col)).

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import grad
    >>> grad(lambda data: coo_array((data, ([0, 0, 1], [1, 1, 0]))).toarray()[0, 1])(np.ones(3))
    array([1., 1., 0.])
    """
    return _made(scipy.sparse.coo_array, "(data, (row, col))", 2, arg1, shape, dtype, copy)


def _made(kind: Callable[..., Any], form: str, parts: int, arg1: Any, shape: Any, dtype: Any, copy: bool) -> Any:
    if isinstance(arg1, SparseArray):
        raise InputError(f"{kind.__name__} makes no other format of traced entries; make it of {form} at once.")
    if not holds_tracer(arg1):
        return kind(arg1, shape, dtype, copy)
    if not isinstance(arg1, tuple) or len(arg1) != parts or (parts == 2 and not isinstance(arg1[1], tuple)):
        raise RecordingError(
            f"{at_user_line()}the entries of a {kind.__name__} are traced; give them as {form}, so that their places "
            "are told apart from their values."
        )
    data = operand(arg1[0])
    plain = kind((sample_of(data), *(untraced(part) for part in arg1[1:])), shape)
    return SparseArray(data if dtype is None else data.astype(dtype), Pattern.of(plain))
