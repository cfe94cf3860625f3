"""Local days of the report's time zone, with daylight saving time. Days are numbers since 1970-01-01.

Knows time zones and the clock, nothing else.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from storage.domain.bounded_cache import BoundedCache
from storage.language.texts import _

_EPOCH = date(1970, 1, 1).toordinal()
QUARTER = 900_000  # ms; since 2009 the offset of every zone is a multiple of it
_DAYS_KEPT = 500_000  # quarters of an hour
_QUARTERS = 96  # a day
_FARTHEST = 64  # quarters of an hour; no zone is more than 16 hours from UTC


class ZoneError(ValueError):
    """The text is not the name of a time zone."""


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone of that name; raises ZoneError, which suggests similar names."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        close = [zone for zone in sorted(available_timezones()) if name.lower() in zone.lower()][:3]
        if name and close:
            message = _("'{given}' is not a time zone; did you mean {names}?")
        else:
            message = _("'{given}' is not a time zone; use a name such as America/Bogota")
        raise ZoneError(message.format(given=name, names=_(" or ").join(close))) from None


def local_zone_name() -> str:
    """The name of the machine's time zone; "UTC" if it is not known."""
    for candidate in (os.environ.get("TZ", "").lstrip(":"), _linked_zone()):
        if candidate and candidate in available_timezones():
            return "UTC" if candidate == "Etc/UTC" else candidate
    return "UTC"


def _linked_zone() -> str:
    try:
        return str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    except OSError:
        return ""


def _day_of(zone: ZoneInfo, quarter: int) -> int:
    """The local day of a quarter of an hour, both counted from 1970."""
    return number_of(datetime.fromtimestamp(quarter * QUARTER // 1000, zone).date())


class Calendar:
    """The days of one time zone, and the weekday that its weeks begin on.

    Attributes:
        zone: the time zone.
        first_weekday: the day that weeks begin on, 0 for Monday.
        days: a cache of the day of each quarter of an hour (`at // QUARTER`), faster than `day_number`.
    """

    def __init__(self, zone: ZoneInfo, first_weekday: int = 0) -> None:
        self.zone, self.first_weekday = zone, first_weekday
        self.days = BoundedCache(partial(_day_of, zone), _DAYS_KEPT)

    def day_number(self, at: int) -> int:
        """The local day of a time in ms."""
        return self.days[at // QUARTER]

    def start_of(self, day: int) -> int:
        """The first time in ms of the local day, or of the next day if the zone skipped that one (Samoa in 2011).

        The binary search needs the days in order; since 2012 no zone has moved its date back.
        """
        quarters = range(day * _QUARTERS - _FARTHEST, day * _QUARTERS + _FARTHEST)
        return quarters[bisect_left(quarters, day, key=lambda quarter: self.day_number(quarter * QUARTER))] * QUARTER

    def local(self, at: int) -> datetime:
        """A time in ms as local time."""
        return datetime.fromtimestamp(at // 1000, self.zone).replace(microsecond=at % 1000 * 1000)

    def today(self, now: datetime) -> date:
        """The local day of now."""
        return now.astimezone(self.zone).date()


@cache
def calendar_of(zone: ZoneInfo, first_weekday: int = 0) -> Calendar:
    """The calendar of a zone; always the same object, because its cache is worth keeping."""
    return Calendar(zone, first_weekday)


def number_of(day: date) -> int:
    """A day as days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def date_of(number: int) -> date:
    """The day of a number: the inverse of `number_of`."""
    return date.fromordinal(_EPOCH + number)


def now_ms() -> int:
    """The current time in UTC epoch ms."""
    return int(datetime.now(UTC).timestamp() * 1000)
