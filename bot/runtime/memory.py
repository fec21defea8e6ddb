"""Return the memory of large values to the system when they are freed."""

import ctypes

MMAP_THRESHOLD = -3
"""Parameter of `mallopt`: blocks from this size on are mapped by themselves, and unmapped when freed."""
LARGE_BLOCK = 1 << 20
"""In bytes. Pictures and the text of long records are larger."""


def return_large_blocks() -> None:
    """
    Fix the size from which glibc maps a block by itself.

    By default it grows with each such block that is freed. After the first picture of an incident (16 MB) the next
    ones would be parts of a thread's heap, which keeps their place: 70 MB more after some drafts. Nothing is done
    where the C library has no `mallopt`. Source: man7.org/linux/man-pages/man3/mallopt.3.html.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, LARGE_BLOCK)
