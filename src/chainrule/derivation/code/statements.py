"""A graph as lines of source code: one line for what has a name or is used again, the rest within the lines."""

import builtins
import keyword
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.derivation.code.spelling import ATOM, Code, index_code, literal, spell
from chainrule.graph.node import Item, Node
from chainrule.graph.tracer import CONSTANT, INPUT, sample_of
from chainrule.rules.indexing import Slot, is_basic

WIDEST = 88
LARGEST_CONSTANT = 1_000
"""Entries of a constant that is written into the code; a larger one becomes an argument."""

RESERVED = {*keyword.kwlist, *dir(builtins), "np", "special"}


def _takes_once(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return is_basic(index) and not any(type(part) is Slot for part in parts)


class Lines:
    """Source code in the making.

    Attributes
    ----------
    lines : list of str
    constants : dict
        By name: large constants, which the function takes as further arguments.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.taken: set[str] = set(RESERVED)
        self.codes: dict[Any, Code] = {}
        self.constants: dict[str, Any] = {}
        self._known: dict[int, Code] = {}

    def name(self, wanted: str) -> str:
        """Return an identifier that nothing else has."""
        text = "".join(c if c.isalnum() or c == "_" else "_" for c in wanted) or "v"
        text = f"v{text}" if text[0].isdigit() else text
        found, n = text, 2
        while found in self.taken:
            found, n = f"{text}_{n}", n + 1
        self.taken.add(found)
        return found

    def assign(self, name: str, code: Code | str, comment: str = "") -> None:
        """Write a line that gives a value a name; the comment above it where it does not fit beside."""
        line = f"{name} = {code.text if isinstance(code, Code) else code}"
        self.add(line, comment)

    def add(self, line: str, comment: str = "") -> None:
        """Write a line with its comment."""
        if comment and len(line) + len(comment) + 4 > WIDEST:
            self.lines += [f"# {comment}", line]
        else:
            self.lines.append(f"{line}  # {comment}" if comment else line)

    def constant(self, value: Any) -> Code:
        """Write what depends on no argument."""
        value = sample_of(value)
        if isinstance(value, np.ndarray) and value.ndim:
            return self._array(value)
        text = literal(value)
        return Code(text, ATOM if not text.startswith("-") else ATOM + 2)

    def _array(self, value: Any) -> Code:
        if id(value) not in self._known:
            if value.size > 1 and not value.any():
                code = Code(f"np.zeros({literal(value.shape)}, {literal(value.dtype)})")
            elif value.size > 1 and (value == 1).all():
                code = Code(f"np.ones({literal(value.shape)}, {literal(value.dtype)})")
            elif value.size <= LARGEST_CONSTANT:
                code = Code(literal(value))
            else:
                name = self.name("constant")
                self.constants[name] = value
                code = Code(name)
            self._known[id(value)] = code
        return self._known[id(value)]

    def operand(self, x: Any) -> Code:
        """Return the code of an operand: of a node that is written already, or of a constant."""
        if type(x) is Node:
            return self.codes[x]
        return self.codes.get(id(x)) or self.constant(x)

    def graph(self, nodes: Sequence[Node], outputs: Iterable[Node], hint: str) -> None:
        """Write nodes, in order; those that are used more than once get a line and a name that begins with the hint."""
        uses: dict[Node, int] = {}
        for node in nodes:
            for x in node.operands:
                if type(x) is Node:
                    uses[x] = uses.get(x, 0) + 1
        last = set(outputs)
        for node in nodes:
            if node in self.codes or node.rule is INPUT:
                continue
            code = self.node(node, hint)
            again = isinstance(node.value, tuple) or (uses.get(node, 0) > 1 and node not in last)
            if (again and not code.text.isidentifier()) or (node not in last and len(code.text) > WIDEST // 2):
                name = self.name(hint)
                self.assign(name, code)
                code = Code(name)
            self.codes[node] = code

    def node(self, node: Node, hint: str) -> Code:
        """Write one node, with lines before it where it takes statements."""
        if node.rule is CONSTANT:
            return self.constant(node.value)
        operands = [self.operand(x) for x in node.operands]
        if isinstance(node.rule, Item):
            return Code(f"{operands[0].within(ATOM)}[{node.rule.k}]")
        if node.rule.name == "setitem":
            return self._setitem(node, operands, hint)
        if node.rule.name == "scatter":
            return self._scatter(node, operands, hint)
        return spell(node, *operands)

    def _setitem(self, node: Node, operands: list[Code], hint: str) -> Code:
        v, x, *arrays = operands
        name = self.name(hint)
        self.assign(name, f"np.array({x.text}, {literal(node.value.dtype)})")
        self.add(f"{name}[{index_code(node.parameters['index'], arrays)}] = {v.text}")
        return Code(name)

    def _scatter(self, node: Node, operands: list[Code], hint: str) -> Code:
        name = self.name(hint)
        self.assign(name, f"np.zeros({literal(node.parameters['shape'])}, {literal(node.value.dtype)})")
        for v, index in zip(operands, node.parameters["indices"], strict=False):
            place = index_code(index, operands)
            # entries that are taken more than once are added up one by one
            self.add(
                f"{name}[{place}] += {v.text}" if _takes_once(index) else f"np.add.at({name}, ({place}), {v.text})"
            )
        return Code(name)
