"""The helper syncs the WAL during an import, and an import does not depend on the helper."""

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
def requests() -> Iterator[Callable[[int], int]]:
    """Makes a closed pipe that holds this many requests, and returns the end to read from."""
    ends = list[int]()

    def pipe(count: int) -> int:
        read, write = os.pipe()
        ends.append(read)
        os.write(write, b"\n" * count)
        os.close(write)
        return read

    yield pipe
    for end in ends:
        os.close(end)


def test_pending_requests_share_one_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requests: Callable[[int], int]
) -> None:
    (tmp_path / "saludo.db-wal").write_bytes(b"frames")
    synced = list[bytes]()
    monkeypatch.setattr(wal_sync, "_sync", lambda file: synced.append(os.pread(file, 100, 0)))
    wal_sync.sync_wal(tmp_path / "saludo.db-wal", requests(3))
    assert synced == [b"frames"]
    wal_sync.sync_wal(tmp_path / "saludo.db-wal", requests(0))
    assert synced == [b"frames"]


@pytest.mark.parametrize("exists", [True, False])
def test_errors_of_a_sync_are_left_to_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requests: Callable[[int], int], exists: bool
) -> None:
    if exists:
        (tmp_path / "saludo.db-wal").touch()

    def disk_full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(wal_sync, "_sync", disk_full)
    wal_sync.sync_wal(tmp_path / "saludo.db-wal", requests(1))


def test_an_import_goes_on_after_the_helper_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = list[subprocess.Popen[bytes]]()
    start = child_process.start

    def keep(*arguments: Any) -> subprocess.Popen[bytes]:
        started.append(start(*arguments))
        return started[0]

    monkeypatch.setattr(child_process, "start", keep)
    with wal_sync.running_wal_sync(tmp_path / "saludo.db") as request_sync:
        request_sync()
        started[0].kill()
        started[0].wait()
        request_sync()
        request_sync()


def test_the_helper_ends_when_an_import_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = list[subprocess.Popen[bytes]]()
    stop = child_process.stop

    def keep(process: subprocess.Popen[bytes]) -> None:
        ended.append(process)
        stop(process)

    def interrupted_import() -> None:
        with wal_sync.running_wal_sync(tmp_path / "saludo.db") as request_sync:
            request_sync()
            raise KeyboardInterrupt

    monkeypatch.setattr(child_process, "stop", keep)
    with pytest.raises(KeyboardInterrupt):
        interrupted_import()
    assert ended[0].returncode is not None


def test_requests_do_nothing_if_the_helper_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> subprocess.Popen[bytes]:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(child_process, "start", fail)
    with wal_sync.running_wal_sync(tmp_path / "saludo.db") as request_sync:
        request_sync()
