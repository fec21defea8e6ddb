"""Memory of the process: large values are returned to the system, collections are short."""

import ctypes
import gc

MMAP_THRESHOLD = -3
"""Parameter of `mallopt`: blocks from this size on are mapped by themselves, and unmapped when freed."""
LARGE_BLOCK = 1 << 18
"""In bytes (256 kB). Pictures and the texts of long records are larger."""
ARENA_MAX = -8
"""Parameter of `mallopt`: number of heaps."""
HEAPS = 1
"""Threads take turns under the interpreter's lock anyway, and a heap for each keeps what another one could use."""
COLLECT_AFTER = (5_000, 5, 100)
"""
Thresholds of the three generations, see `gc.set_threshold`.

A collection of the youngest two looks at 30,000 objects at most, which takes some milliseconds. Only one of the oldest
looks at all of them.
"""


def limit_heaps() -> None:
    """
    Let all threads share one heap, and fix the size from which glibc maps a block by itself.

    By default that size grows with each such block that is freed. After the first picture of an incident (16 MB) the
    next ones would be parts of a thread's heap, which keeps their place: 70 MB more after some drafts. Nothing is done
    where the C library has no `mallopt`. Source: man7.org/linux/man-pages/man3/mallopt.3.html.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, LARGE_BLOCK)
        mallopt(ARENA_MAX, HEAPS)


def collect_rarely() -> None:
    """
    Keep collections short, once all is loaded that the process needs to run.

    While a page of 10,000 entries was built, collections that looked at every object stopped all threads for 60 to
    100 ms each. What exists now is left out of them for good: it stays as long as the process.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
