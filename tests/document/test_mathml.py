"""Formulas in MathML: well-formed, with the right signs and parentheses, and drawn by a real browser."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.document import (
    Absolute,
    Call,
    Cases,
    Derivative,
    Equation,
    Fraction,
    Indexed,
    Infix,
    Matrix,
    Norm,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    Total,
    Transposed,
    Words,
)
from chainrule.document.mathml import mathml

A, B, X = Symbol("A"), Symbol("B"), Symbol("x")
HOSTILE = "<script>&\"'"


def read(expression, keys=None):
    return ET.fromstring(mathml(expression, keys or {}))


def said(expression):
    """What is written, from left to right, without what cannot be seen."""
    return "".join(read(expression).itertext()).replace("\u2061", "")


def find(expression, *tags):
    return [found.tag for found in read(expression).iter() if found.tag in tags]


@pytest.mark.parametrize(
    ("symbol", "markup"),
    [
        (Symbol("z"), "<mi>z</mi>"),
        (Symbol("delta_2"), "<msub><mi>δ</mi><mn>2</mn></msub>"),
        (Symbol("W1"), "<msub><mi>W</mi><mn>1</mn></msub>"),
        (Symbol("learning_rate"), "<mtext>learning_rate</mtext>"),
    ],
)
def test_a_name_is_set_as_a_person_writes_it(symbol, markup):
    assert mathml(symbol) == f"<math>{markup}</math>"


def test_a_layer_stands_above_and_an_index_below():
    (both,) = read(Symbol("W_i", above="2"))
    assert both.tag == "msubsup"
    assert ["".join(child.itertext()) for child in both] == ["W", "i", "2"]
    (layer,) = read(Symbol("a", above="l-1"))
    assert (layer.tag, "".join(layer.itertext())) == ("msup", "al−1")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Product((A, Total((B, X), (False, False)))), "A(B+x)"),
        (Product((Number(2), Number(3))), "2·3"),
        (Product((A, Number(-2)), "⊙"), "A⊙(−2)"),
        (Product((Product((Transposed(A), X)), Call("sigma'", (B,))), "⊙"), "ATx⊙σ′(B)"),
        (Total((A, Total((B, X), (False, False))), (False, True)), "A−(B+x)"),
        (Total((A,), (True,)), "−A"),
        (Power(Total((A, B), (False, False)), Number(2)), "(A+B)2"),
        (Power(Symbol("a", above="2"), Number(2)), "(a2)2"),
        (Power(A, Number(-1)), "A−1"),
        (Transposed(Total((A, B), (False, True))), "(A−B)T"),
        (Transposed(Symbol("W", above="2")), "(W2)T"),
        (Transposed(A), "AT"),
        (Derivative(Symbol("C"), X), "∂C∂x"),
        (Sum(Total((A, B), (False, False)), "i"), "∑i(A+B)"),
        (Norm(Total((A, B), (False, True)), "2"), "‖A−B‖2"),
        (Absolute(X), "|x|"),
        (Indexed(X, "i, j"), "xi,j"),
        (Indexed(X, "0, :"), "x0,:"),
        (Infix(A, "≤", B), "A≤B"),
        (Cases(((A, Infix(X, ">", Number(0))), (B, Words("else")))), "{Ax>0Belse"),
        (Matrix(((Number(1), Number(2)), (Number(3), Number(-0.5)))), "[123−0.5]"),
        (Equation((A, B, X), ("=", "≈")), "A=B≈x"),
        (Call("max", (A, B), (("axis", "0"),)), "max(A,B,axis = 0)"),
        (Call("sqrt", (X,)), "x"),
        (Number(1e-7), "10−7"),
        (Number(2.5e-7), "2.5·10−7"),
        (Number(3 - 4j), "3−4i"),
        (Number(float("inf")), "∞"),
        (Number(float("-inf")), "−∞"),
    ],
)
def test_what_is_written(expression, text):
    assert said(expression) == text


def test_an_index_stands_below_a_layer():
    (both,) = read(Indexed(Symbol("z", above="2"), "i"))
    assert both.tag == "msubsup"
    assert ["".join(child.itertext()) for child in both] == ["z", "i", "2"]
    (offered,) = read(Indexed(Symbol("z", above="2", key="q3"), "i"))
    assert offered.get("data-key") == "q3"


def test_signs_that_are_drawn():
    assert find(Call("sqrt", (X,)), "msqrt") == ["msqrt"]
    assert find(Fraction(Total((A, B), (False, False)), X), "mfrac", "mo") == ["mfrac", "mo"]  # no parentheses
    assert find(Symbol("y_hat"), "mover") == ["mover"]
    assert said(Symbol("y_hat")) == "y^"


def test_parentheses_grow_only_around_what_is_tall():
    def grows(inside):
        fences = [found.get("stretchy") for found in read(Call("exp", (inside,))).iter("mo") if found.get("fence")]
        return set(fences)

    assert grows(X) == {"false"}
    assert grows(Fraction(A, B)) == {"true"}


def test_a_symbol_with_a_key_can_be_focused():
    (z,) = read(Symbol("z", key="q3"))
    assert (z.get("data-key"), z.get("tabindex"), z.get("role")) == ("q3", "0", "button")
    assert "data-key" not in mathml(Symbol("z"))


def test_a_whole_with_a_key_hides_its_parts():
    whole = Derivative(Symbol("C", key="q9"), Symbol("z", key="q3"))
    keys = [found.get("data-key") for found in read(whole, {whole: "value-1"}).iter() if found.get("data-key")]
    assert keys == ["value-1"]
    keys = [found.get("data-key") for found in read(whole).iter() if found.get("data-key")]
    assert keys == ["q9", "q3"]


NAMES = st.one_of(
    st.sampled_from(["x", "W1", "delta_2", "y_hat", "sigma'", HOSTILE]),
    st.text(st.characters(), min_size=1, max_size=4),
)
LEAVES = st.one_of(
    st.builds(Symbol, NAMES, st.sampled_from(["", "2", "l-1", HOSTILE]), st.sampled_from(["", "q1", HOSTILE])),
    st.builds(Number, st.one_of(st.integers(-9, 10**7), st.floats(), st.complex_numbers())),
    st.builds(Words, st.text(max_size=4)),
)


def larger(inner):
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Call, NAMES, several, st.just((("axis", HOSTILE),))),
        st.builds(Product, several, st.sampled_from(["", "⊙", "·", "⊗", "×", "<"])),
        several.map(lambda terms: Total(terms, tuple(i % 2 == 0 for i in range(len(terms))))),
        *(st.builds(kind, inner, inner) for kind in (Fraction, Power, Derivative)),
        *(st.builds(kind, inner) for kind in (Transposed, Absolute)),
        st.builds(Sum, inner, st.sampled_from(["", "i", "i, j", HOSTILE])),
        st.builds(Norm, inner, st.sampled_from(["", "2", HOSTILE])),
        st.builds(Indexed, inner, st.sampled_from(["0", "0, :", "…", HOSTILE])),
        st.builds(Infix, inner, st.sampled_from(["≤", "<", "∈"]), inner),
        st.lists(st.tuples(inner, inner), min_size=1, max_size=2).map(lambda pairs: Cases(tuple(pairs))),
        several.map(lambda row: Matrix((row, row))),
        st.builds(lambda a, b: Equation((a, b), ("<",)), inner, inner),
    )


CHILDREN = {"msub": 2, "msup": 2, "msubsup": 3, "mfrac": 2, "munder": 2, "mover": 2}


@given(st.recursive(LEAVES, larger, max_leaves=12))
def test_whatever_is_written_is_well_formed(expression):
    for found in ET.fromstring(mathml(expression)).iter():
        assert len(found) == CHILDREN.get(found.tag, len(found))
        if found.tag in ("mi", "mn", "mo", "mtext"):
            assert len(found) == 0
        else:
            assert not (found.text or "").strip()
            assert not any((child.tail or "").strip() for child in found)


def test_a_browser_draws_it(open_page):
    """A fraction is high, a subscript low and small: the browser knows the elements."""
    page = open_page(mathml(Equation((Fraction(A, B), Symbol("W1")), ("=",)), block=True))
    top, bottom, name, below = (
        page.locator(selector).bounding_box()
        for selector in ("mfrac > :first-child", "mfrac > :last-child", "msub > mi", "msub > mn")
    )
    assert top["y"] + top["height"] <= bottom["y"] + 1
    assert below["y"] + below["height"] > name["y"] + name["height"]
    assert below["height"] < name["height"] * 1.5
    assert below["x"] > name["x"]
