"""What cannot be followed while recording, said so that it teaches: the user's line, why, and what to write instead."""

import re
from typing import NoReturn

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line, line_of, user_line, within_library

_WRITES_INTO_AN_ARRAY = re.compile(r"^[^=(]*\]\s*[-+*/%@]?=(?!=)")


def refuse_function(name: str) -> NoReturn:
    """Refuse a NumPy function that no rule is known of."""
    raise RecordingError(
        f"{at_user_line()}{name} has no derivative in chainrule's table; "
        "write it with NumPy functions that have one, or declare it with chainrule.primitive."
    )


def refuse_conversion(conversion: str) -> NoReturn:
    """Refuse to make a Python number of a traced array."""
    refuse_writing_into_a_plain_array()
    raise RecordingError(
        f"{at_user_line()}{conversion} of a traced array would lose its derivative (so do the functions of `math`, "
        "which call float()); leave the conversion out, and write np.exp(x) for math.exp(x)."
    )


def refuse_array() -> NoReturn:
    """Refuse to make a plain array of a traced one, or of several."""
    refuse_writing_into_a_plain_array()
    if within_library("scipy"):
        raise RecordingError(
            f"{at_user_line()}this function of SciPy makes a plain array of a traced one, whose derivative would be "
            "lost; chainrule.scipy has many of the same name that do not: write `from chainrule.scipy.linalg import "
            "expm` for `from scipy.linalg import expm`, or declare the step with chainrule.primitive."
        )
    raise RecordingError(
        f"{at_user_line()}a traced array cannot be turned into a plain one, since its derivative would be lost; "
        "leave out np.array or np.asarray around one, and write np.stack([x, y]) for np.array([x, y])."
    )


def refuse_plain_index() -> NoReturn:
    """Refuse to index a plain array by numbers that a graph is to compute anew whenever it runs."""
    raise RecordingError(
        f"{at_user_line()}numbers that depend on the arguments are made a plain array, as an index of a plain array "
        "is, and would stay the same when the graph runs on other values; make the array that is indexed a traced one: "
        "write np.array(a, like=x)[i] for a[i]."
    )


def refuse_truth() -> NoReturn:
    """Refuse to take an array of several entries, or none, for true or false."""
    raise RecordingError(
        f"{at_user_line()}an array of several entries is neither true nor false; write np.where(x > 0, a, b) to choose "
        "entry by entry, or (x > 0).any() or .all() for one answer."
    )


def refuse_value() -> NoReturn:
    """Refuse to use a value of an array while what is done is written down for all values."""
    raise RecordingError(
        f"{at_user_line()}while a function is compiled, its arrays have shapes and types but no values, and one is "
        "needed here: by a branch, a loop's length, a number or a mask's count, or to index a plain array; choose by "
        "np.where(condition, a, b), loop by chainrule.scan, make the array that is indexed an argument too, or keep "
        "this part out of what is compiled."
    )


def refuse_sparse() -> NoReturn:
    """Refuse a sparse array as an operand of NumPy's functions."""
    raise RecordingError(
        f"{at_user_line()}a sparse array meets a traced one in another operation than @; write A @ x for their "
        "product, or A.toarray() for the whole array."
    )


def refuse_escaped() -> NoReturn:
    """Refuse a tracer that is used after its recording has ended."""
    raise RecordingError(
        f"{at_user_line()}a traced array is used after the function it was traced in has returned; "
        "return it from that function instead of keeping it elsewhere."
    )


def refuse_changing_an_input() -> NoReturn:
    """Refuse to write into an argument that the derivative is taken by."""
    raise RecordingError(
        f"{at_user_line()}an argument that is differentiated by is written into, so that its derivative would be by a "
        "value that is gone; begin with a copy, x = x.copy(), and write into that."
    )


def refuse_changing_within_a_step() -> NoReturn:
    """Refuse to write into an array from outside of a loop's step, which is written down once for all of its runs."""
    raise RecordingError(
        f"{at_user_line()}a step of chainrule.scan writes into an array that it was given or that it closes over, and "
        "while a function is compiled the step runs once for all of its rows; begin with a copy, x = x.copy(), write "
        "into that, and return it in the carry if the next step is to see it."
    )


def refuse_changing_a_constant(error: BaseException) -> NoReturn:
    """Refuse to change a plain array after it has taken part in the recording."""
    raise RecordingError(
        f"{_at_raised(error)}a plain array is changed after it was used together with a traced one, whose derivative "
        "still needs the old value; write y = y * 2 for y *= 2, or change a copy."
    ) from None


def refuse_plain_out() -> NoReturn:
    """Refuse to write a traced result into a plain array given as ``out=``."""
    refuse_writing_into_a_plain_array()
    raise RecordingError(
        f"{at_user_line()}the result is to go into a plain array, given as out=, which would lose its derivative; "
        "leave out= away, or make that array with np.zeros_like(x)."
    )


def refuse_writing_into_a_plain_array() -> None:
    """Refuse, where that is what the user's line does, to write a traced value into a plain array.

    NumPy asks a value for its number or its array when it is assigned to a place in a plain array.
    """
    line = user_line()
    if line is not None and _WRITES_INTO_AN_ARRAY.match(line.text):
        raise RecordingError(
            f"In {line}: a traced value is written into a plain array, which would lose its derivative; make that "
            "array from a traced one, with np.zeros_like(x) or np.zeros(shape, like=x)."
        )


def _at_raised(error: BaseException) -> str:
    line = line_of(error)
    return f"In {line}: " if line else ""
