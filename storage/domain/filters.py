"""The filter: one frozen value and its one text form (DESIGN section 4). Knows nothing of SQL, files or screens.

A pattern is a value in which `*` matches any run of characters; a literal `*` or `\\` in it stands behind a `\\`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar

from storage.domain.failures import Reason
from storage.domain.vocabulary import Origin, StartStatus, UserType


class FilterError(ValueError):
    """A filter text that cannot be read; `position` and `length` point at the word in `text`."""

    def __init__(self, message: str, text: str = "", position: int = 0, length: int = 0) -> None:
        super().__init__(message)
        self.message, self.text, self.position, self.length = message, text, position, length


Value = TypeVar("Value")

NAMED_PERIODS = ("today", "7d", "30d", "90d", "week", "month", "all")
NO_CODE = "none"  # after the reason of failures that have no code
FIELDS = ("period", "since", "until", "origin", "line", "template", "user", "status", "failure", "contact")
FIRST_DAY, LAST_DAY = date(2009, 1, 1), date(2100, 1, 1)
UNKNOWN = "(unknown)"


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open whole local days.

    `name` is one of NAMED_PERIODS (or any count of days, `14d`), or None for since/until: ISO dates of the first day
    and the day after the last, either may be open.
    """

    name: str | None = "30d"
    since: str | None = None
    until: str | None = None

    def days(self, today: date) -> tuple[date | None, date | None]:
        """The first day and the day after the last one, None where open; `today` is the local day of now."""
        # A clock outside the days that there are would overflow the calendar.
        today = min(max(today, FIRST_DAY), LAST_DAY)
        tomorrow = today + timedelta(days=1)
        match self.name:
            case None:
                return _day(self.since), _day(self.until)
            case "all":
                return None, None
            case "today":
                return today, tomorrow
            case "week":
                monday = today - timedelta(days=today.weekday())
                return monday, monday + timedelta(days=7)
            case "month":
                first = today.replace(day=1)
                return first, (first + timedelta(days=32)).replace(day=1)
            case name:
                return max(FIRST_DAY, tomorrow - timedelta(days=int(name[:-1]))), tomorrow

    def __str__(self) -> str:
        if self.name is not None:
            return f"period:{self.name}"
        sides = [f"{side}:{day}" for side, day in (("since", self.since), ("until", self.until)) if day is not None]
        return " ".join(sides) or "period:all"


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked: all of it applies to all that is asked with it.

    lines, templates and contact are patterns (`literal` makes one of a plain value); failures are error codes in
    digits, reasons, or a reason and its code (`failure_value`). `Filter.parse(str(f)) == f`.
    """

    period: Period = Period()
    origins: frozenset[Origin] = frozenset()
    lines: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()
    user_type: UserType | None = None
    statuses: frozenset[StartStatus] = frozenset()
    failures: frozenset[str] = frozenset()
    contact: str | None = None

    def __str__(self) -> str:
        words = [str(self.period)]
        words += _set_text("origin", self.origins)
        words += _pattern_text("line", self.lines)
        words += _pattern_text("template", self.templates)
        if self.user_type is not None:
            words.append(f"user:{self.user_type}")
        words += _set_text("status", self.statuses)
        words += _set_text("failure", self.failures)
        if self.contact is not None:
            words += _pattern_text("contact", frozenset((self.contact,)))
        return " ".join(words)

    @classmethod
    def parse(cls, text: str) -> Filter:
        """The filter that the text says; raises FilterError, which points at the word."""
        filter = cls()
        seen: set[str] = set()
        period: dict[str, str] = {}
        for word in _words(text):
            if word.field in seen and word.field in _ONCE:
                raise word.error(f"{word.field}: is given twice")
            seen.add(word.field)
            if word.field in ("period", "since", "until"):
                period[word.field] = _period_value(word)
                if "period" in period and len(period) > 1:
                    raise word.error("a period and since/until exclude each other")
            else:
                filter = _READ[word.field](filter, word)
        return replace(filter, period=_period_of(period, text)) if period else filter


_ONCE = frozenset(("period", "since", "until", "user", "contact"))


def literal(value: str) -> str:
    """The pattern that matches just this value."""
    return value.replace("\\", "\\\\").replace("*", "\\*")


def is_literal(pattern: str) -> bool:
    """Whether the pattern matches one value only."""
    return "*" not in pattern or "*" not in re.sub(r"\\.", "", pattern, flags=re.DOTALL)


def plain(pattern: str) -> str:
    """A pattern as people read it: the escapes taken off."""
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL) if "\\" in pattern else pattern


def matcher(pattern: str) -> re.Pattern[str]:
    """A regular expression for the whole value, upper and lower case alike.

    What stands between two wildcards is taken where it is first found, once and for all, so that no pattern takes long.
    """
    pieces = [""]
    for part in re.findall(r"\\.|[^\\]", pattern, flags=re.DOTALL):
        if part == "*":
            pieces.append("")
        else:
            pieces[-1] += re.escape(part[-1])
    if len(pieces) == 1:
        return re.compile(pieces[0], re.IGNORECASE | re.DOTALL)
    first, *between, last = pieces
    middle = "".join(f"(?>.*?{piece})" for piece in between if piece)
    return re.compile(f"{first}{middle}.*{last}", re.IGNORECASE | re.DOTALL)


_SPECIAL = frozenset("*\\")


class AnyOf:
    """What matches any of some patterns, upper and lower case alike; many literal ones take no longer than one."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = frozenset(patterns)
        simple = {pattern for pattern in self._patterns if pattern.isascii() and not _SPECIAL & set(pattern)}
        self._values = {pattern.lower() for pattern in simple}
        self._others = [matcher(pattern) for pattern in self._patterns - simple]

    def matches(self, value: str) -> bool:
        """Whether any pattern matches the whole value."""
        if value.isascii():
            return value.lower() in self._values or any(other.fullmatch(value) for other in self._others)
        # Letters beyond ASCII may be alike to one within it (a long s, a Kelvin sign): the expressions know which.
        return any(expression.fullmatch(value) for expression in self._expressions)

    @cached_property
    def _expressions(self) -> list[re.Pattern[str]]:
        return [matcher(pattern) for pattern in self._patterns]


