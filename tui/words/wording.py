"""The words and numbers that people read: statuses, origins, periods, days, counts, shares. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from storage.domain.failures import NO_CODE, Reason, title_of
from storage.domain.filters import Filter
from storage.domain.patterns import plain
from storage.domain.period import Period
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.table.sorting import Order
from tui.terminal.sanitize import safe

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
PERIOD_NAMES: dict[str, str] = {
    "today": "Today",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "week": "This week",
    "month": "This month",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOTHING = "–"
CRUMB = " › "  # between two steps of the way
_LONGEST_NAME = 200  # characters


def number(count: int) -> str:
    """A count with its thousands marked."""
    return f"{count:,}"


def short_number(count: int) -> str:
    """A count in at most six characters: 9,999, then 12.3k, then 4.5M."""
    if abs(count) < 10_000:
        return f"{count:,}"
    for limit, divisor, unit in ((999_950, 1_000, "k"), (999_950_000, 1_000_000, "M")):
        if abs(count) < limit:
            return f"{count / divisor:.1f}{unit}"
    return f"{count / 1_000_000_000:.1f}G"


def percent(value: float | None) -> str:
    """A fraction of 1 with one decimal; a dash where there is no base."""
    return NOTHING if value is None else f"{value:.1%}"


def share_of(count: int, base: int) -> str:
    """The share of a count in its base, in words."""
    return percent(count / base if base else None)


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count and its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def day(value: date, year: bool = False) -> str:
    """A day as `22 Nov`, with its year where asked."""
    text = f"{value.day} {MONTHS[value.month - 1]}"
    return f"{text} {value.year}" if year else text


def days(since: date, until: date) -> str:
    """Half-open days as a person says them: the first and the last."""
    last = until - timedelta(days=1)
    if last <= since:
        return day(since, year=True)
    return f"{day(since, year=since.year != last.year)} – {day(last, year=True)}"


def moment(at: datetime) -> str:
    """A local time with its day and its seconds."""
    return f"{WEEKDAYS[at.weekday()]} {day(at.date(), year=True)} {at:%H:%M:%S}"


def short_moment(at: datetime) -> str:
    """A local time for a column."""
    return f"{at.day:>2} {MONTHS[at.month - 1]} {at:%H:%M}"


def duration(span: timedelta) -> str:
    """A span in its two greatest units: `3 d 4 h`, `5 min 12 s`, `8 s`."""
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
    """A status with a capital."""
    return status.value.capitalize()


def reason_name(reason: str | None) -> str:
    """The title of a failure's reason; nothing where there is none."""
    return "" if reason is None else title_of(Reason(reason))


def period_name(period: Period) -> str:
    """What the period is called on its dropdown."""
    if period.name is not None:
        known = PERIOD_NAMES.get(period.name)
        return known or f"Last {plural(int(period.name[:-1]), 'day')}"
    since = None if period.since is None else date.fromisoformat(period.since)
    until = None if period.until is None else date.fromisoformat(period.until)
    if since is not None and until is not None:
        return days(since, until)
    if since is not None:
        return f"Since {day(since, year=True)}"
    if until is not None:
        return f"Until {day(until - timedelta(days=1), year=True)}"
    return "All time"


def chosen(values: frozenset[str], any_of: str, noun: str) -> str:
    """What a dropdown says of a set of patterns: its one value, or how many."""
    if not values:
        return any_of
    if len(values) == 1:
        return _shown(next(iter(values)))
    return f"{len(values)} {noun}"


def origins_name(filter: Filter) -> str:
    """What the dropdown of origins says."""
    if not filter.origins:
        return "Anything"
    if len(filter.origins) == 1:
        return ORIGIN_NAMES[next(iter(filter.origins))]
    return " + ".join(SHORT_ORIGINS[origin] for origin in Origin if origin in filter.origins)


def user_type_name(filter: Filter) -> str:
    """What the dropdown of user types says."""
    return "All" if filter.user_type is None else USER_TYPE_NAMES[filter.user_type]


def filter_words(filter: Filter) -> str:
    """What a filter selects, in words."""
    return ", ".join(filter_parts(filter))


def crumbs(filters: Sequence[Filter]) -> str:
    """The way to the last filter, each step by what it added or changed."""
    steps: list[str] = []
    before: list[str] = []
    for filter in filters:
        parts = filter_parts(filter)
        added = [part for part in parts if part not in before]
        if added:
            steps.append(", ".join(added))
        elif len(parts) < len(before):
            steps.append("less: " + ", ".join(part for part in before if part not in parts))
        before = parts
    return CRUMB.join(steps)


def filter_parts(filter: Filter) -> list[str]:
    """What a filter selects, each of its restrictions in words, the period first."""
    words = [period_name(filter.period)]
    if filter.origins:
        words.append(
            "started by " + " or ".join(ORIGIN_NAMES[origin].lower() for origin in Origin if origin in filter.origins)
        )
    if filter.lines:
        words.append("line " + _any_of(filter.lines))
    if filter.templates:
        words.append("template " + _any_of(filter.templates))
    if filter.user_type is not None:
        words.append(f"{filter.user_type} users")
    if filter.statuses and not (filter.failures and filter.statuses == {StartStatus.FAILED}):
        rest = [status.value for status in StartStatus if status not in filter.statuses]
        chosen_statuses = " or ".join(status.value for status in StartStatus if status in filter.statuses)
        words.append(f"not {rest[0]}" if len(rest) == 1 else chosen_statuses)
    if filter.failures:
        words.append("failed by " + " or ".join(_failure_name(failure) for failure in sorted(filter.failures)))
    if filter.contact is not None:
        words.append(f"contact {_shown(filter.contact)}")
    return words


def _any_of(patterns: frozenset[str]) -> str:
    shown = [_shown(pattern) for pattern in sorted(patterns)]
    return " or ".join(shown) if len(shown) <= 2 else f"{shown[0]} or {len(shown) - 1} others"


def _shown(pattern: str) -> str:
    """A pattern as people may read it: it can be a name from a file."""
    return safe(plain(pattern), _LONGEST_NAME)


def _failure_name(failure: str) -> str:
    if failure.isdigit():
        return f"code {failure}"
    reason, slash, code = failure.partition("/")
    of_code = "" if not slash else " without a code" if code == NO_CODE else f" with code {code}"
    return reason_name(reason).lower() + of_code


def order_words(order: Order, reverse: bool) -> str:
    """How the table is sorted, where that is not the newest first."""
    if order is Order.TIME:
        return ", oldest first" if reverse else ""
    return f", by {order}{' from the end' if reverse else ''}"
