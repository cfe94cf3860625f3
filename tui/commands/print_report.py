"""`saludo report` and `saludo export`: print the numbers once, and write the starts as TSV."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from pathlib import Path

from storage.database.connection import reading
from tui.commands.common import bar, database_of, filter_in, now_of
from tui.commands.output import is_utf8, open_stdout, print_lines, print_message, printable
from tui.words.numbers import plural


def report(arguments: Namespace) -> int:
    """Prints the numbers and charts once; returns the exit status."""
    from storage.report.read_session import read_session
    from storage.report.report import load_report
    from storage.report.report_json import as_json

    filter = filter_in(arguments)
    with reading(database_of(arguments)) as connection, read_session(connection) as session:
        now = now_of(arguments, session.settings.zone)
        found = load_report(session, filter, now)
    if arguments.json:
        print_lines(json.dumps(as_json(found), ensure_ascii=not is_utf8(), indent=1))
    else:
        from tui.commands.text_report import render

        print_lines(*(printable(line) for line in render(found, ascii_only=not is_utf8()).split("\n")))
    return 0


def export(arguments: Namespace) -> int:
    """Writes the starts as TSV; returns the exit status."""
    from storage.report.read_session import read_session
    from storage.table.export import ExportError, write_file, write_tsv

    filter = filter_in(arguments)
    with reading(database_of(arguments)) as connection, read_session(connection) as session:
        now = now_of(arguments, session.settings.zone)
        if arguments.output == "-":
            with open_stdout() as out:
                write_tsv(session, filter, now, out.buffer, language=arguments.language)
            return 0
        path = Path(arguments.output)
        if os.path.exists(path) and not arguments.force:
            raise ExportError(f"{path}: already exists; choose another name or use --force")
        if os.path.exists(path) and not os.path.isfile(path):
            raise ExportError(f"{path}: not a regular file; choose another name")
        with bar(f"{path}") as progress:
            count = write_file(
                path,
                lambda out: write_tsv(
                    session, filter, now, out, language=arguments.language, progress=lambda rows: progress.show(0, rows)
                ),
                replace=arguments.force,
            )
    print_message(f"{path}: {plural(count, 'start')}")
    return 0
