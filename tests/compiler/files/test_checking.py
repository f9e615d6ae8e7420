import dataclasses
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.compiler.files.varied import CASES

from chainrule.compiler.files.checking import PlanError, check_plan
from chainrule.compiler.plan import (
    Apply,
    Buffer,
    Call,
    Kernel,
    Loop,
    Number,
    Place,
    Plan,
    Product,
    Read,
    Rows,
    Step,
    Store,
    View,
)
from chainrule.compiler.program import program_of

F8, I8, B1 = np.dtype(np.float64), np.dtype(np.int64), np.dtype(bool)
X, OUT, C, M = Place(0), Place(1), Place(2), Place(3)
READ, STORE = Read(0, (1,), F8), Store(0, 1, (1,))


# What a damaged file may hold where whole numbers and steps belong.
THREE: Any = 3.0
NO_STEP: Any = X


def plan_of(*steps):
    """A plan of four buffers, of 6 entries each: an input, an output, a constant, and memory."""
    buffers = (Buffer("input", 0, 48), Buffer("output", 0, 48), Buffer("constant", 0, 48), Buffer("scratch", 64, 48))
    given, returned = ((View(place, (6,), (1,), F8),) for place in (X, OUT))
    return Plan(buffers, steps, given, returned, (np.arange(6.0),), 128)


def kernel(*, shape=(6,), expressions=(READ,), stores=(STORE,), places=(X, OUT)):
    return Step(Kernel(shape, expressions, stores), places)


def product(**changed):
    whole = Product(F8, 2, 3, 1, (1, 1), (3, 1), (3, 1))
    return Step(replace(whole, **changed), (X, X, OUT))


def rows(count=2, many=3, length=2, add=False, places=(X, C, OUT), **changed):
    return Step(Rows(count, many, length, F8, add, **changed), places)


