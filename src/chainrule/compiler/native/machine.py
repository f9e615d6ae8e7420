"""The vectors of this machine, and how many entries of a kernel are computed together."""

import functools
from dataclasses import dataclass

from llvmlite import binding

from chainrule.compiler.native.values import INTEGER, LOGIC
from chainrule.compiler.plan import Apply, Kernel

ENTRIES = 16  # of a vector, at most
LIGHT = frozenset({*INTEGER, *LOGIC, "where", "astype"})  # functions of an instruction or two


@dataclass(frozen=True)
class Vectors:
    """The vectors of a processor: their bits, and whether parts of one can be read and written."""

    bits: int
    masked: bool


@functools.cache
def vectors() -> Vectors:
    """Those of this machine."""
    features = binding.get_host_cpu_features()
    if all(features.get(f"avx512{part}") for part in ("f", "bw", "dq", "vl")):
        return Vectors(512, masked=True)
    return Vectors(256, masked=True) if features.get("avx2") else Vectors(128, masked=False)


def width(kernel: Kernel, machine: Vectors) -> int:
    """Say how many entries are in a vector: as many as of the widest dtype."""
    if not kernel.shape:
        return 1
    widest = max((each.dtype.itemsize for each in kernel.expressions), default=8)
    return min(machine.bits // (8 * widest), ENTRIES)


def unroll(kernel: Kernel) -> int:
    """Say how many vectors are computed together: so many that sums need not wait for each other."""
    weight = sum(1 if each.function in LIGHT else 10 for each in kernel.expressions if isinstance(each, Apply))
    if weight > 30:
        return 1
    return 4 if weight <= 8 and any(store.axes for store in kernel.stores) else 2
