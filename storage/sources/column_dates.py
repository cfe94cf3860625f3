"""Times of a table's column: every spelling that spreadsheets write, with one order of day and month for a column.

"3/11/2026" is 3 November or 11 March. One cell whose first part is over 12 proves that the day comes first, one whose
second part is over 12 that the month does. Knows no format in particular.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from storage.domain.bounded_cache import BoundedCache
from storage.sources.date_order import DateOrder
from storage.sources.fields import EARLIEST, LATEST, Unreadable, boolean_of, time_of
from storage.sources.table_cells import cell_text

_CACHED = 200_000  # distinct texts of a column

_CLOCK = r"(?:[T,\s]+(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?\s*(?:([ap])\s?\.?\s?m?\s?\.?)?)?"
_ZONE = r"\s*(?:(Z|UTC|GMT)|(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?)?"
_PARTS = re.compile(rf"(\d{{1,2}})([/.\-])(\d{{1,2}})\2(\d{{4}}|\d{{2}})\.?{_CLOCK}{_ZONE}", re.IGNORECASE)
_YEAR_FIRST = re.compile(rf"(\d{{4}})([/.\-])(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}{_ZONE}", re.IGNORECASE)
_DAY_NAMED = re.compile(
    rf"(?:[^\W\d_]+\.?,?\s+)?(\d{{1,2}})[\s.\-/]*(?:de\s+)?([^\W\d_]{{3,}})\.?[\s.,\-/]*(?:de\s+)?(\d{{4}}|\d{{2}}){_CLOCK}{_ZONE}",
    re.IGNORECASE,
)
_MONTH_NAMED = re.compile(
    rf"(?:[^\W\d_]+\.?,?\s+)?([^\W\d_]{{3,}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_CLOCK}{_ZONE}",
    re.IGNORECASE,
)
_AMBIGUOUS = re.compile(r"\s*(\d{1,2})([/.\-])(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)")
_SERIAL = re.compile(r"(\d{5})(?:[.,](\d+))?")
_ROUNDED = re.compile(r"(\d)(?:[.,](\d+))?E\+?(\d+)", re.IGNORECASE)
_HOUR = re.compile(r".*\d[T\s,]+\d{1,2}")
_SPACES = re.compile(r"[\s\u200e\u200f\u202f]+")
WITHIN_HOUR = {  # what follows the hour: "05", "05:07" -> ms
    **{f"{minute:02d}": minute * 60_000 for minute in range(60)},
    **{f"{ms // 60_000:02d}:{ms // 1000 % 60:02d}": ms for ms in range(0, 3_600_000, 1000)},
}
_LAST_SECOND = 3_599_000  # ms of an hour
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 - day 0 of spreadsheets, in any zone
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "jan ene",
            "feb fev",
            "mar",
            "apr abr",
            "may mai",
            "jun",
            "jul",
            "aug ago",
            "sep set",
            "oct out",
            "nov",
            "dec dic dez",
        ),
        1,
    )
    for name in names.split()
}


@dataclass(slots=True)
class _Evidence:
    """What the cells of one column prove; `months_from`: the line of the first one that proves month first."""

    days: bool = False
    months: bool = False
    open: bool = False
    open_from: int = 0
    months_from: int = 0

    def take(self, first: int, second: int, line: int) -> None:
        """Takes in the two parts of a date."""
        if first > 12:
            self.days = True
        elif second > 12:
            self.months, self.months_from = True, self.months_from or line
        elif first != second:
            self.open, self.open_from = True, self.open_from or line


class DateOrders:
    """The order of day and month in each column of times of one table, decided when it is first needed.

    Args:
        wanted: The order that the caller names; None to decide.
        rows: Gives (number of the line, cells) of the rows to decide by; None if there are none.
        whole: Whether these are all rows of the file.
        read_before: Lines that an earlier import has read.
    """

    def __init__(
        self,
        wanted: DateOrder | None = None,
        rows: Callable[[], Iterable[tuple[int, Sequence[str]]]] | None = None,
        *,
        whole: bool = True,
        read_before: int = 0,
    ) -> None:
        self._wanted, self._rows, self._whole, self._read_before = wanted, rows, whole, read_before
        self._columns: dict[int, str] = {}
        self._evidence: dict[int, _Evidence] | None = None
        self._asked: dict[int, DateOrder] = {}

    def watch(self, columns: Mapping[int, str]) -> None:
        """Names the columns that hold times, by their places."""
        self._columns = dict(columns)

    def of(self, column: int) -> DateOrder:
        """The order in a column, which has a date that needs it."""
        known = self._asked.get(column)
        if known is None:
            known = self._asked[column] = self._wanted or self._decided(column)
        return known

    def notes(self) -> list[str]:
        """What a person should know about the orders that were needed: those that nothing proves."""
        if self._wanted is not None:
            return []
        return [note for column, order in self._asked.items() if (note := self._note(column, order)) is not None]

    def _decided(self, column: int) -> DateOrder:
        if self._evidence is None:
            self._evidence = self._scan()
        own = self._evidence.get(column, _Evidence())
        if own.months and not own.days:
            return DateOrder.MONTH_FIRST
        others = self._evidence.values()
        if not own.days and any(one.months for one in others) and not any(one.days for one in others):
            return DateOrder.MONTH_FIRST
        return DateOrder.DAY_FIRST

    def _scan(self) -> dict[int, _Evidence]:
        evidence = {column: _Evidence() for column in self._columns}
        # Dates that have told what they prove: a long table has few.
        seen: dict[int, set[str]] = {column: set() for column in self._columns}
        columns = [(column, seen[column], evidence[column]) for column in self._columns]
        for line, cells in self._rows() if self._rows is not None else ():
            for column, known, proof in columns:
                date = cells[column][:10] if column < len(cells) else ""
                if date not in known:
                    if len(known) < _CACHED:
                        known.add(date)
                    if (found := _AMBIGUOUS.match(date)) is not None:
                        proof.take(int(found[1]), int(found[3]), line)
        return evidence

    def _note(self, column: int, order: DateOrder) -> str | None:
        name = self._columns.get(column, "")
        own = (self._evidence or {}).get(column, _Evidence())
        other = next(one for one in DateOrder if one is not order)
        if own.days and own.months:
            return f"'{name}' has dates with the day first and with the month first; read as {order}"
        if own.months and own.open and 0 < own.open_from <= self._read_before < own.months_from:
            return (
                f"line {own.months_from} proves that '{name}' has the month first, but the lines up to"
                f" {self._read_before} were imported before as day-first; import the file into a new database"
            )
        if not own.days and not own.months:
            where = "" if self._whole else " in the first part of the input"
            return (
                f"nothing{where} proves the order of day and month in '{name}'; read as {order}"
                f" (if that is wrong, import into a new database with --dates {other})"
            )
        return None


class ColumnTimes:
    """Reads the cells of one column as times.

    Attributes:
        hours: The start of an hour, ms, by the text of a cell up to its first colon; None where it is none, or where
            the clocks change in it. With `WITHIN_HOUR` of what follows the colon it gives the time of most cells.

    Args:
        zone: The zone of times that name none.
        order: Gives the order of day and month; asked only if a cell needs it.
        words: Whether a cell may be a boolean instead, as in a column of a step.
        empty: Called with the text of a cell that holds no time.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        order: Callable[[], DateOrder],
        *,
        words: bool = False,
        empty: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._zone, self._order, self._words, self._empty = zone, order, words, empty
        self._texts = BoundedCache(self._read, _CACHED)
        self.hours = BoundedCache(self._hour, _CACHED)

    def __getitem__(self, text: str) -> int | bool | None:
        """A time as UTC epoch ms, None for an empty cell; or a boolean.

        Raises:
            Unreadable: It is no time.
        """
        # Most cells differ in minutes and seconds only: the hour is looked up, and they are added.
        head, _, tail = text.partition(":")
        within = WITHIN_HOUR.get(tail)
        if within is None and tail[-1:] == "Z":
            within, head = WITHIN_HOUR.get(tail[:-1]), f"{head}Z"
        if within is not None and (start := self.hours[head]) is not None:
            return start + within
        return self._texts[text]

    def _hour(self, head: str) -> int | None:
        """The start of an hour; None where it is none, or where the clocks change in it."""
        hour, utc = head.removesuffix("Z"), "Z" if head[-1:] == "Z" else ""
        if _HOUR.fullmatch(hour) is None:
            return None
        try:
            first, last = self._read(f"{hour}:00:00{utc}"), self._read(f"{hour}:59:59{utc}")
        except Unreadable:
            return None
        known = type(first) is int and type(last) is int and last - first == _LAST_SECOND
        return first if known else None

    def _read(self, text: str) -> int | bool | None:
        plain = _SPACES.sub(" ", cell_text(text) or "").strip()
        if not plain:
            self._empty(text)
            return None
        if self._words and (word := _boolean(plain)) is not None:
            return word
        try:
            at = self._time(plain)
        except Unreadable:
            raise
        except (ValueError, OverflowError):
            raise Unreadable(f"invalid time {plain[:40]!r}{self._hint(plain)}") from None
        if not EARLIEST <= at < LATEST:
            raise Unreadable(f"time {plain[:40]!r} is before 2009 or after 2099")
        return at

    def _hint(self, text: str) -> str:
        """Where the date is one in the other order, the words for it."""
        found = _AMBIGUOUS.match(text)
        if found is None or not (int(found[1]) <= 12 < int(found[3]) or int(found[3]) <= 12 < int(found[1]) <= 31):
            return ""
        order = self._order()
        fits = int(found[1 if order is DateOrder.MONTH_FIRST else 3]) <= 12
        return "" if fits else f" ({order}; see --dates)"

    def _time(self, text: str) -> int:
        if (found := _SERIAL.fullmatch(text)) is not None:
            days = timedelta(float(f"{found[1]}.{found[2] or 0}"))
            # Serial numbers are rounded to some microseconds.
            moment = _FIRST_DAY + timedelta(seconds=round(days.total_seconds(), 3 if found[2] else 0))
            return self._epoch(moment.replace(microsecond=moment.microsecond // 1000 * 1000))
        if (found := _ROUNDED.fullmatch(text)) is not None and len(found[2] or "") < int(found[3]):
            raise Unreadable(f"time {text[:40]!r} was rounded")
        if (found := _PARTS.fullmatch(text)) is not None:
            first, second = int(found[1]), int(found[3])
            day, month = first, second
            if first != second and self._order() is DateOrder.MONTH_FIRST:
                day, month = second, first
            return self._moment(_year(found[4]), month, day, *found.groups()[4:])
        if (found := _YEAR_FIRST.fullmatch(text)) is not None:
            return self._moment(int(found[1]), int(found[3]), int(found[4]), *found.groups()[4:])
        return self._named(text)

    def _named(self, text: str) -> int:
        """A date with the name of its month, or anything that other formats have."""
        if (found := _DAY_NAMED.fullmatch(text)) is not None and (month := _month(found[2])) is not None:
            return self._moment(_year(found[3]), month, int(found[1]), *found.groups()[3:])
        if (found := _MONTH_NAMED.fullmatch(text)) is not None and (month := _month(found[1])) is not None:
            return self._moment(int(found[3]), month, int(found[2]), *found.groups()[3:])
        at = time_of(text.replace(",", "."), self._zone)
        if at is None:
            raise ValueError(text)
        return at

    def _moment(self, year: int, month: int, day: int, *rest: str | None) -> int:
        hour, minute, second, fraction, half, utc, sign, hours, minutes = rest
        clock = int(hour or 0)
        if half is not None:
            if not 1 <= clock <= 12 and not (half in "pP" and clock < 24):
                raise ValueError(hour)
            clock = clock % 12 + (12 if half in "pP" else 0) if clock <= 12 else clock
        micro = int((fraction or "0").ljust(6, "0")[:6])
        moment = datetime(year, month, day, clock, int(minute or 0), int(second or 0), micro)  # noqa: DTZ001 - below
        if utc is not None:
            moment = moment.replace(tzinfo=timezone.utc)  # noqa: UP017
        elif sign is not None and hours is not None:
            distance = timedelta(hours=int(hours), minutes=int(minutes or 0))
            moment = moment.replace(tzinfo=timezone(-distance if sign == "-" else distance))
        return self._epoch(moment)

    def _epoch(self, moment: datetime) -> int:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def _boolean(text: str) -> bool | None:
    try:
        return boolean_of(text)
    except Unreadable:
        return None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _month(name: str) -> int | None:
    return _MONTHS.get(name[:3].lower())
