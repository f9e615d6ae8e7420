"""Reverse mode: the cotangents of a recorded function, from its result back to its arguments.

This is the paper's algorithm (IV.3) on any nested composition: the result's cotangent is given; every node hands its
own back to each of its operands through the transposed Jacobian of its rule; and an operand that is used more than
once adds up what it is handed. With C the result, a node's cotangent is ∂C/∂node.

Complex numbers: a cotangent g stands for the real-linear map v ↦ Re(Σ g v). So rules of holomorphic functions are
written as for real ones, without a conjugate, and what reaches a real operand is the real part. Likewise what reaches
an operand in single precision is in single precision.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from chainrule.graph.node import Array, Collected, Node, added, whole
from chainrule.graph.tracer import CONSTANT

_ndarray = np.ndarray

Watch = Callable[[Node, int, Array, Array], None]
"""Is shown each step back: the node, the number of the operand, the node's cotangent and what the operand is handed."""


def pull_back(nodes: Iterable[Node], cotangents: dict[Node, Array], watch: Watch | None = None) -> dict[Node, Array]:
    """Carry cotangents backward through the nodes of a recorded function.

    Parameters
    ----------
    nodes : iterable of Node
        From the last to the first.
    cotangents : dict
        The cotangents to begin with, each of its node's shape. It is consumed.
    watch : callable, optional
        Is shown each step.

    Returns
    -------
    dict
        The cotangents of the nodes without operands: the function's arguments, where any arrived.

    Notes
    -----
    The rules work on whatever the values are. Where these are tracers of an outer recording, the backward pass is
    recorded there, and so can itself be differentiated.
    """
    for node in nodes:
        cotangent = cotangents.pop(node, None) if node.operands else None
        if cotangent is None:
            continue
        if type(cotangent) is not _ndarray and isinstance(cotangent, Collected):
            cotangent = cotangent.whole(node.value)
        rule = node.rule
        of_all = None if rule.pullbacks_of_all is None else rule.pullbacks_of_all(cotangent, node)
        for i, operand in enumerate(node.operands):
            if type(operand) is Node and operand.rule is not CONSTANT:
                contribution = rule.pullback(i, cotangent, node) if of_all is None else of_all[i]
                if contribution is not None:
                    value = operand.value
                    if watch is not None:
                        contribution = whole(contribution, value)
                        watch(node, i, cotangent, contribution)
                    if type(value) is not tuple and contribution.dtype is not value.dtype:
                        contribution = of_type(whole(contribution, value), value.dtype)
                        if contribution is None:
                            continue
                    known = cotangents.get(operand)
                    if known is None:
                        cotangents[operand] = contribution
                    elif type(known) is _ndarray and type(contribution) is _ndarray:
                        cotangents[operand] = known + contribution
                    else:
                        cotangents[operand] = added(known, contribution)
    for node, cotangent in cotangents.items():
        if type(cotangent) is not _ndarray:
            cotangents[node] = whole(cotangent, node.value)
    return cotangents


def of_type(v: Array, dtype: Any) -> Array | None:
    """Give a cotangent or a tangent the type of the value that it belongs to.

    Parameters
    ----------
    v : array
        As the rules made it: in mixed arithmetic it may be complex, or of more digits than the value has.
    dtype : numpy.dtype
        The value's.

    Returns
    -------
    array or None
        None where the value is made of whole numbers or of truth values: these have no derivative.
    """
    if v.dtype == dtype:
        return v
    if dtype.kind not in "fc":
        return None
    real = v.real if v.dtype.kind == "c" and dtype.kind == "f" else v
    return real if real.dtype == dtype else real.astype(dtype)
