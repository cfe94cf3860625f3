"""The kinds of fields that a filter can have: how a field reads its text and writes it.

`filters.FIELDS` lists the fields. Each is one object made of these classes. Knows no database and no screen.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar, cast

from storage.domain.errors import unknown_word
from storage.domain.failures import NO_CODE, Reason
from storage.domain.filter_synonyms import english_value, field_word, value_word
from storage.domain.filter_text import Word
from storage.domain.patterns import UNKNOWN, plain, quoted
from storage.domain.period import ALL_TIME, FIRST_DAY, LAST_DAY, NAMED_PERIODS, Period
from storage.domain.written_dates import WrittenDateError, read_day
from storage.language.texts import _

T = TypeVar("T")
Member = TypeVar("Member", bound=StrEnum)
_DAYS = re.compile(r"[1-9][0-9]{0,3}d")
_CODE = re.compile(r"[0-9]{1,9}")


class Kind(ABC, Generic[T]):
    """What one value of a field is: reads it from a pattern of the text, and writes it."""

    suggestions: tuple[str, ...] = ()  # the values that are known without a database, for completion

    @abstractmethod
    def read(self, word: Word, pattern: str) -> T:
        """The value that a pattern of the word stands for; raises FilterError, which points at the word."""

    @abstractmethod
    def text(self, value: T) -> str:
        """The value as it is written in a filter."""


class OneOf(Kind[Member]):
    """A value of an enumeration."""

    def __init__(self, members: type[Member]) -> None:
        self._members: dict[str, Member] = {member.value: member for member in members}
        self.suggestions = tuple(self._members)

    def read(self, word: Word, pattern: str) -> Member:
        member = self._members.get(pattern.lower())
        if member is None:
            value = english_value(pattern, self._members)
            if value is None:
                known = [value_word(one) for one in self._members]
                raise word.error(unknown_word(field_word(word.keyword), plain(pattern), known))
            member = self._members[value]
        return member

    def text(self, value: Member) -> str:
        return value.value


class Pattern(Kind[str]):
    """A pattern of `storage.domain.patterns`."""

    def read(self, word: Word, pattern: str) -> str:
        is_word = pattern.startswith("(") and english_value(pattern, (UNKNOWN,)) is not None
        return UNKNOWN if is_word else pattern

    def text(self, value: str) -> str:
        return quoted(value)


class FailureValue(Kind[str]):
    """An error code in digits, a reason, or a reason and its code (`number_gone/131026`, `number_gone/none`)."""

    suggestions = tuple(reason.value for reason in Reason)

    def read(self, word: Word, pattern: str) -> str:
        if _CODE.fullmatch(pattern):
            return str(int(pattern))
        reason, slash, code = pattern.lower().partition("/")
        if reason not in self.suggestions:
            given, reason = reason, english_value(reason, self.suggestions) or ""
            if not reason:
                known = [value_word(one) for one in self.suggestions]
                raise word.error(unknown_word(field_word("failure"), plain(given), known, also=_("an error code")))
        if not slash:
            return reason
        if code != NO_CODE and not _CODE.fullmatch(code):
            message = _("'{given}' is not an error code; after '{reason}/' write a code or {none}")
            raise word.error(message.format(given=plain(code), reason=reason, none=NO_CODE))
        return f"{reason}/{code if code == NO_CODE else int(code)}"

    def text(self, value: str) -> str:
        return value


class Field(ABC):
    """One field of the filter: reads its words, and writes its value.

    Attributes:
        name: names the field everywhere: before the colon, and in the tables of its condition and of its words.
        attribute: the attribute of `Filter` that holds its value.
    """

    several: ClassVar[bool]  # whether the field takes more than one value

    def __init__(self, name: str, attribute: str) -> None:
        self.name, self.attribute = name, attribute

    @property
    def keywords(self) -> tuple[str, ...]:
        """What can be written before the colon."""
        return (self.name,)

    @abstractmethod
    def suggestions(self, keyword: str) -> tuple[str, ...]:
        """The values that are known without a database, for completion after a keyword."""

    @abstractmethod
    def excluded(self, word: Word) -> frozenset[Hashable]:
        """The values that a word with a `!` excludes; raises FilterError, which points at the word."""

    @abstractmethod
    def excluded_text(self, values: Collection[Hashable]) -> str:
        """The word that excludes these values; empty without values."""

    @abstractmethod
    def read(self, word: Word, before: Any) -> Any:
        """The field's value with what a word adds; raises FilterError, which points at the word.

        Args:
            word: a word with one of the field's keywords, and no `!`.
            before: what the earlier words of the field said; None for its first word.
        """

    @abstractmethod
    def text(self, value: Any) -> str:
        """The words that say the value; empty where the field restricts nothing."""

    @abstractmethod
    def values(self, value: Any) -> frozenset[Hashable]:
        """The single values that the field's value is made of; none where it restricts nothing."""

    @abstractmethod
    def value_of(self, values: Collection[Hashable]) -> Any:
        """The field's value made of single values; none means no restriction."""


