"""Derivations written as JSON and read back."""

import pytest
from tests.derivation import samples
from tests.derivation.corpus import CORPUS

from chainrule import Derivation, derive


@pytest.mark.parametrize(("f", "args"), CORPUS, ids=[f.__name__ for f, _ in CORPUS])
def test_what_is_read_back_says_the_same(f, args):
    made = derive(f, full=True)(*args)
    again = Derivation.from_json(made.to_json())
    assert again.to_json() == made.to_json()
    assert str(again) == str(made)


@pytest.mark.parametrize("made", [samples.network(), samples.graph(), samples.hostile()], ids=lambda made: made.name)
def test_what_is_read_back_gives_every_format(made):
    again = Derivation.from_json(made.to_json())
    for form in ("to_html", "to_svg", "to_latex", "to_markdown", "to_python"):
        assert getattr(again, form)() == getattr(made, form)(), form
