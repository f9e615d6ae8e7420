"""A plan as native code: the functions of its steps, and the words of memory that tell the runtime what to call.

Every different piece of work becomes one function, however often it occurs. What a program does is then data: for
each step the address of its function and the addresses of its arguments (`chainrule.compiler.native.runtime` tells in
what form). What only NumPy can do is called back.
"""

import ctypes
import functools
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.native import blas
from chainrule.compiler.native.cache import cached
from chainrule.compiler.native.engine import Code, compile_module
from chainrule.compiler.native.kernels import emit_kernel, splits, takes
from chainrule.compiler.native.rows import emit_rows, takes_rows
from chainrule.compiler.native.runtime import has_threads, runtime
from chainrule.compiler.numpy_executor import refuse_row, strided, work
from chainrule.compiler.plan import Apply, Call, Kernel, Loop, Place, Plan, Product, Rows, Step, View

_LINE = 64
_SMALL = 4_096  # bytes
_WORTH_A_THREAD = 400_000  # operations: below, starting a thread takes longer than it saves
_PRODUCT_WORTH_A_THREAD = 40_000_000  # multiplications, times the bytes of an entry
_COSTS = {"add": 1, "subtract": 1, "multiply": 1, "divide": 4, "sqrt": 4, "where": 1, "astype": 1, "negative": 1}
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
_RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)


def is_native(step: Step | Call) -> bool:
    """Say whether native code does a step; if not, NumPy is called back."""
    if isinstance(step, Call):
        return False
    if isinstance(step.work, Kernel):
        return takes(step.work)
    return takes_rows(step.work) if isinstance(step.work, Rows) else True


def all_steps(steps: Sequence[Any]) -> Iterator[Step | Call]:
    """Go through steps, those within loops too."""
    for step in steps:
        if isinstance(step, Loop):
            yield from all_steps(step.steps)
        else:
            yield step


def functions_of(plan: Plan) -> dict[Any, str]:
    """Name the functions that a plan needs: one for each different piece of work."""
    works = dict.fromkeys(step.work for step in all_steps(plan.steps) if isinstance(step, Step) and is_native(step))
    return {each: f"step{k}" for k, each in enumerate(works)}


def code_for(names: dict[Any, str]) -> Code:
    """Compile the functions of a plan, or take them from the cache."""
    works = "\n".join(f"{name} = {each}" for each, name in names.items())
    return cached(works, lambda: compile_module(module_for(names)))


def module_for(names: dict[Any, str]) -> Any:
    """Write the functions of a plan in LLVM's intermediate representation."""
    from llvmlite import ir

    module = ir.Module("program")
    for each, name in names.items():
        if isinstance(each, Kernel):
            emit_kernel(module, name, each)
        elif isinstance(each, Rows):
            emit_rows(module, name, each)
        else:
            blas.choose(each)(module, name, each)
    return module


