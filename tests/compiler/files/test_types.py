import dataclasses
from typing import Any

import numpy as np
import pytest

from chainrule.compiler.files.types import fits
from chainrule.compiler.plan import Kernel, Loop, Number, Place, Product, Read, Step, View

PLACE = Place(0)
# What a damaged file may hold where something else belongs.
OTHER: dict[str, Any] = {
    "text": "0",
    "list": [1],
    "number": 2,
    "places": (PLACE,),
    "numbers": (1,),
    "nothing": None,
}
KERNEL = Kernel((2,), (Read(0, (1,), np.dtype(float)),), ())


@pytest.mark.parametrize(
    ("x", "hint", "expected"),
    [
        (1, int, True),
        (True, int, False),
        (np.int64(1), int, False),
        (1.5, float, True),
        (np.float32(1.5), float, True),
        (1, float, True),
        (True, float, False),
        ("1", float, False),
        (1j, float, False),
        (None, str | None, True),
        (1, str | None, False),
        ((), tuple[int, ...], True),
        ([1], tuple[int, ...], False),
        ((1, None), tuple[int, ...], False),
        ((1, 2), tuple[int, int], True),
        ((1, 2, 3), tuple[int, int], False),
        (np.dtype("f4"), np.dtype[Any], True),
        (np.dtype("f4").newbyteorder(), np.dtype[Any], False),
        (np.dtype(object), np.dtype[Any], False),
        ("f4", np.dtype[Any], False),
        (np.zeros(2), Any, True),
        (PLACE, Place, True),
        (Place(0, 8, (1, 2)), Place, True),
        (Place(OTHER["text"]), Place, False),
        (Place(0, 8, OTHER["list"]), Place, False),
        (KERNEL, Kernel, True),
        (dataclasses.replace(KERNEL, shape=OTHER["number"]), Kernel, False),
        (dataclasses.replace(KERNEL, expressions=OTHER["places"]), Kernel, False),
        (Number(1.5, np.dtype(float)), Number, True),
        (Loop(2, (Loop(3, ()), Step(KERNEL, (PLACE,)))), Loop, True),
        (Loop(2, (Loop(3, OTHER["places"]),)), Loop, False),
        (Loop(2, (Step(KERNEL, OTHER["numbers"]),)), Loop, False),
        (Product(np.dtype(float), 1, 1, 1, (1, 1), (1, 1), (1, 1), alpha=OTHER["nothing"]), Product, False),
        (PLACE, View, False),
    ],
)
def test_fits(x, hint, expected):
    assert fits(x, hint) is expected
