"""Every public function of NumPy is accounted for, and docs/numpy.md says how; UPDATE_GOLDEN=1 writes it anew."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from tests.rules.numpys_names import MADE_OF_OTHERS, page, public_names, sort_of

from chainrule import RecordingError, grad
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Elementwise
from chainrule.rules.refused import REFUSED, UNSEEN

PAGE = Path(__file__).parents[2] / "docs" / "numpy.md"
VERSION = ".".join(np.__version__.split(".")[:2])


def test_none_is_unaccounted_for():
    assert [name for name, thing in public_names() if sort_of(name, thing) is None] == []


def test_the_page_is_right():
    written = PAGE.read_text(encoding="utf-8")
    if os.environ.get("UPDATE_GOLDEN"):
        begin = re.sub(r"NumPy \d+\.\d+", f"NumPy {VERSION}", written[: written.index("\n## ")])
        PAGE.write_text(begin + "\n" + page(), encoding="utf-8")
    elif f"NumPy {VERSION}" not in written:
        pytest.skip(f"docs/numpy.md is not of NumPy {VERSION}, and other versions have other functions")
    else:
        assert written[written.index("\n## ") + 1 :] == page()


def test_every_differentiated_function_is_held_against_differences():
    """Some test of a rule names it; that it does so within assert_derivatives is for its reader to see."""
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    # tests/rules/test_elementwise.py goes through the table itself, and names none.
    entrywise = {rule.name for rule in TABLE.values() if type(rule) is Elementwise}
    named = set(re.findall(r"\w+", tests)) | entrywise
    aliases = {thing.__name__ for _, thing in public_names() if hasattr(thing, "__name__")}
    missing = [
        name
        for name, thing in public_names()
        if sort_of(name, thing) == "differentiated"
        and name.rpartition(".")[2] not in named | MADE_OF_OTHERS
        and not (thing.__name__ in named and thing.__name__ in aliases)
    ]
    assert missing == []


@pytest.mark.parametrize("function", REFUSED, ids=lambda f: f.__name__)
def test_a_refusal_says_why_and_what_to_write_instead(function):
    why, instead = REFUSED[function]
    with pytest.raises(RecordingError) as refused:
        TABLE[function](np.ones(2))
    assert f"np.{function.__name__} has no derivative" in str(refused.value)
    assert why in str(refused.value)
    assert str(refused.value).endswith(f"instead: {instead}.")


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize(
    ("name", "f"),
    [
        ("asarray_chkfinite", np.asarray_chkfinite),
        ("asmatrix", np.asmatrix),
        ("bmat", lambda x: np.bmat([[x]])),
        ("broadcast", lambda x: np.broadcast(x, x)),
        ("c_", lambda x: np.c_[x, x]),
        ("format_float_positional", lambda x: np.format_float_positional(x[0])),
        ("format_float_scientific", lambda x: np.format_float_scientific(x[0])),
        ("frompyfunc", lambda x: np.frompyfunc(abs, 1, 1)(x)),
        ("kaiser", lambda x: np.kaiser(3, x[0])),
        ("matrix", lambda x: np.matrix(x)),
        ("ndenumerate", lambda x: np.ndenumerate(x)),
        ("nditer", lambda x: np.nditer(x)),
        ("nested_iters", lambda x: np.nested_iters(np.outer(x, x), [[0], [1]])),
        ("r_", lambda x: np.r_[x, x]),
        ("vectorize", lambda x: np.vectorize(abs)(x)),
    ],
)
def test_what_never_asks_a_traced_array_is_refused_by_the_array(name, f):
    assert name in UNSEEN
    with pytest.raises((RecordingError, TypeError)):  # np.nditer says first that a traced array is no memory
        grad(lambda x: f(x) and np.sum(x))(np.ones(2))
