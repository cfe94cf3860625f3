"""`saludo backup`: copies the database to a file."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from storage.database.backup import back_up
from storage.language.conventions import localized
from storage.language.texts import _
from tui.commands.arguments import UsageError
from tui.commands.common import bar, clickhouse_of, database_of, interrupted_by_signals
from tui.commands.output import print_message

_MB = 1_000_000


def backup(arguments: Namespace) -> int:
    """Copies the database; returns the exit status."""
    if arguments.output == "-":
        raise UsageError(_("FILE: a database cannot be written to stdout; name a file"))
    if clickhouse_of(arguments) is not None:
        message = _("'backup' copies a SQLite database; use 'saludo pull FILE', or BACKUP DATABASE of ClickHouse")
        raise UsageError(message)
    target = Path(arguments.output)
    with interrupted_by_signals(), bar(f"{target}, MB") as progress:
        size = back_up(
            database_of(arguments),
            target,
            replace=arguments.force,
            progress=lambda done, of: progress.count(done // _MB, of // _MB),
        )
    print_message(localized(f"{size / _MB:,.1f}").join((f"{target}: ", " MB")))
    return 0
