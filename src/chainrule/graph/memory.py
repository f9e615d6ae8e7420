"""Letting the allocator keep the memory of one gradient for the next."""

import numpy as np

# A gradient holds many arrays at once, and lets go of them all when it is done. As it begins, glibc hands such memory
# back to the system, which clears every page anew for the next gradient: that can cost ten times the arithmetic. It
# keeps what is no larger than the largest block that it has seen freed, up to 32 MiB (mallopt(3), M_MMAP_THRESHOLD),
# so it is shown one. No page of that block is ever touched.
np.empty(2**25 - 2**16, np.uint8)
