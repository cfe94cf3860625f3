"""The period of a filter: which local days it covers. Knows no text and no time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

NAMED_PERIODS = (
    *("today", "yesterday", "7d", "30d", "90d"),
    *("week", "last_week", "month", "last_month", "year", "all"),
)
# The days on which a week can begin, as settings name them, and as Python counts them.
FIRST_WEEKDAYS = {"monday": 0, "sunday": 6, "saturday": 5}
FIRST_DAY, LAST_DAY = date(2009, 1, 1), date(2100, 1, 1)  # WhatsApp began in 2009


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days, from a first day until the day before an end; either side can be open.

    Attributes:
        name: one of NAMED_PERIODS except "all", or a number of days such as "14d"; None for days given by date.
        since: the ISO date of the first day; None is open. Only where `name` is None.
        until: the ISO date of the day after the last day; None is open. Only where `name` is None.
    """

    name: str | None = "30d"
    since: str | None = None
    until: str | None = None

    def days(self, today: date, first_weekday: int = 0) -> tuple[date | None, date | None]:
        """The first day and the day after the last day, None where that side is open.

        Args:
            today: the current local day, which named periods count from.
            first_weekday: the day that weeks begin on, 0 for Monday.
        """
        # A clock outside these days would overflow the calendar.
        today = min(max(today, FIRST_DAY), LAST_DAY)
        tomorrow = today + timedelta(days=1)
        match self.name:
            case None:
                return _day(self.since), _day(self.until)
            case "today":
                return today, tomorrow
            case "yesterday":
                return today - timedelta(days=1), today
            case "week":
                first = week_start(today, first_weekday)
                return first, first + timedelta(days=7)
            case "last_week":
                first = week_start(today, first_weekday)
                return first - timedelta(days=7), first
            case "month":
                first = today.replace(day=1)
                return first, next_month(first)
            case "last_month":
                first = today.replace(day=1)
                return previous_month(first), first
            case "year":
                return date(today.year, 1, 1), date(today.year + 1, 1, 1)
            case name:
                return max(FIRST_DAY, tomorrow - timedelta(days=int(name[:-1]))), tomorrow

    def __str__(self) -> str:
        """The period as words of a filter."""
        if self.name is not None:
            return f"period:{self.name}"
        sides = [f"{side}:{day}" for side, day in (("since", self.since), ("until", self.until)) if day is not None]
        return " ".join(sides) or "period:all"


def week_start(day: date, first_weekday: int = 0) -> date:
    """The first day of the week that a day belongs to; `first_weekday` as in `Period.days`."""
    return day - timedelta(days=(day.weekday() - first_weekday) % 7)


def next_month(first: date) -> date:
    """The first day of the month after the one that begins on `first`."""
    return (first + timedelta(days=32)).replace(day=1)


def previous_month(first: date) -> date:
    """The first day of the month before the one that begins on `first`."""
    return (first - timedelta(days=1)).replace(day=1)


LAST_30_DAYS, ALL_TIME = Period("30d"), Period(None)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
