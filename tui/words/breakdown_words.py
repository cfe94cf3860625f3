"""The words of a breakdown: the name of a row as a person reads it, safe to show. Knows no widget and no database."""

from __future__ import annotations

from datetime import timedelta

from storage.database.unknown_ids import NO_TEMPLATE
from storage.domain.calendar import date_of
from storage.domain.dimension import Dimension
from storage.domain.failures import explain
from storage.domain.vocabulary import Origin, UserType
from storage.language.conventions import month_name, weekday_name
from storage.language.texts import _
from storage.report.breakdown import BreakdownRow
from tui.words.wording import ORIGIN_NAMES, USER_TYPE_NAMES, day, days, name_shown, reason_name

NO_FAILURES = _("No failed sends in this period")
_NO_CODE, _NO_TEMPLATE = _("without a code"), _("(no template)")


def row_name(row: BreakdownRow, dimension: Dimension) -> str:
    """The name of a row: "promo_navidad", "Mass notification", "Wed 18 Nov 2026", "131026 Undeliverable"."""
    key = row.key
    match dimension:
        case Dimension.TEMPLATE if key == NO_TEMPLATE:
            return _NO_TEMPLATE
        case Dimension.ORIGIN:
            return ORIGIN_NAMES[Origin(row.value)]
        case Dimension.USER_TYPE:
            return USER_TYPE_NAMES[UserType(row.value)]
        case Dimension.REASON:
            return reason_name(row.value)
        case Dimension.CODE:
            return f"{key} {explain(key).title}" if isinstance(key, int) else _NO_CODE
        case Dimension.DAY | Dimension.WEEK | Dimension.MONTH:
            assert isinstance(key, int)
            return _days(key, dimension)
    return name_shown(row.label)


def _days(first: int, dimension: Dimension) -> str:
    since = date_of(first)
    if dimension is Dimension.DAY:
        return f"{weekday_name(since.weekday())} {day(since, year=True)}"
    if dimension is Dimension.MONTH:
        return f"{month_name(since.month)} {since.year}"
    if since.weekday() != 0:  # weeks have numbers where they begin on Monday
        return days(since, since + timedelta(days=7))
    iso = since.isocalendar()
    return _("{year} W{week}, {first} – {last}").format(
        year=iso.year, week=f"{iso.week:02}", first=day(since), last=day(since + timedelta(days=6))
    )
