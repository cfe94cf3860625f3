"""`saludo report`: prints the numbers and charts once."""

from __future__ import annotations

from argparse import Namespace

from storage.database.connection import reading
from tui.commands.common import database_of, filter_in, now_of
from tui.commands.output import is_utf8, print_json, print_lines


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
        print_json(as_json(found), indent=1)
    else:
        from tui.commands.text_report import render

        print_lines(*render(found, ascii_only=not is_utf8()).split("\n"))
    return 0
