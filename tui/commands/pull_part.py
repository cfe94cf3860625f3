"""`saludo pull`: brings the starts of a filter from a ClickHouse database as a SQLite file, with the same report."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from pathlib import Path

from storage.database.complete_file import refuse_replacing
from storage.domain.errors import StorageError
from storage.language.texts import _, ngettext
from tui.commands.arguments import UsageError
from tui.commands.common import (
    bar,
    clickhouse_of,
    filter_in,
    filter_settings,
    interrupted_by_signals,
    now_of,
    reading_store,
    tell_unknown_values,
)
from tui.commands.output import print_message
from tui.words.numbers import number


def pull(arguments: Namespace) -> int:
    """Writes the file; returns the exit status."""
    from storage.database.backup import back_up
    from storage.database.connection import reading
    from storage.published import proof, pulled_part
    from storage.published.version_session import VersionSession
    from storage.report.read_session import read_session
    from storage.report.report import load_report

    address = clickhouse_of(arguments)
    if address is None:
        raise UsageError(_("'pull' is for a ClickHouse database; name it with --db or SALUDO_DB"))
    settings, target = filter_settings(arguments, print_message), Path(arguments.output)
    filter_in(arguments, settings)  # a wrong filter is reported before the database is opened
    refuse_replacing(target, replace=arguments.force)
    with (
        interrupted_by_signals(),
        reading_store(arguments) as opened,
        tempfile.TemporaryDirectory(prefix="saludo-") as directory,
        bar(str(target)) as progress,
    ):
        session = opened.session
        assert isinstance(session, VersionSession)
        session.connection.keep()
        now = now_of(arguments, session.settings.zone)
        filter = pulled_part.with_days(session, filter_in(arguments, settings, session.calendar.today(now)), now)
        tell_unknown_values(session, filter, print_message)
        made = Path(directory, "part.db")
        pulled_part.write_part(session, filter, now, made, lambda starts: progress.show(0, starts))
        with reading(made) as connection, read_session(connection) as other:
            if found := proof.differences(session, other, now, filter, without=proof.OF_RECORDS):
                message = _("{path}: the part has another report ({members}) and was not written")
                raise StorageError(message.format(path=target, members=", ".join(found)))
            starts = load_report(other, filter, now).starts
        back_up(made, target, replace=arguments.force, progress=lambda done, of: None)
    message = ngettext(
        "{path}: {count} start, with the same report as {name} under {filter}",
        "{path}: {count} starts, with the same report as {name} under {filter}",
        starts,
    )
    print_message(message.format(path=target, count=number(starts), name=address, filter=filter))
    return 0
