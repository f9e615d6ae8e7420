"""What has no rule, why, and what to write instead: said by the errors, and in the documentation's table of NumPy."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.table import TABLE

_DATES = "it reckons with dates", "take dates out of the function that is differentiated"
_BITS = "it reads whole numbers bit by bit", "take it out of the function that is differentiated"
_PLAIN = "it makes a plain array of its own, and asks traced arrays for theirs"

REFUSED: dict[Callable[..., Any], tuple[str, str]] = {
    np.intersect1d: (
        "an entry is in the result only as long as it is exactly equal in both arrays",
        "np.intersect1d of plain arrays with return_indices=True, and x[indices]",
    ),
    np.isnat: _DATES,
    np.is_busday: _DATES,
    np.busday_count: _DATES,
    np.busday_offset: _DATES,
    np.datetime_as_string: _DATES,
    np.packbits: _BITS,
    np.unpackbits: _BITS,
}
"""NumPy functions that are refused by name: why, and what to write instead."""

UNSEEN: dict[str, tuple[str, str]] = {
    "asarray_chkfinite": (_PLAIN, "np.isfinite(x), and raise"),
    "asmatrix": ("matrices are an array class of their own", "arrays, and @"),
    "bmat": ("matrices are an array class of their own", "np.block"),
    "broadcast": ("it goes through plain memory", "np.broadcast_arrays"),
    "c_": (_PLAIN, "np.column_stack"),
    "flatiter": ("it goes through plain memory", "np.ravel(x)"),
    "format_float_positional": ("it needs a plain number", "f'{x:.3f}'"),
    "format_float_scientific": ("it needs a plain number", "f'{x:.3e}'"),
    "from_dlpack": ("it shares plain memory", "x itself"),
    "frompyfunc": ("its results are Python objects", "the function itself, of arrays, or chainrule.primitive"),
    "isfortran": ("it looks at plain memory", "np.isfortran before differentiating"),
    "kaiser": ("no derivative by beta is known to it", "np.i0, of which it is made"),
    "matrix": ("matrices are an array class of their own", "arrays, and @"),
    "memmap": ("it is plain memory", "np.asarray of it, as a constant"),
    "ndenumerate": ("it goes through plain memory", "np.ndindex(x.shape), and x[index]"),
    "nditer": ("it goes through plain memory", "np.ndindex(x.shape), and x[index]"),
    "nested_iters": ("it goes through plain memory", "np.ndindex(x.shape), and x[index]"),
    "r_": (_PLAIN, "np.concatenate"),
    "recarray": ("records are an array class of their own", "one array for each field"),
    "vectorize": ("its results are Python objects", "np.stack([f(v) for v in x])"),
}
"""What else of NumPy cannot take a traced array: it never asks one, so that the error comes from the array itself."""


def _refuse(function: Callable[..., Any]) -> Callable[..., NoReturn]:
    why, instead = REFUSED[function]

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise RecordingError(
            f"{at_user_line()}np.{function.__name__} has no derivative in chainrule's table, since {why}; "
            f"instead: {instead}."
        )

    return refuse


for _function in REFUSED:
    TABLE[_function] = _refuse(_function)
