"""The words for people: statuses, origins, users, days, times and durations, failures, orders. Knows no widget."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from storage.domain.dimension import Dimension
from storage.domain.failures import Explanation, Reason, Retry, title_of, wait_words
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.language.conventions import month_name, weekday_name
from storage.table.sorting import Order

ORIGIN_NAMES: dict[Origin, str] = {
    Origin.TEMPLATE: "Template",
    Origin.NOTIFICATION: "Mass notification",
    Origin.WEBCHAT: "Web chat",
    Origin.CAMPAIGN: "Campaign",
}
SHORT_ORIGINS: dict[Origin, str] = {
    Origin.TEMPLATE: "Template",
    Origin.NOTIFICATION: "Mass",
    Origin.WEBCHAT: "Web chat",
    Origin.CAMPAIGN: "Campaign",
}
USER_TYPE_NAMES: dict[UserType, str] = {UserType.NEW: "New", UserType.RECURRENT: "Recurrent"}
DIMENSION_NAMES: dict[Dimension, str] = {
    Dimension.TEMPLATE: "Template",
    Dimension.LINE: "Line",
    Dimension.ORIGIN: "Started by",
    Dimension.USER_TYPE: "Users",
    Dimension.DAY: "Day",
    Dimension.WEEK: "Week",
    Dimension.MONTH: "Month",
    Dimension.REASON: "Reason",
    Dimension.CODE: "Error code",
}
THEME_NAMES = {"ansi": "the terminal's own colours", "dark": "dark", "light": "light"}
BREADCRUMB_SEPARATOR = " › "


def day(value: date, year: bool = False) -> str:
    """A day as `22 Nov`, or `22 Nov 2026` with `year`."""
    text = f"{value.day} {month_name(value.month)}"
    return f"{text} {value.year}" if year else text


def days(since: date, until: date) -> str:
    """The days from `since` to before `until`, as the first and the last day: `29 Oct – 4 Nov 2026`."""
    last = until - timedelta(days=1)
    if last <= since:
        return day(since, year=True)
    return f"{day(since, year=since.year != last.year)} – {day(last, year=True)}"


def moment(at: datetime) -> str:
    """A local time as `Sun 22 Nov 2026 15:04:05`."""
    return f"{weekday_name(at.weekday())} {day(at.date(), year=True)} {at:%H:%M:%S}"


def short_moment(at: datetime) -> str:
    """A local time for a column: `22 Nov 15:04`."""
    return f"{at.day:>2} {month_name(at.month)} {at:%H:%M}"


def duration(span: timedelta) -> str:
    """A duration in its two greatest units: `3 d 4 h`, `5 min 12 s`, `8 s`."""
    left = int(span.total_seconds())
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    parts = []
    for size, unit in units:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def status_name(status: StartStatus) -> str:
    """A status with a capital letter."""
    return status.value.capitalize()


def reason_name(reason: str | None) -> str:
    """The title of the reason of a failure; empty for None."""
    return "" if reason is None else title_of(Reason(reason))


def retry_words(known: Explanation) -> str:
    """Whether and when sending again can help, as a sentence."""
    if known.retry.can_help:
        return f"Sending again can help{f', from {wait_words(known.wait)} after the failure' if known.wait else ''}."
    if known.retry is Retry.NO:
        return "Sending it again unchanged does not help."
    return "It is not known whether sending again helps."


def order_words(order: Order, reverse: bool) -> str:
    """How the table is sorted, to follow its title; empty for the newest first."""
    if order is Order.TIME:
        return ", oldest first" if reverse else ""
    return f", by {order}{' from the end' if reverse else ''}"
