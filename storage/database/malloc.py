"""Keeps freed memory in the process. Knows nothing of what the memory is for."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache

_MOST_FROM_HEAP = 32 << 20  # bytes, the most that glibc allows; larger blocks get a mapping of their own
_MOST_KEPT = 256 << 20  # free bytes that stay at the end of the heap
_MXFAST, _TRIM_THRESHOLD, _MMAP_THRESHOLD = 1, -1, -3  # parameters of mallopt(3)


@cache
def keep_freed_memory() -> None:
    """Makes glibc's malloc reuse freed memory and merge free blocks at once; does nothing with another allocator.

    A report or a batch allocates megabytes in small pieces and frees them all. By default glibc returns the memory to
    the system, which clears every page on the next use; that can take longer than the report.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _MOST_FROM_HEAP)
        mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
        mallopt(_MXFAST, 0)
