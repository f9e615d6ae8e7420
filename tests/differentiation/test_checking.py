"""check_gradient, watch_nonfinite and stop_gradient."""

import numpy as np
import pytest

import chainrule
from chainrule import (
    InputError,
    NonFiniteError,
    check_gradient,
    grad,
    hessian,
    jvp,
    primitive,
    stop_gradient,
    watch_nonfinite,
)


def test_a_right_gradient_is_found_right_to_rounding():
    report = check_gradient(lambda W, a: np.tanh(W @ a), np.ones((2, 3)) / 3, np.array([0.1, -0.2, 0.3]))
    assert report.ok
    assert {entry.method for entry in report.entries} == {"complex step"}
    assert str(report).startswith("The gradient is right in every entry checked (all 9). Worst: argument")


@primitive(partials=lambda x, y: np.where(x > 1, 2 * x, 2.001 * x))
def almost_square(x):
    return x * x


def test_a_wrong_gradient_is_found_and_its_worst_entry_named():
    report = check_gradient(lambda x, scale: almost_square(x) * scale, np.array([2.0, 0.5, 3.0]), 2)
    assert not report
    assert [entry.ok for entry in report.entries] == [True, False, True]
    assert report.worst is not None
    assert report.worst.index == (1,)
    assert "wrong in 1 of the entries checked (all 3). Worst: argument 0, entry (1,)" in str(report)


def test_where_the_complex_step_does_not_reach_differences_are_taken():
    for f in (np.abs, lambda x: np.maximum(x, 0) * x, lambda x: np.sum(x) * (x > 0), lambda x: np.conj(x) * x):
        report = check_gradient(f, np.array([0.7, -1.3]))
        assert report.ok, report


def test_nested_arguments_and_large_arrays_and_complex_and_float32():
    def f(p, n):
        return {"y": p["W"] @ p["b"] * n, "z": np.sum(p["b"] ** 2)}

    report = check_gradient(f, {"W": np.ones((30, 30)), "b": np.linspace(0, 1, 30)}, 3, entries=50)
    assert report.ok
    assert (len(report.entries), report.total) == (80, 930)
    assert "(80 of 930)" in str(report)
    assert check_gradient(lambda z: np.abs(z) ** 2 * z, np.array([1 + 2j, -0.5j])).ok
    assert check_gradient(lambda x: np.exp(x) * x, np.linspace(-1, 1, 5, dtype=np.float32)).ok


def test_a_gradient_that_is_nan_is_wrong():
    with np.errstate(all="ignore"):
        assert not check_gradient(lambda x: np.sqrt(x) * x, np.array([0.0, 1.0]))


def test_without_floating_point_arguments_there_is_nothing_to_check():
    with pytest.raises(InputError, match=r"such as 2\.0 for 2"):
        check_gradient(lambda n: n, 3)


def test_a_nan_on_the_way_forward_is_found_where_it_was_born():
    def f(x):
        a = x * 2
        b = np.log(a)
        return np.sum(b * 0)

    with (
        np.errstate(all="ignore"),
        watch_nonfinite(),
        pytest.raises(NonFiniteError, match=r"`b = np.log\(a\)`: on the way forward, log gave -inf at entry \(1,\)"),
    ):
        grad(f)(np.array([1.0, 0.0]))


def test_a_nan_on_the_way_back_is_found_where_it_was_born():
    def f(x):
        distance = np.sqrt(x)
        return np.sum(distance)

    with (
        np.errstate(all="ignore"),
        watch_nonfinite(),
        pytest.raises(
            NonFiniteError, match=r"`distance = np.sqrt\(x\)`: on the way back, .* where its operand is 0\.0"
        ),
    ):
        grad(f)(np.array([1.0, 0.0]))


def test_what_comes_in_as_nan_is_no_birth_and_the_watch_ends_with_its_block():
    x = np.array([np.nan, 1.0])
    with watch_nonfinite():
        assert np.isnan(grad(lambda x: np.sum(x * x))(x)[0])
        assert jvp(np.sum, (np.ones(2),), (np.ones(2),))[1] == 2
    with np.errstate(all="ignore"):
        assert np.isinf(grad(lambda x: np.sum(np.log(x)))(np.zeros(1))[0])


def test_stop_gradient_makes_a_constant_of_any_order():
    assert grad(lambda x: x**2 * stop_gradient(x))(3.0) == 18.0
    assert hessian(lambda x: x**2 * stop_gradient(x))(3.0) == 6.0
    assert jvp(stop_gradient, (3.0,), (1.0,)) == (3.0, 0.0)
    assert grad(lambda x: stop_gradient({"a": x})["a"] * x)(5.0) == 5.0
    assert stop_gradient(4.0) == 4.0


def test_the_errors_family_has_the_new_error():
    assert issubclass(NonFiniteError, chainrule.ChainruleError)
