import pkgutil
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
import scipy.special

import chainrule.scipy
from chainrule import primitive
from chainrule.compiler.files.names import (
    function_called,
    name_of_function,
    name_of_rule,
    rule_called,
    rule_names,
)
from chainrule.graph.node import Item, Rule
from chainrule.graph.table import TABLE
from chainrule.rules.table import FAMILIES

for _module in pkgutil.walk_packages(chainrule.scipy.__path__, "chainrule.scipy."):
    import_module(_module.name)


def test_every_rule_has_a_name_and_is_found_by_it():
    names = rule_names()
    assert set(names) >= {rule for rule in TABLE.values() if isinstance(rule, Rule)}
    assert len(names) > 350
    for rule, (name, arguments) in names.items():
        assert rule_called(name, arguments) is rule


def test_names_stand_for_one_rule_each():
    names = list(rule_names().values())
    assert len(names) == len({(name, repr(arguments)) for name, arguments in names})


def test_the_members_of_families_are_named_by_what_they_are_made_of():
    rule = FAMILIES["chainrule.rules.steps._finding"](np.argmax, ("a",), ("a", "axis"))
    named = name_of_rule(rule, rule_names())
    assert named is not None
    assert rule_called(*named) is rule
    np.testing.assert_array_equal(rule.function(np.eye(2), axis=1), [0, 1])


def test_what_picks_a_part_is_named_by_its_number():
    named = name_of_rule(Item(3), {})
    assert named is not None
    rule = rule_called(*named)
    assert isinstance(rule, Item)
    assert rule.k == 3


def test_a_users_own_primitive_has_no_name():
    assert name_of_rule(primitive(partials=lambda x, y: y)(lambda x: np.exp(x)), rule_names()) is None


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "numpy.save",
        "chainrule.cli.app.main",
        "chainrule.__main__.main",
        "chainrule.rules.shapes.np",
        "chainrule.rules.shapes",
        "chainrule.rules.nowhere.FLIP",
        "chainrule.rules.../os.FLIP",
        "chainrule.rules.shapes.__dict__",
        "",
        "tanh",
    ],
)
def test_nothing_else_is_found(name):
    with pytest.raises(LookupError, match="there is no"):
        rule_called(name)


def test_only_functions_that_find_are_members_of_their_family():
    with pytest.raises(ValueError, match="none of the functions that find or count"):
        rule_called("chainrule.rules.steps._finding", (np.copyto, ("dst",), ("dst", "src")))


@pytest.mark.parametrize("function", [np.tanh, np.linalg.inv, np.fft.fft, scipy.special.erf])
def test_functions_with_rules_are_found_by_their_names(function):
    name = name_of_function(function)
    assert name is not None
    assert function_called(name) is function


@pytest.mark.parametrize("thing", [print, len, lambda x: x, 3, [1], "numpy.tanh"])
def test_other_things_are_no_functions(thing):
    assert name_of_function(thing) is None


def test_the_rules_of_a_library_are_loaded_for_a_name_of_its():
    script = (
        "import sys, chainrule\nfrom chainrule.compiler.files.names import rule_called\n"
        "assert 'scipy.special' not in sys.modules\nprint(rule_called('scipy.special.erf').name)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["erf"]
