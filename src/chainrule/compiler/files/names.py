"""Names for what a file cannot hold: rules and functions. They are looked up in chainrule's own tables only."""

import re
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from chainrule.graph.node import Item, Rule
from chainrule.graph.table import LATE, TABLE
from chainrule.rules.table import FAMILIES, ORIGINS

_FOLDERS = ("graph", "rules", "differentiation", "scipy", "networks")
_STANDS = re.compile(rf"chainrule\.(?:{'|'.join(_FOLDERS)})(?:\.[a-z][a-z_]*)*\Z")
_ITEM = "item"

Name = tuple[str, tuple[Any, ...]]
"""A rule's name; for the members of a family the family's, and the arguments that make the member."""


def rule_names() -> dict[Rule, Name]:
    """Return the names of all rules that are known to the tables, and to the modules that are loaded.

    Examples
    --------
    >>> import numpy as np
    >>> rule_names()[TABLE[np.tanh]]
    ('numpy.tanh', ())
    """
    found: dict[Rule, Name] = dict(ORIGINS)
    for function, rule in TABLE.items():
        if isinstance(rule, Rule) and (name := _name_of(function)):
            found.setdefault(rule, (name, ()))
    for folder in _FOLDERS:
        for module in sorted(name for name in sys.modules if name.split(".")[:2] == ["chainrule", folder]):
            for name, rule in vars(sys.modules[module]).items():
                if isinstance(rule, Rule) and _STANDS.match(module):
                    found.setdefault(rule, (f"{module}.{name}", ()))
    return found


def name_of_rule(rule: Rule, names: dict[Rule, Name]) -> Name | None:
    """Return a rule's name, or None: it is a user's own."""
    return (_ITEM, (rule.k,)) if isinstance(rule, Item) else names.get(rule)


def rule_called(name: str, arguments: tuple[Any, ...] = ()) -> Rule:
    """Return the rule of a name.

    Raises
    ------
    LookupError
        There is none.

    Examples
    --------
    >>> rule_called("numpy.tanh"), rule_called("chainrule.rules.shapes.FLIP")
    (<Elementwise rule tanh>, <Linear rule flip>)
    """
    module, _, attribute = name.rpartition(".")
    stands = _STANDS.match(module) is not None
    if stands:
        try:
            import_module(module)
        except ModuleNotFoundError:
            raise LookupError(f"there is no rule {name}") from None
    if name == _ITEM:
        return Item(*arguments)
    if name in FAMILIES:
        return FAMILIES[name](*arguments)
    rule = getattr(sys.modules[module], attribute, None) if stands else TABLE.get(function_called(name))
    if not isinstance(rule, Rule) or arguments:
        raise LookupError(f"there is no rule {name}")
    return rule


def name_of_function(function: Any) -> str | None:
    """Return the name of a function of NumPy's or SciPy's that has a rule or is spelled with such; else None.

    Examples
    --------
    >>> import numpy as np
    >>> name_of_function(np.linalg.inv), name_of_function(print)
    ('numpy.linalg.inv', None)
    """
    try:
        return _name_of(function) if function in TABLE else None
    except TypeError:  # what has no hash is no function
        return None


def function_called(name: str) -> Callable[..., Any]:
    """Return the function of a name, of those that the tables know.

    Raises
    ------
    LookupError
        There is none.
    """
    for library, rules in LATE.items():
        if name.startswith(f"{library}."):
            import_module(library)
            import_module(rules)
    for function in TABLE:
        if getattr(function, "__name__", None) == name.rpartition(".")[2] and _name_of(function) == name:
            return function
    raise LookupError(f"there is no function {name} that has a rule")


def _name_of(function: Any) -> str | None:
    """Return a function's full name; a ufunc does not say where it is from."""
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        return None
    for module in ("numpy", "scipy.special", "scipy.special._ufuncs"):
        if getattr(sys.modules.get(module), name, None) is function:
            return f"{module}.{name}"
    stands = getattr(function, "__module__", None)
    return f"{stands}.{name}" if stands else None
