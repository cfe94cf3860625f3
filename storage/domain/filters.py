"""The filter: which starts are selected, as one value and as one line of text (`docs/filters.md`).

To add a field: an attribute of `Filter` and its object in `FIELDS` here, its condition in
`storage/report/filter_conditions.py`, its words in `tui/words/filter_words.py`. Knows no database and no screen.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace
from typing import Any, Self

from storage.domain.filter_context import NO_CONTEXT, FilterContext
from storage.domain.filter_fields import FailureValue, Field, OneOf, Pattern, PeriodField, SetField, SingleField
from storage.domain.filter_text import Word, split_words
from storage.domain.period import LAST_30_DAYS, Period
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.language.texts import _

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
        SetField("name", "names", Pattern()),
    )
}

Exclusion = tuple[str, Hashable]  # the name of a field and one of its values


def fields_by_keyword() -> dict[str, Field]:
    """The fields by what can be written before a colon, in the order of `FIELDS`."""
    return {keyword: field for field in FIELDS.values() for keyword in field.keywords}


def _in_order(words: list[Word]) -> list[Word]:
    """The words that count, the end of the period last, because its year can follow from the beginning.

    Of a field with one value, what the text itself says counts more than what a named filter says.
    """
    fields = fields_by_keyword()
    own = {
        fields[word.keyword].name for word in words if not (word.name or word.excluded or fields[word.keyword].several)
    }
    counted = [word for word in words if not word.name or word.excluded or fields[word.keyword].name not in own]
    return sorted(counted, key=lambda word: word.keyword == "until")


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
        names: patterns of a part of a person's profile name.
        excluded: values that a selected start does not have, each with the name of its field.
    """

    period: Period = LAST_30_DAYS
    origins: frozenset[Origin] = frozenset()
    lines: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()
    user_type: UserType | None = None
    statuses: frozenset[StartStatus] = frozenset()
    failures: frozenset[str] = frozenset()
    contact: str | None = None
    names: frozenset[str] = frozenset()
    excluded: frozenset[Exclusion] = frozenset()

    @classmethod
    def parse(cls, text: str, context: FilterContext = NO_CONTEXT) -> Self:
        """The filter that a text says.

        Args:
            text: the text.
            context: the present day, and the named filters.

        Raises:
            FilterError: points at the wrong word.
        """
        fields = fields_by_keyword()
        given: dict[str, Any] = {}
        excluded: set[Exclusion] = set()
        seen: set[str] = set()
        for word in _in_order(list(split_words(text, fields, context))):
            field = fields[word.keyword]
            if word.excluded:
                excluded |= {(field.name, value) for value in field.excluded(word)}
                continue
            if word.keyword in seen and not field.several:
                raise word.error(_("'{field}:' appears twice; write it once").format(field=word.keyword))
            seen.add(word.keyword)
            given[field.attribute] = field.read(word, given.get(field.attribute))
        return cls(**given, excluded=frozenset(excluded))

    def __str__(self) -> str:
        """The filter's text, which `parse` reads back."""
        texts = (
            text
            for name, field in FIELDS.items()
            for text in (field.text(getattr(self, field.attribute)), field.excluded_text(self.excluded_values(name)))
        )
        return " ".join(text for text in texts if text)

    def values(self, name: str) -> frozenset[Hashable]:
        """The values of the field of that name, one of which a start has; none where any value will do."""
        field = FIELDS[name]
        return field.values(getattr(self, field.attribute))

    def excluded_values(self, name: str) -> frozenset[Hashable]:
        """The values of the field of that name that a start does not have."""
        return frozenset(value for field, value in self.excluded if field == name) if self.excluded else frozenset()

    def restricts(self, name: str) -> bool:
        """Whether the field of that name selects or excludes values."""
        return bool(self.values(name) or self.excluded_values(name))

    def with_values(self, name: str, values: Collection[Hashable]) -> Self:
        """The filter with other values of one field; none means any value. What it excludes stays excluded."""
        field = FIELDS[name]
        changed: dict[str, Any] = {field.attribute: field.value_of(values)}
        return replace(self, **changed)

    def with_excluded(self, name: str, values: Collection[Hashable]) -> Self:
        """The filter that excludes other values of one field; none means that it excludes none."""
        others = {one for one in self.excluded if one[0] != name}
        return replace(self, excluded=frozenset(others.union((name, value) for value in values)))

    def without(self, name: str) -> Self:
        """The filter without the restriction of one field; without its period, it covers all time."""
        return self.with_values(name, ()).with_excluded(name, ())
