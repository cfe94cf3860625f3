"""`saludo push`: copies a SQLite database into a ClickHouse database, and proves that both give the same report."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from storage.database.connection import reading
from storage.domain.errors import StorageError
from storage.language.texts import _, ngettext
from storage.report.read_session import read_session
from tui.commands.arguments import UsageError
from tui.commands.common import bar, clickhouse_at, database_of, interrupted_by_signals
from tui.commands.output import print_message
from tui.words.numbers import number

if TYPE_CHECKING:
    from storage.clickhouse.address import Address


def push(arguments: Namespace) -> int:
    """Copies the database; returns the exit status."""
    address = clickhouse_at(arguments.target)
    if address is None:
        message = _("TARGET: '{given}' is no ClickHouse database; use clickhouse://… or chdb:DIRECTORY")
        raise UsageError(message.format(given=arguments.target))
    path = database_of(arguments)
    with interrupted_by_signals():
        starts = copy_to(address, path)
    message = ngettext(
        "{name}: {count} start, with the same report as {path}",
        "{name}: {count} starts, with the same report as {path}",
        starts,
    )
    print_message(message.format(name=address, count=number(starts), path=path))
    return 0


def copy_to(address: Address, path: Path) -> int:
    """Copies a SQLite database into a ClickHouse database as a new version; returns the number of starts.

    Raises:
        StorageError: the database has imports of its own, or the reports differ.
    """
    from storage.clickhouse.connecting import connect
    from storage.published import copied_database, proof, versions
    from storage.published.version_session import VersionSession

    starts = 0
    with (
        reading(path) as connection,
        read_session(connection) as session,
        closing(connect(address, must_exist=False)) as engine,
        bar(str(address)) as progress,
    ):
        if versions.has_imports(engine):
            raise StorageError(_("{name}: has imports of its own; push into another database").format(name=address))

        def fill(version: int) -> None:
            nonlocal starts
            starts = copied_database.copy(connection, engine, version, lambda count: progress.show(0, count))
            copied = VersionSession(engine, versions.Version(version, 0))
            if found := proof.differences(session, copied, datetime.now(UTC)):
                message = _("{name}: the copy has another report ({members}) and was removed")
                raise StorageError(message.format(name=address, members=", ".join(found)))

        versions.publish(engine, fill, is_copy=True)
    return starts
