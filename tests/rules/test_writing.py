"""In-place code: what is written, what views see, and the derivatives through it."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.numerics import assert_derivatives

from chainrule import RecordingError, checkpoint, grad, jvp, record, vjp, watch_nonfinite

X = np.random.default_rng(7).normal(size=(3, 4))
v = X[0]


def fill_in_a_loop(x):
    out = np.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] ** 2 + (out[i - 1] if i else 0)
    return out


def overwrite(x):
    y = x.copy()
    y[1] = x[0] * x[2]
    y[1] = 3 * x[3]
    return y * x


def masked(x):
    y = x * 1
    y[y > 0] *= 2
    y[y < 0] = 0.5
    return y


def augmented(x):
    y = x * 1
    y += x
    y *= x
    y -= 1
    y /= 3
    y **= 2
    return y


def through_a_view(x):
    y = x * 1
    part = y[1:3]
    part[0] = 5 * x[0]
    part *= x[3]
    return y + np.sum(part)


def a_view_sees_its_base(x):
    y = x * 1
    part = y[1:3]
    y[2] = x[0] ** 2
    return part * 2


def slices_of_slices(x):
    y = np.zeros_like(x)
    y[1:][:2][1] = x[0]
    z = y[::-1]
    z[0] += x[1] ** 2
    return y * x


def reshaped_and_transposed(x):
    y = np.zeros_like(np.outer(x, x))
    y.T[0] = x**2
    y.reshape(-1)[5] = x[1] * x[2]
    y.ravel()[0] += x[3]
    y[:, 1:3].T[1] = 2 * x
    np.flip(y)[0, 0] = x[0] ** 3
    return y


def a_copy_is_no_view(x):
    y = x * 1
    chosen = y[[0, 1]]
    chosen *= 10
    kept = y.copy()
    y[0] = 0
    return np.concatenate([y, chosen, kept])


def aliases(x):
    y = x * 1
    z = y
    z += 1
    return y * z


def scalars_are_not_changed(x):
    total = x[0]
    before = total
    total += x[1]
    total *= 2
    return total * before


def several_indices(x):
    y = np.zeros_like(x, shape=(4, 4))
    i = np.array([0, 1, 2])
    y[i, i + 1] = x[:3]
    y[[0, 0, 3], [0, 0, 3]] = x[1:]
    y[np.array([True, False, False, True])] *= x
    return y


def out_of_a_ufunc(x):
    y = np.empty_like(x)
    np.multiply(x, x, out=y)
    np.add(y[:2], x[2:], out=y[1:3])
    return y + np.exp(x, out=np.zeros_like(x))


def chosen_by_where(x):
    y = np.zeros_like(x)
    np.log(x, out=y, where=x > 0)
    return y + np.sqrt(x, where=x > 0, out=np.ones_like(x))


def unbuffered(x):
    y = x * 1
    np.add.at(y, [0, 0, 2], x[1:])
    np.multiply.at(y, np.array([1, 1]), 3.0)
    np.subtract.at(y, [1, 2], x[0])
    np.negative.at(y, [3])
    return y


def conditionally(x):
    y = x.copy()
    for i in range(len(y)):
        if y[i] > 0:
            y[i] = np.sin(y[i])
    return y


FUNCTIONS = [
    *(fill_in_a_loop, overwrite, masked, augmented, through_a_view, a_view_sees_its_base, slices_of_slices),
    *(reshaped_and_transposed, a_copy_is_no_view, aliases, scalars_are_not_changed, several_indices),
    *(out_of_a_ufunc, chosen_by_where, unbuffered, conditionally),
]


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_in_place_code(f):
    assert_derivatives(f, v)


@pytest.mark.parametrize(
    "f", [f for f in FUNCTIONS if f not in (masked, chosen_by_where, conditionally)], ids=lambda f: f.__name__
)
def test_in_place_code_is_recorded_and_runs_again(f):
    other = v + 0.25
    np.testing.assert_array_equal(record(f, v)(other), f(other))


operations = st.lists(
    st.tuples(
        st.sampled_from(["write", "add", "multiply", "view write", "view view", "transposed"]),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    max_size=6,
)


@given(operations)
def test_any_sequence_of_writes_is_numpys(operations):
    """Run the same writes on plain arrays and traced: the values are equal, and the derivative is right."""

    def f(x):
        y = x * 1
        rows = y[0:2]
        turned = y.T
        for what, i, j in operations:
            if what == "write":
                y[i, j] = x[j % 3, i] * 2
            elif what == "add":
                y[i] += x[0]
            elif what == "multiply":
                rows *= x[:2]
            elif what == "view write":
                rows[:, j] = x[i, 0]
            elif what == "view view":
                rows[i % 2][1:][:2] -= x[2, 2]
            else:
                turned[j] = x[:, 0] * turned[j]
        return np.concatenate([y.ravel(), rows.ravel(), turned.ravel()])

    assert_derivatives(f, X, order=1, rtol=1e-4)


class Program:
    """A random program of writes into arrays and of reads between them, for plain arrays and traced ones alike."""

    def __init__(self, lines):
        self.lines = lines

    def __call__(self, x):
        self.x = x
        self.kept: list[Any] = []
        self.y, self.z = np.zeros_like(x), x * 1
        self.row = self.y[1]
        for what, i, j in self.lines:
            getattr(self, what)(i, j)
        arrays = [self.y, self.z, self.row, *self.kept]
        return np.concatenate([np.reshape(array, -1) for array in arrays])

    def fill(self, i, j):
        for k in range(4):
            self.y[i, k] = np.sin(self.x[i, k]) * self.x[j % 3, 0]

    def recur(self, i, j):
        for k in range(2):
            self.y[k + 1] = self.y[k] * self.x[i] + self.z[k, j]

    def by_entry(self, i, j):
        y = self.y
        for k in range(1, 4):
            y[i, k] = y[i, k - 1] * self.x[i, j] + 1

    def fill_the_row(self, i, j):
        for k in range(4):
            self.row[k] = self.x[i, k] * self.row[j]

    def keep_an_entry(self, i, j):
        self.kept.append(self.y[i, j])

    def keep_a_row(self, i, j):
        self.kept.append(self.y[i])

    def keep_a_part(self, i, j):
        self.kept.append(self.y[i:])

    def keep_a_result(self, i, j):
        self.kept.append(self.y * self.x)

    def keep_a_copy(self, i, j):
        self.kept.append(self.y[[i, j % 3]])

    def keep_another_shape(self, i, j):
        self.kept.append(self.y.reshape(4, 3)[j])
        self.kept.append(self.y.T[j])

    def keep_a_square(self, i, j):
        self.kept.append(np.multiply(self.y, self.y))

    def write_what_was_kept(self, i, j):
        for array in self.kept[-2:]:
            if np.ndim(array):
                array[0] = self.x[i, j]

    def write_at_numbers(self, i, j):
        self.y[[0, i, i], [j, 1, 1]] = self.x[i, :3]

    def write_itself(self, i, j):
        self.y[i] = self.y[(i + 1) % 3]
        self.y[:, 1:] = self.y[:, :-1]
        self.y[...] = self.y

    def write_transposed(self, i, j):
        self.y.T[j] = self.x[:, i]

    def write_the_diagonal(self, i, j):
        np.einsum("ii->i", self.y[:, :3])[i] = self.x[i, j]

    def exchange(self, i, j):
        np.copyto(self.z, self.y)

    def exchange_back(self, i, j):
        self.y[...] = self.z
        self.z[i, j] = self.x[j % 3, i]

    def fail(self, i, j):
        with pytest.raises(IndexError):
            self.y[i, 7] = 1.0
        with pytest.raises(ValueError, match="broadcast"):
            self.y[i] = np.ones(3)

    def in_an_inner_derivative(self, i, j):
        def inner(t):
            own = np.zeros_like(t)
            for k in range(4):
                own[k] = t[k] ** 2 * self.y[i, k]
            return np.sum(own)

        self.y[i] = grad(inner)(self.x[j % 3])

    def with_outer_values_in_an_inner_derivative(self, i, j):
        def inner(t):
            own = np.zeros_like(t)
            own[0] = t[0]
            own[1] = t[1] ** 2
            own[2] = self.x[i, j] if j % 2 else t[2] * self.y[i, j]
            own[3] = t[3]
            return np.sum(own * t)

        self.kept.append(grad(inner)(np.full(4, 2.0)))

    def write_into_a_reshaped_copy(self, i, j):
        copy = self.y[:2, :2].reshape(-1)
        copy[j] = self.x[i, j]
        self.kept.append(copy)

    def under_a_checkpoint(self, i, j):
        def inner(x, y):
            own = np.zeros_like(x)
            for k in range(4):
                own[k] = x[k] * y[i, j]
            return own

        self.y[j % 3] = checkpoint(inner)(self.x[i], self.y)


programs = st.lists(
    st.tuples(
        st.sampled_from([name for name in vars(Program) if not name.startswith("_")]),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    max_size=8,
).map(Program)


@given(programs)
def test_any_program_of_writes_and_reads_has_numpys_value_and_its_derivative(program):
    assert_derivatives(program, X, order=1, rtol=1e-4, atol=1e-5)


@given(programs)
@settings(max_examples=30)
def test_any_program_of_writes_and_reads_has_a_second_derivative(program):
    assert_derivatives(lambda t: program(X[::-1] + t * X), np.float64(0.3), rtol=1e-4, atol=1e-4)


@given(programs)
def test_any_program_of_writes_and_reads_runs_again_on_other_values(program):
    graph = record(program, X)
    np.testing.assert_array_equal(graph(X - 0.25), program(X - 0.25))
    np.testing.assert_array_equal(graph(X), program(X))


@given(programs)
def test_a_pullback_of_any_program_may_be_called_again(program):
    value, pullback = vjp(program, X)
    np.testing.assert_array_equal(pullback(np.ones(value.shape))[0], pullback(np.ones(value.shape))[0])


def entry_by_entry(x):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = 2.0 * i * x[0]
    return y[-1] * y[0]


def from_entry_to_entry(x):
    y = np.zeros_like(x)
    y[0] = x[0]
    for i in range(1, len(x)):
        y[i] = y[i - 1] + 1.0
    return y[-1]


def row_by_row(x):
    y = np.zeros_like(x, shape=(len(x) // 4, 4))
    y[0] = x[0]
    for i in range(1, len(y)):
        y[i] = np.sin(y[i - 1])
    return np.sum(y)


def through_a_long_view(x):
    y = np.zeros_like(x)
    part = y[1:]
    for i in range(len(part)):
        part[i] = 2.0 * i * x[0]
    return np.sum(y)


@pytest.mark.parametrize("f", [entry_by_entry, from_entry_to_entry, row_by_row, through_a_long_view])
@pytest.mark.parametrize(
    "derivative",
    [grad, lambda f: lambda x: jvp(f, (x,), (x,)), lambda f: record(f, np.ones(1_500))],
    ids=["grad", "jvp", "record"],
)
def test_filling_an_array_takes_memory_that_grows_with_its_size(f, derivative):
    """Whole copies, one a write, would take 18 MB."""
    tracemalloc.start()
    try:
        derivative(f)(np.ones(1_500))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6e6


def test_a_nan_is_still_found_where_it_is_born():
    def f(x):
        y = np.zeros_like(x)
        y[0] = x[0]
        y[1] = np.nan
        y[3] = x[3]
        y[2] = np.log(x[1] - x[1])
        return y.sum()

    with (
        watch_nonfinite(),
        np.errstate(all="ignore"),
        pytest.raises(ArithmeticError, match=r"`y\[2\] = .*log gave -inf"),
    ):
        grad(f)(v)


def test_what_a_plain_array_wrote_stays_when_that_array_changes():
    def f(x):
        y, plain = np.zeros_like(x), np.ones(4)
        np.copyto(y, plain)
        plain[:] = 7.0
        return np.sum(y * x)

    np.testing.assert_array_equal(grad(f)(v), np.ones(4))


def test_a_write_in_an_inner_derivative_stays_there():
    def f(x):
        y = x * 1

        def g(t):
            z = np.zeros_like(y) + t
            z[0] = t**2 * y[1]
            return z.sum()

        slope = grad(g)(3.0)
        y[0] = slope
        return y.sum()

    np.testing.assert_allclose(grad(f)(v), [0, 1 + 6, 1, 1])


def test_an_outer_array_that_changes_later_keeps_its_value_in_an_inner_derivative():
    def f(x):
        y = x * 1
        _, pullback = vjp(lambda t: t * y, np.ones(4))
        y *= 100
        return np.sum(pullback(np.ones(4))[0] ** 2)

    np.testing.assert_allclose(grad(f)(v), 2 * v)


def test_forward_mode_goes_through_writes():
    value, tangent = jvp(fill_in_a_loop, (v,), (np.ones(4),))
    np.testing.assert_array_equal(value, fill_in_a_loop(v))
    np.testing.assert_allclose(tangent, np.cumsum(2 * v))


def test_an_argument_may_not_be_written_into():
    def by_item(x):
        x[0] = 1.0
        return x.sum()

    def by_view(x):
        x[1:][0] = 1.0
        return x.sum()

    def augmented(x):
        x += 1
        return x.sum()

    for f in (by_item, by_view, augmented):
        plain = v.copy()
        with pytest.raises(RecordingError, match=r"x = x.copy\(\)") as refused:
            grad(f)(plain)
        assert "test_writing.py, line" in str(refused.value)
        np.testing.assert_array_equal(plain, v)


def test_a_number_may_be_added_to_in_place():
    def f(x):
        x += 1.0
        return x**2

    assert grad(f)(2.0) == 6.0


def test_a_plain_array_that_took_part_may_not_change():
    def f(x):
        weights = np.ones(4)
        y = x * weights
        weights *= 2
        return np.sum(y * weights)

    with pytest.raises(RecordingError, match=r"`weights \*= 2`: a plain array is changed"):
        grad(f)(v)


def test_a_plain_array_that_an_outer_derivative_needs_may_not_change_after_an_inner_one():
    def f(x):
        weights = np.ones(4)
        slope = grad(lambda t: np.sum(t * weights * x))(v)
        weights *= 2
        return np.sum(slope * x)

    with pytest.raises(RecordingError, match=r"`weights \*= 2`: a plain array is changed"):
        grad(f)(v)


def test_a_plain_array_that_only_an_inner_derivative_needs_may_change_after_it():
    def f(x):
        weights = np.ones(4)
        for _ in range(3):
            weights -= 0.1 * grad(lambda t: np.sum(t**2))(weights)
        return np.sum(x * weights)

    np.testing.assert_allclose(grad(f)(v), 0.8**3)


def test_a_large_view_of_a_plain_array_may_not_change_by_its_own_name_nor_by_its_owners():
    for change in (lambda owner, view: np.copyto(view, 2.0), lambda owner, view: np.copyto(owner, 2.0)):
        owner = np.ones(20_000)
        view = owner[1:-1]

        def f(x, owner=owner, view=view, change=change):
            y = x[0] * view
            change(owner, view)
            return np.sum(y)

        with pytest.raises(RecordingError, match="a plain array is changed"):
            grad(f)(v)
        change(owner, view)
        assert view[0] == 2.0


def test_a_view_that_is_let_go_before_its_owner_can_be_written_into_when_both_are():
    owner = np.ones(20_000)
    view = owner[1:-1]

    def f(x):
        y = x[0] * owner
        inner = grad(lambda t: np.sum(t * view))(2.0)
        return np.sum(y) + inner

    grad(f)(v)
    owner[0] = view[0] = 2.0


def test_a_read_only_array_stays_so():
    weights = np.ones(4)
    weights.flags.writeable = False
    grad(lambda x: np.sum(x * weights))(v)
    assert not weights.flags.writeable
    owner = np.ones(20_000)
    view = owner[1:]
    owner.flags.writeable = False
    grad(lambda x: np.sum(x[0] * view))(v)
    assert view.flags.writeable


def test_arrays_can_be_written_into_again_after_the_derivative():
    weights = np.ones(4)
    grad(lambda x: np.sum(x * weights))(v)
    weights[0] = 5.0
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: np.sum(x * weights) / (1 // 0))(v)
    weights[0] = 6.0
    assert grad(lambda x: np.sum(x * weights))(v)[0] == 6.0


def test_plain_arrays_given_as_out_are_refused():
    for f in (lambda x: np.add(x, 1, out=np.zeros(4)), lambda x: np.sum(x, out=np.zeros(()))):
        with pytest.raises(RecordingError, match="given as out="):
            grad(lambda x, f=f: np.sum(f(x)))(v)


def test_what_does_not_fit_into_the_arrays_type_is_refused():
    def f(x):
        y = np.zeros_like(x, dtype=int)
        y += x
        return y.sum()

    with pytest.raises(RecordingError, match="float64 are written into an array of int64"):
        grad(f)(v)
