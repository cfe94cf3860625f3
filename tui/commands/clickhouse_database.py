"""What the commands that write do with a ClickHouse database: import, work, check and settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from storage.clickhouse import derived_check, pending, stored_settings, tables
from storage.clickhouse.address import Address
from storage.clickhouse.all_tables import ALL
from storage.clickhouse.connecting import connect
from storage.clickhouse.engine import Engine
from storage.clickhouse.worker import Worker
from storage.domain.errors import StorageError
from storage.language.texts import _
from storage.published import derived_starts, versions
from storage.published.source_moment import StartsChanged
from storage.published.versions import Overtaken
from tui.commands.common import bar
from tui.commands.output import print_lines, print_message

if TYPE_CHECKING:
    from storage.clickhouse.import_target import EvidenceKeeper
    from storage.clickhouse.journal_tables import JournalTables

_BETWEEN_VERSIONS = 10.0  # s at least between two versions that a worker publishes
_IDLE = 1.0  # s between two looks at what was touched


@contextmanager
def writing_to(address: Address) -> Iterator[Engine]:
    """The database with its tables, which are made where they are missing."""
    with closing(connect(address, must_exist=False)) as engine:
        if _is_copy(engine):
            message = _("{name}: holds a copy that 'saludo push' made; import into another database")
            raise StorageError(message.format(name=address))
        tables.create(engine, ALL)
        tables.check_inserts(engine)
        stored_settings.store_default_zone(engine)
        yield engine


def _is_copy(engine: Engine) -> bool:
    """Whether the database is a copy, which has no messages to derive anything from."""
    version = versions.latest(engine)
    return version is not None and version.is_copy


def import_into(address: Address, import_all: Callable[[JournalTables, EvidenceKeeper], int]) -> int:
    """Imports files into a ClickHouse database, and derives what follows; returns the exit status.

    Args:
        address: of the database.
        import_all: imports the files; returns the exit status.
    """
    from storage.clickhouse.import_target import EvidenceKeeper
    from storage.clickhouse.journal_tables import journal_of

    with writing_to(address) as engine, journal_of(engine) as journal:
        keeper = EvidenceKeeper(engine)
        status = import_all(journal, keeper)
        with bar(_("deriving")) as progress:
            here = keeper.derive(progress.count)
        if not here:
            print_message(_("workers are running; they derive what is new"))
        else:
            try:
                _publish(engine)
            except (StartsChanged, Overtaken):  # whoever writes starts publishes them afterwards
                print_message(_("others are importing too; the report follows when they have finished"))
        return status


def _publish(engine: Engine) -> None:
    """Makes a version for readers of what is derived."""
    with bar(_("publishing")) as progress:
        derived_starts.publish(engine, lambda starts: progress.show(0, starts))


def print_tables(cluster: str) -> int:
    """Prints the statements that create the tables of a cluster, with replicas; returns the exit status.

    Args:
        cluster: its name in the configuration of the servers.
    """
    place = tables.Place(cluster, replicated=True)
    for table in ALL:
        print_lines(*(f"{statement};" for statement in tables.statements(table, place)))
    return 0


def work(address: Address, *, once: bool) -> int:
    """Derives what importers have touched, until it is ended; returns the exit status.

    Args:
        address: of the database.
        once: ends when nothing is left to derive.
    """
    with writing_to(address) as engine:
        worker, presence = Worker(engine), pending.Presence(engine)
        is_published, published_at = False, -_BETWEEN_VERSIONS  # another worker may have ended before it published
        try:
            while True:
                part, parts = presence.part()
                if worker.derive_some(part, parts):
                    is_published = False
                    continue
                if once or (part == 0 and not is_published and time.monotonic() - published_at > _BETWEEN_VERSIONS):
                    with nullcontext() if once else suppress(StartsChanged, Overtaken):
                        _publish(engine)
                        is_published, published_at = True, time.monotonic()
                if once:
                    return 0
                time.sleep(_IDLE)
        finally:
            presence.leave()


def check(address: Address, *, rebuild: bool) -> int:
    """Compares what is derived with the evidence; returns the exit status, 1 if something differs."""
    with closing(connect(address)) as engine:
        if _is_copy(engine):
            message = _("{name}: holds a copy that 'saludo push' made; check the database that was copied")
            raise StorageError(message.format(name=address))
        if rebuild:
            with bar(_("rebuilding")) as progress:
                derived_check.rebuild(engine, progress.count)
            _publish(engine)
        with bar(_("checking")) as progress:
            problems = derived_check.problems(engine, progress.count)
    print_lines(*problems)
    if not problems:
        print_message(_("{path}: no problems found").format(path=address))
    return 1 if problems else 0


def store_setting(address: Address, key: str, value: str) -> int:
    """Stores a setting, and derives again what depends on it; returns the exit status."""
    with writing_to(address) as engine:
        stored_settings.store_setting(engine, key, value)
        with bar(_("recomputing")) as progress:
            Worker(engine).derive_pending(progress.count)
        _publish(engine)
    return 0
