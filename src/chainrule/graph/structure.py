"""Nested arguments and results: lists, tuples, dicts and dataclasses of arrays, taken apart and rebuilt."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from chainrule.graph.node import Array

Rebuild: TypeAlias = Callable[[Sequence[Any]], Any]
"""Puts a structure together again from as many leaves as it had."""


def flatten(tree: Any) -> tuple[list[Array], Rebuild]:
    """Take a nested structure of arrays apart.

    Parameters
    ----------
    tree : nested lists, tuples, named tuples, dicts and dataclasses
        Everything else, None excepted, is a leaf; None is a structure without leaves.

    Returns
    -------
    leaves : list
        From first to last; a dict's in the order of its keys' insertion.
    rebuild : callable
        ``rebuild(leaves)`` gives the same structure with other leaves.

    Examples
    --------
    >>> leaves, rebuild = flatten({"W": [1.0, 2.0], "b": (3.0,)})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> rebuild([x * 10 for x in leaves])
    {'W': [10.0, 20.0], 'b': (30.0,)}
    """
    parts = _parts(tree)
    if parts is None:
        return [tree], _only
    children, assemble = parts
    leaves: list[Array] = []
    inner: list[tuple[int, int, Rebuild]] = []
    for child in children:
        child_leaves, child_rebuild = flatten(child)
        inner.append((len(leaves), len(leaves) + len(child_leaves), child_rebuild))
        leaves += child_leaves

    def rebuild(new: Sequence[Any]) -> Any:
        return assemble([part(new[start:stop]) for start, stop, part in inner])

    return leaves, rebuild


def outline(tree: Any) -> Any:
    """Return what is equal for two structures whose leaves stand in the same places, in the same order.

    Examples
    --------
    >>> outline({"W": 1.0, "b": (2.0, None)}) == outline({"W": 3.0, "b": (4.0, None)})
    True
    >>> outline([1.0, 2.0]) == outline((1.0, 2.0))
    False
    """
    parts = _parts(tree)
    if parts is None:
        return "leaf"
    keys = tuple(tree) if isinstance(tree, dict) else ()
    return type(tree), keys, tuple(outline(child) for child in parts[0])


def _only(leaves: Sequence[Any]) -> Any:
    return leaves[0]


def _parts(tree: Any) -> tuple[Sequence[Any], Callable[[list[Any]], Any]] | None:
    """Return the children of one level and what makes such a level of children; None for a leaf."""
    if tree is None:
        return (), lambda _: None
    if isinstance(tree, list):
        return tree, lambda children: children
    if isinstance(tree, tuple):
        kind = type(tree)
        return tree, (lambda children: kind(*children)) if hasattr(tree, "_fields") else kind
    if isinstance(tree, dict):
        keys = list(tree)
        return list(tree.values()), lambda children: dict(zip(keys, children, strict=True))
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        names = [field.name for field in dataclasses.fields(tree) if field.init]
        return (
            [getattr(tree, name) for name in names],
            lambda children: dataclasses.replace(tree, **dict(zip(names, children, strict=True))),
        )
    return None
