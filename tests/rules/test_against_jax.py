"""Every rule that JAX has too, held against JAX: values, both directions of the derivative, and the second derivative.

A row is a function by its name in NumPy or SciPy, which JAX calls the same, and arguments for it. Both systems take a
cotangent of complex numbers by the plain transpose, so that theirs are compared as they are; of gradients, which are
its conjugate here and not in JAX, see `test_gradients_by_complex_numbers_are_conjugates`.
"""

import importlib
import os
import types
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import scipy.special
from tests.rules.rows_for_jax import ROWS, Row, Z

import chainrule
import chainrule.scipy.linalg
import chainrule.scipy.special

try:
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    jax: Any = importlib.import_module("jax")
except ImportError:
    if os.environ.get("CI"):
        raise
    pytest.skip("jax is not installed, so that no rule is held against it: pip install jax", allow_module_level=True)
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)  # what is compiled here runs but once
jnp = importlib.import_module("jax.numpy")
for _part in ("scipy.special", "scipy.linalg"):
    importlib.import_module(f"jax.{_part}")


class _Either:
    """The functions of one module, and those of another where the first has none of that name."""

    def __init__(self, *modules: Any) -> None:
        self.modules = modules

    def __getattr__(self, name: str) -> Any:
        return next(getattr(module, name) for module in self.modules if hasattr(module, name))


OURS = types.SimpleNamespace(
    np=np,
    special=_Either(chainrule.scipy.special, scipy.special),
    linalg=_Either(chainrule.scipy.linalg, scipy.linalg),
)
THEIRS = types.SimpleNamespace(np=jnp, special=jax.scipy.special, linalg=jax.scipy.linalg)


def is_variable(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind in "fc"


def leaves(tree: Any) -> list[Any]:
    return [leaf for part in tree for leaf in leaves(part)] if isinstance(tree, list | tuple) else [tree]


def put(tree: Any, variables: list[Any]) -> Any:
    """Put variables, from the first on, in the place of the arrays of a nested list."""
    if isinstance(tree, list | tuple):
        return type(tree)([put(part, variables) for part in tree])
    return variables.pop(0) if is_variable(tree) else tree


def function_of(row: Row, library: Any) -> Callable[..., list[Any]]:
    """Make a function of the row's variables alone, with all of its real and complex results in a list."""

    def function(*variables: Any) -> list[Any]:
        results = leaves(row.call(library, *put(row.arguments, list(variables))))
        return [y for y in results if y.dtype.kind in "fc"]

    return function


def random_like(values: Sequence[Any], random: np.random.Generator) -> list[Any]:
    def one(x: Any) -> Any:
        part = random.normal(size=np.shape(x))
        return part + 1j * random.normal(size=np.shape(x)) if np.iscomplexobj(x) else part

    return [np.asarray(one(x), np.asarray(x).dtype) for x in values]


def assert_close(found: Sequence[Any], expected: Sequence[Any], what: str) -> None:
    assert len(found) == len(expected), what
    for x, y in zip(found, expected, strict=True):
        assert np.shape(x) == np.shape(y), what
        np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-9, err_msg=what)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_against_jax(row):
    ours, theirs = function_of(row, OURS), function_of(row, THEIRS)
    random = np.random.default_rng(zlib.crc32(row.name.encode()))
    variables = [x for x in leaves(list(row.arguments)) if is_variable(x)]
    directions = random_like(variables, random)
    value, pullback = chainrule.vjp(ours, *variables)
    cotangents = random_like(value, random)

    def backward(*x: Any) -> tuple[Any, Any]:
        their_value, their_pullback = jax.vjp(theirs, *x)
        return their_value, their_pullback([jnp.asarray(g) for g in cotangents])

    def both_ways(point: Any, tangents: Any) -> tuple[Any, Any]:
        if row.derivatives == 2:
            return jax.jvp(backward, point, tangents)  # type: ignore[no-any-return]
        return backward(*point), (jax.jvp(theirs, point, tangents)[1], None)

    run = jax.jit(both_ways) if row.compiled else both_ways
    (their_value, their_cotangents), (pushed, second) = run(tuple(variables), tuple(directions))
    assert_close(value, their_value, "value")
    assert_close(pullback(cotangents), their_cotangents, "pullback")
    assert_close(chainrule.jvp(ours, variables, directions)[1], pushed, "pushforward")
    if row.derivatives == 2:
        found = chainrule.jvp(lambda *x: chainrule.vjp(ours, *x)[1](cotangents), variables, directions)[1]
        assert_close(found, second, "second derivative")


def test_gradients_by_complex_numbers_are_conjugates():
    def cost(xp: Any) -> Callable[[Any], Any]:
        return lambda z: xp.sum(xp.abs(xp.exp(z) * z[0]) ** 2) + xp.imag(z[0, 1] ** 3)

    np.testing.assert_allclose(chainrule.grad(cost(np))(Z), np.conj(jax.grad(cost(jnp))(Z)), rtol=1e-10)
