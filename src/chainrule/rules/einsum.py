"""Sums of products in Einstein's notation: linear in each operand, so that a transpose is such a sum again.

The cotangent takes the result's place among the factors, and the operand its own: of ``"ij,jk->ik"`` the transpose
for the first operand is ``"ik,jk->ij"`` (the paper's IV.2, written with indices).
"""

import functools
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Array, Node
from chainrule.graph.table import TABLE
from chainrule.graph.tracer import Tracer, sample_of
from chainrule.rules.kinds import Multilinear
from chainrule.rules.operands import operand
from chainrule.rules.table import spells


@functools.lru_cache(1024)
def _terms(subscripts: str, ndims: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """Give every axis of every operand, and of the result, a letter: write the ellipsis and what is implied out."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    named = inputs.replace("...", "").replace(",", "")
    terms = inputs.split(",")
    hidden = [
        ndim - len(term.replace("...", "")) if "..." in term else 0 for term, ndim in zip(terms, ndims, strict=True)
    ]
    broadcast = "".join(_unused(subscripts)[: max(hidden)])
    written = tuple(term.replace("...", broadcast[len(broadcast) - n :]) for term, n in zip(terms, hidden, strict=True))
    if arrow:
        return written, output.replace("...", broadcast)
    return written, broadcast + "".join(sorted(letter for letter in named if named.count(letter) == 1))


def _unused(letters: str) -> list[str]:
    return [letter for letter in string.ascii_letters if letter not in letters]


class _Einsum(Multilinear):
    """``np.einsum(subscripts, *operands)``."""

    def pullback(self, i: int, cotangent: Array, node: Node) -> Array:
        """Sum the cotangent times the other operands, then spread that over the axes which i alone was summed over."""
        x = node.values[i]
        terms, output = _terms(node.parameters["subscripts"], tuple(y.ndim for y in node.values))
        term, others = terms[i], [term for j, term in enumerate(terms) if j != i]
        factors = [y for j, y in enumerate(node.values) if j != i]
        size = dict(zip(output, cotangent.shape, strict=True))
        for letters, factor in zip(others, factors, strict=True):
            size |= {
                letter: n if n != 1 else size.get(letter, 1) for letter, n in zip(letters, factor.shape, strict=True)
            }
        own = dict(zip(term, x.shape, strict=True))
        # An axis of size 1 that met a longer one was broadcast: it is summed with the rest.
        known = "".join(letter for letter, n in own.items() if size.get(letter) in (n, 1))
        if (known, others) != (output, []):
            optimize = node.parameters.get("optimize", False)
            if not isinstance(optimize, bool | str):  # a path, which is of other factors
                optimize = True
            cotangent = np.einsum(f"{','.join([output, *others])}->{known}", cotangent, *factors, optimize=optimize)
        return _spread(cotangent, known, term, x.shape)

    def pushforward(self, i: int, tangent: Array, node: Node) -> Array:
        """Sum with the tangent in the place of operand i."""
        return self(*(tangent if j == i else y for j, y in enumerate(node.values)), **node.parameters)


def _spread(v: Array, known: str, term: str, shape: tuple[int, ...]) -> Array:
    """Repeat v along the axes it lacks, and lay it on the diagonal where a letter stands for several axes."""
    factors: dict[str, Any] = {}
    sizes = dict(zip(known, v.shape, strict=True))
    target, unused = "", _unused(term)
    for letter, n in zip(term, shape, strict=True):
        if letter in target:
            factors[letter + unused[0]] = np.eye(n, dtype=bool)
            letter = unused.pop(0)
        elif sizes.get(letter) != n:
            factors[letter] = np.ones(n, dtype=bool)
        target += letter
    if not factors:
        return v
    return np.einsum(f"{','.join([known, *factors])}->{target}", v, *factors.values())


def _einsum(*operands: Array, subscripts: str, **options: Any) -> Array:
    return np.einsum(subscripts, *operands, **options)


def _view_put_back(x: Array, view: Array, subscripts: str, **_: Any) -> Array:
    """Give x with what was written into a view of it, such as its diagonal: x[i, i] = view[i]."""
    (term,), output = _terms(subscripts, (x.ndim,))
    places = {letter: np.arange(n) for letter, n in zip(term, x.shape, strict=True)}
    index = tuple(places[letter].reshape([-1 if letter == other else 1 for other in output]) for letter in term)
    return TABLE[Tracer.__setitem__](x, index, view)


EINSUM = _Einsum("einsum", _einsum)
EINSUM.write_back = _view_put_back


@spells(np.einsum)
def _spelled(
    *operands: Any,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: Any = "safe",
) -> Array:
    subscripts, given = _subscripts_and_operands(operands)
    arrays = [operand(x) for x in given]
    if dtype is not None:
        arrays = [_cast(x, np.dtype(dtype), casting) for x in arrays]
    options = {"optimize": optimize} if optimize is not False else {}
    return EINSUM(*arrays, subscripts=subscripts, **options, **({} if order == "K" else {"order": order}))


def _cast(x: Array, dtype: Any, casting: Any) -> Array:
    np.empty(0, x.dtype).astype(dtype, casting=casting)  # NumPy says itself what cannot be cast
    return x if x.dtype == dtype else x.astype(dtype)


def _subscripts_and_operands(operands: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """Return the subscripts as one string, which may also come as a list of numbers after each operand."""
    if isinstance(operands[0], str):
        return operands[0], operands[1:]
    # An implied output has its axes in the order of their numbers, as of their letters: A comes before a.
    letters = string.ascii_uppercase + string.ascii_lowercase
    lists = [
        "".join("..." if place is Ellipsis else letters[place] for place in sublist)
        for sublist in (*operands[1::2], *operands[len(operands) // 2 * 2 :])
    ]
    given = operands[: len(operands) // 2 * 2 : 2]
    inputs, output = lists[: len(given)], lists[len(given) :]
    return ",".join(inputs) + "".join(f"->{letters}" for letters in output), given


@spells(np.einsum_path)
def _einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    return np.einsum_path(*(sample_of(x) for x in operands), optimize=optimize)
