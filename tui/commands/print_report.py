"""`saludo report`: prints the numbers and charts once."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from storage.domain.filters import Filter
from storage.language.conventions import use_country_of
from storage.language.texts import _
from tui.commands.common import filter_in, filter_settings, now_of, reading_store, tell_unknown_values
from tui.commands.output import is_utf8, print_json, print_lines, print_message

if TYPE_CHECKING:
    from storage.report.breakdown import Breakdown
    from storage.report.comparison import Comparison
    from storage.report.report import Report
    from storage.report.session import Session


def report(arguments: Namespace) -> int:
    """Prints the numbers and charts, or a breakdown, once; returns the exit status."""
    from storage.report.report import load_report

    settings = filter_settings(arguments, print_message)
    filter_in(arguments, settings)  # a wrong filter is reported before the database is opened
    comparison = breakdown = previous = None
    with reading_store(arguments) as opened:
        session = opened.session
        use_country_of(session.settings.time_zone)
        now = now_of(arguments, session.settings.zone)
        filter = filter_in(arguments, settings, session.calendar.today(now))
        if arguments.compare is not None:
            comparison = _comparison(session, filter, now, arguments)
        found = load_report(session, filter, now) if comparison is None else comparison.report
        tell_unknown_values(session, filter, print_message)
        if arguments.by is not None:
            from storage.report.breakdown import load_breakdown

            breakdown = load_breakdown(session, found.filter, now, arguments.by)
            if comparison is not None:
                previous = load_breakdown(session, comparison.previous.filter, now, arguments.by)
        published = None if opened.made_at is None else session.calendar.local(opened.made_at)
    if arguments.json:
        without_previous = arguments.compare is not None and comparison is None
        print_json(_as_json(found, comparison, breakdown, previous, without_previous), indent=1)
    elif breakdown is not None:
        from tui.commands.text_breakdown import render_breakdown

        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        text = render_breakdown(found, comparison, breakdown, previous, columns, not is_utf8())
        print_lines(*text.split("\n"))
    else:
        from tui.commands.text_report import render

        print_lines(*render(found, not is_utf8(), comparison).split("\n"))
    if published is not None and not arguments.json:  # JSON is the same of every store, to the byte
        print_lines("", _published_words(published, now))
    return 0


def _published_words(at: datetime, now: datetime) -> str:
    """When the version of a ClickHouse database was published that the numbers are of, and how old it is."""
    from tui.words.wording import duration, short_moment

    if now < at:
        return _("Published {time}").format(time=short_moment(at).strip())
    return _("Published {time}, {age} ago").format(time=short_moment(at).strip(), age=duration(now - at))


def _as_json(
    report: Report,
    comparison: Comparison | None,
    breakdown: Breakdown | None,
    previous: Breakdown | None,
    without_previous: bool,
) -> dict[str, Any]:
    from storage.report.report_json import as_json, breakdown_as_json, compared_breakdown_as_json, comparison_as_json

    members = as_json(report) if comparison is None else comparison_as_json(comparison)
    if without_previous:
        members["previous"] = None
    if breakdown is not None:
        members["breakdown"] = (
            breakdown_as_json(breakdown) if previous is None else compared_breakdown_as_json(breakdown, previous)
        )
    return members


def _comparison(session: Session, filter: Filter, now: datetime, arguments: Namespace) -> Comparison | None:
    """The comparison that `--compare` asks for; None, and why on stderr, if there is nothing to compare with."""
    from storage.domain.compared_days import Against, NothingToCompare
    from storage.report.comparison import load_comparison

    try:
        # As text the funnel is of the compared days, so that its changes are; as JSON each object is a plain report.
        return load_comparison(session, filter, now, Against(arguments.compare), funnel_of_period=not arguments.json)
    except NothingToCompare as error:
        print_message(_("not compared: {why}").format(why=error))
        return None
