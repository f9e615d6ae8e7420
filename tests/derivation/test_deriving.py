"""Derivations of the corpus: what they say equals `grad`, their literal form, their code, and their numerical check."""

import json
import subprocess
import sys

import numpy as np
import pytest
from tests.derivation.corpus import CORPUS

from chainrule import derive, grad
from chainrule.derivation import Derivation
from chainrule.graph.structure import flatten

CASES = [pytest.param(f, args, id=f.__name__) for f, args in CORPUS]

BARE = """
import json, sys
import numpy as np
asked = json.load(sys.stdin)
space = {}
exec(asked["source"], space)
found = space["gradient"](*[np.array(x) for x in asked["arguments"]])
found = found if isinstance(found, tuple) else (found,)
assert not any(name.startswith("chainrule") for name in sys.modules)
print(json.dumps([np.asarray(x).tolist() for x in found]))
"""


def leaves(tree):
    return flatten(tree)[0]


@pytest.mark.parametrize(("f", "args"), CASES)
def test_the_derivation_is_grad_to_the_last_bit(f, args):
    derivation = derive(f)(*args)
    expected = grad(f, tuple(range(len(args))))(*args)
    for found, exact in zip(leaves(derivation.gradient), leaves(expected), strict=True):
        np.testing.assert_array_equal(found, exact)
    assert all(quantity.formula is None or quantity.symbol for quantity in derivation.quantities)


@pytest.mark.parametrize(("f", "args"), CASES)
def test_every_step_agrees_with_numerical_derivatives(f, args):
    derivation = derive(f)(*args)
    assert derivation.ok
    # all are checked, but for what has corners where the point lies, or no number to be moved by
    assert all(step.check.ok or step.check.note for step in derivation.steps)
    assert sum(step.check.ok is True for step in derivation.steps) > len(derivation.steps) / 2


@pytest.mark.parametrize(("f", "args"), CASES)
def test_the_literal_form_is_the_shortcut(f, args):
    derivation = derive(f, full=True)(*args)
    formed = [c.literal for step in derivation.steps for c in step.contributions if c.literal is not None]
    assert formed
    assert derivation.difference <= 1e-10


@pytest.mark.parametrize(("f", "args"), CASES)
def test_contributions_add_up_to_the_cotangent(f, args):
    for step in derive(f)(*args).steps:
        if step.contributions:
            total = sum(np.asarray(c.value) for c in step.contributions)
            np.testing.assert_allclose(total, step.cotangent, rtol=1e-12, atol=1e-14)
            for c in step.contributions:
                assert c.shape[len(c.shape) - np.ndim(step.cotangent) :] == np.shape(step.cotangent)


@pytest.mark.parametrize(("f", "args"), CASES)
def test_the_code_runs_by_itself(f, args):
    derivation = derive(f)(*args)
    given = [q.value for q in derivation.quantities if q.formula is None and q.wanted]
    given += [q.value for q in derivation.quantities if q.formula is None and not q.wanted]
    source = derivation.to_python()
    asked = {"source": source, "arguments": [np.asarray(x).tolist() for x in given]}
    ran = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", BARE],
        input=json.dumps(asked), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr + source
    for found, exact in zip(json.loads(ran.stdout), leaves(derivation.gradient), strict=True):
        np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-12 * np.max(np.abs(exact), initial=0))


@pytest.mark.parametrize(("f", "args"), CASES)
def test_json_loads_back(f, args):
    derivation = derive(f)(*args)
    again = Derivation.from_json(derivation.to_json())
    assert again.to_python() == derivation.to_python()
    assert again.document().blocks[0] == derivation.document().blocks[0]
    assert [step.symbol for step in again.steps] == [step.symbol for step in derivation.steps]
    for one, other in zip(again.steps, derivation.steps, strict=True):
        np.testing.assert_array_equal(one.cotangent, other.cotangent)
