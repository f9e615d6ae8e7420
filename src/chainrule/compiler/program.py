"""A program: a recorded function, planned and made ready to run on arrays of given shapes and types."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any, Self

import numpy as np

from chainrule.compiler.arguments import Result, check_numeric, described, filled, is_data, stand_in, take_apart, typed
from chainrule.compiler.costs import Memory, flops_of, memory_of
from chainrule.compiler.fallback import say_once
from chainrule.compiler.lowering import lower
from chainrule.compiler.native import engine
from chainrule.compiler.numpy_executor import clocked, execute
from chainrule.compiler.plan import Plan
from chainrule.compiler.planning import plan
from chainrule.compiler.simplify import Builder
from chainrule.compiler.source import lines_of, source_of
from chainrule.compiler.timing import Timings, timed
from chainrule.errors import InputError, RecordingError
from chainrule.graph.graph import Graph, record_in
from chainrule.graph.node import Node
from chainrule.graph.structure import flatten
from chainrule.graph.tracer import Recording, sample_of
from chainrule.rules.kinds import QUICK


class Program:
    """A recorded function, planned and ready to run on arrays of given shapes and types.

    `chainrule.compile` makes programs; ``compile(f).program(*args)`` gives the one for some arguments.

    Parameters
    ----------
    name : str
        The function's name.
    planned : Plan
        What is done.
    arguments : tuple
        The positional arguments and the named ones, with stand-ins for arrays.
    returned : nested structure
        What the function returns, with a `Result` for each of the plan's outputs.
    graph : Graph, optional
        The function as it was recorded.
    names : sequence of str
        What the arrays and numbers in its arguments are called.
    native : bool
        Whether to run by native code, where that can be had.

    Attributes
    ----------
    name : str
        The function's name.
    graph : Graph or None
        The function as it was recorded. None for a program from a file whose function has a primitive of the
        user's own in it.
    plan : Plan
        What is done, step by step, in which memory.
    native : bool
        Whether it runs by native code; if not, by NumPy.
    """

    def __init__(
        self,
        name: str,
        planned: Plan,
        arguments: tuple[tuple[Any, ...], dict[str, Any]],
        returned: Any,
        graph: Graph | None = None,
        names: Sequence[str] = (),
        native: bool = True,
    ) -> None:
        self.name = name
        self.graph = graph
        self.plan = planned
        self.arguments = arguments
        self.returned = returned
        self.names = list(names)
        self._key: list[Any] = []
        take_apart(arguments, self._key, [])
        self._leaves, self._rebuild = flatten(returned)
        self._shapes = [(v.shape, v.dtype) for v in planned.outputs]
        self._native = _native(planned) if native else None
        self.native = self._native is not None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program on arguments of the shapes, types and settings that it was made for.

        Raises
        ------
        InputError
            The arguments are others.
        """
        return self.result(self._fitting(args, kwargs))

    def _fitting(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Return the leaves of arguments, if they are such as the program was made for."""
        key: list[Any] = []
        leaves: list[Any] = []
        take_apart((args, kwargs), key, leaves)
        if key != self._key:
            raise InputError(
                f"this program was made for {self.name}{described(self.arguments)} and is called with "
                f"{described((args, kwargs))}; give arrays of these shapes and types, or call what compile returned."
            )
        return leaves

    def result(self, leaves: list[Any]) -> Any:
        """Run the program on the leaves of its arguments, and return what the function returns.

        Parameters
        ----------
        leaves : list of arrays
            Of the shapes and types that the program was made for, in order.
        """
        outputs = self.run(leaves)
        values = []
        for leaf in self._leaves:
            if type(leaf) is Result:
                values.append(outputs[leaf.number][()] if leaf.scalar else outputs[leaf.number])
            else:
                values.append(leaf.copy() if isinstance(leaf, np.ndarray) else leaf)
        return self._rebuild(values)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the program to a file, whole or not at all: as data, from which `load` makes it run anywhere.

        Parameters
        ----------
        path : str or path
            Where to write; an existing file is replaced.

        Raises
        ------
        ProgramFileError
            If the path cannot be written. What was there before is then still there.
        InputError
            If the program has in it what a file cannot hold, such as a primitive of your own, which is code.
        """
        from chainrule.compiler.files.files import Contents, write

        write(path, Contents(self.name, self.plan, self.arguments, self.returned, self.graph, self.names))

    @classmethod
    def load(cls, path: str | PathLike[str], classes: Iterable[type] = (), *, native: bool = True) -> Self:
        """Read a program that `save` has written. Nothing in the file is run.

        The function is not needed for it. Native code is made here, for this machine, or taken from the cache of what
        was compiled here before.

        Parameters
        ----------
        path : str or path
            The file.
        classes : iterable of type
            Your named tuples and dataclasses that the function takes or returns: a file holds no classes.
        native : bool
            Whether to run by native code, where that can be had.

        Returns
        -------
        Program
            It gives, bit for bit, what the one that was saved gives on the same machine.

        Raises
        ------
        ProgramFileError
            If the file is missing, damaged, of another version, or no program of chainrule's.

        Examples
        --------
        >>> import os, tempfile
        >>> import numpy as np
        >>> from chainrule import compile
        >>> path = os.path.join(tempfile.mkdtemp(), "norm.program")
        >>> compile(lambda x: np.sqrt(np.sum(x * x))).program(np.zeros(2)).save(path)
        >>> Program.load(path)(np.array([3.0, 4.0]))
        np.float64(5.0)
        """
        from chainrule.compiler.files.files import read

        contents = read(path, classes)
        return cls(*contents, native=native)

    @property
    def source(self) -> str:
        """What is done, as text: one line a step, in the manner of NumPy."""
        return source_of(self.plan, self.name, self.names)

    @property
    def llvm(self) -> str:
        """The functions of the steps in LLVM's intermediate representation, before LLVM simplifies them."""
        if not engine.available():
            raise InputError("LLVM's text is written by llvmlite, which is not installed; see source for the steps.")
        from chainrule.compiler.native.programs import functions_of, module_for

        return str(module_for(functions_of(self.plan)))

    @property
    def memory(self) -> Memory:
        """The bytes of inputs, outputs, constants and arena."""
        return memory_of(self.plan)

    @property
    def flops(self) -> int:
        """The operations on numbers that a run does; those of NumPy's, where it is called, are not counted."""
        return flops_of(self.plan.steps)

    def timings(self, *args: Any, **kwargs: Any) -> Timings:
        """Run the program step by step, and measure each.

        Parameters
        ----------
        *args, **kwargs
            As for a call.

        Returns
        -------
        Timings
            A list of `Timing`: label, seconds, share and depth; printed as a table. Steps on small arrays are faster
            than the clock is exact.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import compile
        >>> made = compile(lambda x: np.sum(np.exp(x))).program(np.zeros(1000))
        >>> [timing.label for timing in made.timings(np.zeros(1000))]
        ['out1 = sum(exp(x[i]))    for i < 1000']
        """
        leaves = self._fitting(args, kwargs)
        outputs = [np.empty(shape, dtype) for shape, dtype in self._shapes]
        if self._native is not None:
            run = self._native.clocked(leaves, outputs)
        else:
            run = clocked(self.plan, self._inputs(leaves), outputs, np.empty(self.plan.arena, np.uint8))
        return timed(self.plan, self.names, run)

    def __repr__(self) -> str:
        how = "native" if self.native else "by NumPy"
        steps = len(list(lines_of(self.plan)))
        return f"<program {self.name}{described(self.arguments)}: {steps} step{'' if steps == 1 else 's'}, {how}>"

    def __str__(self) -> str:
        return self.source

    def run(self, leaves: list[Any], outputs: list[Any] | None = None) -> list[Any]:
        """Run the program on the leaves of its arguments, and return the plan's outputs: new arrays, or those given.

        Parameters
        ----------
        leaves : list of arrays
            Of the shapes and types that the program was made for, in order.
        outputs : list of arrays, optional
            Arrays to write the outputs into: C-contiguous, of the shapes and types of the plan's.
        """
        if outputs is None:
            outputs = [np.empty(shape, dtype) for shape, dtype in self._shapes]
        if self._native is not None:
            self._native.run(leaves, outputs)
        else:
            execute(self.plan, self._inputs(leaves), outputs, np.empty(self.plan.arena, np.uint8))
        return outputs

    def rest(self) -> None:
        """Give back the memory that runs have worked in; the next one takes it anew."""
        if self._native is not None:
            self._native.rest()

    def _inputs(self, leaves: list[Any]) -> list[Any]:
        return [np.require(x, v.dtype, ["C", "A"]) for x, v in zip(leaves, self.plan.inputs, strict=True)]


def _native(planned: Plan) -> Any:
    """Return a plan's native program, or None where llvmlite is missing; then that is said, once."""
    if not engine.available():
        say_once()
        return None
    from chainrule.compiler.native.programs import NativeProgram

    return NativeProgram(planned)


def program_of(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None, *, native: bool = True
) -> Program:
    """Record a function on arguments, and plan it.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy.
    args, kwargs : tuple, dict
        What it is called with; values matter to shapes, types and settings only.
    native : bool
        Whether to run by native code, where that can be had; if not, by NumPy alone.

    Returns
    -------
    Program

    Raises
    ------
    InputError, RecordingError
        The arguments are not such as a compiled function takes, or f does what cannot be followed.
    """
    arguments = (args, kwargs or {})
    leaves: list[Any] = []
    take_apart(arguments, [], leaves)
    for leaf in leaves:
        check_numeric(leaf)

    def of_leaves(*traced: Any) -> Any:
        positional, named = filled(arguments, list(traced))
        return f(*positional, **named)

    graph = _recorded(of_leaves, typed(leaves))
    graph.name, graph.names = getattr(f, "__name__", type(f).__name__), names_of(f, arguments)
    builder = Builder()
    inputs = [builder.input(k, np.shape(x.value), x.value.dtype) for k, x in enumerate(graph.inputs)]
    outputs = [value for x, value in zip(graph.outputs, lower(builder, graph, inputs), strict=True) if type(x) is Node]
    planned = plan(builder, inputs, outputs)
    returned = _returned(graph)
    _forget_values(graph)
    return Program(
        graph.name, planned, filled(arguments, [stand_in(x) for x in leaves]), returned, graph, graph.names, native
    )


def _recorded(f: Callable[..., Any], leaves: list[Any]) -> Graph:
    """Record a function for all values; if it does not bear samples that are zero, on what it is given."""
    quick = QUICK.set(True)
    try:
        with np.errstate(all="ignore"):
            return record_in(Recording(for_all_values=True), f, *leaves)
    except RecordingError:
        raise
    except Exception:  # noqa: BLE001  a matrix was singular, say; an error of the user's own comes again
        QUICK.reset(quick)
        quick = QUICK.set(False)
        with np.errstate(all="ignore"):
            return record_in(Recording(for_all_values=True), f, *leaves)
    finally:
        QUICK.reset(quick)


def _returned(graph: Graph) -> Any:
    """Return what a function returns, with the places of its results, and with what is the same in every call."""
    numbers = iter(range(len(graph.outputs)))
    leaves: list[Any] = []
    for x in graph.outputs:
        if type(x) is Node:
            leaves.append(Result(next(numbers), not isinstance(sample_of(x.value), np.ndarray)))
        else:
            leaves.append(x.copy() if isinstance(x, np.ndarray) else x)
    return graph._rebuild(leaves)


def _forget_values(graph: Graph) -> None:
    """Let go of the arrays that a function was recorded with; their shapes and types stay."""
    inputs = set(graph.inputs)
    for node in graph.nodes:
        if node.operands or node in inputs:
            node.value, node.values = stand_in(node.value), tuple(stand_in(x) for x in node.values)
        for body in node.parameters.values():
            if isinstance(body, Graph):  # a loop's
                _forget_values(body)


def names_of(f: Callable[..., Any], arguments: tuple[tuple[Any, ...], dict[str, Any]]) -> list[str]:
    """Name the arrays and numbers in a function's arguments: by its parameters, and where in them they are.

    Examples
    --------
    >>> names_of(lambda p, x: x, (({"W": 1.0, "b": [2.0]}, 3.0), {}))
    ["p['W']", "p['b'][0]", 'x']
    """
    positional, named = arguments
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # some built-in functions have no signature to read
        parameters = []
    single = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = (single + [f"x{i + 1}" for i in range(len(single), len(positional))])[: len(positional)]
    return [x for name, tree in (*zip(names, positional, strict=True), *named.items()) for x in _names(name, tree)]


def _names(name: str, tree: Any) -> list[str]:
    if is_data(tree):
        return [name]
    if isinstance(tree, dict):
        parts = [(f"{name}[{key!r}]", part) for key, part in tree.items()]
    elif isinstance(tree, list) or (isinstance(tree, tuple) and not hasattr(tree, "_fields")):
        parts = [(f"{name}[{i}]", part) for i, part in enumerate(tree)]
    elif isinstance(tree, tuple):
        parts = [(f"{name}.{field}", part) for field, part in zip(tree._fields, tree, strict=True)]  # type: ignore[attr-defined]
    else:
        fields = getattr(type(tree), "__dataclass_fields__", {})
        parts = [(f"{name}.{field}", getattr(tree, field)) for field, each in fields.items() if each.init]
    return [x for inner, part in parts for x in _names(inner, part)]
