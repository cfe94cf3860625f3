"""How this process keeps the memory that it frees. Knows nothing of what the memory is for."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache

_LARGEST = 32 << 20  # bytes that come from the heap, the most that glibc allows; larger ones are mapped each by itself
_KEPT = 256 << 20  # bytes that are free at the heap's end and stay there
_MXFAST, _TRIM_THRESHOLD, _MMAP_THRESHOLD = 1, -1, -3  # parameters of mallopt(3)


@cache
def keep_freed_memory() -> None:
    """Has the allocator hand out again what was freed, and join freed pieces at once; nothing where it is not glibc's.

    A report, like a batch, takes some megabytes in many small pieces and frees them all. To give them back to the
    system and have every page of them cleared again can take longer than the report does.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)
        mallopt(_MXFAST, 0)
