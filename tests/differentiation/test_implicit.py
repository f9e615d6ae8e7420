"""fixed_point and root: the solution, its derivatives of every order, and what cannot be solved or followed."""

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import assert_derivatives

from chainrule import (
    ConvergenceError,
    InputError,
    RecordingError,
    grad,
    hessian,
    jacobian,
    jvp,
    record,
    watch_nonfinite,
)
from chainrule.differentiation.checkpoints import checkpoint
from chainrule.differentiation.implicit import fixed_point, root
from chainrule.differentiation.loops import scan
from chainrule.graph.node import Node

random = np.random.default_rng(0)
W = 0.3 * random.normal(size=(3, 3))
B = random.normal(size=3)


def layer(x, W, b):
    return np.tanh(W @ x + b)


def equation(x, W, b):
    return x**3 + x - W @ x - b


def matrix_equation(X, A):
    """X X = A: a square root of a matrix."""
    return X @ X - A


def by_iteration(W, b):
    x = np.zeros(3)
    for _ in range(200):
        x = layer(x, W, b)
    return x


def test_a_fixed_point_is_one():
    x = fixed_point(layer, np.zeros(3), W, B)
    np.testing.assert_allclose(layer(x, W, B), x, rtol=1e-11)
    np.testing.assert_allclose(x, by_iteration(W, B), rtol=1e-11)


def test_a_root_is_one():
    x = root(equation, np.zeros(3), W, B)
    np.testing.assert_allclose(equation(x, W, B), 0, atol=1e-14)
    A = np.array([[2.0, 1.0], [1.0, 3.0]])
    X = root(matrix_equation, np.eye(2), A)
    np.testing.assert_allclose(X @ X, A, rtol=1e-14)
    assert np.linalg.eigvalsh(X).min() > 0


def test_derivatives_against_differences():
    assert_derivatives(lambda W, b: fixed_point(layer, np.zeros(3), W, b), W, B)
    assert_derivatives(lambda W, b: root(equation, np.zeros(3), W, b), W, B)
    assert_derivatives(lambda A: root(matrix_equation, np.eye(2), A), np.array([[2.0, 1.0], [0.5, 3.0]]))


