"""Compiled functions: recorded on their first call for some shapes, types and settings, and kept for the next."""

import functools
import inspect
import itertools
import threading
from collections.abc import Callable
from typing import Any

from chainrule.compiler.arguments import take_apart
from chainrule.compiler.program import Program, program_of
from chainrule.compiler.recent import Recent
from chainrule.errors import InputError
from chainrule.graph.tracer import OPEN, WATCH

_KEPT = 256  # programs of one function; beyond, the oldest is made anew when it is needed again
_TRAININGS = 16  # of one cost


def compile(f: Callable[..., Any]) -> "Compiled":
    """Return a function like f that runs as native code.

    On its first call it records f for the shapes and types of its arguments, plans the memory and compiles; later
    calls with the same shapes and types run what was compiled, without Python between the steps. Without llvmlite
    the same plan runs by NumPy.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy; or what `grad`, `hessian` and the other operators return. What f closes over, and
        what it draws at random, is fixed when it is recorded.

    Returns
    -------
    Compiled
        Takes f's arguments: nested lists, tuples, dicts and dataclasses of

        - arrays and NumPy's numbers, and Python's float and complex: these may change from call to call;
        - Python's int and bool, str, None, slices, functions and other constant things: *settings*. For each new
          setting f is recorded anew, so that f may branch on it or use it as an axis or a length. Pass
          ``np.int64(n)`` for a whole number that changes with every call.

        Returns what f returns; arrays are new ones, of the caller's own. Within a function that is itself recorded,
        differentiated, compiled or watched for NaN, f itself runs.

    Raises
    ------
    InputError, RecordingError
        When called: with what is neither an array nor a setting, or if f branches on the values of an array, or does
        what else cannot be followed. The error names the line.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import compile, grad
    >>> def cost(W, x, y):
    ...     return 0.5 * np.sum((np.tanh(W @ x) - y) ** 2)
    >>> gradient = compile(grad(cost))
    >>> gradient(np.eye(2), np.array([0.5, -0.5]), np.zeros(2)).round(3)
    array([[ 0.182, -0.182],
           [-0.182,  0.182]])

    What was compiled can be looked at:

    >>> gradient.program(np.eye(2), np.array([0.5, -0.5]), np.zeros(2)).native
    True
    """
    if not callable(f):
        raise InputError(f"compile takes a function of arrays, and came {f!r}; give it the function itself, uncalled.")
    return f if type(f) is Compiled else Compiled(f)


class Compiled:
    """A function that runs compiled, and the programs that were made for it; what `compile` returns.

    Parameters
    ----------
    f : callable
        The function.

    Attributes
    ----------
    trainings : Recent
        What `chainrule.descent.gradient_descent` has compiled to descend on this function, to be used again.
    """

    __name__: str
    __wrapped__: Callable[..., Any]

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f)
        self.__wrapped__ = f
        self._programs: dict[tuple[Any, ...], Program] = {}
        self._orders: dict[tuple[Any, ...], tuple[str, ...]] = {}
        self._lock = threading.Lock()
        self.trainings: Recent[Any] = Recent(_TRAININGS)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function, compiled for these arguments now or before."""
        # Whoever records or watches f wants to see what it does; what it closes over may be traced as well.
        if OPEN.get() or WATCH.get() is not None:
            return self.__wrapped__(*args, **kwargs)
        args, kwargs, key, leaves = self._taken_apart(args, kwargs)
        program = self._programs.get(key) or self._make(key, args, kwargs)
        return program.result(leaves)

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """Return the program for some arguments, made now or before; it is not run.

        Parameters
        ----------
        *args, **kwargs
            As the function takes them; of arrays only shapes and types matter.

        Returns
        -------
        Program

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import compile
        >>> compile(np.tanh).program(np.zeros(3)).plan.outputs[0].shape
        (3,)
        """
        args, kwargs, key, _ = self._taken_apart(args, kwargs)
        return self._programs.get(key) or self._make(key, args, kwargs)

    @property
    def programs(self) -> list[Program]:
        """The programs that were made until now, the oldest first."""
        return list(self._programs.values())

    def _make(self, key: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Program:
        with self._lock:
            if key not in self._programs:
                made = program_of(self.__wrapped__, args, kwargs)
                while len(self._programs) >= _KEPT:
                    self._programs.pop(next(iter(self._programs)))
                self._programs[key] = made
            return self._programs[key]

    def _taken_apart(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
        """Return arguments in their order, the key of their program, and their leaves."""
        if kwargs:
            args, kwargs = self._in_order(args, kwargs)
        key: list[Any] = []
        leaves: list[Any] = []
        for x in args:
            take_apart(x, key, leaves)
        if kwargs:
            key.append("named")
            take_apart(kwargs, key, leaves)
        return args, kwargs, tuple(key), leaves

    def _in_order(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return named arguments as positional ones where the signature allows it: called either way, f is the same."""
        call = (len(args), *kwargs)
        if call not in self._orders:
            self._orders[call] = _next_parameters(self.__wrapped__, len(args), kwargs)
        names = self._orders[call]
        rest = {name: kwargs[name] for name in sorted(kwargs) if name not in names}
        return (*args, *(kwargs[name] for name in names)), rest

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """Be a method where the function stands in a class."""
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        count = len(self._programs)
        return f"<compiled {self.__name__}: {count} program{'' if count == 1 else 's'}>"


def _next_parameters(f: Callable[..., Any], count: int, named: dict[str, Any]) -> tuple[str, ...]:
    """Return the parameters that follow the first ones without a gap, of those that are given by name."""
    try:
        parameters = list(inspect.signature(f).parameters.values())[count:]
    except (TypeError, ValueError):  # some built-in functions have no signature to read
        return ()
    places = itertools.takewhile(lambda p: p.kind is p.POSITIONAL_OR_KEYWORD and p.name in named, parameters)
    return tuple(p.name for p in places)
