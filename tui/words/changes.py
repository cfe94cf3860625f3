"""How a change between two periods is worded: in counts, and in points of a rate. Knows no widget and no database."""

from __future__ import annotations

from storage.domain.compared_days import Against, ComparedDays
from storage.domain.proportions import Rate, change
from tui.words.numbers import NO_VALUE, number, short_number
from tui.words.wording import days

AGAINST_NAMES: dict[Against, str] = {
    Against.BEFORE: "the period before",
    Against.LAST_YEAR: "the same days last year",
}
SAME = "same"
UNCLEAR = "unclear"


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
        return (f"{points(found.difference)} {UNCLEAR}", UNCLEAR)
    return (f"{points(found.difference)} points", f"{points(found.difference)} pt")


def whole_rate_change(before: Rate, after: Rate) -> str:
    """The change of a rate with its interval at 95 %: "+2.1 points (+0.3 to +3.9)"."""
    found = change(before, after)
    if found is None:
        return NO_VALUE
    low, high = found.interval
    text = f"{points(found.difference)} points ({points(low)} to {points(high)})"
    return text if found.is_clear else f"{text}, {UNCLEAR}"


def points(difference: float) -> str:
    """A difference of two fractions of 1, in points of a percentage, with its sign."""
    text = f"{difference * 100:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def compared_words(compared: ComparedDays) -> str:
    """Which days are compared: "1 Nov – 21 Nov 2026 with 11 Oct – 31 Oct 2026, without today"."""
    text = f"{days(*compared.days)} with {days(*compared.before)}"
    return text if compared.left_out is None else f"{text}, without today"