def test_derivatives_are_those_through_the_iterations():
    def cost(solve):
        return lambda W: np.sum(solve(W, B) ** 2)

    implicit = cost(lambda W, b: fixed_point(layer, np.zeros(3), W, b))
    unrolled = cost(by_iteration)
    np.testing.assert_allclose(grad(implicit)(W), grad(unrolled)(W), rtol=1e-10)
    np.testing.assert_allclose(hessian(implicit)(W), hessian(unrolled)(W), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(jacobian(grad(implicit), mode="reverse")(W), hessian(unrolled)(W), rtol=1e-9, atol=1e-11)


@given(a=st.floats(0.5, 8.0))
def test_derivatives_of_every_order_of_a_cube_root(a):
    roots = [
        lambda a: root(lambda x, a: x**3 - a, 1.0, a),
        lambda a: fixed_point(lambda x, a: (2 * x + a / x**2) / 3, 1.0, a),
        lambda a: jvp(lambda b: fixed_point(lambda x, a: (2 * x + a / x**2) / 3, 1.0, b**2 / 2), (a,), (1 / a,))[1],
    ]
    closed = [a ** (1 / 3), a ** (1 / 3), (a**2 / 2) ** (-2 / 3) / 3]
    for f, expected in zip(roots, closed, strict=True):
        assert f(a) == pytest.approx(expected, rel=1e-9)
    f, factor = roots[0], 1.0
    for order in range(4):
        assert f(a) == pytest.approx(factor * a ** (1 / 3 - order), rel=1e-8)
        f, factor = grad(f), factor * (1 / 3 - order)


@given(seed=st.integers(0, 1000), n=st.integers(1, 5))
def test_a_linear_equation_has_the_derivatives_of_its_solution(seed, n):
    """A x = b: with the cotangent g, ∂/∂b = A⁻ᵀ g and ∂/∂A = −(A⁻ᵀ g) xᵀ."""
    random = np.random.default_rng(seed)
    A, b, g = np.eye(n) + 0.3 * random.normal(size=(n, n)) / n, random.normal(size=n), random.normal(size=n)
    by_A, by_b = grad(lambda A, b: g @ root(lambda x, A, b: A @ x - b, np.zeros(n), A, b), (0, 1))(A, b)
    x, w = np.linalg.solve(A, b), np.linalg.solve(A.T, g)
    np.testing.assert_allclose(by_b, w, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(by_A, -np.outer(w, x), rtol=1e-9, atol=1e-12)


def test_arguments_are_nested_structures_and_need_not_be_arrays():
    def f(x, layers, kind, exponent):
        assert kind == "tanh"
        for each in layers:
            x = np.tanh(each["W"] @ x + each["b"]) ** exponent
        return x

    def cost(layers):
        return np.sum(fixed_point(f, np.zeros(3), layers, "tanh", 1))

    gradient = grad(cost)([{"W": W, "b": B}, {"W": W.T, "b": -B}])
    step = 1e-6 * np.ones(3)
    for k, layers in enumerate(gradient):
        shifted = [
            [{"W": W, "b": B + s * (k == 0)}, {"W": W.T, "b": -B + s * (k == 1)}]
            for s in (step, -step)
        ]  # fmt: skip
        difference = (cost(shifted[0]) - cost(shifted[1])) / 2e-6
        assert np.sum(layers["b"]) == pytest.approx(difference, rel=1e-6)


def test_arguments_may_be_complex():
    z = np.array([0.3 + 0.4j, 1.0 - 2.0j])
    assert_derivatives(lambda z: root(lambda x, z: x**3 + x - np.abs(z) ** 2 - z.imag, np.zeros(2), z), z)


def test_the_beginning_is_not_differentiated_by():
    np.testing.assert_array_equal(grad(lambda x0: np.sum(fixed_point(layer, x0, W, B)))(np.zeros(3)), np.zeros(3))
    assert grad(lambda a: root(lambda x, a: x**2 - a, a, a))(4.0) == pytest.approx(0.25)


def test_the_beginning_stays_as_it_is_and_may_be_whole_numbers():
    x0 = np.zeros(3)
    fixed_point(layer, x0, W, B)
    np.testing.assert_array_equal(x0, 0)
    assert root(lambda x: x**2 - 4, 1) == 2.0
    assert fixed_point(lambda x: x / 2, np.zeros((0, 2))).shape == (0, 2)
    assert root(lambda x: x / 2 - 1, np.zeros((0, 2))).shape == (0, 2)


def test_float32_stays():
    W32, b32 = W.astype(np.float32), B.astype(np.float32)
    for solve in (
        lambda b: fixed_point(layer, np.zeros(3, np.float32), W32, b),
        lambda b: root(equation, np.zeros(3, np.float32), W32, b),
    ):
        assert solve(b32).dtype == np.float32
        assert grad(lambda b, solve=solve: np.sum(solve(b)))(b32).dtype == np.float32


def test_many_unknowns_are_solved_without_a_matrix_of_all_of_them():
    n = 400
    A = np.random.default_rng(1).normal(size=(n, n)) * 0.4 / np.sqrt(n)
    b = np.ones(n)

    def solve(b):
        return fixed_point(lambda x, A, b: np.tanh(A @ x + b), np.zeros(n), A, b)

    slope = 1 - solve(b) ** 2
    expected = np.linalg.solve((np.eye(n) - slope[:, None] * A).T, np.ones(n)) * slope
    np.testing.assert_allclose(grad(lambda b: np.sum(solve(b)))(b), expected, rtol=1e-9)


def test_where_the_iterative_solver_fails_elimination_takes_over():
    n = 150
    A = np.roll(np.eye(n), 1, axis=0)  # a cyclic shift: of no use to GMRES before its n-th step
    b = np.arange(float(n))
    gradient = grad(lambda b: np.sum(root(lambda x, b: A @ x - b, np.zeros(n), b) * b))(b)
    np.testing.assert_allclose(gradient, A.T @ b + A @ b)


def test_the_memory_of_the_derivative_does_not_grow_with_the_iterations(monkeypatch):
    def nodes(rate):
        made = 0
        make = Node.__init__

        def counted(self, *args):
            nonlocal made
            made += 1
            make(self, *args)

        with monkeypatch.context() as patch:
            patch.setattr(Node, "__init__", counted)
            grad(lambda b: fixed_point(lambda x, b: rate * x + b, 0.0, b))(1.0)
        return made

    assert nodes(0.1) == nodes(0.9)


def test_it_works_within_loops_checkpoints_and_graphs_and_they_within_it():
    def implicit_euler(rate):
        """x' = −rate x³: each step solves for the state at its end."""

        def step(x, _):
            x = root(lambda new, x, rate: new - x + 0.1 * rate * new**3, x, x, rate)
            return x, x

        return step

    for wrap in (False, True):
        assert_derivatives(
            lambda rate, x, wrap=wrap: scan(implicit_euler(rate), x, length=3, checkpoint=wrap)[1],
            np.array(2.0),
            np.array(1.0),
        )
    assert_derivatives(lambda b: fixed_point(checkpoint(layer), np.zeros(3), W, b), B)
    assert_derivatives(lambda b: checkpoint(lambda b: fixed_point(layer, np.zeros(3), W, b * b))(b), B)
    graph = record(lambda b: fixed_point(layer, np.zeros(3), W, b), np.zeros(3))
    np.testing.assert_array_equal(graph(B), fixed_point(layer, np.zeros(3), W, B))
    np.testing.assert_array_equal(jacobian(graph)(B), jacobian(lambda b: fixed_point(layer, np.zeros(3), W, b))(B))


def test_a_root_of_a_root():
    """y = √a where a = √b, by an equation whose coefficient is itself a solution: y = b^(1/4)."""

    def inner(b):
        return root(lambda x, b: x**2 - b, 1.0, b)

    def nested(b):
        return root(lambda y, b: y**2 - inner(b), 1.0, b)

    assert nested(16.0) == pytest.approx(2.0)
    assert grad(nested)(16.0) == pytest.approx(16 ** (-3 / 4) / 4)
    assert grad(grad(nested))(16.0) == pytest.approx(-3 / 16 * 16 ** (-7 / 4))


def test_a_watch_for_what_is_not_finite_lets_it_pass():
    with watch_nonfinite():
        assert grad(lambda a: root(lambda x, a: x**2 - a, 1.0, a))(4.0) == pytest.approx(0.25)


def test_whole_numbers_that_are_traced_are_handed_through():
    graph = record(lambda n, a: root(lambda x, n, a: x**n - a, 2.0, n, a), np.int64(2), 9.0)
    assert graph(np.int64(2), 16.0) == pytest.approx(4.0)
    assert grad(lambda a: graph(np.int64(2), a))(9.0) == pytest.approx(1 / 6)


def test_no_cycles_are_left_behind():
    def cost(b):
        return np.sum(fixed_point(layer, np.zeros(3), W, b)) * root(lambda x, b: x**3 - b[0] ** 2 - 1, 1.0, b)

    grad(cost)(B)
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            grad(cost)(B)
            hessian(cost)(B)
        assert gc.collect() == 0
    finally:
        gc.enable()


# What it refuses


@pytest.mark.parametrize("solve", [fixed_point, root])
def test_a_closed_over_traced_array_is_refused(solve):
    with pytest.raises(RecordingError, match=f"closes over a traced array, by which {solve.__name__} would lose"):
        grad(lambda a: solve(lambda x: np.cos(x) * a, 0.5))(1.0)
    with pytest.raises(RecordingError, match="closes over a traced array"):
        grad(lambda a: grad(lambda c: solve(lambda x, c: np.cos(x) * a * c, 0.5, c))(1.0))(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fixed_point(lambda x: -x, 0.5), "1000 iterations: the last one still changed x by 1, where 1.82e-12"),
        (lambda: fixed_point(lambda x: x + 1, 0.5, max_iterations=7), "in 7 iterations: the last one still changed"),
        (lambda: fixed_point(lambda x: x**2, 3.0), "left the finite numbers at iteration 10, after a change of"),
        (lambda: root(lambda x: x**2 + 1, 0.5), "stuck where the largest entry of f is 1"),
        (lambda: root(lambda x: x**3, 1.0, max_iterations=5), "5 iterations: the largest entry of f is still 0.0022"),
        (lambda: root(np.log, -1.0), "not finite at x0"),
        (lambda: root(lambda x: x**2 + 1, 0.0), "a matrix without an inverse"),
        (lambda: grad(lambda a: fixed_point(lambda x, a: x + 0 * a, 1.0, a))(1.0), "a matrix without an inverse"),
        (lambda: root(lambda x: x * 1j, 1.0), r"<lambda> gave an array of complex128 of shape \(\)"),
        (lambda: fixed_point(lambda x: np.ones(3), np.ones(2)), r"of shape \(3,\) for an x of shape \(2,\)"),
        (lambda: fixed_point(np.cos, 1j), "fixed_point begins at an array of real numbers, and x0 is of complex128"),
        (lambda: root(np.cos, 1.0, tolerance=-1.0), "root was given tolerance -1.0 and max_iterations 50"),
        (lambda: root(np.cos, 1.0, max_iterations=0), "max_iterations 0; give"),
    ],
)  # fmt: skip
def test_what_cannot_be_solved_is_refused_in_a_sentence(call, message):
    unfit = ("not finite at x0", "gave an array", "of shape", "begins at", "was given", "; give")
    kind = InputError if any(words in message for words in unfit) else ConvergenceError
    with pytest.raises(kind, match=message):
        call()


def test_too_many_unknowns_for_a_linear_system_that_does_not_give_way(monkeypatch):
    monkeypatch.setattr("chainrule.differentiation.implicit._DENSE_IF_NEEDED", 149)
    shift = np.roll(np.eye(150), 1, axis=0)
    with pytest.raises(ConvergenceError, match="150 unknowns solved, and GMRES left a relative error of 1"):
        grad(lambda b: root(lambda x, b: x @ shift - b, shift[0], b)[0])(np.eye(150)[3])
