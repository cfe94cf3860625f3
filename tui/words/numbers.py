"""Formats counts and shares for people, as their country writes them. Imports nothing that every command has not."""

from __future__ import annotations

from storage.language.conventions import localized, percentage

NO_VALUE = "–"


def number(count: int) -> str:
    """A count with thousands separators."""
    return localized(f"{count:,}")


def short_number(count: int) -> str:
    """A count in at most six characters: 9,999, then 12.3k, then 4.5M."""
    if abs(count) < 10_000:
        return localized(f"{count:,}")
    for limit, divisor, unit in ((999_950, 1_000, "k"), (999_950_000, 1_000_000, "M")):
        if abs(count) < limit:
            return localized(f"{count / divisor:.1f}{unit}")
    return localized(f"{count / 1_000_000_000:.1f}G")


def percent(value: float | None) -> str:
    """A fraction of 1 as a percentage with one decimal; a dash for None."""
    return NO_VALUE if value is None else percentage(value)


def whole_percent(value: float) -> str:
    """A fraction of 1 as a percentage without decimals."""
    return percentage(value, 0)


def share_of(count: int, base: int) -> str:
    """A count as a percentage of its base; a dash if the base is 0."""
    return percent(count / base if base else None)
