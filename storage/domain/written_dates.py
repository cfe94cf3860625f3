"""Days as people write them: `1/11`, `1-nov-2026`, `2026-11`, `yesterday`, `friday`, `-7d`. Days come before months.

Knows no field and no time zone. A day without a year is the latest one that is not in the future; as the end of a
period, the first one after its beginning.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from storage.domain.folding import folded
from storage.language.texts import _

# The first three letters are enough, in English, Spanish and Portuguese.
_SHORT_MONTHS = (
    *("jan ene", "feb fev", "mar", "apr abr", "may mai", "jun"),
    *("jul", "aug ago", "sep set", "oct out", "nov", "dec dic dez"),
)
_MONTHS = {name: number for number, names in enumerate(_SHORT_MONTHS, start=1) for name in names.split()}
_FULL_MONTHS = (
    "january enero janeiro february febrero fevereiro march marzo marco april abril may mayo maio june junio junho july"
    " julio julho august agosto september septiembre setiembre setembro october octubre outubro november noviembre"
    " novembro december diciembre dezembro"
).split()
_WEEKDAY_NAMES = (
    *("monday lunes segunda", "tuesday martes terca", "wednesday miercoles quarta", "thursday jueves quinta"),
    *("friday viernes sexta", "saturday sabado", "sunday domingo"),
)
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES) for name in names.split()}
_WORDS = {
    **dict.fromkeys(("today", "hoy", "hoje"), 0),
    **dict.fromkeys(("yesterday", "ayer", "ontem"), -1),
    **dict.fromkeys(("tomorrow", "manana", "amanha"), 1),
}  # the days from today on
_AGO = re.compile(r"[-–]?(\d{1,4}) ?([dwmy])")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})(?:[-/.](\d{4}|\d{2})|\.)?")
_NAMED = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th|o|a|°)?)?[-/., ]*(?:de )?([^\W\d_]{3,})[-/., ]*(?:del? )?(\d{4})?")
_NAME_FIRST = re.compile(r"([^\W\d_]{3,})[-. ]*(\d{1,2})(?:st|nd|rd|th)?(?:[-, ]+(\d{4}))?")
_FAR = timedelta(days=184)  # a day without a year is no further in the future
HOW = _("2026-11-01, 1/11, 1-nov, yesterday or -7d")


class WrittenDateError(ValueError):
    """A text is no day; the message is one line that says how to write one."""


def read_day(text: str, today: date, *, after: date | None = None, is_end: bool = False) -> date:
    """The day that a text means.

    Args:
        text: the text, in any case.
        today: the present day.
        after: the first day of the period, where the text is its end.
        is_end: whether the text is the end of a period.

    Raises:
        WrittenDateError: it is no day.
    """
    given = text.strip()
    plain = folded(given)
    try:
        found = _relative(plain, today) or _iso(plain) or _named(plain) or _in_digits(plain)
        if found is None:
            raise _no_date(given)
        if isinstance(found, date):
            return found
        return _with_year(*found, today, after, is_end)
    except (ValueError, OverflowError) as error:
        if isinstance(error, WrittenDateError):
            raise
        raise _no_date(given) from None


def _no_date(given: str) -> WrittenDateError:
    return WrittenDateError(_("'{given}' is not a date; write {how}").format(given=given, how=HOW))


def month_of(name: str) -> int | None:
    """The number of a month by its name or its first letters, at least three; None if it is no month."""
    number = _MONTHS.get(name[:3])
    return number if number and any(full.startswith(name) for full in _FULL_MONTHS) else None


def _relative(text: str, today: date) -> date | None:
    if text in _WORDS:
        return today + timedelta(days=_WORDS[text])
    if text in _WEEKDAYS:
        return today - timedelta(days=(today.weekday() - _WEEKDAYS[text]) % 7)
    ago = _AGO.fullmatch(text)
    if ago is None:
        return None
    count = int(ago[1])
    if ago[2] in "dw":
        return today - timedelta(days=count * (7 if ago[2] == "w" else 1))
    year, month = divmod(today.year * 12 + today.month - 1 - count * (12 if ago[2] == "y" else 1), 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _iso(text: str) -> date | None:
    if (found := _YEAR_FIRST.fullmatch(text)) is not None:
        return date(int(found[1]), int(found[2]), int(found[3] or 1))
    if re.fullmatch(r"\d{8}|\d{4}-w\d\d(-\d)?", text):
        return date.fromisoformat(text.upper())
    return None


_NoYear = tuple[int, int]  # month and day


def _named(text: str) -> date | _NoYear | None:
    """A day with the name of its month; without a day, the first of the month."""
    if (found := _NAMED.fullmatch(text)) is not None:
        day, name, year = found.groups()
    elif (found := _NAME_FIRST.fullmatch(text)) is not None:
        name, day, year = found.groups()
    else:
        return None
    month = month_of(name)
    if month is None:
        return None
    if year is None:
        return month, int(day or 1)
    return date(int(year), month, int(day or 1))


def _in_digits(text: str) -> date | _NoYear | None:
    if (found := _YEAR_LAST.fullmatch(text)) is not None:
        return date(int(found[2]), int(found[1]), 1)
    if (found := _DAY_FIRST.fullmatch(text)) is None:
        return None
    day, month = int(found[1]), int(found[2])
    if month > 12 >= day:
        message = _("'{given}' has no month {month}: the day comes first; write {month}/{day}")
        raise WrittenDateError(message.format(given=text, month=month, day=day))
    if found[3] is None:
        return month, day
    return date(int(found[3]) + (2000 if len(found[3]) == 2 else 0), month, day)


def _with_year(month: int, day: int, today: date, after: date | None, is_end: bool) -> date:
    """The day in the year that is meant; 29 February in a leap year."""
    days = [found for year in range(today.year - 8, today.year + 9) if (found := _day(year, month, day)) is not None]
    if not days:
        raise ValueError
    if is_end and after is not None:
        # The first one after the beginning, which can be long ago.
        later = [found for year in range(after.year, after.year + 9) if (found := _day(year, month, day)) is not None]
        first_after = next(found for found in later if found > after)
        if first_after <= today + _FAR:
            return first_after
    if is_end:
        return min(days, key=lambda found: abs(found - today))
    return max(found for found in days if found <= today)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_span(text: str, today: date, *, not_before: date | None = None) -> tuple[date, date]:
    """The first and the last day that a text means: of a month without a day all of it, else one day twice.

    Args:
        text: the text, in any case.
        today: the present day.
        not_before: the first day of the period, where the text is its last one.

    Raises:
        WrittenDateError: it is no day.
    """
    after = None if not_before is None else not_before - timedelta(days=1)
    first = read_day(text, today, after=after, is_end=not_before is not None)
    if not _is_month(folded(text.strip())):
        return first, first
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def _is_month(text: str) -> bool:
    year_first, named = _YEAR_FIRST.fullmatch(text), _NAMED.fullmatch(text)
    if year_first is not None:
        return year_first[3] is None
    return _YEAR_LAST.fullmatch(text) is not None or bool(named and named[1] is None and month_of(named[2]))
