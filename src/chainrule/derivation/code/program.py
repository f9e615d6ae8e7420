"""The gradient as a NumPy function: forward, backward, each line with its step of the chain rule beside it."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.derivation.code.helpers import HELPERS
from chainrule.derivation.code.spelling import ATOM, PRODUCT, SUM, Code
from chainrule.derivation.code.statements import Lines
from chainrule.derivation.groups import Group
from chainrule.derivation.notation.elementwise import plus
from chainrule.derivation.pullbacks import Pullback
from chainrule.document import Symbol
from chainrule.document.text import text
from chainrule.graph.node import Item, Node
from chainrule.graph.tracer import INPUT

if TYPE_CHECKING:
    from chainrule.derivation.deriving import Derived


def python(derived: "Derived", name: str) -> str:
    """Write the gradient as a self-contained function of NumPy alone.

    Parameters
    ----------
    derived : Derived
        A traced run, with its quantities.
    name : str
        What the function that was derived is called.

    Returns
    -------
    str
        Source code with one function, ``gradient``, of the wanted arguments, and of the constants that were named.

    Raises
    ------
    InputError
        A primitive has no spelling in NumPy.
    """
    return _Program(derived, name).text()


ONE = "1.0"


class _Program:
    def __init__(self, derived: "Derived", name: str) -> None:
        self.derived, self.called = derived, name
        self.symbols = derived.symbols
        self.lines = Lines()
        self.names: dict[Any, str] = {}
        self.cotangents: dict[Node, Code] = {}
        self.arrived: dict[Node, Any] = {}  # within quantities: what has arrived at a primitive of them
        self._written: dict[Node, dict[Node, Code]] = {}

    def text(self) -> str:
        arguments = self._arguments()
        self._forward()
        self._backward()
        body = [f"    {line}".rstrip() for line in self.lines.lines]
        results = ", ".join(self._result(node) for node in self.derived.trace.inputs)
        imports = ["import numpy as np"]
        if any("special." in line for line in body):
            imports.append("from scipy import special")
        head = f"def gradient({', '.join([*arguments, *self.lines.constants])}):"
        wanted = ", ".join(self.names[node] for node in self.derived.trace.inputs)
        about = [f'    """Return the derivatives of {self.called} by {wanted}, as the chain rule gives them.', ""]
        about += [f"    {line}".rstrip() for line in self._shapes()]
        about += [
            "    It holds for arguments of these shapes, and for the branches that were taken with these values.",
            '    """',
        ]
        helpers = [
            f"\n\n{inspect.getsource(one).rstrip()}" for one in HELPERS if any(_calls(line, one) for line in body)
        ]
        return "\n".join([*imports, *helpers, "", "", head, *about, *body, f"    return {results}", ""])

    def _shapes(self) -> list[str]:
        shapes = [
            f"{name}: {np.asarray(value).dtype} {np.shape(value)}"
            for name, value in [(self.names[x], x.value) for x in self.derived.trace.inputs]
        ]
        shapes += [
            f"{self.lines.codes[id(value)].text}: {np.asarray(value).dtype} {np.shape(value)}"
            for _, value in self.symbols.constants.values()
        ]
        return [*shapes, ""]

    def _arguments(self) -> list[str]:
        arguments = []
        for node in self.derived.trace.inputs:
            self.names[node] = self.lines.name(_identifier(self.symbols.symbols[node]))
            self.lines.codes[node] = Code(self.names[node])
            arguments.append(self.names[node])
        for key, (name, _) in self.symbols.constants.items():
            text = self.lines.name(name)
            self.lines.codes[key] = Code(text)
            arguments.append(text)
        for operand, symbol in self.symbols.symbols.items():  # the same constant, held twice
            if isinstance(operand, int) and operand not in self.lines.codes:
                same = next(k for k in self.symbols.constants if self.symbols.symbols[k] is symbol)
                self.lines.codes[operand] = self.lines.codes[same]
        return arguments

    def _forward(self) -> None:
        self.lines.add("# Forward")
        for group in self.derived.groups:
            if group.out.rule is INPUT:
                continue
            symbol = self.symbols.symbols[group.out]
            name = self.lines.name(_identifier(symbol))
            self.lines.graph(group.members, [group.out], f"{name}_part")
            code = self.lines.codes[group.out]
            formula = self.symbols.formula(group)
            comment = "" if formula is None else f"{text(symbol)} = {text(formula)}"
            # what stands in a name of its own already, as an array that was written into, keeps it in its further use
            self.lines.assign(name, code, comment)
            self.names[group.out] = name
            self.lines.codes[group.out] = Code(name)

    def _backward(self) -> None:
        derived = self.derived
        C = self.names[derived.result]
        self.lines.add("")
        self.lines.add("# Backward")
        self.cotangents[derived.result] = Code(ONE)
        self._share(derived.result)
        for group in derived.backward():
            if isinstance(group.out.value, tuple) or group.out is derived.result:
                continue
            x = group.out
            users = [user for user in derived.users(x) if x in self._handed(user)]
            if not users:
                continue
            total = functools.reduce(_sum, (self._handed(user)[x] for user in users))
            name = self.lines.name(f"d{C}_d{self.names[x]}")
            shortcut = functools.reduce(plus, (derived.contribution(user, x).shortcut for user in users))
            self.lines.assign(name, _real(total, x), f"{text(derived.cotangent_symbol(x))} = {text(shortcut)}")
            self.cotangents[x] = Code(name)
            self._share(x)

    def _share(self, x: Node) -> None:
        """Where x is one of several results, hand its share to what gave them."""
        if isinstance(x.rule, Item):
            self._arrive(x.operands[0], {x.rule.k: self.cotangents[x]})

    def _handed(self, user: Group) -> dict[Node, Code]:
        """Write what a quantity hands to each of those that its formula holds."""
        if user.out not in self._written:
            self._written[user.out] = self._recognised(user) if user.found is not None else self._through(user)
        return self._written[user.out]

    def _recognised(self, user: Group) -> dict[Node, Code]:
        g = self.cotangents[user.out]
        found: dict[Node, Code] = {}
        assert user.found is not None
        for operand, template in zip(user.found.operands, user.found.code, strict=True):
            if type(operand) is not Node or not self.derived.edges(user, operand):
                continue
            operands = [self.lines.operand(x).within(ATOM) for x in user.found.operands]
            filled = template.format(*operands, y=self.lines.codes[user.out].text, g=g.within(ATOM))
            whole = "{g}" in template or g.text == ONE
            if whole and filled.startswith("(") and filled.endswith(")") and filled.count("(") == 1:
                found[operand] = Code(filled[1:-1], SUM)
                continue
            found[operand] = Code(filled if whole else f"{g.within(PRODUCT)} * {_factor(filled)}", PRODUCT)
        return found

    def _through(self, user: Group) -> dict[Node, Code]:
        """Carry the cotangent back through the members of a quantity, one primitive after the other."""
        found: dict[Node, Code] = {}
        members = set(user.members)
        if user.out in self.cotangents:
            self.arrived[user.out] = self.cotangents[user.out]
        for node in reversed(user.members):
            g = self.arrived.get(node)
            if g is None or (node is user.out and isinstance(node.rule, Item)):
                continue
            if isinstance(node.value, tuple):  # all its results at once, and so once only
                del self.arrived[node]
            for i, x in enumerate(node.operands):
                if type(x) is not Node or (node, i) not in self.derived.handed:
                    continue
                code = self._edge(node, i, g)
                if x in members or isinstance(x.value, tuple):
                    self._arrive(x, code)
                else:
                    found[x] = _sum(found[x], code) if x in found else code
        return found

    def _arrive(self, x: Node, code: Any) -> None:
        known = self.arrived.get(x)
        if known is None:
            self.arrived[x] = code
        elif isinstance(known, dict):
            self.arrived[x] = {**known, **{k: _sum(known[k], v) if k in known else v for k, v in code.items()}}
        else:
            self.arrived[x] = _sum(known, code)

    def _edge(self, node: Node, i: int, g: Any) -> Any:
        """Write what one primitive hands to one operand, by its pullback; where that is several arrays, a dict."""
        operands = [self.lines.operand(x) for x in node.operands]
        if isinstance(node.rule, Item):
            return {node.rule.k: g}
        special = _as_by_hand(node, i, g, operands)
        if special is not None:
            return special
        pullback = Pullback(node, i, self.derived.cotangents[node])
        for inner, code in zip(pullback.inputs, (g, *operands, self.lines.codes.get(node)), strict=True):
            if type(inner) is Node:
                self.lines.codes[inner] = code
            elif isinstance(inner, dict):
                for k, one in inner.items():
                    if isinstance(code, dict):
                        self.lines.codes[one] = code.get(k) or self.lines.constant(np.zeros_like(one.value))
                    elif code is not None:
                        self.lines.codes[one] = Code(f"{code.within(ATOM)}[{k}]")
        self.lines.graph(pullback.needed(), pullback.outputs(), "part")
        if isinstance(pullback.output, dict):
            return {k: self.lines.operand(x) for k, x in pullback.output.items()}
        return self.lines.operand(pullback.output)

    def _result(self, node: Node) -> str:
        found = self.cotangents.get(node)
        if found is None:
            return f"np.zeros_like({self.names[node]})"
        return f"np.conj({found.text})" if np.iscomplexobj(node.value) else found.text


