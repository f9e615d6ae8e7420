"""Nested structures come apart and together again."""

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chainrule.graph.structure import flatten

Pair = namedtuple("Pair", ["left", "right"])


@dataclass
class Layer:
    W: Any
    b: Any


trees = st.recursive(
    st.none() | st.floats(allow_nan=False),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.builds(Pair, inner, inner),
        st.builds(Layer, inner, inner),
    ),
    max_leaves=10,
)


@given(trees)
def test_rebuilding_from_the_same_leaves_gives_the_same_structure(tree):
    leaves, rebuild = flatten(tree)
    assert rebuild(leaves) == tree


@given(trees)
def test_rebuilding_takes_other_leaves_in_their_order(tree):
    leaves, rebuild = flatten(tree)
    others = [f"leaf {i}" for i in range(len(leaves))]
    assert flatten(rebuild(others))[0] == others
