"""Where an import into a ClickHouse database writes: evidence, the journal, and at the end what follows.

`storage.ingest.importer` reads the files, as for SQLite. A batch is written before the journal says so; whoever imports
the file again after an interruption writes some batches twice, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from storage.clickhouse import pending
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.journal_tables import JournalTables
from storage.clickhouse.worker import Worker
from storage.ingest.import_store import Changes
from storage.messages.batch_merger import Batch


class EvidenceFile:
    """Writes the batches of one file."""

    def __init__(self, keeper: EvidenceKeeper) -> None:
        self._keeper = keeper

    def write(self, batch: Batch) -> Changes:
        """Writes a batch as evidence."""
        return self._keeper.writer.write(batch)

    def sync(self) -> None:
        """The server has stored what it has answered."""

    def catch_up(self) -> bool:
        """What follows is derived at the end of the command, each contact once."""
        return False

    def finish(self, counted: Callable[[int, int], None]) -> None:
        """Nothing is left to do for a file alone."""

    def keep(self) -> None:
        """The keeper has what the next file needs."""


class EvidenceKeeper:
    """What the files of one command share: what writes their evidence, and who derives it after the last one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.writer = EvidenceWriter(engine)
        self._worker = Worker(engine)

    def file_writer(self, target: JournalTables, *, helped: bool) -> EvidenceFile:
        """What writes the batches of the next file."""
        return EvidenceFile(self)

    def after_file(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """No process of its own is left to end."""

    @contextmanager
    def unaffected(self, target: JournalTables) -> Iterator[None]:
        """What is remembered of lines is true whatever else is written."""
        yield

    def count(self, target: JournalTables, counted: Callable[[int, int], None]) -> None:
        """What an earlier import left is derived at the end of the command."""

    def derive(self, progress: Callable[[int, int], None]) -> bool:
        """Derives what was touched, also by others, unless workers are there that do.

        Args:
            progress: called with (ids of contacts done, of how many).

        Returns:
            Whether it was derived here.
        """
        if pending.others(self._engine):
            return False
        self._worker.derive_pending(progress)
        return True
