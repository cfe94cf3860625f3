"""How a change between two periods is worded: in counts, and in points of a rate. Knows no widget and no database."""

from __future__ import annotations

from datetime import date, timedelta

from storage.domain.compared_days import ComparedDays
from storage.domain.proportions import Change, Rate, change
from storage.language.conventions import localized
from storage.language.texts import _, pgettext
from tui.words.numbers import NO_VALUE, number, short_number
from tui.words.wording import day

_DAY = timedelta(days=1)
SAME = _("same")
UNCLEAR = _("unclear")
SHORT_UNCLEAR = pgettext("short", "unclear")  # at most seven cells


def count_change(before: int, after: int, short: bool = False) -> str:
    """The change of a count: "+1,234", "-12", or "same"; `short` is at most seven characters."""
    difference = after - before
    if not difference:
        return SAME
    text = short_number(difference) if short else number(difference)
    return f"+{text}" if difference > 0 else text


def rate_change(before: Rate, after: Rate) -> tuple[str, ...]:
    """The change of a rate in points, from the longest form to the shortest; a dash where a base is under 30.

    "unclear" stands where the interval of the difference holds 0: it can be chance.
    """
    found = change(before, after)
    if found is None:
        return (NO_VALUE,)
    if not found.is_clear:
        return (_("{points} unclear").format(points=points(found.difference)), UNCLEAR)
    shown = points(found.difference)
    return (_("{points} points").format(points=shown), _("{points} pt").format(points=shown))


def shortest_rate_change(before: Rate, after: Rate) -> str:
    """The change of a rate for a column that says "points" in its heading: "+2.1", "unclear", or a dash."""
    found = change(before, after)
    if found is None:
        return NO_VALUE
    return points(found.difference) if found.is_clear else SHORT_UNCLEAR


def is_clear(before: Rate, after: Rate) -> bool:
    """Whether a rate has changed beyond chance."""
    found = change(before, after)
    return found is not None and found.is_clear


def whole_rate_change(before: Rate, after: Rate) -> str:
    """The change of a rate with its interval at 95 %: "+2.1 points (+0.3 to +3.9)"."""
    found = change(before, after)
    if found is None:
        return NO_VALUE
    text = with_interval(found)
    return text if found.is_clear else _("{change}, unclear").format(change=text)


def with_interval(difference: Change) -> str:
    """A difference in points with its interval at 95 %: "+2.1 points (+0.3 to +3.9)"."""
    low, high = difference.interval
    return _("{points} points ({low} to {high})").format(
        points=points(difference.difference), low=points(low), high=points(high)
    )


def points(difference: float) -> str:
    """A difference of two fractions of 1, in points of a percentage, with its sign."""
    text = f"{difference * 100:+.1f}"
    return localized("0.0" if text in ("+0.0", "-0.0") else text)


def compared_words(compared: ComparedDays) -> str:
    """Which days are compared: "1–21 Nov against 11–31 Oct, without today"; years are named if they differ."""
    shown, before = compared.days, compared.before
    years = {day.year for days in (shown, before) for day in (days.since, days.until - _DAY)}
    text = _("{days} against {earlier}") if compared.left_out is None else _("{days} against {earlier}, without today")
    return text.format(days=short_days(*shown, year=len(years) > 1), earlier=short_days(*before, year=len(years) > 1))


def short_days(since: date, until: date, year: bool = False) -> str:
    """The days from `since` to before `until` in few cells: "1–21 Nov", "26 Oct–8 Nov"; `year` adds a year."""
    last = until - _DAY
    if since.year != last.year and year:
        return f"{day(since, year=True)}–{day(last, year=True)}"
    if last <= since:
        return day(since, year=year)
    first = str(since.day) if (since.year, since.month) == (last.year, last.month) else day(since)
    return f"{first}–{day(last, year=year)}"
