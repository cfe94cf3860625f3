"""`saludo report`: prints the numbers and charts once."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import TYPE_CHECKING

from storage.database.connection import reading
from storage.domain.filters import Filter
from tui.commands.common import database_of, filter_in, now_of
from tui.commands.output import is_utf8, print_json, print_lines, print_message

if TYPE_CHECKING:
    from storage.report.comparison import Comparison
    from storage.report.read_session import ReadSession


def report(arguments: Namespace) -> int:
    """Prints the numbers and charts once; returns the exit status."""
    from storage.report.read_session import read_session
    from storage.report.report import load_report

    filter = filter_in(arguments)
    comparison = None
    with reading(database_of(arguments)) as connection, read_session(connection) as session:
        now = now_of(arguments, session.settings.zone)
        if arguments.compare is not None:
            comparison = _comparison(session, filter, now, arguments)
        found = load_report(session, filter, now) if comparison is None else comparison.report
    if arguments.json:
        from storage.report.report_json import as_json, comparison_as_json

        if comparison is not None:
            print_json(comparison_as_json(comparison), indent=1)
        else:
            nothing = {} if arguments.compare is None else {"previous": None}
            print_json(as_json(found) | nothing, indent=1)
    else:
        from tui.commands.text_report import render

        print_lines(*render(found, not is_utf8(), comparison).split("\n"))
    return 0


def _comparison(session: ReadSession, filter: Filter, now: datetime, arguments: Namespace) -> Comparison | None:
    """The comparison that `--compare` asks for; None, and why on stderr, if there is nothing to compare with."""
    from storage.domain.compared_days import Against, NothingToCompare
    from storage.report.comparison import load_comparison

    try:
        # As text the funnel is of the compared days, so that its changes are; as JSON each object is a plain report.
        return load_comparison(session, filter, now, Against(arguments.compare), funnel_of_period=not arguments.json)
    except NothingToCompare as error:
        print_message(f"not compared: {error}")
        return None
