# ruff: noqa: E741  (l is the paper's index of a layer)
"""The matrix products of a training step and nothing else: what must be done, however the rest is.

For each layer W a, (W^(l+1))ᵀ δ^(l+1) and δ aᵀ, on whole mini-batches, the same buffers in every step. By chainrule's
own kernels; by BLAS, through NumPy with `out=`, and natively: the sgemm that SciPy gives to Cython, from a loop in C,
which needs a C compiler.
"""

import ctypes
import dataclasses
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np

import chainrule
from cases.trainers import Array, Task, Variants, blas_threads, with_threads

SLIGHT = 1e-9

LOOP = r"""
typedef void gemm(char *, char *, int *, int *, int *, float *, float *, int *, float *, int *, float *, float *,
                  int *);
struct product { float *a, *b, *c; int m, n, k, lda, ldb, ldc; char ta, tb; };
void repeat(gemm *sgemm, struct product *p, int products, int times) {
    float one = 1, zero = 0;
    for (int t = 0; t < times; t++)
        for (struct product *q = p; q < p + products; q++)
            sgemm(&q->ta, &q->tb, &q->m, &q->n, &q->k, &one, q->a, &q->lda, q->b, &q->ldb, &zero, q->c, &q->ldc);
}
"""


class _Product(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("a", "b", "c")),
        *((name, ctypes.c_int) for name in ("m", "n", "k", "lda", "ldb", "ldc")),
        *((name, ctypes.c_char) for name in ("ta", "tb")),
    ]


@dataclasses.dataclass(frozen=True)
class Product:
    """``out`` = ``left @ right``; the factors may be transposed arrays."""

    left: Array
    right: Array
    out: Array


def products(task: Task, transposed: bool) -> list[Product]:
    """List a step's products, with each W stored as (n_l, n_{l-1}) or transposed."""
    random = np.random.default_rng(0)

    def made(*shape: int) -> Array:
        return random.random(shape, np.float32) - np.float32(0.5)

    sizes, m = task.sizes, task.batch
    a, delta = ([made(m, n) for n in sizes] for _ in range(2))
    forward, backward = [], []
    for l in range(1, len(sizes)):
        W, dW = (made(sizes[l - 1], sizes[l]).T if transposed else made(sizes[l], sizes[l - 1]) for _ in range(2))
        forward.append(Product(a[l - 1], W.T, a[l]))
        backward.append(Product(a[l - 1].T, delta[l], dW.T) if transposed else Product(delta[l].T, a[l - 1], dW))
        if l > 1:
            backward.append(Product(delta[l], W, delta[l - 1]))
    return forward + backward[::-1]


class _Products:
    """Repeat them, a step's for each mini-batch."""

    def __init__(self, task: Task, threads: int | None = None, transposed: bool = False) -> None:
        self.task, self.threads, self.products = task, threads, products(task, transposed)

    def parameters(self) -> Sequence[Array]:
        """Give what one step's products come to: nothing is learnt here."""
        self.repeat(1)
        return [product.out for product in self.products]

    def expected(self) -> Sequence[Array]:
        """Give what they should come to."""
        return [product.left @ product.right for product in self.products]

    def train(self, epochs: int) -> None:
        """Do the products of so many epochs."""
        with blas_threads(self.threads):
            self.repeat(epochs * self.task.steps)

    def repeat(self, times: int) -> None:
        """Do them so many times."""
        raise NotImplementedError


class ThroughNumpy(_Products):
    """By numpy.dot."""

    def repeat(self, times: int) -> None:
        """Do them so many times."""
        calls = [(product.left, product.right, product.out) for product in self.products]
        dot = np.dot
        for _ in range(times):
            for left, right, out in calls:
                dot(left, right, out)


class Native(_Products):
    """By sgemm, from C."""

    def repeat(self, times: int) -> None:
        """Do them so many times."""
        table = (_Product * len(self.products))(*map(_described, self.products))
        _loop()(_sgemm(), table, len(table), times)


def _described(product: Product) -> _Product:
    """Say to Fortran, which reads arrays by columns, outᵀ = rightᵀ leftᵀ."""
    (ta, lda), (tb, ldb) = _layout(product.right), _layout(product.left)
    n, m = product.out.shape
    pointers = (array.ctypes.data for array in (product.right, product.left, product.out))
    return _Product(*pointers, m, n, product.left.shape[1], lda, ldb, m, ta, tb)


def _layout(factor: Array) -> tuple[bytes, int]:
    rows, columns = factor.shape
    return (b"N", columns) if factor.flags.c_contiguous else (b"T", rows)


class Own(_Products):
    """By chainrule's own kernels, from its own loop.

    What does not change from turn to turn it would take out of the loop: so the weights do change, by next to nothing,
    in the product that gives their gradient, and what one product gives goes into the next. It is the training of a
    network without biases and activations.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        random = np.random.default_rng(0)
        self.x = random.random((task.batch, task.sizes[0]), np.float32)
        self.W = task.start()[0]
        self.compiled = chainrule.compile(_chained)

    def repeat(self, times: int) -> None:
        """Do them so many times."""
        self.compiled(self.W, self.x, times)

    def parameters(self) -> Sequence[Array]:
        """Give the weights after a step."""
        return cast(Sequence[Array], self.compiled(self.W, self.x, 1))

    def expected(self) -> Sequence[Array]:
        """Give the same by NumPy."""
        return _chained(self.W, self.x, 1)


def _chained(W: list[Array], x: Array, times: int) -> list[Array]:
    """Do a step's products so many times, each on what came before."""

    def step(W: list[Array], _: None) -> tuple[list[Array], None]:
        a = [x]
        for W_l in W:
            a.append(a[-1] @ W_l.T)
        delta, after = a[-1], list(W)
        for l in range(len(W) - 1, -1, -1):
            after[l] = W[l] - np.float32(SLIGHT) * (delta.T @ a[l])
            if l:
                delta = delta @ W[l]
        return after, None

    return cast(list[Array], chainrule.scan(step, W, length=times)[0])


@functools.cache
def _loop() -> Callable[..., None]:
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler is not None
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "loop.c"), Path(folder, "loop.so")
        source.write_text(LOOP, encoding="ascii")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        repeat = ctypes.CDLL(str(library)).repeat
    repeat.argtypes, repeat.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int], None
    return cast(Callable[..., None], repeat)


@functools.cache
def _sgemm() -> int:
    from scipy.linalg import cython_blas

    capsule = ctypes.py_object(cython_blas.__pyx_capi__["sgemm"])
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


def variants() -> Variants:
    """Offer our own kernels; and BLAS with both layouts, natively if there is a C compiler, with one thread and all."""
    ways = {"NumPy": ThroughNumpy} | ({"native": Native} if has_compiler() else {})
    return {"own kernels": Own} | {
        f"{way}, {'Wᵀ' if transposed else 'W'}, {threads}": make
        for way, kind in ways.items()
        for transposed in (False, True)
        for threads, make in with_threads(functools.partial(kind, transposed=transposed)).items()
    }


def has_compiler() -> bool:
    return shutil.which("cc") is not None or shutil.which("gcc") is not None