def call(operand=None, result=None):
    operands = (operand or View(X, (2, 3), (3, 1), F8),)
    return Call("f", np.sin, operands, (), (result or View(OUT, (2, 3), (3, 1), F8),), False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_planned_may_be_run(case):
    check_plan(program_of(case.function, case.arguments, native=False).plan)


@pytest.mark.parametrize(
    "step",
    [
        kernel(),
        kernel(shape=(2, 3), expressions=(Read(0, (1, 2), F8),), stores=(Store(0, 1, (3, 1)),)),
        kernel(expressions=(Read(0, (-1,), F8),), places=(Place(0, 40), OUT)),
        kernel(shape=(4,), places=(Place(0, 16), Place(1, 16))),
        kernel(stores=(Store(0, 1, (0,), "add", (0,)),), places=(X, Place(1, 40))),
        kernel(shape=(0,), expressions=(Read(0, (1,), F8),), places=(Place(0, 48), OUT)),
        product(),
        product(c_strides=(1, 2)),
        rows(),
        rows(add=True),
        call(),
        Loop(3, (kernel(shape=(2,), places=(Place(0, 0, (16,)), Place(1, 32, (-16,)))),)),
        Loop(2, (Loop(3, (kernel(shape=(1,), places=(Place(0, 0, (24, 8)), OUT)),)),)),
        Loop(0, (kernel(shape=(9,)),)),
    ],
)
def test_what_stays_in_its_memory_may_be_run(step):
    check_plan(plan_of(step))


LEAVING = [
    kernel(shape=(7,)),
    kernel(places=(Place(0, 8), OUT)),
    kernel(places=(X, Place(1, -8))),
    kernel(places=(X, Place(1, 8))),
    kernel(expressions=(Read(0, (2,), F8),)),
    kernel(expressions=(Read(0, (-1,), F8),)),
    kernel(expressions=(Read(0, (1,), np.dtype(complex)),)),
    kernel(shape=(2, 2), expressions=(Read(0, (3, 3), F8),), stores=(Store(0, 1, (2, 1)),)),
    kernel(stores=(Store(0, 1, (0,), "add", (0,)),), places=(X, Place(1, 48))),
    kernel(shape=(0,), stores=(Store(0, 1, (0,), "add", (0,)),), places=(X, Place(1, 48))),
    product(m=3),
    product(n=4),
    product(k=4),
    product(batch=(2,), a_batch=(0,), b_batch=(0,), c_batch=(6,)),
    rows(many=4),
    rows(count=4),
    rows(add=True, many=4),
    rows(count=7, length=0, many=0),
    call(operand=View(X, (3, 3), (3, 1), F8)),
    call(result=View(Place(1, 8), (2, 3), (3, 1), F8)),
    Loop(4, (kernel(shape=(2,), places=(Place(0, 0, (16,)), OUT)),)),
    Loop(2, (kernel(places=(X, Place(1, 0, (-8,)))),)),
    Loop(2, (Loop(4, (kernel(shape=(1,), places=(Place(0, 0, (24, 8)), OUT)),)),)),
]


@pytest.mark.parametrize("step", LEAVING)
def test_what_leaves_its_memory_is_refused(step):
    with pytest.raises(PlanError, match="a step leaves its memory"):
        check_plan(plan_of(step))


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (kernel(places=(OUT, X)), "writes into an input"),
        (kernel(places=(X, C)), "writes into an constant"),
        (rows(places=(C, C, X)), "writes into an input"),
        (call(result=View(X, (6,), (1,), F8)), "writes into an input"),
        (replace(product(), arguments=(X, X, C)), "writes into an constant"),
        (kernel(places=(X,)), "too few arguments"),
        (kernel(places=(X, Place(9))), "in no buffer"),
        (kernel(places=(Place(-1), OUT)), "in no buffer"),
        (kernel(expressions=(Read(-1, (1,), F8),)), "too few arguments"),
        (kernel(places=(X, Place(1, 0, (8,)))), "a loop that is not around it"),
        (kernel(shape=(1,), places=(Place(0, 4), OUT)), "does not begin at an entry"),
        (kernel(shape=(2**40, 2**40), expressions=(Number(1.0, F8),), stores=(Store(0, 1, (0, 0)),)), "a shape is"),
        (kernel(shape=(-1,)), "a shape is"),
        (kernel(expressions=(Read(0, (1, 1), F8),)), "not as many strides as axes"),
        (kernel(stores=(Store(0, 1, (1, 1)),)), "not as many strides as axes"),
        (kernel(stores=()), "stores nothing"),
        (kernel(stores=(Store(1, 1, (1,)),)), "an expression is missing"),
        (kernel(stores=(Store(-1, 1, (1,)),)), "an expression is missing"),
        (kernel(stores=(Store(0, 1, (0,), "mean", (0,)),)), "mean is no reduction"),
        (kernel(stores=(Store(0, 1, (1,), None, (0,)),)), "not by what"),
        (kernel(stores=(Store(0, 1, (1,), "add", (0,)),)), "not reduced as it may be"),
        (kernel(stores=(Store(0, 1, (0,), "add", (1,)),)), "not reduced as it may be"),
        (kernel(stores=(Store(0, 1, (0,), "add", (0, 0)),)), "not reduced as it may be"),
        (kernel(expressions=(Apply("sin", (0,), F8),)), "needs one that comes later"),
        (kernel(expressions=(READ, Apply("sin", (-1,), F8))), "needs one that comes later"),
        (kernel(expressions=(READ, Apply("sin", (0, 0), F8))), "sin is not from"),
        (kernel(expressions=(READ, Apply("sin", (0,), B1))), "sin is not from"),
        (kernel(expressions=(READ, Apply("less", (0, 0), F8))), "less is not from"),
        (kernel(expressions=(READ, Apply("where", (0, 0, 0), F8))), "where is not from"),
        (kernel(expressions=(READ, Apply("save", (0,), F8))), "save is not from"),
        (kernel(expressions=(READ, Apply("astype", (0, 0), F8))), "astype is not from"),
        (product(dtype=I8), "a product is of int64"),
        (product(c_strides=(0, 1)), "lie on each other"),
        (product(m=3, c_strides=(1, 1)), "lie on each other"),
        (product(bias=True), "too many arguments or too few"),
        (rows(places=(X, C, OUT, OUT)), "other arguments than three"),
        (Loop(2**62, ()), "a shape is"),
        (Loop(-1, ()), "a shape is"),
        (call(operand=View(X, (2, 3), (1,), F8)), "not as many strides as axes"),
        (call(operand=View(X, (2, THREE), (3, 1), F8)), "an operand is of another type"),
        (X, "of other types"),
        (Loop(2, (NO_STEP,)), "of other types"),
    ],
)
def test_what_is_not_well_made_is_refused(step, reason):
    with pytest.raises(PlanError, match=reason):
        check_plan(plan_of(step))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"arena": 64}, "outside of the program's memory"),
        ({"arena": -1}, "has -1 bytes"),
        ({"constants": ()}, "constant 0, which is missing"),
        ({"constants": (np.arange(5.0),)}, "larger than its constant"),
        ({"constants": (np.arange(12.0)[::2],)}, "no array as a program has them"),
        ({"constants": (np.array([None] * 6),)}, "no array as a program has them"),
        ({"inputs": (View(X, (7,), (1,), F8),)}, "larger than its input"),
        ({"inputs": (View(X, (2, 3), (1, 2), F8),)}, "input 0 is not contiguous"),
        ({"inputs": (View(Place(0, 8), (6,), (1,), F8),)}, "does not begin where its buffer does"),
        ({"inputs": (View(OUT, (6,), (1,), F8),)}, "input 0 is in another's buffer"),
        ({"outputs": (View(Place(7), (6,), (1,), F8),)}, "a buffer is missing"),
        ({"buffers": (Buffer("input", 0, 48), Buffer("output", 0, 48), Buffer("heap", 0, 48))}, "heap 0"),
        ({"buffers": (Buffer("input", 0, 48), Buffer("output", 0, 48), Buffer("scratch", -8, 48))}, "outside"),
    ],
)
def test_buffers_that_are_not_there_are_refused(changed, reason):
    with pytest.raises(PlanError, match=reason):
        check_plan(dataclasses.replace(plan_of(), **changed))
