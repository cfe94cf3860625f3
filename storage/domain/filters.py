"""The filter: which starts are selected, as one value and as one line of text (`docs/filters.md`).

To add a field: an attribute of `Filter` and its object in `FIELDS` here, its condition in
`storage/report/filter_conditions.py`, its words in `tui/words/filter_words.py`. Knows no database and no screen.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace
from typing import Any, Self

from storage.domain.filter_fields import FailureValue, Field, OneOf, Pattern, PeriodField, SetField, SingleField
from storage.domain.filter_text import split_words
from storage.domain.period import LAST_30_DAYS, Period
from storage.domain.vocabulary import Origin, StartStatus, UserType

FIELDS: dict[str, Field] = {
    field.name: field
    for field in (
        PeriodField("period", "period"),
        SetField("origin", "origins", OneOf(Origin)),
        SetField("line", "lines", Pattern()),
        SetField("template", "templates", Pattern()),
        SingleField("user", "user_type", OneOf(UserType)),
        SetField("status", "statuses", OneOf(StartStatus)),
        SetField("failure", "failures", FailureValue()),
        SingleField("contact", "contact", Pattern()),
    )
}


def fields_by_keyword() -> dict[str, Field]:
    """The fields by what can be written before a colon, in the order of `FIELDS`."""
    return {keyword: field for field in FIELDS.values() for keyword in field.keywords}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which starts are selected: those that meet every restriction. `Filter.parse(str(filter)) == filter`.

    Attributes:
        period: the days.
        origins: what started them.
        lines: patterns (`patterns.literal` makes one of a plain value) of a line's id, number or name.
        templates: patterns of a template's name.
        user_type: new or recurrent users only.
        statuses: how far they got.
        failures: error codes in digits, reasons, or a reason and its code (`failures.failure_value`).
        contact: a pattern of any id of one person.
    """

    period: Period = LAST_30_DAYS
    origins: frozenset[Origin] = frozenset()
    lines: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()
    user_type: UserType | None = None
    statuses: frozenset[StartStatus] = frozenset()
    failures: frozenset[str] = frozenset()
    contact: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The filter that a text says; raises FilterError, which points at the wrong word."""
        fields = fields_by_keyword()
        given: dict[str, Any] = {}
        seen: set[str] = set()
        for word in split_words(text, fields):
            field = fields[word.keyword]
            if word.keyword in seen and not field.several:
                raise word.error(f"'{word.keyword}:' appears twice; write it once")
            seen.add(word.keyword)
            given[field.attribute] = field.read(word, given.get(field.attribute))
        return cls(**given)

    def __str__(self) -> str:
        """The filter's text, which `parse` reads back."""
        texts = (field.text(getattr(self, field.attribute)) for field in FIELDS.values())
        return " ".join(text for text in texts if text)

    def values(self, name: str) -> frozenset[Hashable]:
        """The values of the field of that name; none where it restricts nothing."""
        field = FIELDS[name]
        return field.values(getattr(self, field.attribute))

    def with_values(self, name: str, values: Collection[Hashable]) -> Self:
        """The filter with other values of one field; none means no restriction."""
        field = FIELDS[name]
        changed: dict[str, Any] = {field.attribute: field.value_of(values)}
        return replace(self, **changed)

    def without(self, name: str) -> Self:
        """The filter without the restriction of one field; without its period, it covers all time."""
        return self.with_values(name, ())
