"""Matrix products in native code: chainrule's own beside BLAS, over a grid of sizes and layouts.

    python benchmarks/products.py [--rounds 15] [--dtype f4] [--networks]

Every number is a ratio: our own kernel's time in BLAS's, the same product, called by native code, in turns in one
process; medians. Below 1 our own is faster; a star marks where `choose` takes the slower one. A layout is two letters,
for A and B: N lies by rows, T by columns; C lies by rows.

With --networks: the sum of the products of one training step, all by whom `choose` chooses, in units of all by BLAS.

OpenBLAS has as many threads as it likes (set OPENBLAS_NUM_THREADS), and kernels of its choice (OPENBLAS_CORETYPE).
"""

import argparse
import ctypes
import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding, ir
from rich.console import Console
from rich.table import Table

from chainrule.compiler.native import blas, products
from chainrule.compiler.native.product_loops import I64, POINTER, repeat
from chainrule.compiler.native.products import Product, emit_product

SIZES = [
    (3, 3, 3),
    (10, 30, 784),
    (30, 784, 10),
    (10, 30, 10),
    (32, 32, 32),
    (64, 64, 64),
    (32, 100, 784),
    (128, 128, 128),
    (200, 200, 200),
    (128, 100, 784),
    (400, 400, 400),
    (128, 784, 800),
    (256, 2048, 2048),
    (1, 784, 784),
    (784, 1, 784),
    (784, 784, 1),
    (1, 1, 784),
]
NETWORKS = [([784, 30, 10], 10), ([784, 100, 100, 10], 32), ([784, 800, 10], 128)]
SECONDS_A_ROUND = 0.003

Emit = Callable[[ir.Module, str, Product], ir.Function]


class Running:
    """A product compiled into a function that computes it many times."""

    def __init__(self, emit: Emit, extent: int, product: Product) -> None:
        module = ir.Module()
        module.triple = binding.get_default_triple()
        once = emit(module, "once", product)
        once.attributes.add("noinline")
        many = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER, I64]), "many")
        builder = ir.IRBuilder(many.append_basic_block())
        arguments = [many.args[0], I64(0), I64(extent)]
        repeat(builder, I64(0), many.args[1], lambda _: builder.call(once, arguments) and None)
        builder.ret_void()
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=2, jit=True
        )
        parsed = binding.parse_assembly(str(module))
        passes = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=1))
        passes.getModulePassManager().run(parsed, passes)
        self.engine = binding.create_mcjit_compiler(parsed, machine)
        self.engine.finalize_object()
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
        self.function = kind(self.engine.get_function_address("many"))

    def seconds(self, arrays: Any, times: int) -> float:
        """Time one product, as the mean of many."""
        start = time.perf_counter()
        self.function(arrays, times)
        return (time.perf_counter() - start) / times


def aligned(entries: int, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Make an array of small numbers that begins at a line of the cache."""
    room = np.random.default_rng(0).normal(size=entries + 64).astype(dtype) / 1000
    return room[-room.ctypes.data % 64 // room.itemsize :][:entries]


def compare(product: Product, rounds: int) -> tuple[float, float]:
    """Time a product by our own kernel and by BLAS."""
    sizes = [product.m * product.k, product.k * product.n, product.m * product.n]
    matrices = [aligned(size, product.dtype) for size in sizes]
    arrays = (ctypes.c_void_p * 3)(*(matrix.ctypes.data for matrix in matrices))
    both = [Running(emit_product, products.extent(product), product), Running(blas.emit_blas, 1, product)]
    times = [max(1, int(SECONDS_A_ROUND / max(r.seconds(arrays, 1), r.seconds(arrays, 3), 1e-8))) for r in both]
    measured = [[r.seconds(arrays, n) for r, n in zip(both, times, strict=True)] for _ in range(rounds)]
    own, other = (statistics.median(column) for column in zip(*measured, strict=True))
    return own, other


def contiguous(dtype: str, m: int, n: int, k: int, layout: str, alpha: float = 1.0, beta: float = 0.0) -> Product:
    """Make a product of matrices without gaps."""
    a = (k, 1) if layout[0] == "N" else (1, m)
    b = (n, 1) if layout[1] == "N" else (1, k)
    return Product(np.dtype(dtype), m, n, k, a, b, (n, 1), alpha=alpha, beta=beta)


def step_of(layers: list[int], batch: int, dtype: str) -> list[Product]:
    """List the products of one step of gradient descent: forward, back, and into the weights."""
    found = []
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(layers)):
        found.append(contiguous(dtype, batch, outputs, inputs, "NT"))
        found.append(contiguous(dtype, outputs, inputs, batch, "TN", alpha=-1e-6, beta=1.0))
        if layer:
            found.append(contiguous(dtype, batch, inputs, outputs, "NN"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--dtype", default="f4", choices=["f4", "f8"])
    parser.add_argument("--networks", action="store_true")
    arguments = parser.parse_args()
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    blas.link()
    console = Console()
    if arguments.networks:
        for layers, batch in NETWORKS:
            chosen = all_blas = 0.0
            for product in step_of(layers, batch, arguments.dtype):
                own, other = compare(product, arguments.rounds)
                chosen += own if blas.choose(product) is emit_product else other
                all_blas += other
            console.print(f"{'-'.join(map(str, layers))}, batch {batch}: {chosen / all_blas:.2f}")
        return
    table = Table("m × n × k", "NN", "NT", "TN", "TT")
    for size in SIZES:
        cells = []
        for layout in ("NN", "NT", "TN", "TT"):
            product = contiguous(arguments.dtype, *size, layout)
            own, other = compare(product, arguments.rounds)
            slower = (own > other) == (blas.choose(product) is emit_product)
            cells.append(f"{own / other:.2f}{'*' if slower else ''}")
        table.add_row(" × ".join(map(str, size)), *cells)
    console.print(table)


if __name__ == "__main__":
    main()
