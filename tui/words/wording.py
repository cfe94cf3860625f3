"""The words for people: statuses, origins, users, days, times and durations, failures, orders. Knows no widget."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from storage.domain.dimension import Dimension
from storage.domain.failures import Explanation, Reason, Retry, title_of, wait_words
from storage.domain.filter_synonyms import value_word
from storage.domain.patterns import UNKNOWN
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.language.conventions import month_name, weekday_name
from storage.language.texts import _, pgettext
from storage.table.sorting import Order
from tui.terminal.sanitize import safe

ORIGIN_NAMES: dict[Origin, str] = {
    Origin.TEMPLATE: _("Template"),
    Origin.NOTIFICATION: _("Mass notification"),
    Origin.WEBCHAT: _("Web chat"),
    Origin.CAMPAIGN: _("Campaign"),
}
SHORT_ORIGINS: dict[Origin, str] = {
    Origin.TEMPLATE: _("Template"),
    Origin.NOTIFICATION: _("Mass"),
    Origin.WEBCHAT: _("Web chat"),
    Origin.CAMPAIGN: _("Campaign"),
}
STATUS_NAMES: dict[StartStatus, str] = {
    StartStatus.FAILED: pgettext("status", "Failed"),
    StartStatus.SENT: pgettext("status", "Sent"),
    StartStatus.DELIVERED: pgettext("status", "Delivered"),
    StartStatus.READ: pgettext("status", "Read"),
    StartStatus.ANSWERED: pgettext("status", "Answered"),
    StartStatus.RECEIVED: pgettext("status", "Received"),
}
USER_TYPE_NAMES: dict[UserType, str] = {UserType.NEW: _("New"), UserType.RECURRENT: _("Recurrent")}
DIMENSION_NAMES: dict[Dimension, str] = {
    Dimension.TEMPLATE: _("Template"),
    Dimension.LINE: _("Line"),
    Dimension.ORIGIN: _("Started by"),
    Dimension.USER_TYPE: _("Users"),
    Dimension.DAY: _("Day"),
    Dimension.WEEK: _("Week"),
    Dimension.MONTH: _("Month"),
    Dimension.REASON: _("Reason"),
    Dimension.CODE: _("Error code"),
}
# The same in the title "Starts by …".
BY_DIMENSION = {dimension: name.lower() for dimension, name in DIMENSION_NAMES.items()} | {
    Dimension.ORIGIN: pgettext("starts by", "origin")
}
ORDER_NAMES: dict[Order, str] = {
    Order.TIME: pgettext("order", "time"),
    Order.TEMPLATE: pgettext("order", "template"),
    Order.STATUS: pgettext("order", "status"),
    Order.CONTACT: pgettext("order", "contact"),
}
THEME_NAMES = {
    "ansi": _("the terminal's own colours"),
    "dark": pgettext("theme", "dark"),
    "light": pgettext("theme", "light"),
}
UNKNOWN_NAME = value_word(UNKNOWN)  # of a line, a template or a contact that no source names
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


def name_shown(name: str) -> str:
    """A name from the data, safe to show; what no source names is called so in the language of the process."""
    return UNKNOWN_NAME if name == UNKNOWN else safe(name)


def status_name(status: StartStatus) -> str:
    """A status with a capital letter."""
    return STATUS_NAMES[status]


def reason_name(reason: str | None) -> str:
    """The title of the reason of a failure; empty for None."""
    return "" if reason is None else title_of(Reason(reason))


def retry_words(known: Explanation) -> str:
    """Whether and when sending again can help, as a sentence."""
    if known.retry.can_help:
        if not known.wait:
            return _("Sending again can help.")
        return _("Sending again can help, from {wait} after the failure.").format(wait=wait_words(known.wait))
    if known.retry is Retry.NO:
        return _("Sending it again unchanged does not help.")
    return _("It is not known whether sending again helps.")


def order_words(order: Order, reverse: bool) -> str:
    """How the table is sorted, to follow its title; empty for the newest first."""
    if order is Order.TIME:
        return _(", oldest first") if reverse else ""
    text = _(", by {order} from the end") if reverse else _(", by {order}")
    return text.format(order=ORDER_NAMES[order])
