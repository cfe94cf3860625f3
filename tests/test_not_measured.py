"""What tests/conftest.py leaves out of the measuring of coverage is not slowed down by it."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor


def test_neither_this_thread_nor_a_new_one_is_traced() -> None:
    with ThreadPoolExecutor(1) as other:
        traces = (sys.gettrace(), threading.gettrace(), other.submit(sys.gettrace).result())
    assert not [trace for trace in traces if "coverage" in type(trace).__module__]
