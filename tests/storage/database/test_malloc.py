"""Freed memory is reused without the system clearing its pages again."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_ALLOCATE_AND_FREE = """
import resource, sys
from storage.database.malloc import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()

def page_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    [bytearray(1 << 20) for _ in range(60)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

page_faults()
print(sum(page_faults() for _ in range(4)))
"""


def _page_faults(mode: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _ALLOCATE_AND_FREE, mode], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators have no such parameters")
def test_freed_memory_is_reused_without_page_faults() -> None:
    # 60 MB four times over are 61,440 pages of 4 kB.
    assert _page_faults("keep") < 6_000 < _page_faults("default")
