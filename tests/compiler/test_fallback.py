import warnings

import pytest

from chainrule import NativeCodeWarning, compile
from chainrule.compiler import Program, fallback
from chainrule.compiler.native import engine


@pytest.fixture(autouse=True)
def _never_said(monkeypatch):
    monkeypatch.setattr(fallback, "_said", set())


def test_it_is_said_at_the_line_outside_of_chainrule_once():
    with pytest.warns(NativeCodeWarning, match="`pip install llvmlite`") as caught:
        fallback.say_once()
    assert [each.filename for each in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fallback.say_once()


@pytest.mark.parametrize("use", ["called", "made", "loaded"])
def test_whichever_way_it_is_found_out(monkeypatch, tmp_path, use):
    path = tmp_path / "double.program"
    compile(lambda x: 2 * x).program(1.5).save(path)
    monkeypatch.setattr(engine, "available", lambda: False)
    double = compile(lambda x: 2 * x)
    ways = {"called": lambda: double(1.5), "made": lambda: double.program(1.5), "loaded": lambda: Program.load(path)}
    with pytest.warns(NativeCodeWarning) as caught:
        ways[use]()
    assert [each.filename for each in caught] == [__file__]


def test_who_asks_for_numpy_is_not_told(monkeypatch, tmp_path):
    path = tmp_path / "double.program"
    compile(lambda x: 2 * x).program(1.5).save(path)
    monkeypatch.setattr(engine, "available", lambda: False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Program.load(path, native=False)(1.5) == 3.0
