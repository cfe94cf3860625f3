"""The options of each list, and the filter after a choice. Knows no widget and no database."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from storage.domain.filters import FIELDS, Filter
from storage.domain.patterns import UNKNOWN
from storage.domain.period import FIRST_DAY, LAST_DAY, Period
from storage.domain.written_dates import WrittenDateError, read_span
from storage.report.filter_choices import COUNTS, Choice
from tui.terminal.style import key_names
from tui.words.filter_words import DROPDOWNS, period_name
from tui.words.keys import ALSO_CALLED, Key
from tui.words.wording import UNKNOWN_NAME

_BETWEEN_DAYS = re.compile(r"\s*(?:-|–|\.\.|\b(?:to|until|a|al|hasta|at[eé])\b)\s*|\s+")


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list.

    Attributes:
        value: the value that it selects; None for no restriction.
        label: the text that people read.
        count: how many starts have the value; None if unknown.
        key: the key that does the same; empty if there is none.
        also: other words that find it; not shown.
    """

    value: Hashable
    label: str
    count: int | None = None
    key: str = ""
    also: str = ""


class NamedFilter(NamedTuple):
    """The value of an option that stands for a named filter."""

    name: str


def named_options(named: Mapping[str, str]) -> list[Option]:
    """The options for named filters, each with its text."""
    return [Option(NamedFilter(name), f"@{name}  {text}") for name, text in named.items()]


def takes_several(name: str) -> bool:
    """Whether several values can be chosen in the list of that name."""
    return name in FIELDS and FIELDS[name].several


def takes_exclusions(name: str) -> bool:
    """Whether values can be left out in the list of that name."""
    return name in FIELDS and name != "period"


def options_of(
    name: str, choices: Mapping[str, Sequence[Choice]], counts: Mapping[Hashable, int] | None
) -> list[Option]:
    """The options of a field, in the order of its list.

    Args:
        name: the name of the field; it has a dropdown.
        choices: the values that the database knows, by the name of the field.
        counts: how many starts each value has; None until they are read.
    """
    words = DROPDOWNS[name]
    values = words.value_names.items() or [(choice.value, _label_of(choice)) for choice in choices.get(name, ())]
    everything = [Option(None, words.everything)] if words.everything else []
    return everything + [
        Option(value, label, None if counts is None or name not in COUNTS else counts.get(value, 0))
        for value, label in values
    ]


def _label_of(choice: Choice) -> str:
    """What a person reads; a name of the data is made safe where it is shown."""
    return UNKNOWN_NAME if choice.value == UNKNOWN else choice.label


def commands_of(keys: Sequence[Key]) -> list[Option]:
    """The options of the command palette: the description of each action, and its key."""
    return [
        Option(
            key.action,
            f"{key.does[0].upper()}{key.does[1:]}",
            key=key_names(key.shown),
            also=ALSO_CALLED.get(key.action.partition("(")[0], ""),
        )
        for key in keys
    ]


def typed_period(text: str, today: date) -> Option | None:
    """The period of typed text; None if it is none.

    Args:
        text: a number of days (`14d`), a month, a first day, or a first and a last day, as people write them.
        today: the present day.
    """
    text = text.strip()
    if (days := re.fullmatch(r"([1-9]\d{0,3})\s*d?", text.lower())) is not None:
        period = Period(f"{days[1]}d")
        return Option(period, period_name(period))
    found = _one_day(text, today) or _two_days(text, today)
    if found is None or any(day is not None and not FIRST_DAY <= day < LAST_DAY for day in found):
        return None
    first, last = found
    period = Period(None, first.isoformat(), None if last is None else (last + timedelta(days=1)).isoformat())
    return Option(period, period_name(period))


def _one_day(text: str, today: date) -> tuple[date, date | None] | None:
    """All of a month, or from a day on."""
    try:
        first, last = read_span(text, today)
    except WrittenDateError:
        return None
    return first, last if last > first else None


def _two_days(text: str, today: date) -> tuple[date, date] | None:
    """From a day to another one, both included. Of several signs that can be between them, the first that fits is."""
    for between in _BETWEEN_DAYS.finditer(text):
        try:
            first, _ = read_span(text[: between.start()], today)
            _, last = read_span(text[between.end() :], today, not_before=first)
        except WrittenDateError:
            continue
        if first <= last:
            return first, last
    return None


def with_chosen(filter: Filter, name: str, values: Collection[Hashable], excluded: bool = False) -> Filter:
    """The filter with the values chosen for the field `name`; None among them means no restriction.

    Args:
        filter: the filter before.
        name: the name of the field.
        values: the chosen values.
        excluded: whether they are left out, instead of selected.
    """
    without = filter.without(name)
    if None in values:
        return without
    return without.with_excluded(name, values) if excluded else without.with_values(name, values)


def shifted(period: Period, since: date, until: date, by: int) -> Period:
    """The period moved by `by` times its own length.

    Args:
        period: the period.
        since: its first day.
        until: the day after its last day.
        by: how many lengths to move; negative is back.
    """
    length = (until - since) * by
    return Period(None, (since + length).isoformat(), (until + length).isoformat())
