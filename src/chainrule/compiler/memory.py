"""The memory of a program: buffers, and arenas whose parts are used again."""

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.compiler.plan import Buffer
from chainrule.compiler.values import Value

_LINE = 64  # bytes: what is computed begins at a cache line


class Memory:
    """The buffers of a program."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self.constants: list[Any] = []
        self._of_constant: dict[Value, int] = {}
        self._around: dict[int, int] = {}  # of a loop's arena: that of the steps that the loop is one of

    def buffer(self, kind: str, number: int, nbytes: int) -> int:
        """Add a buffer and return its number."""
        self.buffers.append(Buffer(kind, number, nbytes))
        return len(self.buffers) - 1

    def arena(self, around: int | None) -> int:
        """Add an arena for the body of a loop, or for the whole program; return its buffer."""
        arena = self.buffer("scratch", 0, 0)
        if around is not None:
            self._around[arena] = around
        return arena

    def lay_out(self) -> int:
        """Give each arena its place in the program's memory; return how many bytes that takes.

        Loops that run one after the other have the same memory: what is in an arena is of no use after its turn.
        """
        size = 0
        for k, buffer in enumerate(self.buffers):  # an arena comes after the one around it
            if buffer.kind == "scratch":
                around = self.buffers[self._around[k]] if k in self._around else Buffer("scratch", 0, 0)
                self.buffers[k] = replace(buffer, number=around.number + around.nbytes)
                size = max(size, self.buffers[k].number + buffer.nbytes)
        return size

    def constant(self, value: Value) -> int:
        """Return the buffer of a constant array."""
        if value not in self._of_constant:
            array = np.ascontiguousarray(value.detail[0])
            self.constants.append(array)
            self._of_constant[value] = self.buffer("constant", len(self.constants) - 1, array.nbytes)
        return self._of_constant[value]


class Blocks:
    """Parts of an arena, used again after they have been given back."""

    def __init__(self) -> None:
        self.size = 0
        self._free: list[tuple[int, int]] = []  # offset, size

    def take(self, nbytes: int) -> int:
        """Return the offset of a free part."""
        nbytes = max(_LINE, -(-nbytes // _LINE) * _LINE)
        fitting = [block for block in self._free if block[1] >= nbytes]
        if not fitting:
            offset, self.size = self.size, self.size + nbytes
            return offset
        offset, size = min(fitting, key=lambda block: (block[1], block[0]))
        self._free.remove((offset, size))
        if size > nbytes:
            self._free.append((offset + nbytes, size - nbytes))
        return offset

    def give_back(self, offset: int, nbytes: int) -> None:
        """Free a part."""
        nbytes = max(_LINE, -(-nbytes // _LINE) * _LINE)
        blocks = sorted([*self._free, (offset, nbytes)])
        self._free = []
        for start, size in blocks:
            if self._free and sum(self._free[-1]) == start:
                before, length = self._free.pop()
                start, size = before, length + size
            self._free.append((start, size))