@dataclass(frozen=True, slots=True)
class _Word:
    """One `field:value,value` of a filter text, and where it stands."""

    field: str
    values: tuple[str, ...]
    text: str
    position: int
    length: int

    def error(self, message: str) -> FilterError:
        return FilterError(message, self.text, self.position, self.length)

    def one(self) -> str:
        if len(self.values) != 1:
            raise self.error(f"{self.field}: takes one value")
        return self.values[0]


def _words(text: str) -> Iterator[_Word]:
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        values, end = _scan(text, position)
        head = re.match(r"([A-Za-z]+):", text[position:end])
        shown = text[position:end]
        if head is None:
            raise FilterError(f"'{shown}' is not of the form field:value", text, position, end - position)
        field = head[1].lower()
        if field not in FIELDS:
            known = ", ".join(FIELDS)
            raise FilterError(f"'{head[1]}' is no field; known are {known}", text, position, len(head[1]))
        values[0] = values[0][len(head[0]) :]
        word = _Word(field, tuple(values), text, position, end - position)
        if any(value == "" for value in values):
            raise word.error(f"{field}: needs a value")
        yield word
        position = end


def _scan(text: str, start: int) -> tuple[list[str], int]:
    """The patterns of the word that begins at `start`, split at its commas, and where the word ends."""
    values, position = [""], start
    while position < len(text) and not text[position].isspace():
        character = text[position]
        position += 1
        if character == '"':
            inside, position = _quoted(text, position)
            values[-1] += literal(inside)
        elif character == ",":
            values.append("")
        elif character == "\\":
            values[-1] += "\\\\"
        else:
            values[-1] += character
    return values, position


def _quoted(text: str, start: int) -> tuple[str, int]:
    found = re.compile(r'((?:[^"\\]|\\.)*)"', re.DOTALL).match(text, start)
    if found is None:
        raise FilterError("a quote is not closed", text, start - 1, len(text) - start + 1)
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), found.end()


