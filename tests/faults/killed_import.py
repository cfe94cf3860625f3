"""An import that is killed between two batches, as it leaves its WAL."""

from __future__ import annotations

import os
from pathlib import Path

from storage.database.connection import writing
from storage.ingest import importer
from tests.captures import OPTIONS


def import_killed_after(database: Path, log: Path, batches: int, *, batch: int = 200) -> None:
    """Imports a file in batches of so many events until one of them, in a fork, which then is gone."""
    child = os.fork()
    if child == 0:
        left = iter(range(batches))

        def count(position: int, events: int) -> None:
            if next(left, None) is None:
                os._exit(9)

        importer._BATCH = batch
        with writing(database) as writer:
            importer.import_path(writer, log, OPTIONS, count)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert database.with_name(f"{database.name}-wal").stat().st_size > 0
