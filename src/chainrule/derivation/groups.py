"""From nodes to quantities: which primitives stand together under one name, and what each is called.

A node that a variable held is a quantity. One without a name is, too, and is given one, unless nothing is lost by
writing it within the formula of the next: what is only passed on, such as W a in W a + b, or what was recognised
together with others.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.derivation.naming import Names
from chainrule.derivation.notation import write
from chainrule.derivation.notation.table import constant
from chainrule.derivation.recognising import Recognised, recognised
from chainrule.document import Expression, Symbol
from chainrule.graph.node import Item, Node
from chainrule.graph.tracer import CONSTANT, INPUT, sample_of
from chainrule.rules.kinds import Elementwise

_TRANSPARENT = {"positive", "copy", "astype", "stop_gradient"}


@dataclass(eq=False)
class Group:
    """Nodes that are one quantity.

    Attributes
    ----------
    out : Node
        The quantity's own node.
    members : list of Node
        With those within its formula, in the order in which they ran.
    operands : list
        What it is computed from: nodes of other quantities, and named constants.
    found : Recognised or None
        What its nodes are together.
    """

    out: Node
    members: list[Node]
    operands: list[Any] = field(default_factory=list)
    found: Recognised | None = None


def grouped(nodes: Sequence[Node], result: Node, names: Names) -> list[Group]:
    """Put nodes together into quantities.

    Parameters
    ----------
    nodes : sequence of Node
        What the result depends on, in the order in which it ran.
    result : Node
        The function's result.
    names : Names
        The user's.

    Returns
    -------
    list of Group
        In the order of their own nodes; the arguments first.
    """
    uses = _uses(nodes)
    taken: dict[Node, Node] = {}
    found: dict[Node, Recognised] = {}

    def is_free(node: Node) -> bool:
        return node not in names.of_nodes and node is not result and node.rule not in (INPUT, CONSTANT)

    for node in reversed(nodes):
        if node in taken or node.rule in (INPUT, CONSTANT):
            continue
        for candidate in recognised(node):
            within = candidate.members[1:]
            if all(is_free(x) and x not in taken for x in within) and all(
                use in candidate.members for x in within for use, _ in uses[x]
            ):
                found[node] = candidate
                taken.update(dict.fromkeys(within, node))
                break
    whole = {x for one in found.values() for x in one.members}
    for node in reversed(nodes):
        if is_free(node) and node not in taken and node not in found and _is_passed_on(node, uses[node], whole):
            use = uses[node][0][0]
            taken[node] = taken.get(use, use)
        elif isinstance(node.value, tuple) and uses[node]:
            taken[node] = uses[node][0][0]
    groups = {node: Group(node, []) for node in nodes if node not in taken}
    for node in nodes:
        out = taken.get(node, node)
        while out not in groups:
            out = taken[out]
        groups[out].members.append(node)
    for group in groups.values():
        # Each of several results takes in the primitive that gives them all.
        if isinstance(group.out.rule, Item) and group.out.operands[0] not in group.members:
            group.members.insert(0, group.out.operands[0])
        group.found = found.get(group.out)
        group.operands = list(_outside(group, names))
    return sorted(groups.values(), key=lambda group: group.out.rule is not INPUT)


def _uses(nodes: Sequence[Node]) -> dict[Node, list[tuple[Node, int]]]:
    uses: dict[Node, list[tuple[Node, int]]] = {node: [] for node in nodes}
    for node in nodes:
        for i, operand in enumerate(node.operands):
            if type(operand) is Node:
                uses[operand].append((node, i))
    return uses


def _is_passed_on(node: Node, uses: list[tuple[Node, int]], whole: set[Node]) -> bool:
    """Say whether a node's cotangent is that of the one node that uses it, so that it needs no step of its own."""
    if len(uses) != 1 or isinstance(node.value, tuple):
        return False
    use, i = uses[0]
    if use in whole or isinstance(use.value, tuple) or isinstance(use.rule, Item):
        return False
    if _adds_axes(node) and isinstance(use.rule, Elementwise) and use.rule.partials[i] == 1:
        return True
    if np.shape(node.value) != np.shape(use.value) or node.value.dtype != use.value.dtype:
        return False
    if use.rule.name in _TRANSPARENT:
        return True
    return isinstance(use.rule, Elementwise) and i < len(use.rule.partials) and use.rule.partials[i] == 1