class KindField(Field):
    """A field whose values are of one kind."""

    def __init__(self, name: str, attribute: str, kind: Kind[Any]) -> None:
        super().__init__(name, attribute)
        self.kind = kind

    def suggestions(self, keyword: str) -> tuple[str, ...]:
        return self.kind.suggestions

    def excluded(self, word: Word) -> frozenset[Hashable]:
        return frozenset(self.kind.read(word, pattern) for pattern in word.values)

    def excluded_text(self, values: Collection[Hashable]) -> str:
        return f"{self.name}:!{self._listed(values)}" if values else ""

    def _listed(self, values: Collection[Any]) -> str:
        return ",".join(map(self.kind.text, sorted(values)))


class SetField(KindField):
    """A field with any number of values. It selects what has one of them."""

    several = True

    def read(self, word: Word, before: frozenset[Any] | None) -> frozenset[Any]:
        return (before or frozenset()).union(self.kind.read(word, pattern) for pattern in word.values)

    def text(self, value: frozenset[Any]) -> str:
        return f"{self.name}:{self._listed(value)}" if value else ""

    def values(self, value: frozenset[Any]) -> frozenset[Hashable]:
        return value

    def value_of(self, values: Collection[Hashable]) -> frozenset[Hashable]:
        return frozenset(values)


class SingleField(KindField):
    """A field with at most one value; any number can be excluded."""

    several = False

    def read(self, word: Word, before: object) -> Any:
        return self.kind.read(word, word.only_value())

    def text(self, value: Any) -> str:
        return "" if value is None else f"{self.name}:{self.kind.text(value)}"

    def values(self, value: Hashable) -> frozenset[Hashable]:
        return frozenset() if value is None else frozenset((value,))

    def value_of(self, values: Collection[Hashable]) -> Hashable:
        return next(iter(values), None)


class PeriodField(Field):
    """The period: named after `period:`, or by its days after `since:` and `until:`. A filter always has one."""

    several = False

    @property
    def keywords(self) -> tuple[str, ...]:
        return ("period", "since", "until")

    def suggestions(self, keyword: str) -> tuple[str, ...]:
        return NAMED_PERIODS if keyword == "period" else ()

    def excluded(self, word: Word) -> frozenset[Hashable]:
        raise word.error(_("'{field}:' cannot exclude days; write the days to include").format(field=word.keyword))

    def excluded_text(self, values: Collection[Hashable]) -> str:
        return ""

    def read(self, word: Word, before: Period | None) -> Period:
        named = word.keyword == "period"
        period = _named_period(word) if named else _period_with_day(word, before or ALL_TIME)
        named_before = before is not None and before.since is None and before.until is None
        if named_before or (before is not None and word.keyword == "period"):
            raise word.error(_("Use either 'period:' or 'since:' and 'until:', not both"))
        return period

    def text(self, value: Period) -> str:
        return str(value)

    def values(self, value: Period) -> frozenset[Hashable]:
        return frozenset((value,))

    def value_of(self, values: Collection[Hashable]) -> Period:
        return cast("Period", next(iter(values), ALL_TIME))


def _named_period(word: Word) -> Period:
    value = word.only_value().lower().replace("-", "_")  # last-week is as good as last_week
    if value == "all":
        return ALL_TIME
    if value not in NAMED_PERIODS and not _DAYS.fullmatch(value):
        given, value = value, english_value(value, NAMED_PERIODS) or ""
        if value == "all":
            return ALL_TIME
        if not value:
            known = [value_word(one) for one in NAMED_PERIODS]
            also = _("a number of days such as 14d")
            raise word.error(unknown_word(field_word("period"), given, known, also=also))
    return Period(value)


def _day(word: Word, since: str | None) -> str:
    """The day that a word after `since:` or `until:` says; `since` is the first day, where `until:` follows it."""
    value = plain(word.only_value())
    after = None if since is None else date.fromisoformat(since)
    try:
        day = read_day(value, word.today, after=after, is_end=word.keyword == "until")
    except WrittenDateError as error:
        raise word.error(str(error)) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        message = _("{given} is out of range; use a date from {first} to {last}")
        raise word.error(message.format(given=value, first=FIRST_DAY, last=LAST_DAY))
    return day.isoformat()


def _period_with_day(word: Word, before: Period) -> Period:
    day = _day(word, before.since)
    since, until = (day, before.until) if word.keyword == "since" else (before.since, day)
    if since is not None and until is not None and since >= until:
        raise word.error(_("until:{until} must be after since:{since}").format(until=until, since=since))
    return Period(None, since, until)
