"""What the settings file says of filters: those with a name, and the people that no report includes. Knows no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from storage.domain.filter_context import FilterContext, is_name
from storage.domain.filter_text import FilterError
from storage.domain.filters import Filter
from storage.domain.patterns import phone_digits
from storage.language.texts import _


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """Named filters, and excluded people.

    Attributes:
        named: the texts of the named filters, by their names in lower case.
        people: patterns of contacts that are left out, as in `contact:!…`.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    people: frozenset[str] = frozenset()

    def context(self, today: date | None) -> FilterContext:
        """What the text of a filter is read with; `today` is the present day in the report's time zone."""
        return FilterContext(today, self.named)

    def excluding(self, filter: Filter) -> Filter:
        """A filter that leaves out the people too."""
        if not self.people:
            return filter
        return filter.with_excluded("contact", filter.excluded_values("contact") | self.people)

    @property
    def everything(self) -> Filter:
        """The filter without any choice of the user."""
        return self.excluding(Filter())


NO_FILTER_SETTINGS = FilterSettings()


def named_filters(values: Mapping[str, Any]) -> dict[str, str]:
    """The table `[filters]` as texts by name; raises ValueError for a name or a value that cannot be one."""
    named: dict[str, str] = {}
    for name, text in values.items():
        if not is_name(name):
            message = _("filters: {given!r} is no name; use letters, digits, '_', '-' and '.'")
            raise ValueError(message.format(given=name))
        if not isinstance(text, str):
            message = _("filters: {name} expects a filter such as {example}")
            raise ValueError(message.format(name=name, example='"period:7d template:order_*"'))
        named[name.lower()] = text
    return named


def wrong_filters(named: Mapping[str, str]) -> list[str]:
    """What is wrong with each named filter that cannot be read."""
    wrong = []
    for name in named:
        try:
            Filter.parse(f"@{name}", FilterContext(None, named))
        except FilterError as error:
            wrong.append(f"filters: {error.message}")
    return wrong


def excluded_people(values: list[Any]) -> frozenset[str]:
    """The list `exclude` as patterns of contacts: ids as text or as numbers, `*` in them matches any characters."""
    patterns = set()
    for value in values:
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not text:
            message = _("exclude expects ids of people such as {example}, not {given!r}")
            raise ValueError(message.format(example='"5491155550001"', given=value))
        patterns.add(phone_digits(text.replace("\\", "\\\\")) or text)
    return frozenset(patterns - {""})
