"""Differentiating in many threads at once, and a loop of gradients that leaves nothing behind."""

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from chainrule import grad, hessian


def cost(W, a):
    shared = np.tanh(W @ a)
    shared *= 2
    return np.sum(shared**2)


def test_many_threads_differentiate_the_same_arrays_at_once():
    W, a = np.random.default_rng(0).normal(size=(4, 3)), np.ones(3)
    expected = grad(cost)(W, a)

    def work(k):
        if k % 3 == 0:
            return np.einsum("ijij->ij", hessian(cost)(W, a))
        return grad(cost, k % 2)(W, a)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(300)))
    for k, result in enumerate(results):
        if k % 2 == 0 and k % 3:
            np.testing.assert_array_equal(result, expected)
    assert W.flags.writeable
    assert a.flags.writeable


def test_a_gradient_leaves_no_cycles_behind():
    W, a = np.ones((4, 3)), np.ones(3)
    grad(cost)(W, a)
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            grad(cost)(W, a)
            grad(grad(lambda t: np.sum(np.sin(W * t))))(1.0)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_loop_of_gradients_keeps_a_constant_size():
    W, a = np.ones((4, 3)), np.ones(3)
    gradient = grad(cost)

    def run(times):
        for _ in range(times):
            gradient(W, a)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = run(100)
        after = run(3000)
    finally:
        tracemalloc.stop()
    assert after - before < 20_000
