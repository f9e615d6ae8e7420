import dataclasses
import io
import json
import os
import zipfile
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.compiler.comparing import executors
from tests.compiler.files.varied import CASES, cost

from chainrule import InputError, ProgramFileError, compile, fixed_point, grad, primitive, value_and_grad
from chainrule.compiler import Program
from chainrule.compiler.arguments import is_data
from chainrule.compiler.native import engine
from chainrule.compiler.program import program_of
from chainrule.graph.structure import flatten

W, X, Y = np.eye(2), np.array([0.5, -0.5]), np.zeros(2)


def assert_same_bits(found, expected):
    (found, outline), (expected, its) = flatten(found), flatten(expected)
    assert [type(x) for x in found] == [type(x) for x in expected]
    assert repr(outline(["leaf"] * len(found))) == repr(its(["leaf"] * len(expected)))
    for x, y in zip(found, expected, strict=True):
        if not is_data(x):
            assert x == y
            continue
        assert (np.shape(x), np.asarray(x).dtype) == (np.shape(y), np.asarray(y).dtype)
        assert np.asarray(x).tobytes() == np.asarray(y).tobytes()


def assert_same_program(found, made):
    """Say that two programs do the same, by the same steps, whatever one looks at."""
    assert dataclasses.replace(found.plan, constants=()) == dataclasses.replace(made.plan, constants=())
    assert_same_bits(list(found.plan.constants), list(made.plan.constants))
    assert (found.name, found.names, found.native) == (made.name, made.names, made.native)
    assert (found.source, found.flops, found.memory) == (made.source, made.flops, made.memory)
    assert (repr(found), str(found.graph)) == (repr(made), str(made.graph))


def kept(program, path, **options):
    program.save(path)
    return Program.load(path, **options)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "function.program"


@pytest.fixture
def saved(path):
    """A file, and the text in it."""
    program_of(value_and_grad(cost), (W, X, Y)).save(path)
    return path


@pytest.mark.parametrize("native", executors())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_loaded_is_what_was_saved(case, native, path):
    made = program_of(case.function, case.arguments, native=native)
    found = kept(made, path, native=native)
    assert_same_program(found, made)
    with np.errstate(all="ignore"):
        assert_same_bits(found(*case.arguments), made(*case.arguments))
        timings = found.timings(*case.arguments)
    assert [timing.label for timing in timings] == [timing.label for timing in made.timings(*case.arguments)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_graph_is_kept_and_computes(case, path):
    made = program_of(case.function, case.arguments, native=False)
    with np.errstate(all="ignore"):
        found = kept(made, path, native=False)
        assert found.graph is not None
        assert made.graph is not None
        assert_same_bits(found.graph(*case.arguments), made.graph(*case.arguments))


def test_the_graph_can_be_differentiated(path):
    graph = kept(compile(cost).program(W, X, Y), path).graph
    np.testing.assert_array_equal(grad(graph)(W, X, Y), grad(cost)(W, X, Y))


@pytest.mark.skipif(not engine.available(), reason="llvmlite is not installed, so that no code is kept")
def test_native_code_comes_from_the_cache_of_what_was_compiled_here(path, monkeypatch):
    from chainrule.compiler.native import programs

    compile(value_and_grad(cost)).program(W, X, Y).save(path)
    monkeypatch.setattr(programs, "compile_module", lambda module: pytest.fail("compiled"))
    assert Program.load(path).native


def test_a_file_is_text_and_numbers(saved):
    with zipfile.ZipFile(saved) as archive:
        names = archive.namelist()
        text = json.loads(archive.read("program.json"))
        arrays = [np.load(io.BytesIO(archive.read(name)), allow_pickle=False) for name in names[1:]]
    assert names == ["program.json", *(f"arrays/{k}.npy" for k in range(len(arrays)))]
    assert (text["format"], text["version"], text["names"]) == ("chainrule-program", 1, ["W", "x", "y"])
    assert all(x.dtype.kind in "biufc" for x in arrays)


def test_equal_programs_have_equal_files(saved, tmp_path):
    again = tmp_path / "again"
    Program.load(saved).save(again)
    assert again.read_bytes() == saved.read_bytes()


FLOATS = hnp.arrays(
    st.sampled_from([np.float32, np.float64]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    elements=st.floats(-3, 3, width=32),
)
SETTINGS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.binary(max_size=3)
    | st.builds(slice, st.none() | st.integers(-3, 3), st.none() | st.integers(-3, 3))
    | st.sampled_from([..., np.tanh, np.linalg.inv, np.float32, float, np.dtype("c8"), range(2, 7)]),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.tuples(parts, parts)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.tuples(st.integers(), st.text(max_size=2)), parts)
    ),
    max_leaves=6,
)
DATA = FLOATS | st.floats() | st.complex_numbers() | st.sampled_from([np.float32(2), np.int64(3), np.bool_(True)])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(x=FLOATS, constant=st.floats(width=32) | st.integers(-5, 5), data=st.lists(DATA, max_size=3), setting=SETTINGS)
def test_any_arguments_and_settings(path, x, constant, data, setting):
    def f(x, data, setting, *, deep):
        return {"x": np.tanh(x) * constant, "data": data, "setting": setting, "deep": [deep, (constant, x[..., None])]}

    with np.errstate(all="ignore"):
        named = {"deep": setting}
        made = program_of(f, (x, data, setting), named, native=False)
        found = kept(made, path, native=False)
        assert_same_program(found, made)
        assert_same_bits(found(x, data, setting, **named), made(x, data, setting, **named))
        with pytest.raises(InputError, match="was made for f"):
            found(x, [*data, 1.0], setting, **named)


