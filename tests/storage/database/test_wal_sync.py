"""The log of writes goes to the disk beside an import, and whatever comes of it, the import does not depend on it."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.database import child_process, wal_sync


@pytest.fixture
def told() -> Iterator[Callable[[int], int]]:
    """A file that tells of so many transactions and then ends."""
    ends = list[int]()

    def pipe(transactions: int) -> int:
        read, write = os.pipe()
        ends.append(read)
        os.write(write, b"\n" * transactions)
        os.close(write)
        return read

    yield pipe
    for end in ends:
        os.close(end)


def test_the_log_is_written_once_for_all_transactions_that_were_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[[int], int]
) -> None:
    (tmp_path / "saludo.db-wal").write_bytes(b"frames")
    synced = list[bytes]()
    monkeypatch.setattr(wal_sync, "_sync", lambda file: synced.append(os.pread(file, 100, 0)))
    wal_sync.flush(tmp_path / "saludo.db-wal", told(3))
    assert synced == [b"frames"]
    wal_sync.flush(tmp_path / "saludo.db-wal", told(0))
    assert synced == [b"frames"]


@pytest.mark.parametrize("there", [True, False])
def test_a_log_that_cannot_be_written_is_left_to_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[[int], int], there: bool
) -> None:
    if there:
        (tmp_path / "saludo.db-wal").touch()

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(wal_sync, "_sync", full)
    wal_sync.flush(tmp_path / "saludo.db-wal", told(1))


def test_an_import_does_not_notice_that_the_process_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[subprocess.Popen[bytes]]()
    start = child_process.start

    def keep(*arguments: Any) -> subprocess.Popen[bytes]:
        started.append(start(*arguments))
        return started[0]

    monkeypatch.setattr(child_process, "start", keep)
    with wal_sync.flushing(tmp_path / "saludo.db") as wrote:
        wrote()
        started[0].kill()
        started[0].wait()
        wrote()
        wrote()


def test_the_process_ends_with_an_import_that_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = list[subprocess.Popen[bytes]]()
    stop = child_process.stop

    def keep(process: subprocess.Popen[bytes]) -> None:
        ended.append(process)
        stop(process)

    def interrupted() -> None:
        with wal_sync.flushing(tmp_path / "saludo.db") as wrote:
            wrote()
            raise KeyboardInterrupt

    monkeypatch.setattr(child_process, "stop", keep)
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ended[0].returncode is not None


def test_where_no_process_can_be_started_nobody_writes_before_sqlite_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*arguments: Any) -> subprocess.Popen[bytes]:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(child_process, "start", none)
    with wal_sync.flushing(tmp_path / "saludo.db") as wrote:
        wrote()
