"""Deriving: from one watched run of a function to its quantities and steps."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.derivation.code import python
from chainrule.derivation.derivation import Derivation
from chainrule.derivation.groups import Group, Symbols, grouped
from chainrule.derivation.literal import literal
from chainrule.derivation.local import Local, chain_rule, explained, kind_of
from chainrule.derivation.naming import Names, Watcher
from chainrule.derivation.proof import Rest, check
from chainrule.derivation.steps import Check, Contribution, Quantity, Step
from chainrule.differentiation.reverse import pull_back
from chainrule.differentiation.tracing import Trace, Wrt, name_of, places, scalar_result
from chainrule.document import Call, Derivative, Equation, Expression, Number, Symbol, Total
from chainrule.errors import InputError
from chainrule.graph.graph import argument_names, as_array
from chainrule.graph.node import Item, Node, whole
from chainrule.graph.structure import flatten
from chainrule.graph.tracer import INPUT, OPEN

_CHECKED = 60_000  # nodes run again in all, before checks are left to the quantities asked for


def derive(f: Callable[..., Any], wrt: Wrt | None = None, *, full: bool = False) -> Callable[..., Derivation]:
    """Return a function that derives f's gradient at a point, the chain rule written out step by step.

    Parameters
    ----------
    f : callable
        Written in ordinary NumPy, with a scalar result: a cost C.
    wrt : int, str, or tuple of them, optional
        The arguments to differentiate by: positions, names, or several. By default, all that hold floating-point
        numbers.
    full : bool
        Whether to form every Jacobian and tensor as well, and contract it (the paper's IV.3), beside the shortcut.

    Returns
    -------
    callable
        Takes f's arguments; returns a `Derivation`: printed, it tells the steps; ``.gradient`` is what `grad` gives.

    Raises
    ------
    InputError
        When called: as `grad`; or a derivative that ``full=True`` asks for is too large to be formed.
    RecordingError
        When called: f does what cannot be followed.

    Notes
    -----
    The chain rule in matrix form and as a contraction: Amayed, "A Guided Derivation of Backpropagation Algorithm",
    IV.2; backward through a nested composition: IV.3.

    Examples
    --------
    >>> import numpy as np
    >>> def cost(W, a, y):
    ...     z = W @ a
    ...     return 0.5 * np.sum((np.tanh(z) - y) ** 2)
    >>> derivation = derive(cost, wrt="W")(np.array([[0.5, -0.5]]), np.array([1.0, 2.0]), np.array([1.0]))
    >>> [step.of for step in derivation.steps], derivation.ok
    (['q5', 'q3', 'q2', 'q0'], True)
    >>> derivation.gradient.round(4)
    array([[-1.1499, -2.2998]])
    """

    @functools.wraps(f)
    def derived(*args: Any, **kwargs: Any) -> Derivation:
        chosen = _floating(args, kwargs, f) if wrt is None else wrt
        wanted = places(f, chosen, args, kwargs)
        args = tuple(_own(arg) for arg in args)
        names = Names()

        @functools.wraps(f)
        def watched(*a: Any, **k: Any) -> Any:
            recording = OPEN.get()[-1]
            recording.watch = _keep_all
            return Watcher(recording, names).run(f, *a, **k)

        trace = Trace(watched, args, kwargs, wanted)
        y = scalar_result(f, trace)
        labels = _labels(f, args, kwargs, wanted)
        return Derived(trace, names, labels, y, full).derivation(name_of(f), isinstance(chosen, tuple))

    return derived


def derive_named(
    f: Callable[..., Any], args: tuple[Any, ...], wrt: Sequence[int], labels: Sequence[str], *, full: bool = False
) -> Derivation:
    """Derive a function that names its quantities itself.

    Parameters
    ----------
    f : callable
        Called as ``f(names, recording, *args)``; it enters in `names` what it computes. Its result is a scalar.
    args : tuple
        Its arguments.
    wrt : sequence of int
        The arguments to differentiate by.
    labels : sequence of str
        The names of their leaves, as ``W^1``.
    full : bool
        As for `derive`.

    Returns
    -------
    Derivation
    """
    names = Names()

    def naming(*given: Any) -> Any:
        recording = OPEN.get()[-1]
        recording.watch = _keep_all
        return f(names, recording, *given)

    trace = Trace(functools.wraps(f)(naming), args, {}, wrt)
    y = scalar_result(f, trace)
    return Derived(trace, names, labels, y, full).derivation(name_of(f), True)


def _keep_all(node: Node) -> None:
    """Watch a recording: one that is watched keeps also the values that are written over."""


def _own(arg: Any) -> Any:
    """Return a number as an object of its own, so that it is known again in the recording by its identity."""
    return arg + 0.0 if type(arg) is float else arg


def _floating(args: tuple[Any, ...], kwargs: dict[str, Any], f: Callable[..., Any]) -> Wrt:
    def holds_floats(arg: Any) -> bool:
        leaves = flatten(arg)[0]
        return bool(leaves) and all(np.asarray(leaf).dtype.kind in "fc" for leaf in leaves)

    found = [i for i, arg in enumerate(args) if holds_floats(arg)]
    named = [key for key, arg in kwargs.items() if holds_floats(arg)]
    if not found and not named:
        raise InputError(
            f"none of the arguments of {name_of(f)} holds floating-point numbers, so there is nothing to derive by; "
            "give one, such as 2.0 for 2."
        )
    both: tuple[int | str, ...] = (*found, *named)
    return both if len(both) > 1 else both[0]


def _labels(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], wanted: Sequence[int | str]
) -> list[str]:
    """Name each leaf of the wanted arguments: after the argument, or after its place in a dict, list or dataclass."""
    positional = argument_names(f, len(args))
    labels: list[str] = []
    for place in wanted:
        name = positional[place] if isinstance(place, int) else place
        labels += list(_leaf_names(args[place] if isinstance(place, int) else kwargs[place], name))
    return labels


def _leaf_names(tree: Any, name: str) -> list[str]:
    if isinstance(tree, dict):
        children = [(str(key) if str(key).isidentifier() else f"{name}_{key}", child) for key, child in tree.items()]
    elif isinstance(tree, list | tuple):
        fields = getattr(tree, "_fields", None)
        children = [(fields[i] if fields else f"{name}_{i + 1}", child) for i, child in enumerate(tree)]
    elif hasattr(tree, "__dataclass_fields__"):
        children = [(key, getattr(tree, key)) for key in tree.__dataclass_fields__]
    else:
        return [] if tree is None else [name]
    return [label for text, child in children for label in _leaf_names(child, text)]


class Derived:
    """One traced run, on its way to a derivation.

    Parameters
    ----------
    trace : Trace
        The run.
    names : Names
        What was found of the user's names.
    labels : list of str
        The names of the arguments' leaves.
    y : array
        The cost.
    full : bool
        Whether the literal form is wanted.
    """

    def __init__(self, trace: Trace, names: Names, labels: Sequence[str], y: Any, full: bool) -> None:
        self.trace, self.names, self.full = trace, names, full
        self.inputs = dict(zip(trace.inputs, _distinct(labels), strict=True))
        result = trace.nodes[0]
        if result is None:
            raise InputError(
                "the result depends on none of the arguments that the derivative was asked for: every derivative is 0."
            )
        self.result: Node = result
        self.one = y.dtype.type(1)
        self.nodes = _needed(trace.recording.nodes, result, trace.inputs)
        self._watch()
        self.groups = grouped(self.nodes, result, names)
        self.uses: dict[Node, list[Group]] = {}
        for group in self.groups:
            for x in group.operands:
                if type(x) is Node:
                    self.uses.setdefault(x, []).append(group)
        called = dict(self.inputs)
        if result not in names.of_nodes and result not in called:
            taken = {*called.values(), *(name.text for name in names.of_nodes.values())}
            called[result] = next(name for name in ("C", "cost", "C_") if name not in taken)
        self.symbols = Symbols(self.groups, called, names)
        self.C = self.symbols.of(result)
        self._contributions: dict[tuple[Node, Node], Contribution] = {}

    def _watch(self) -> None:
        """Carry the cotangent of C back, and keep what every node handed to each of its operands."""
        self.handed: dict[tuple[Node, int], Any] = {}
        self.cotangents: dict[Node, Any] = {self.result: self.one}

        def watch(node: Node, i: int, cotangent: Any, contribution: Any) -> None:
            self.handed[node, i] = np.array(contribution) if not isinstance(contribution, tuple) else contribution
            self.cotangents[node] = cotangent

        arrived = pull_back(reversed(self.nodes), {self.result: self.one}, watch)
        # What `grad` gives is what is shown, to the last bit: watching puts collected pieces together sooner.
        self.leaves = self.trace.pull_back([self.one])
        arrived.update(zip(self.trace.inputs, self.leaves, strict=True))
        self.cotangents.update(arrived)

    def derivation(self, name: str, several: bool) -> Derivation:
        """Write all down."""
        quantities = self.quantities()
        steps = self.steps()
        gradients = self.trace.in_arguments([np.conj(g) if np.iscomplexobj(g) else g for g in map(_copy, self.leaves)])
        return Derivation(
            name=name,
            quantities=tuple(quantities),
            steps=tuple(steps),
            result=next(q for q in quantities if q.symbol == self.C),
            gradient=tuple(gradients) if several else gradients[0],
            full=self.full,
            _python=functools.cache(lambda: python(self, name)),
        )

    def quantities(self) -> list[Quantity]:
        """Return the quantities: arguments and named constants first, then as they were computed."""
        found = [
            Quantity(
                self.symbols.symbols[key].key, self.symbols.symbols[key], None, (), "constant", "", as_array(value)
            )
            for key, (_, value) in self.symbols.constants.items()
        ]
        for group in self.groups:
            symbol = self.symbols.symbols[group.out]
            operands = [x for x in group.operands if type(x) is Node or id(x) in self.symbols.symbols]
            keys = [self.symbols.symbols[x if type(x) is Node else id(x)].key for x in operands]
            found.append(
                Quantity(
                    key=symbol.key,
                    symbol=symbol,
                    formula=self.symbols.formula(group),
                    operands=tuple(dict.fromkeys(keys)),
                    rule=group.found.rule if group.found else group.out.rule.name,
                    meaning=group.found.meaning if group.found else "",
                    value=_copy(group.out.value),
                    wanted=group.out in self.inputs,
                    line=self.names.lines.get(group.out),
                )
            )
        return sorted(found, key=lambda q: q.formula is not None)

    def steps(self) -> list[Step]:
        """Return the steps, from the cost back to the arguments."""
        rest = Rest(self.nodes, self.result)
        rest.largest = self._largest()
        many = len(self.groups) * len(self.nodes) > _CHECKED
        steps = []
        for group in self.backward():
            x = group.out
            if x not in self.cotangents or isinstance(x.value, tuple):
                continue
            cotangent = _copy(self.cotangents[x])
            proof = (
                Check(None, "", 0, cotangent.size, 0.0, 0.0, "left out: the function has very many steps")
                if many and x not in self.inputs
                else check(rest, x, cotangent)
            )
            contributions = tuple(self.contribution(user, x) for user in self.users(x))
            steps.append(Step(self.symbols.symbols[x].key, self.cotangent_symbol(x), contributions, cotangent, proof))
        return steps

    def _largest(self) -> float:
        real = [(x, g) for x, g in self.cotangents.items() if getattr(x.value, "dtype", np.dtype(object)).kind == "f"]
        return max((float(np.sum(np.abs(np.asarray(x.value, np.float64) * g))) for x, g in real), default=0.0)

    def backward(self) -> list[Group]:
        """Return the quantities from the cost back, an argument as soon as all that use it are done."""
        waiting = {g.out: {user.out for user in self.uses.get(g.out, ())} for g in self.groups if g.out.rule is INPUT}
        order: list[Group] = []
        for group in reversed(self.groups):
            if group.out.rule is INPUT:
                continue
            order.append(group)
            for argument in [g for g in self.groups if g.out in waiting]:
                waiting[argument.out].discard(group.out)
                if not waiting[argument.out]:
                    del waiting[argument.out]
                    order.append(argument)
        return order

    def cotangent_symbol(self, x: Node) -> Expression:
        """Write ∂C/∂x; for C itself, where it stands in a product, 1."""
        name, _, above = self.names.of_cotangents.get(x, "").partition("^")
        return Symbol(name, above, self.symbols.symbols[x].key + "'") if name else self.derivative(x)

    def derivative(self, x: Node) -> Derivative:
        """Write ∂C/∂x."""
        return Derivative(self.C, self.symbols.of(x))

    def edges(self, user: Group, x: Node) -> list[tuple[Node, int]]:
        """Return where a quantity's own primitives take x: the node, and the operand's number."""
        return [
            (node, i)
            for node in user.members
            for i, operand in enumerate(node.operands)
            if operand is x and (node, i) in self.handed
        ]

    def users(self, x: Node) -> list[Group]:
        """Return the quantities that hand something to x."""
        return [group for group in self.uses.get(x, ()) if self.edges(group, x)]

    def contribution(self, user: Group, x: Node) -> Contribution:
        """Explain what one quantity hands to one that its formula holds."""
        key = (user.out, x)
        if key not in self._contributions:
            self._contributions[key] = self._explained(user, x)
        return self._contributions[key]

    def _explained(self, user: Group, x: Node) -> Contribution:
        edges = self.edges(user, x)
        value = self._value(user, x)
        y = user.out
        symbol_y, symbol_x = self.symbols.of(y), self.symbols.of(x)
        g: Expression = Number(1) if y is self.result else self.cotangent_symbol(y)
        shape_y, shape_x = np.shape(y.value), np.shape(x.value)
        if user.found is not None:
            k = next(i for i, operand in enumerate(user.found.operands) if operand is x)
            written = [self.symbols.of(operand) for operand in user.found.operands]
            right = user.found.local[k](symbol_y, *written)
            structure = user.found.structure[k]
            shortcut, why = user.found.handed[k](g, symbol_y, *written), user.found.why[k]
            zeros = 1 - 1 / max(value.size, 1) if structure == "diagonal" else 0.0
            diagonal = structure == "diagonal" and shape_y != ()
            local: Expression = Equation(
                (Derivative(symbol_y, symbol_x), Call("diag", (right,)) if diagonal else right), ("=",)
            )
        else:
            arrived = self._arrived(user, g)
            own = functools.partial(self.written_result, user)
            parts = [
                explained(node, i, arrived[node].shortcut, self.operands(user, node), own(node), symbol_x)
                for node, i in edges
            ]
            parts = [_joined(arrived[node], part) for (node, _), part in zip(edges, parts, strict=True)]
            first = parts[0]
            structure, zeros, local, why = first.structure, first.zeros, first.local, first.why
            shortcut = first.shortcut
            if len(parts) > 1:
                shortcut = Total(tuple(part.shortcut for part in parts), (False,) * len(parts))
                why = "; ".join(dict.fromkeys(part.why for part in parts))
                structure, zeros = "dense" if len({p.structure for p in parts}) > 1 else structure, 0.0
        return Contribution(
            through=self.symbols.symbols[y].key,
            kind=kind_of(shape_y, shape_x),
            shape=(*shape_y, *shape_x),
            structure=structure,
            zeros=zeros,
            local=local,
            chain=chain_rule(self.C, symbol_y, symbol_x, shape_y, shape_x),
            shortcut=shortcut,
            why=why,
            value=_copy(value),
            literal=self._literal(user, x, value, shortcut),
        )

    def _value(self, user: Group, x: Node) -> Any:
        """Return what a quantity hands to x; of several results of one primitive, what this one hands."""
        if any(isinstance(node.value, tuple) for node in user.members):
            arrived = pull_back(reversed(user.members), {user.out: self.cotangents[user.out]})
            return whole(arrived[x], x.value)
        return functools.reduce(lambda a, b: a + b, (self.handed[edge] for edge in self.edges(user, x)))

    def _arrived(self, user: Group, g: Expression) -> dict[Node, Local]:
        """Follow a cotangent through the members of a quantity: what arrives at each, as a formula."""
        arrived = {user.out: Local("identity", 0.0, g, g, "")}
        for node in reversed(user.members):
            if node not in arrived or isinstance(node.value, tuple) or isinstance(node.rule, Item):
                continue
            for i, x in enumerate(node.operands):
                if type(x) is Node and x in user.members and (node, i) in self.handed:
                    operands = self.operands(user, node)
                    part = explained(
                        node, i, arrived[node].shortcut, operands, self.written_result(user, node), operands[i]
                    )
                    arrived[x] = _joined(arrived[node], part)
        for node in user.members:
            arrived.setdefault(node, arrived[user.out])
        return arrived

    def _literal(self, user: Group, x: Node, value: Any, shortcut: Expression) -> Any:
        if not self.full or user.out.value.dtype.kind == "c":
            return None
        return literal(user, x, self.cotangents[user.out], np.asarray(value), shortcut)

    def operands(self, user: Group, node: Node) -> list[Expression]:
        """Write the operands of a member: by their symbols, or by their formulas where they have none."""
        return [
            self.symbols.within(user, x) if type(x) is Node and x not in self.symbols.symbols else self.symbols.of(x)
            for x in node.operands
        ]

    def written_result(self, user: Group, node: Node) -> Expression:
        """Write a member's own value: the quantity's symbol, which what is passed on shares the cotangent of."""
        return self.symbols.of(node) if node in self.symbols.symbols else self.symbols.of(user.out)


def _needed(nodes: Sequence[Node], result: Node, inputs: Sequence[Node]) -> list[Node]:
    needed = {result, *inputs}
    for node in reversed(nodes):
        if node in needed:
            needed.update(x for x in node.operands if type(x) is Node)
    return [node for node in nodes if node in needed]


def _distinct(labels: Sequence[str]) -> list[str]:
    """Return names of which no two are equal: of the same name in two dicts, the second is told apart."""
    seen: dict[str, int] = {}
    found = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        found.append(label if seen[label] == 1 else f"{label}_{seen[label]}")
    return found


def _joined(outer: Local, inner: Local) -> Local:
    """Put two links of one chain together; what only passes on leaves no trace."""
    if outer.structure == "identity":
        return inner
    if inner.structure in ("identity", "permutation", "selection") and inner.shortcut == outer.shortcut:
        return outer
    why = "; ".join(filter(None, dict.fromkeys((outer.why, inner.why))))
    return Local("dense", 0.0, inner.local, inner.shortcut, why)


def _copy(value: Any) -> Any:
    return np.array(value)[()]
