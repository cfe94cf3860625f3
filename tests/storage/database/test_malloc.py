import platform
import subprocess
import sys

import pytest

_TAKES_AND_FREES = """
import resource, sys
from storage.database.malloc import keep_freed_memory

if sys.argv[1] == "kept":
    keep_freed_memory()

def pages_taken():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    [bytearray(1 << 20) for _ in range(60)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages_taken()
print(sum(pages_taken() for _ in range(4)))
"""


def _pages_taken_again(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _TAKES_AND_FREES, how], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators have no such parameters")
def test_freed_memory_is_taken_again_without_the_system_clearing_it() -> None:
    # 60 MB four times over are 61,440 pages of 4 kB.
    assert _pages_taken_again("kept") < 6_000 < _pages_taken_again("given back")
