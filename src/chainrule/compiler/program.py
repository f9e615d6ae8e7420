"""Compiled functions: recorded on their first call for those shapes and types, kept for the next."""

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.compiler.lowering import lower
from chainrule.compiler.native import engine
from chainrule.compiler.native.programs import NativeProgram
from chainrule.compiler.numpy_executor import execute
from chainrule.compiler.plan import Plan
from chainrule.compiler.planning import plan
from chainrule.compiler.simplify import Builder
from chainrule.graph.graph import Graph, as_array, record_in
from chainrule.graph.structure import Rebuild, flatten
from chainrule.graph.tracer import Recording


class Program:
    """A recorded function, planned and ready to run on arrays of given shapes and types.

    Attributes
    ----------
    graph : Graph
        The function as it was recorded.
    plan : Plan
        What is done, step by step, in which memory.
    """

    def __init__(self, graph: Graph, planned: Plan, rebuild: Rebuild, native: bool = True) -> None:
        self.graph = graph
        self.plan = planned
        self._rebuild = rebuild
        self._native = NativeProgram(planned) if native and engine.available() else None

    def run(self, leaves: list[Any]) -> list[Any]:
        """Run the program on the leaves of its arguments, of the shapes and types that it was made for."""
        inputs = [np.ascontiguousarray(x, v.dtype) for x, v in zip(leaves, self.plan.inputs, strict=True)]
        outputs = [np.empty(v.shape, v.dtype) for v in self.plan.outputs]
        if self._native is None:
            execute(self.plan, inputs, outputs, np.empty(self.plan.arena, np.uint8))
        else:
            self._native.run(inputs, outputs)
        return [x if x.ndim else x[()] for x in outputs]

    def __call__(self, *args: Any) -> Any:
        """Run the program on arguments."""
        leaves = [leaf for arg in args for leaf in flatten(arg)[0]]
        return self._rebuild(self.run(leaves))


def compile(f: Callable[..., Any]) -> Callable[..., Any]:  # noqa: A001  (the verb that users expect)
    """Return a function like f that runs compiled."""
    programs: dict[Any, Program] = {}
    lock = threading.Lock()

    @functools.wraps(f)
    def compiled(*args: Any) -> Any:
        flat = [flatten(arg) for arg in args]
        leaves = [as_array(leaf) for found, _ in flat for leaf in found]
        key = tuple((len(found)) for found, _ in flat), tuple((x.shape, x.dtype) for x in leaves)
        program = programs.get(key)
        if program is None:
            with lock:
                program = programs.get(key) or program_of(f, args)
                programs[key] = program
        return program._rebuild(program.run(leaves))

    return compiled


def program_of(f: Callable[..., Any], args: tuple[Any, ...], native: bool = True) -> Program:
    """Record a function on arguments and plan it; without `native`, it runs by NumPy alone."""
    with np.errstate(all="ignore"):
        graph = record_in(Recording(for_all_values=True), f, *args)
    builder = Builder()
    inputs = [builder.input(k, np.shape(x.value), x.value.dtype) for k, x in enumerate(graph.inputs)]
    outputs = lower(builder, graph, inputs)
    return Program(graph, plan(builder, inputs, outputs), graph._rebuild, native)
