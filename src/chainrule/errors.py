"""The family of chainrule's own errors: each says what came, what was expected and what to do.

``except ChainruleError`` catches them all. Each is also the built-in error that a reader of NumPy code would
expect, so that code that knows nothing of chainrule can catch it too.
"""


class ChainruleError(Exception):
    """The base of every error that chainrule raises on purpose."""


class InputError(ChainruleError, ValueError):
    """An argument of a public function is not what that function takes."""


class RecordingError(ChainruleError, TypeError):
    """A user's function does something with a traced array that cannot be followed."""


class DataError(ChainruleError, ValueError):
    """A data set, a picture or a data file is missing, damaged or does not fit together."""


class NetworkFileError(ChainruleError, ValueError):
    """A network file is missing, damaged, of another architecture, or cannot be written."""


class ProgramFileError(ChainruleError, ValueError):
    """A program file is missing, damaged, of another version, or cannot be written."""


class NonFiniteError(ChainruleError, ArithmeticError):
    """Under `watch_nonfinite`, an operation made a NaN or an infinity of finite numbers."""


class ConvergenceError(ChainruleError, ArithmeticError):
    """A solver did not come to rest, or what it is to solve has no solution there; says how far it came."""


class NativeCodeWarning(UserWarning):
    """Compiled functions and trainings run by NumPy, since llvmlite is not installed; said once in a process."""