class NativeProgram:
    """A plan with its native code.

    Parameters
    ----------
    plan : Plan
    code : Code, optional
        Compiled before, for the same plan.
    """

    def __init__(self, plan: Plan, code: Code | None = None) -> None:
        self.plan = plan
        self.names = functions_of(plan)
        self.code = code or code_for(self.names)
        self._idle: list[_Instance] = []

    def run(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Run the program on arrays of the plan's shapes; the outputs, C-contiguous and of its types, are written."""
        try:
            instance = self._idle.pop()
        except IndexError:  # the first one, or all are running in other threads
            instance = _Instance(self)
        instance.run(inputs, outputs)
        self._idle.append(instance)

    def rest(self) -> None:
        """Give back the memory of all that does not run; the next run takes it anew."""
        self._idle.clear()

    def clocked(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> Callable[[int, tuple[int, ...]], float]:
        """Return what runs one step on such arrays, by its number and its turns, and returns the seconds it took."""
        instance = _Instance(self)
        instance.held = instance.bring(inputs, outputs)
        return instance.clocked()


class _Instance:
    """A program's memory and words: what one thread at a time can run."""

    def __init__(self, program: NativeProgram) -> None:
        plan = program.plan
        self.program = program
        room = np.empty(plan.arena + _LINE, np.uint8)
        self.arena = room[-_address(room) % _LINE :][: plan.arena]
        self.failure: BaseException | None = None
        self.held: list[Any] = []
        self.calls: list[Step | Call] = []
        # Small arrays are copied into memory of the instance's own, whose address is known, and out of it: to ask an
        # array for its address takes longer.
        self.inputs, self.outputs = ([_own(v) for v in views] for views in (plan.inputs, plan.outputs))
        words = _Words(self)
        steps = words.steps(plan.steps, [])
        first = words.add(*(x for step in steps for x in step))
        self.words = words.resolved()
        self.start = _address(self.words) + 8 * first.index
        self.count = len(steps)
        self.error = _address(self.words)
        self.large = list(dict.fromkeys((kind, number) for _, kind, number, _ in words.callers))
        self.slots = np.array([i for i, _, _, _ in words.callers], np.intp)
        self.which = np.array([self.large.index((kind, number)) for _, kind, number, _ in words.callers], np.intp)
        self.offsets = np.array([offset for _, _, _, offset in words.callers], np.int64)
        self._run = _RUN(runtime().address("run"))

    @functools.cached_property
    def callback(self) -> Any:
        """What native code calls for NumPy's steps: only where there are any, for it keeps the instance alive."""
        return _CALLBACK(self._call_back)

    def run(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Run the program once."""
        held = self.bring(inputs, outputs)
        self._run(self.start, self.count, self.error)
        del held
        if self.words[0]:
            self._fail()
        for own, x in zip(self.outputs, outputs, strict=True):
            if own is not None:
                x[...] = own

    def bring(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> list[Any]:
        """Let the program know of the caller's arrays; what is returned must live while it runs."""
        for own, x in zip(self.inputs, inputs, strict=True):
            if own is not None:
                own[...] = x
        if not self.large:
            return []
        views = self.program.plan.inputs
        arrays = [_fit(inputs[k], views[k]) if kind == "input" else outputs[k] for kind, k in self.large]
        addresses = np.array([_address(x) for x in arrays], np.int64)
        self.words[self.slots] = addresses[self.which] + self.offsets
        return arrays

    def clocked(self) -> Callable[[int, tuple[int, ...]], float]:
        """Return what runs one step, by its number among all and the turns of the loops around it, and measures it."""
        records = list(self._records(self.program.plan.steps, self.start, ()))
        empty = min(_seconds(lambda: self._run(self.start, 0, self.error)) for _ in range(100))

        def run(number: int, turns: tuple[int, ...]) -> float:
            address, loops = records[number]
            for moves, t in zip(loops, turns, strict=True):
                for slot, base, nbytes in moves:
                    self.words[slot] = self.words[base] + t * nbytes
            spent = _seconds(lambda: self._run(address, 1, self.error))
            if self.words[0]:
                self._fail()
            return max(0.0, spent - empty)

        return run

    def _records(self, steps: Sequence[Any], start: int, loops: tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
        """Give the address of each step's record, and what moves in each turn of the loops around it."""
        for k, step in enumerate(steps):
            address = start + 32 * k
            yield address, loops
            if isinstance(step, Loop):
                words = self._word(int(self.words[self._word(address) + 1]))
                first, _, moving, count = (int(x) for x in self.words[words + 1 : words + 5])
                found = self.words[self._word(moving) :][: 3 * count] if count else []
                moves = [
                    (self._word(int(found[i])), self._word(int(found[i + 1])), int(found[i + 2]))
                    for i in range(0, 3 * count, 3)
                ]
                yield from self._records(step.steps, first, (*loops, moves))

    def _word(self, address: int) -> int:
        return (address - self.error) // 8

    def _fail(self) -> None:
        self.words[0] = 0
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        works = [
            s.work.rows for s in all_steps(self.program.plan.steps) if isinstance(s, Step) and isinstance(s.work, Rows)
        ]
        refuse_row(min(works))

    def _call_back(self, arguments: int, number: int, _: int) -> None:
        step = self.calls[number]
        pointers = (ctypes.c_int64 * max(1, len(step.arguments))).from_address(arguments)

        def array(k: int, layout: Any) -> Any:
            shape, strides, dtype = layout
            if 0 in shape:
                return np.empty(shape, dtype)
            ends = [(n - 1) * s * dtype.itemsize for n, s in zip(shape, strides, strict=True)]
            low, high = sum(min(0, e) for e in ends), sum(max(0, e) for e in ends) + dtype.itemsize
            buffer = (ctypes.c_char * (high - low)).from_address(pointers[k] + low)
            return strided(buffer, -low, shape, strides, dtype)

        try:
            work(step, array)
        except BaseException as failure:  # noqa: BLE001  it goes on where the program was called
            self.failure = failure
            self.words[0] = 1


class _Reference:
    """The address of a word, known when all words are."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


class _Words:
    """The words of a program in the making. The first is the error word."""

    def __init__(self, instance: _Instance) -> None:
        self.instance = instance
        self.plan = instance.program.plan
        self.words: list[Any] = [0]
        self.callers: list[tuple[int, str, int, int]] = []  # word, kind and number of buffer, offset
        self.runtime = runtime()

    def add(self, *words: Any) -> _Reference:
        """Add words and return where the first is."""
        self.words += words
        return _Reference(len(self.words) - len(words))

    def resolved(self) -> Any:
        """Return the words in memory, their references to each other put in."""
        array = np.zeros(len(self.words), np.int64)
        base = _address(array)
        array[:] = [base + 8 * x.index if type(x) is _Reference else x for x in self.words]
        return array

    def steps(self, steps: Sequence[Any], loops: list[list[int | _Reference]]) -> list[tuple[Any, ...]]:
        """Return the records of steps; `loops` collects the moves of the loops around them."""
        return [self._loop(s, loops) if isinstance(s, Loop) else self._step(s, loops) for s in steps]

    def _loop(self, loop: Loop, loops: list[list[int | _Reference]]) -> tuple[Any, ...]:
        moves: list[int | _Reference] = []
        records = self.steps(loop.steps, [*loops, moves])
        first = self.add(*(x for record in records for x in record))
        moving = self.add(*moves) if moves else 0
        words = self.add(loop.length, first, len(records), moving, len(moves) // 3, _Reference(0))
        return self.runtime.address("loop"), words, 0, 0

    def _step(self, step: Step | Call, loops: list[list[int | _Reference]]) -> tuple[Any, ...]:
        arguments = self._arguments(step.arguments, loops)
        if not is_native(step):
            self.instance.calls.append(step)
            address = ctypes.cast(self.instance.callback, ctypes.c_void_p).value
            return address, arguments, len(self.instance.calls) - 1, 0
        assert isinstance(step, Step)
        function = self.instance.program.code.address(self.instance.program.names[step.work])
        end, grain = extent(step.work)
        record = (function, arguments, 0, end)
        if grain and has_threads() and _cores() > 1:
            busy = self.runtime.address("busy")
            return self.runtime.address("parallel"), self.add(*record, _cores(), busy, grain), 0, 0
        return record

    def _arguments(self, places: Sequence[Place], loops: list[list[int | _Reference]]) -> _Reference:
        first = self.add(*(0 for _ in places), _Reference(0))  # after them, for rows, the error word
        for k, place in enumerate(places):
            slot = first.index + k
            turning = [(moves, nbytes) for moves, nbytes in zip(loops, place.advance, strict=False) if nbytes]
            base = slot if not turning else self.add(0).index
            self._put(base, place)
            for i, (moves, nbytes) in enumerate(turning):
                last = i == len(turning) - 1
                target = slot if last else self.add(0).index
                moves += [_Reference(target), _Reference(base), nbytes]
                base = target
        return first

    def _put(self, word: int, place: Place) -> None:
        """Put a place's address into a word, now or, where it is the caller's array, at each run."""
        buffer = self.plan.buffers[place.buffer]
        if buffer.kind == "scratch":
            self.words[word] = _address(self.instance.arena) + buffer.number + place.offset
        elif buffer.kind == "constant":
            self.words[word] = _address(self.plan.constants[buffer.number]) + place.offset
        else:
            own = (self.instance.inputs if buffer.kind == "input" else self.instance.outputs)[buffer.number]
            if own is not None:
                self.words[word] = _address(own) + place.offset
            else:
                self.callers.append((word, buffer.kind, buffer.number, place.offset))


def extent(work: Kernel | Rows | Product) -> tuple[int, int]:
    """Return up to where the first axis goes, and in multiples of what it is shared out; 0: it is not."""
    if isinstance(work, Product):
        size = math.prod(work.batch) * work.m * work.n * work.k * work.dtype.itemsize
        return blas.extent(work), 1 if size > _PRODUCT_WORTH_A_THREAD else 0
    if isinstance(work, Rows):
        return work.count, 0
    n = work.shape[0] if work.shape else 1
    costs = sum(_COSTS.get(e.function, 12) if isinstance(e, Apply) else 1 for e in work.expressions)
    if not splits(work) or n < 2 or math.prod(work.shape) * costs < _WORTH_A_THREAD:
        return n, 0
    return n, 1024 if len(work.shape) == 1 else 1


def _seconds(run: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def _own(view: View) -> Any:
    """Return memory for one of the caller's arrays, or None: it is large, and is used where it lies."""
    small = math.prod(view.shape) * view.dtype.itemsize <= _SMALL
    return np.empty(view.shape, view.dtype) if small else None


def _fit(x: Any, view: View) -> Any:
    """Return an array as the program reads it: C-contiguous, aligned and of its type."""
    flags = x.flags
    fits = x.dtype == view.dtype and flags.c_contiguous and flags.aligned
    return x if fits else np.array(x, view.dtype, order="C")


def _address(array: Any) -> int:
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # six times as fast as asking for the interface
    except (TypeError, ValueError, BufferError):  # read-only, or empty
        return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