def _period_value(word: _Word) -> str:
    value = word.one().lower()
    if word.field == "period":
        if value not in NAMED_PERIODS and not re.fullmatch(r"[1-9][0-9]{0,3}d", value):
            raise word.error(
                f"'{value}' is no period; known are {', '.join(NAMED_PERIODS)} and any count of days (14d)"
            )
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise word.error(f"'{value}' is no date of the form YYYY-MM-DD") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise word.error(f"{value} lies outside {FIRST_DAY} to {LAST_DAY}")
    return day.isoformat()


def _period_of(period: dict[str, str], text: str) -> Period:
    if "period" in period:
        return Period(None) if period["period"] == "all" else Period(period["period"])
    since, until = period.get("since"), period.get("until")
    if since is not None and until is not None and since >= until:
        raise FilterError(
            f"until:{until} is not after since:{since}", text, text.lower().find("until:"), 6 + len(until)
        )
    return Period(None, since, until)


def _set_text(field: str, values: frozenset[str] | frozenset[Origin] | frozenset[StartStatus]) -> list[str]:
    return [f"{field}:{','.join(sorted(values))}"] if values else []


def _pattern_text(field: str, patterns: frozenset[str]) -> list[str]:
    return [f"{field}:{','.join(quoted(pattern) for pattern in sorted(patterns))}"] if patterns else []


def quoted(pattern: str) -> str:
    """The pattern as text: wildcards bare, all else in quotes where it needs them."""
    pieces = []
    for part in re.findall(r"(?:\\.|[^\\*])+|\*", pattern, flags=re.DOTALL):
        if part == "*":
            pieces.append(part)
            continue
        value = plain(part)
        bare = re.fullmatch(r"[^\s\",\\*]+", value)
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        pieces.append(value if bare else f'"{escaped}"')
    return "".join(pieces)


def _read_origins(filter: Filter, word: _Word) -> Filter:
    known = {origin.value: origin for origin in Origin}
    return replace(filter, origins=filter.origins | {_one_of(word, value, known) for value in word.values})


def _read_statuses(filter: Filter, word: _Word) -> Filter:
    known = {status.value: status for status in StartStatus}
    return replace(filter, statuses=filter.statuses | {_one_of(word, value, known) for value in word.values})


def _read_user(filter: Filter, word: _Word) -> Filter:
    return replace(filter, user_type=_one_of(word, word.one(), {kind.value: kind for kind in UserType}))


def _read_failures(filter: Filter, word: _Word) -> Filter:
    for value in word.values:
        reason, slash, code = value.partition("/")
        if not re.fullmatch(r"[0-9]{1,9}", value):
            _one_of(word, reason, {reason.value: reason for reason in Reason})
        if slash and not re.fullmatch(rf"[0-9]{{1,9}}|{NO_CODE}", code.lower()):
            raise word.error(f"'{plain(code)}' is no code; after a reason stands its code, or {NO_CODE}")
    return replace(filter, failures=filter.failures | {_code(value) for value in word.values})


def _code(value: str) -> str:
    front, slash, code = value.rpartition("/")
    return front.lower() + slash + (str(int(code)) if code.isdigit() else code.lower())


def failure_value(reason: str, code: int | None) -> str:
    """The failures of one reason and one code (None: that have none) as a value of the filter."""
    return f"{reason}/{NO_CODE if code is None else code}"


def _one_of(word: _Word, value: str, known: Mapping[str, Value]) -> Value:
    found = known.get(value.lower())
    if found is None:
        raise word.error(f"'{plain(value)}' is no {word.field}; known are {', '.join(known)}")
    return found


_READ: dict[str, Callable[[Filter, _Word], Filter]] = {
    "origin": _read_origins,
    "line": lambda filter, word: replace(filter, lines=filter.lines | set(word.values)),
    "template": lambda filter, word: replace(filter, templates=filter.templates | set(word.values)),
    "user": _read_user,
    "status": _read_statuses,
    "failure": _read_failures,
    "contact": lambda filter, word: replace(filter, contact=word.one()),
}
