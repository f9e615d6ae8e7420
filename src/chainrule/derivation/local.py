"""The local derivative ∂y/∂x of one primitive: its kind, its structure, and the shortcut that avoids forming it.

Sources: the kinds of derivative and the contraction, Amayed, "A Guided Derivation of Backpropagation Algorithm", IV.1
and IV.2; the shortcuts are the pullbacks of the rules (`chainrule.rules`), written out.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.derivation.literal import local_derivative
from chainrule.derivation.notation.products import side_by_side, transposed
from chainrule.derivation.notation.table import index_text
from chainrule.derivation.pullbacks import written_pullback
from chainrule.document import (
    Call,
    Derivative,
    Equation,
    Expression,
    Fraction,
    Indexed,
    Infix,
    Number,
    Product,
    Sum,
    Symbol,
    Words,
)
from chainrule.graph.node import Node
from chainrule.rules.kinds import Elementwise


class Local(NamedTuple):
    """∂y/∂x of one primitive: its structure, the share of zeros, itself written out, the shortcut, and why."""

    structure: str
    zeros: float
    local: Expression
    shortcut: Expression
    why: str


_INDICES = "ijklmnpqrs"


def kind_of(y: tuple[int, ...], x: tuple[int, ...]) -> str:
    """Name a derivative by the axes of both sides (paper, IV.1).

    Examples
    --------
    >>> kind_of((), ()), kind_of((), (3,)), kind_of((2,), (3,)), kind_of((), (2, 3)), kind_of((2,), (2, 3))
    ('derivative', 'gradient', 'Jacobian', 'matrix derivative', 'rank-3 tensor')
    """
    named = {(0, 0): "derivative", (0, 1): "gradient", (1, 1): "Jacobian", (0, 2): "matrix derivative"}
    more = {(1, 0): "tangent vector", (2, 0): "matrix of derivatives"}
    return {**named, **more}.get((len(y), len(x)), f"rank-{len(y) + len(x)} tensor")


def indices(y_ndim: int, x_ndim: int) -> tuple[str, str]:
    """Return letters for the entries of y and of x."""
    return ", ".join(_INDICES[:y_ndim]), ", ".join(_INDICES[y_ndim : y_ndim + x_ndim])


def chain_rule(C: Expression, y: Expression, x: Expression, shape_y: Sequence[int], shape_x: Sequence[int]) -> Equation:
    """Write the chain rule in matrix form for vectors, as a contraction over all entries of y else (IV.2)."""
    given, local, sought = Derivative(C, y), Derivative(y, x), Derivative(C, x)
    if y == C:
        return Equation((given, Number(1)), ("=",))  # here the chain begins
    if not shape_y:
        whole: Expression = Product((given, local), "" if shape_x else "·")
    elif len(shape_y) == 1 and len(shape_x) <= 1:
        whole = Product((transposed(local), given))
    else:
        i, j = indices(len(shape_y), len(shape_x))
        entry = Derivative(Indexed(y, i), Indexed(x, j) if j else x)
        whole = Sum(Product((Derivative(C, Indexed(y, i)), entry)), i)
        sought = Derivative(C, Indexed(x, j)) if j else sought
    return Equation((sought, whole), ("=",))


def explained(node: Node, i: int, g: Expression, operands: Sequence[Expression], y: Expression, x: Expression) -> Local:
    """Explain what a node hands to its operand i.

    Parameters
    ----------
    node : Node
        Its value is y.
    i : int
        The operand's number: x is ``operands[i]``.
    g : Expression
        ∂C/∂y, as it is written.
    operands : sequence of Expression
        The node's operands, written.
    y, x : Expression
        The symbols of both ends.
    """
    if isinstance(node.rule, Elementwise):
        return _elementwise(node, i, g, operands, y, x)
    special = _SPECIAL.get(node.rule.name)
    found = special(node, i, g, operands, y, x) if special is not None else None
    return found if found is not None else _general(node, i, g, operands, y, x)


def _sizes(node: Node, i: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return np.shape(node.value), np.shape(node.values[i])


def _equal(y: Expression, x: Expression, right: Expression) -> Equation:
    return Equation((Derivative(y, x), right), ("=",))


def _elementwise(
    node: Node, i: int, g: Expression, operands: Sequence[Expression], y: Expression, x: Expression
) -> Local:
    shape_y, shape_x = _sizes(node, i)
    assert isinstance(node.rule, Elementwise)
    partial = node.rule.partials[i]
    stretched = shape_y != shape_x
    shortcut = written_pullback(node, i, g, operands, y)
    if callable(partial):
        slope = written_pullback(node, i, Number(1), operands, y, whole=False)
        if not shape_y:
            return Local("dense", 0.0, _equal(y, x, slope), shortcut, "both are single numbers: one product")
        number = isinstance(slope, Number) or np.ndim(node.values[1 - i] if len(node.values) == 2 else shape_y) == 0
        right: Expression = Product((slope, Words("I"))) if number else Call("diag", (slope,))
        why = (
            "each entry is computed from its own entry alone, so the Jacobian is diagonal, and a product "
            "with it is one entry by entry, ⊙, with its diagonal"
        )
        structure = "diagonal"
    else:
        sign = "" if partial == 1 else "−"
        if not shape_y:
            return Local(
                "identity", 0.0, _equal(y, x, Number(float(partial))), shortcut, _passed(partial, "derivative")
            )
        right = Words(f"{sign}I")
        why = _passed(partial, "Jacobian")
        structure = "identity"
    if stretched:
        count = math.prod(shape_y) // max(math.prod(shape_x), 1)
        why += f"; every entry was used {count} times, so its contributions are summed over the broadcast axis"
        right = (
            slope
            if callable(partial) and not shape_x
            else (Words("1") if not shape_x else Product((right, Words("(stretched)"))))
        )
        structure = (
            "dense" if not shape_x and callable(partial) else "ones" if not shape_x else f"{structure}, stretched"
        )
    zeros = 1 - 1 / max(math.prod(shape_x), 1)
    return Local(structure, zeros, _equal(y, x, right), shortcut, why)


def _passed(partial: Any, what: str) -> str:
    if partial == 1:
        return f"the {what} is {'1' if what == 'derivative' else 'the identity'}: the cotangent is passed on unchanged"
    return f"the {what} is {'−1' if what == 'derivative' else 'minus the identity'}: the cotangent changes its sign"


def _matmul(
    node: Node, i: int, g: Expression, operands: Sequence[Expression], y: Expression, x: Expression
) -> Local | None:
    ranks = tuple(np.ndim(value) for value in node.values)
    other = operands[1 - i]
    conj = any(np.iscomplexobj(value) for value in node.values)
    if conj or ranks not in {(1, 1), (1, 2), (2, 1), (2, 2)}:
        return None
    shape_y = np.shape(node.value)
    if ranks == (1, 1):
        local = _equal(y, x, transposed(other))
        return Local("dense", 0.0, local, _scaled(g, other), "the derivative of a sum of products is the other factor")
    if np.ndim(node.values[i]) == 1:  # a matrix times this vector
        matrix = other if i == 1 else transposed(other)
        shortcut = side_by_side(transposed(matrix), g)
        return Local(
            "dense", 0.0, _equal(y, x, matrix), shortcut,
            "the Jacobian of a matrix times a vector is the matrix: its transpose carries the cotangent back",
        )  # fmt: skip
    if ranks in {(2, 1), (1, 2)}:
        a, b = ("i", "j, k") if i == 0 else ("j", "i, k")
        kron, taken = ("[i = j]", "k") if i == 0 else ("[j = k]", "i")
        local = Equation(
            (Derivative(Indexed(y, a), Indexed(x, b)), Product((Words(kron), Indexed(other, taken)))), ("=",)
        )
        shortcut = side_by_side(g, transposed(other)) if i == 0 else side_by_side(other, transposed(g))
        n = shape_y[0]
        return Local(
            "block", 1 - 1 / n, local, shortcut,
            f"an entry of the result depends on its own {'row' if i == 0 else 'column'} of the matrix alone, so all "
            "but one term of each sum over i are zero, and what is left is an outer product",
        )  # fmt: skip
    kron, factor = ("[i = k]", Indexed(other, "l, j")) if i == 0 else ("[j = l]", Indexed(other, "i, k"))
    local = Equation((Derivative(Indexed(y, "i, j"), Indexed(x, "k, l")), Product((Words(kron), factor))), ("=",))
    shortcut = side_by_side(g, transposed(other)) if i == 0 else side_by_side(transposed(other), g)
    return Local(
        "block", 1 - 1 / shape_y[i], local, shortcut,
        f"a {'row' if i == 0 else 'column'} of the product depends on the same {'row' if i == 0 else 'column'} of this "
        "factor alone; what is left of the contraction is a matrix product with the other factor, transposed",
    )  # fmt: skip


def _scaled(g: Expression, x: Expression) -> Expression:
    return x if g == Number(1) else Product((g, x))


def _sum(
    node: Node, i: int, g: Expression, operands: Sequence[Expression], y: Expression, x: Expression
) -> Local | None:
    if i:
        return None
    shape_y, shape_x = _sizes(node, i)
    share: Expression = Symbol("ones")
    mean = node.rule.name == "mean"
    if mean:
        share = Fraction(Number(1), Number(math.prod(shape_x) // max(math.prod(shape_y), 1)))
    spread = Product((share, g)) if mean else g
    ones = _scaled(spread, Symbol("ones"))
    if not shape_y:
        why = "every entry counts alike, so each is handed the same number"
        return Local("ones", 0.0, _equal(y, x, _scaled(share, Symbol("ones")) if mean else share), ones, why)
    why = "an entry goes into one of the sums only: the cotangent of that sum is handed to all that went into it"
    return Local("block", 1 - 1 / math.prod(shape_y), _equal(y, x, Words("rows of ones")), ones, why)


def _rearranged(
    node: Node, i: int, g: Expression, operands: Sequence[Expression], y: Expression, x: Expression
) -> Local:
    shape_y, _ = _sizes(node, i)
    zeros = 1 - 1 / max(math.prod(shape_y), 1)
    why = "every entry only changes its place; the transpose of a permutation puts it back"
    shortcut = written_pullback(node, i, g, operands, y)
    return Local("permutation", zeros, _equal(y, x, Words("a permutation")), shortcut, why)


def _taken(
    node: Node, i: int, g: Expression, operands: Sequence[Expression], y: Expression, x: Expression
) -> Local | None:
    if i:
        return None
    _, shape_x = _sizes(node, i)
    zeros = 1 - 1 / max(math.prod(shape_x), 1)
    why = "entries are taken out; the transpose of the selection puts their cotangents back, among zeros"
    index = node.parameters.get("index")
    zero = Call("zeros", (), (("shape", "×".join(map(str, shape_x))),))
    place = index_text(index) if len(operands) == 1 else "the places taken"
    shortcut = Infix(zero, "with", Equation((Indexed(Symbol(""), place), g), ("=",))) if place else g
    return Local("selection", zeros, _equal(y, x, Words("a selection")), shortcut, why)


def _general(node: Node, i: int, g: Expression, operands: Sequence[Expression], y: Expression, x: Expression) -> Local:
    shape_y, shape_x = _sizes(node, i) if not isinstance(node.value, tuple) else ((1,), np.shape(node.values[i]))
    structure, zeros = "dense", 0.0
    small = math.prod(shape_y) * math.prod(shape_x) <= 2_000 and not isinstance(node.value, tuple)
    if small and (formed := local_derivative(node, i)) is not None and formed.size:
        zeros = float(np.mean(formed == 0))
        flat = formed.reshape(math.prod(shape_y), math.prod(shape_x))
        if flat.shape[0] == flat.shape[1] and np.count_nonzero(flat - np.diag(np.diagonal(flat))) == 0 and zeros:
            structure = "diagonal"
        elif zeros >= 0.5:
            structure = "sparse"
    shortcut = written_pullback(node, i, g, operands, y)
    local = _equal(y, x, Words(f"the derivative of {node.rule.name}"))
    return Local(
        structure, zeros, local, shortcut, f"this is the transposed derivative of {node.rule.name}, worked out"
    )


_SPECIAL: dict[str, Any] = {
    "matmul": _matmul,
    "dot": _matmul,
    "matvec": _matmul,
    "vecmat": _matmul,
    "inner": lambda node, *rest: _matmul(node, *rest) if all(np.ndim(v) == 1 for v in node.values) else None,
    "vdot": lambda node, *rest: _matmul(node, *rest) if all(np.ndim(v) == 1 for v in node.values) else None,
    "vecdot": lambda node, *rest: _matmul(node, *rest) if all(np.ndim(v) == 1 for v in node.values) else None,
    "sum": _sum,
    "mean": _sum,
    "reshape": _rearranged,
    "transpose": _rearranged,
    "flip": _rearranged,
    "roll": _rearranged,
    "getitem": _taken,
}
