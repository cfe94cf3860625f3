"""What an import does while the process that reads its file has nothing for it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import pytest

from storage.database import child_process
from storage.ingest.batch_reader import file_parts, received_parts
from storage.sources.recognition import open_source
from tests.captures import OPTIONS


@pytest.fixture
def reader() -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A process, and the end of the pipe into which the test writes for it."""
    out, into = os.pipe()
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        with os.fdopen(out, "rb") as process.stdout, os.fdopen(into, "wb") as told:
            yield process, told


@pytest.mark.parametrize("goes_on", [True, False])
def test_other_work_is_done_until_something_comes_or_nothing_is_left(
    reader: tuple[subprocess.Popen[bytes], IO[bytes]], goes_on: bool
) -> None:
    process, told = reader
    calls = 0

    def meanwhile() -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            child_process.send(told, None)
            return goes_on
        return True

    assert list(received_parts(process, meanwhile)) == []
    assert calls == 3


def test_what_has_come_is_taken_at_once(reader: tuple[subprocess.Popen[bytes], IO[bytes]]) -> None:
    process, told = reader
    child_process.send(told, ("broken", (5, "no such device")))
    with pytest.raises(OSError, match="no such device"):
        next(received_parts(process, lambda: pytest.fail("nothing is to be done meanwhile")))


def test_a_reader_that_is_gone_is_told_of(reader: tuple[subprocess.Popen[bytes], IO[bytes]]) -> None:
    process, told = reader
    told.close()
    with pytest.raises(ChildProcessError, match="run the same command again"):
        next(received_parts(process, lambda: pytest.fail("nothing is to be done meanwhile")))


@pytest.mark.parametrize(("keys", "expected"), [(1_000, 250), (10, 1_000)])
def test_a_part_holds_fewer_events_where_each_is_of_another_message(keys: int, expected: int) -> None:
    """A message takes more memory than one more event of it."""
    rows = (b"wamid.%d,5491155550001,promo,sent,2026-11-18 15:00:%02d\n" % (n % keys, n % 60) for n in range(4_000))
    content = b"message_id,to,template,status,sent_at\n" + b"".join(rows)
    parts = list(file_parts(open_source(io.BytesIO(content), OPTIONS), 1_000))
    assert sum(part.batch.events for part in parts) == 4_000
    assert expected <= max(part.batch.events for part in parts) < 1.3 * expected  # rows of a table come together
