"""The options of each list, and the filter after a choice. Knows no widget and no database."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from storage.domain.filters import FIELDS, Filter
from storage.domain.period import FIRST_DAY, LAST_DAY, Period
from storage.report.filter_choices import COUNTS, Choice
from tui.terminal.style import key_names
from tui.words.filter_words import DROPDOWNS, period_name
from tui.words.keys import Key

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a list.

    Attributes:
        value: the value that it selects; None for no restriction.
        label: the text that people read.
        count: how many starts have the value; None if unknown.
        key: the key that does the same; empty if there is none.
    """

    value: Hashable
    label: str
    count: int | None = None
    key: str = ""


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
    values = words.value_names.items() or [(choice.value, choice.label) for choice in choices.get(name, ())]
    everything = [Option(None, words.everything)] if words.everything else []
    return everything + [
        Option(value, label, None if counts is None or name not in COUNTS else counts.get(value, 0))
        for value, label in values
    ]


def commands_of(keys: Sequence[Key]) -> list[Option]:
    """The options of the command palette: the description of each action, and its key."""
    return [Option(key.action, f"{key.does[0].upper()}{key.does[1:]}", key=key_names(key.shown)) for key in keys]


def typed_period(text: str) -> Option | None:
    """The period of typed text: days (`14d`), a first day, or a first and a last day; None if it is neither."""
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