def _adds_axes(node: Node) -> bool:
    """Say whether a node does no more than give a vector an axis of size 1, as b[:, np.newaxis] does."""
    if node.rule.name not in ("getitem", "reshape") or len(node.operands) > 1:
        return False
    before, after = np.shape(node.operands[0].value), np.shape(node.value)
    return [n for n in before if n != 1] == [n for n in after if n != 1]


def _outside(group: Group, names: Names) -> Iterator[Any]:
    """Give what a group is computed from, each once: by recognition, or as it stands in its members."""
    members = set(group.members)
    if group.found is not None:
        given: Iterable[Any] = group.found.operands
    else:
        given = (x for node in group.members for x in node.operands)
    # Of a primitive with several results, each is a quantity; all are computed from that primitive's operands.
    given = [
        x
        for operand in given
        for x in (operand.operands if type(operand) is Node and isinstance(operand.value, tuple) else (operand,))
    ]
    seen: set[int] = set()
    for operand in given:
        if operand in members if type(operand) is Node else not names.constant(operand):
            continue
        if id(operand) not in seen:
            seen.add(id(operand))
            yield operand


class Symbols:
    """The symbols of a derivation's quantities, and formulas in them.

    Parameters
    ----------
    groups : sequence of Group
    inputs : dict
        The names of the arguments.
    names : Names
        The user's.
    """

    def __init__(self, groups: Sequence[Group], inputs: dict[Node, str], names: Names) -> None:
        self.names = names
        self.symbols: dict[Any, Symbol] = {}
        self.constants: dict[int, tuple[str, Any]] = {}
        self._keys = (f"q{n}" for n in itertools.count())
        called = {g.out: inputs.get(g.out) or _text(names, g.out) for g in groups}
        counts: dict[str, list[Node]] = {}
        for node, text in called.items():
            if text:
                counts.setdefault(text, []).append(node)
        self.own = _free_letter({*counts, *(name.text for name, _ in names.of_constants.values())})
        unnamed = itertools.count(1)
        for group in groups:
            self._of_constants(group)
            text = called[group.out]
            if "^" in text:
                base, _, above = text.partition("^")
                symbol = Symbol(base, above, next(self._keys))
            elif text:
                same = counts[text]
                start = 0 if same[0].rule is INPUT else 1
                above = str(same.index(group.out) + start) if len(same) > 1 else ""
                symbol = Symbol(text, above, next(self._keys))
            else:
                symbol = Symbol(f"{self.own}{next(unnamed)}", "", next(self._keys))
            self.symbols[group.out] = symbol

    def _of_constants(self, group: Group) -> None:
        for operand in group.operands:
            if type(operand) is not Node and id(operand) not in self.constants:
                name = self.names.constant(operand)
                known = [
                    id_ for id_, (other, value) in self.constants.items() if other == name and _equal(value, operand)
                ]
                if known:
                    self.symbols[id(operand)] = self.symbols[known[0]]
                    continue
                self.constants[id(operand)] = (name, operand)
                base, _, above = name.partition("^")
                self.symbols[id(operand)] = Symbol(base, above, next(self._keys))

    def of(self, operand: Any) -> Expression:
        """Return the symbol of an operand, or a constant as it is written."""
        found = self.symbols.get(operand if type(operand) is Node else id(operand))
        return constant(operand) if found is None else found

    def formula(self, group: Group) -> Expression | None:
        """Write what a group is computed by; None for an argument."""
        if group.out.rule is INPUT:
            return None
        if group.found is not None:
            return group.found.formula(self.of(group.out), *map(self.of, group.found.operands))
        return self._nested(group.out, set(group.members), outermost=True)

    def within(self, group: Group, node: Node) -> Expression:
        """Write one member of a group by itself."""
        return self._nested(node, set(group.members), outermost=True)

    def _nested(self, x: Any, members: set[Node], *, outermost: bool = False) -> Expression:
        if type(x) is not Node or (x not in members and not isinstance(x.value, tuple)):
            return self.of(x)
        if x in self.symbols and not outermost:
            return self.symbols[x]
        if x.rule is CONSTANT:
            return constant(x.value)
        return write(x, *(self._nested(operand, members) for operand in x.operands))


def _equal(x: Any, y: Any) -> bool:
    return np.shape(x) == np.shape(y) and bool(np.array_equal(sample_of(x), sample_of(y)))


def _text(names: Names, node: Node) -> str:
    found = names.of_nodes.get(node)
    return found.text if found is not None else ""


def _free_letter(used: set[str]) -> str:
    """Return a letter for what has no name, one that no name of the user's begins with."""
    starts = {name[:1] for name in used}
    return next((letter for letter in "uvthqkpr" if letter not in starts), "u_")
