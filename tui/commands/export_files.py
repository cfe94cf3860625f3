"""`saludo export`: writes the starts of a filter as TSV or as a workbook."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from storage.database.connection import reading
from tui.commands.common import bar, database_of, filter_in, interrupted_by_signals, now_of
from tui.commands.output import open_stdout, print_message
from tui.words.numbers import plural


def export(arguments: Namespace) -> int:
    """Writes the starts to a file or to stdout; returns the exit status."""
    from storage.report.read_session import read_session
    from storage.table.export import STARTS, write_tsv
    from storage.table.export_file import check_format, write_export

    filter, path = filter_in(arguments), Path(arguments.output)
    if to_file := arguments.output != "-":
        check_format(path)
    with interrupted_by_signals(), reading(database_of(arguments)) as connection, read_session(connection) as session:
        now = now_of(arguments, session.settings.zone)
        if not to_file:
            with open_stdout() as out:
                write_tsv(session, filter, now, out.buffer, language=arguments.language)
            return 0
        _refuse_replacing(path, arguments.force)
        with bar(f"{path}") as progress:
            written = write_export(
                session,
                filter,
                now,
                path,
                export=STARTS,
                language=arguments.language,
                replace=arguments.force,
                progress=lambda rows: progress.show(0, rows),
            )
    print_message(f"{path}: {plural(written.rows, 'start')}")
    if written.cut:
        were, are = ("text was", "is") if written.cut == 1 else ("texts were", "are")
        print_message(f"{path}: {written.cut:,} {were} longer than 32,767 characters and {are} cut")
    return 0


def _refuse_replacing(path: Path, force: bool) -> None:
    """Raises ExportError if there is something that the file must not replace."""
    from storage.table.export import ExportError

    if os.path.exists(path) and not force:
        raise ExportError(f"{path}: already exists; choose another name or use --force")
    if os.path.exists(path) and not os.path.isfile(path):
        raise ExportError(f"{path}: not a regular file; choose another name")
