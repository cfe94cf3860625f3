"""What each dropdown offers and what taking it makes of the filter. Values only: knows no widget and no database."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from storage.domain.filters import Filter
from storage.domain.period import FIRST_DAY, LAST_DAY, Period
from storage.domain.vocabulary import Origin, UserType
from storage.report.filter_choices import Choice
from tui.terminal.style import key_names
from tui.words.keys import Key
from tui.words.wording import ORIGIN_NAMES, PERIOD_NAMES, USER_TYPE_NAMES, period_name

MULTIPLE = frozenset(("origin", "line", "template"))
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_ALL = {"origin": "Anything", "line": "All lines", "template": "All templates", "user": "All users"}


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list: what it stands for (None: no restriction), what a person reads, and on the right its count
    where known, or the key that does the same."""

    value: Hashable
    label: str
    count: int | None = None
    key: str = ""


def options_of(
    field: str,
    lines: Sequence[Choice],
    templates: Sequence[Choice],
    counts: Mapping[Hashable, int] | None,
) -> list[Option]:
    """The options of a field, in the order they are listed; `counts` by value, None where they are not known yet."""
    if field == "period":
        named = [Option(Period(name), label) for name, label in PERIOD_NAMES.items()]
        return [*named, Option(Period(None), "All time")]
    values: list[tuple[Hashable, str]]
    match field:
        case "origin":
            values = list(ORIGIN_NAMES.items())
        case "user":
            values = list(USER_TYPE_NAMES.items())
        case "line":
            values = [(choice.value, choice.label) for choice in lines]
        case _:
            values = [(choice.value, choice.label) for choice in templates]
    all_of = Option(None, _ALL[field])
    return [
        all_of,
        *(Option(value, label, None if counts is None else counts.get(value, 0)) for value, label in values),
    ]


def commands_of(keys: Sequence[Key]) -> list[Option]:
    """The command palette: what each key does, with the key itself."""
    return [Option(key.action, f"{key.does[0].upper()}{key.does[1:]}", key=key_names(key.shown)) for key in keys]


def typed_period(text: str) -> Option | None:
    """The period that typed text names: a count of days (`14d`), one day to begin with, or a first and a last day."""
    text = text.strip().lower()
    if (days := re.fullmatch(r"([1-9]\d{0,3})\s*d?", text)) is not None:
        period = Period(f"{days[1]}d")
        return Option(period, period_name(period))
    try:
        found = [date(*map(int, part.split("-"))) for part in _DATE.findall(text)]
    except ValueError:
        return None
    if not 1 <= len(found) <= 2 or any(not FIRST_DAY <= day < LAST_DAY for day in found):
        return None
    if len(found) == 1:
        period = Period(None, found[0].isoformat(), None)
    elif found[0] <= found[1]:
        period = Period(None, found[0].isoformat(), (found[1] + timedelta(days=1)).isoformat())
    else:
        return None
    return Option(period, period_name(period))


def marked(filter: Filter, field: str) -> frozenset[Hashable]:
    """The values of a field that the filter has."""
    match field:
        case "period":
            return frozenset((filter.period,))
        case "origin":
            return frozenset(filter.origins)
        case "line":
            return frozenset(filter.lines)
        case "template":
            return frozenset(filter.templates)
        case _:
            return frozenset(() if filter.user_type is None else (filter.user_type,))


def taken(filter: Filter, field: str, values: frozenset[Hashable]) -> Filter:
    """The filter with these values for a field; none, or None among them, means no restriction."""
    some = frozenset() if None in values else values
    match field:
        case "period":
            period = next(iter(some), None)
            return replace(filter, period=period) if isinstance(period, Period) else filter
        case "origin":
            return replace(filter, origins=frozenset(value for value in some if isinstance(value, Origin)))
        case "line":
            return replace(filter, lines=frozenset(value for value in some if isinstance(value, str)))
        case "template":
            return replace(filter, templates=frozenset(value for value in some if isinstance(value, str)))
        case _:
            kind = next(iter(some), None)
            return replace(filter, user_type=kind if isinstance(kind, UserType) else None)


def without(filter: Filter, field: str) -> Filter:
    """The filter without its restriction of a field: what the counts of that field's values are taken under."""
    return filter if field == "period" else taken(filter, field, frozenset())


def shifted(period: Period, since: date, until: date, by: int) -> Period:
    """The period moved by `by` times its own length; since and until are the days it has now."""
    length = (until - since) * by
    return Period(None, (since + length).isoformat(), (until + length).isoformat())
