"""`saludo report`: prints the numbers and charts once."""

from __future__ import annotations

import json
from argparse import Namespace

from storage.database.connection import reading
from tui.commands.common import database_of, filter_in, now_of
from tui.commands.output import is_utf8, print_lines, printable


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