class Layer(NamedTuple):
    W: np.ndarray
    b: np.ndarray


@dataclasses.dataclass
class Model:
    layers: list[Layer]
    rate: float
    name: str = "mine"


MODEL = Model([Layer(W, X), Layer(2 * W, Y)], 0.5)


def through(model, x):
    for W, b in model.layers:
        x = np.tanh(W @ x + b)
    return model.rate * np.sum(x)


def returned(model, x):
    return Model([Layer(W * x, b) for W, b in model.layers], model.rate, model.name)


def test_classes_of_the_users_own_are_given_when_it_is_loaded(path):
    made = compile(returned).program(MODEL, X)
    found = kept(made, path, classes=[Model, Layer])
    assert_same_program(found, made)
    model = found(MODEL, X)
    assert (type(model), type(model.layers[1]), model.name) == (Model, Layer, "mine")
    assert_same_bits(model, made(MODEL, X))


def test_a_class_that_is_not_given_is_asked_for(path):
    compile(through).program(MODEL, X).save(path)
    with pytest.raises(ProgramFileError, match=r"test_files.Model, and a file holds no classes; give it: .*\[Model\]"):
        Program.load(path)
    with pytest.raises(ProgramFileError, match=r"Layer"):
        Program.load(path, classes=[Model])


def test_a_class_that_has_changed_is_refused(path):
    compile(through).program(MODEL, X).save(path)
    changed = dataclasses.make_dataclass("Model", ["layers"])
    changed.__module__ = Model.__module__
    with pytest.raises(ProgramFileError, match="rate"):
        Program.load(path, classes=[changed, Layer])


@primitive(partials=lambda x, y: 2 * x)
def own(x):
    return x * x


@pytest.mark.parametrize(
    "f",
    [lambda x: own(x) + 1, lambda x: fixed_point(lambda y, x: np.cos(y) * x, 0.5, x), lambda x: grad(own)(x) + own(x)],
    ids=["a primitive", "an equation", "a derivative"],
)
def test_code_of_the_users_own_is_refused(path, f):
    with pytest.raises(InputError, match="calls Python code of your own: a file holds data, and no code"):
        program_of(f, (np.float64(0.5),), native=False).save(path)
    assert not path.exists()


def test_a_setting_that_is_code_is_refused(path):
    made = compile(lambda f, x: f(x)).program(through_nothing, X)
    with pytest.raises(InputError, match="cannot hold <function through_nothing"):
        made.save(path)


def through_nothing(x):
    return x + 1


def test_a_primitive_that_is_a_function_of_numpys_leaves_no_graph(path):
    square = primitive(partials=lambda x, y: 2 * x)(np.square)
    found = kept(compile(lambda x: square(x)).program(X), path)
    assert found.graph is None
    np.testing.assert_array_equal(found(X), X**2)


# Writing


def test_a_failed_save_leaves_the_old_file_and_nothing_else(saved, monkeypatch):
    before = saved.read_bytes()
    program = Program.load(saved)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ProgramFileError, match="cannot be written: no space left on device"):
        program.save(saved)
    assert saved.read_bytes() == before
    assert [each.name for each in saved.parent.iterdir()] == [saved.name]


def test_folders_are_refused(saved):
    program = Program.load(saved)
    with pytest.raises(ProgramFileError, match="is a folder; give the name of a file in it"):
        program.save(saved.parent)
    with pytest.raises(ProgramFileError, match="there is no folder"):
        program.save(saved.parent / "missing" / "function.program")
    with pytest.raises(ProgramFileError, match="is a folder; give the name of a file in it"):
        Program.load(saved.parent)
