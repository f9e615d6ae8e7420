"""The nested composition C(f_L(…f_1(W)…)) of the paper's section I, put together again from the steps."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from chainrule.derivation.steps import Quantity
from chainrule.document import Call, Expression, Symbol, Words

LONGEST = 40  # pieces of a formula that is still read in one go


def composition(quantities: Sequence[Quantity], result: Quantity) -> Expression:
    """Write a result as one formula of the arguments alone.

    Where that would be too long, only which quantity is a function of which is written: a²(z²(a¹(…), W₂)).

    Parameters
    ----------
    quantities : sequence of Quantity
        In the order in which they were computed.
    result : Quantity

    Returns
    -------
    Expression
    """
    whole: dict[Symbol, Expression] = {}
    nested: dict[Symbol, Expression] = {}
    for quantity in quantities:
        if quantity.formula is None:
            continue
        written = replaced(quantity.formula, whole)
        whole[quantity.symbol] = written if size(written) <= LONGEST else quantity.symbol
        inner = [q.symbol for key in quantity.operands for q in quantities if q.key == key]
        called = Call(_spelt(quantity.symbol), tuple(nested.get(symbol, symbol) for symbol in inner))
        nested[quantity.symbol] = called if size(called) <= LONGEST else Call(_spelt(quantity.symbol), (Words("…"),))
    found = whole.get(result.symbol, result.symbol)
    if found == result.symbol:
        found = nested.get(result.symbol, result.symbol)
    return found


def _spelt(symbol: Symbol) -> str:
    return symbol.name + symbol.above


def size(expression: Any) -> int:
    """Count the pieces of a formula."""
    if isinstance(expression, tuple):
        return sum(map(size, expression))
    if dataclasses.is_dataclass(expression):
        return 1 + sum(size(getattr(expression, field.name)) for field in dataclasses.fields(expression))
    return 0


def replaced(expression: Expression, by: Mapping[Symbol, Expression]) -> Expression:
    """Return a formula with other formulas in the place of symbols."""
    return cast(Expression, _replaced(expression, by))


def _replaced(x: Any, by: Mapping[Symbol, Expression]) -> Any:
    if isinstance(x, Symbol):
        return by.get(x, x)
    if isinstance(x, tuple):
        return tuple(_replaced(part, by) for part in x)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        changed = {field.name: _replaced(getattr(x, field.name), by) for field in dataclasses.fields(x)}
        return dataclasses.replace(x, **changed)
    return x
