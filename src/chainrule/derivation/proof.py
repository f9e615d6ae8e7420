"""The proof of a step: its cotangent beside a numerical derivative of the rest of the computation.

The rest is run again with the quantity moved along a random direction v, so that one number, the derivative along v,
holds every entry of the cotangent to account: it must be Σ ∂C/∂x · v. It is found as `check_gradient` finds it: by the
complex step, and by central differences where the function does not take complex numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.derivation.steps import Check, Numbers
from chainrule.differentiation.checking import central_difference, complex_step
from chainrule.errors import ChainruleError
from chainrule.graph.node import Item, Node
from chainrule.graph.tracer import CONSTANT, INPUT

_EXACT = 1e-9  # relative, in double precision, of the complex step
_RANDOM = 20_240_601


class Rest:
    """A recorded function, to be run again from any of its quantities on.

    Parameters
    ----------
    nodes : sequence of Node
        In order.
    result : Node
        The cost C.
    """

    def __init__(self, nodes: Sequence[Node], result: Node) -> None:
        self.nodes = nodes
        self.result = result
        self.largest = 0.0  # of Σ |∂C/∂x · x| over all quantities: the size of what cancels
        self.place = {node: k for k, node in enumerate(nodes)}
        self.uses: dict[Node, list[Node]] = {}
        for node in nodes:
            for x in node.operands:
                if type(x) is Node:
                    self.uses.setdefault(x, []).append(node)

    def after(self, x: Node) -> list[Node]:
        """Return the nodes that depend on x, in order."""
        seen: set[Node] = set()
        waiting = [x]
        while waiting:
            for use in self.uses.get(waiting.pop(), ()):
                if use not in seen:
                    seen.add(use)
                    waiting.append(use)
        return sorted(seen, key=self.place.__getitem__)

    def run(self, x: Node, value: Any, after: Sequence[Node]) -> Any:
        """Return C with another value for x."""
        values: dict[Node, Any] = {x: value}
        for node in after:
            if node.rule in (INPUT, CONSTANT):
                continue
            operands = tuple(_of(operand, values) for operand in node.operands)
            if isinstance(node.rule, Item):
                values[node] = operands[0][node.rule.k]
            else:
                values[node] = node.rule.function(*operands, **node.parameters)
        return values[self.result]


def _of(operand: Any, values: Mapping[Node, Any]) -> Any:
    if type(operand) is not Node:
        return operand
    value = values.get(operand, operand.value)
    # Differences need all the digits that there are.
    if getattr(value, "dtype", None) == np.float32:
        return value.astype(np.float64)
    return value


def check(rest: Rest, x: Node, cotangent: Numbers) -> Check:
    """Hold ∂C/∂x against the derivative of C along a random direction."""
    value = np.asarray(x.value)
    if x is rest.result:
        return Check(True, "by definition", 1, 1, 0.0, 0.0)
    if value.dtype.kind != "f" or not value.size:
        return Check(None, "", 0, value.size, 0.0, 0.0, "only real quantities are checked by themselves")
    random = np.random.default_rng(_RANDOM)
    direction = random.choice([-1.0, 1.0], value.shape) * random.uniform(0.5, 1.5, value.shape)
    after = rest.after(x)
    base = value.astype(np.float64)

    def moved(index: tuple[int, ...], step: complex) -> Any:
        return rest.run(x, (base + step * direction)[()], after)

    found = float(np.sum(np.asarray(cotangent, np.float64) * direction))
    scale = float(np.sum(np.abs(np.asarray(cotangent, np.float64) * direction)))
    try:
        with np.errstate(all="ignore"):
            difference, doubt = central_difference(moved, (), 1.0)
    except (ChainruleError, ArithmeticError, TypeError, ValueError) as refusal:
        return Check(None, "", 0, value.size, 0.0, 0.0, f"the rest does not run again: {refusal}")
    exact = complex_step(moved, ())
    single = value.dtype == np.float32
    if exact is not None and abs(exact - difference) <= 1e-3 * (abs(difference) + scale) + 10 * doubt:
        method, numerical, tolerance = "complex step", exact, (1e-4 if single else _EXACT) * scale
    elif 10 * doubt > max(scale, 1e-6 * rest.largest):
        return Check(None, "", 0, value.size, 0.0, 0.0, "numerical derivatives tell nothing here, as at a jump")
    else:
        method, numerical = "central difference", difference
        tolerance = 10 * doubt + (1e-4 if single else 1e-6) * (scale + abs(difference))
    # What cancels leaves rounding behind: of the size of what went in, not of what is left.
    tolerance += (1e-5 if single else 1e-13) * rest.largest
    error = abs(found - numerical)
    return Check(bool(error <= tolerance), method, value.size, value.size, error, tolerance)