def _calls(line: str, function: Callable[..., Any]) -> bool:
    return re.search(rf"(?<![\w.]){function.__name__}\(", line) is not None


def _factor(code: str) -> str:
    """Write a product's second factor; one that is a quotient or holds a sign of its own is in brackets."""
    return f"({code})" if "/" in code else code


def _sum(x: Code, y: Code) -> Code:
    return Code(f"{x.within(SUM)} + {y.within(SUM)}", SUM)


def _real(code: Code, x: Node) -> Code:
    """Take the real part of what reaches a real quantity through complex ones."""
    return code


def _identifier(symbol: Symbol) -> str:
    return f"{symbol.name}_{symbol.above}" if symbol.above else symbol.name


def _as_by_hand(node: Node, i: int, g: Any, operands: list[Code]) -> Code | None:
    """Write the pullback of a product with a matrix as a person would: an outer product, or Wᵀ δ."""
    if node.rule.name not in ("matmul", "dot") or any(np.iscomplexobj(value) for value in node.values):
        return None
    ranks = tuple(np.ndim(value) for value in node.values)
    x, y = operands
    if ranks == (2, 1) and i == 0:
        return Code(f"np.outer({g.text}, {y.text})")
    if ranks == (2, 2) and i == 0:
        return Code(f"{g.within(ATOM)} @ {y.within(ATOM)}.T", PRODUCT)
    if ranks in ((2, 1), (2, 2)) and i == 1:
        return Code(f"{x.within(ATOM)}.T @ {g.within(ATOM)}", PRODUCT)
    return None
