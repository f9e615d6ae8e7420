"""What a thousand training steps allocate, beyond what ten do: what a training takes once is not meant."""

import ctypes
import dataclasses
import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from cases.measuring import OURS, Case, Figure, Settings, figures
from cases.resident import page_faults
from cases.trainers import ByHand, Chainrule, Task, Trainer

STEPS, FEW = 1_000, 10
SIZES, BATCH = (784, 30, 10), 10

# By hand in NumPy, with all buffers made beforehand, an epoch allocates its permutation: nothing else. chainrule, which
# keeps the steps' costs and adds them up, may hold twice as much.
AS_LITTLE = {"NumPy": 0.5}


@dataclasses.dataclass(frozen=True)
class Allocation:
    """What a call has allocated.

    Attributes
    ----------
    kept : int
        Bytes that Python and NumPy have more after it than before.
    peak : int
        The most that they had at one time during it, beyond what they had before.
    native : int
        Bytes by which the C library's heap has grown, whoever asked for them.
    faults : int
        Pages of memory touched for the first time.
    """

    kept: int
    peak: int
    native: int
    faults: int


def allocation(call: Callable[[], Any]) -> Allocation:
    """Measure what a call allocates. Call it once before: whatever is made only once is not meant."""
    gc.collect()
    heap, faults = _heap(), page_faults()
    call()
    native, faults = _heap() - heap, page_faults() - faults
    # On its own, since to trace takes memory too.
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    call()
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Allocation(after - before, peak - before, native, faults)


# The fields of the C library's struct mallinfo2, all of the size of a pointer.
_FIELDS = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]


class _MallInfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in _FIELDS]


def _heap() -> int:
    """Give the bytes that are in use on glibc's heap, large blocks of their own included."""
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = _MallInfo
    info = mallinfo()
    return int(info.uordblks + info.hblkhd)


def cases() -> list[Case]:
    return [Case("memory/step", "what 1,000 training steps allocate", _run)]


def _run(settings: Settings) -> tuple[list[Figure], list[str]]:
    sides: dict[str, Callable[[Task], Trainer]] = {OURS: Chainrule, "NumPy": ByHand}
    notes, held = [], {}
    for side, make in sides.items():
        few, found = _epoch(make, FEW), _epoch(make, STEPS)
        held[side] = [(found.peak - few.peak) / 1000]
        notes.append(
            f"{side}, {STEPS:,} steps (and {FEW}): hold {found.peak:,} ({few.peak:,}) bytes at most and keep "
            f"{found.kept:,} ({few.kept:,}); the C library's heap grows by {found.native:,} ({few.native:,}) bytes, "
            f"and {found.faults:,} ({few.faults:,}) pages are touched for the first time."
        )
    return figures("memory/step", f"more held in {STEPS:,} steps than in {FEW}", "kB", held, AS_LITTLE), notes


def _epoch(make: Callable[[Task], Trainer], steps: int) -> Allocation:
    random = np.random.default_rng(0)
    examples = steps * BATCH
    x, y = random.random((examples, SIZES[0]), np.float32), random.random((examples, SIZES[-1]), np.float32)
    trainer = make(Task(SIZES, BATCH, 3.0, x, y))
    for _ in range(3):  # what stays the same from the second time on, a heap that has been cut up say, is not meant
        trainer.train(1)
    return allocation(lambda: trainer.train(1))
