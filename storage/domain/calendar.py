"""Local days of the report's time zone, DST included. Knows only time zones."""

from __future__ import annotations

import os
from bisect import bisect_left
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from storage.domain.bounded_cache import BoundedCache

_EPOCH = date(1970, 1, 1).toordinal()
QUARTER = 900_000  # ms; since 2009 every zone's offset is a multiple of it
_DAYS_KEPT = 500_000  # quarters of an hour
_QUARTERS = 96  # a day
_FARTHEST = 64  # quarters of an hour; no zone is farther than 16 hours from UTC


class ZoneError(ValueError):
    """The text names no time zone."""


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone of that name; raises ZoneError."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        close = [zone for zone in sorted(available_timezones()) if name.lower() in zone.lower()][:3]
        hint = f"; did you mean {' or '.join(close)}?" if name and close else "; use a name such as America/Bogota"
        raise ZoneError(f"'{name}' is no time zone{hint}") from None


def local_zone_name() -> str:
    """The machine's own time zone, UTC where that cannot be told."""
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
    """The local day that a quarter of an hour since 1970 lies in."""
    return number_of(datetime.fromtimestamp(quarter * QUARTER // 1000, zone).date())


class Calendar:
    """Days of one zone, as days since 1970-01-01.

    days: the day of each quarter of an hour (QUARTER in ms), where a call for every time is too much.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.days = BoundedCache(partial(_day_of, zone), _DAYS_KEPT)

    def day_number(self, at: int) -> int:
        """The local day of a time in ms."""
        return self.days[at // QUARTER]

    def start_of(self, day: int) -> int:
        """The first time, ms, that is of the local day or of a later one (a zone may leave a day out).

        Since 2012 no zone's date has gone back, so that the days lie one behind the other.
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
def calendar_of(zone: ZoneInfo) -> Calendar:
    """The one calendar of a zone, which remembers the days that it was asked for."""
    return Calendar(zone)


def number_of(day: date) -> int:
    """A day as days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def date_of(number: int) -> date:
    """The day that `number_of` numbered."""
    return date.fromordinal(_EPOCH + number)


def now_ms() -> int:
    """The clock, in UTC epoch ms."""
    return int(datetime.now(UTC).timestamp() * 1000)
