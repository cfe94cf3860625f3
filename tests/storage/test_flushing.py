"""The log of writes goes to the disk beside an import, and whatever comes of it, the import does not depend on it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from threading import Event

import pytest

from storage import flushing


def test_the_log_is_written_after_a_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "saludo.db-wal"
    log.write_bytes(b"frames")
    synced, done = list[bytes](), Event()

    def sync(file: int) -> None:
        synced.append(os.pread(file, 100, 0))
        done.set()

    monkeypatch.setattr(flushing, "_sync", sync)
    with flushing.flushing(tmp_path / "saludo.db") as wrote:
        assert synced == []
        wrote()
        assert done.wait(10)
    assert synced == [b"frames"]


@pytest.mark.parametrize("there", [True, False])
def test_a_log_that_cannot_be_written_is_left_to_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    if there:
        (tmp_path / "saludo.db-wal").touch()

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(flushing, "_sync", full)
    with flushing.flushing(tmp_path / "saludo.db") as wrote:
        for _ in range(3):
            wrote()


def test_it_ends_with_the_import_that_is_interrupted(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), flushing.flushing(tmp_path / "saludo.db"):
        raise KeyboardInterrupt
