"""The words of the filter: one entry in `FIELD_WORDS` for each field of `storage.domain.filters.FIELDS`.

Describes filters in words, for the dropdowns, the breadcrumbs and notices. Knows no widget and no database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from storage.domain.failures import NO_CODE
from storage.domain.filters import FIELDS, Filter
from storage.domain.patterns import UNKNOWN, plain
from storage.domain.period import ALL_TIME, Period
from storage.domain.vocabulary import Origin, StartStatus, UserType
from storage.language.texts import _, ngettext, pgettext
from tui.terminal.sanitize import safe
from tui.words.numbers import number
from tui.words.wording import (
    BREADCRUMB_SEPARATOR,
    ORIGIN_NAMES,
    SHORT_ORIGINS,
    UNKNOWN_NAME,
    USER_TYPE_NAMES,
    day,
    days,
    reason_name,
    status_name,
)

if TYPE_CHECKING:  # the first screen comes sooner without it
    from storage.report.unknown_values import UnknownValue

_MAX_NAME_LENGTH = 200  # characters
_ENUMERATED = {"origin": Origin, "user": UserType, "status": StartStatus}  # an exclusion is given by the values left
_MAX_NAMES = 2  # values named one by one in a restriction

PERIOD_NAMES: dict[Period, str] = {
    Period("today"): _("Today"),
    Period("yesterday"): _("Yesterday"),
    Period("7d"): _("Last 7 days"),
    Period("30d"): _("Last 30 days"),
    Period("90d"): _("Last 90 days"),
    Period("week"): _("This week"),
    Period("last_week"): _("Last week"),
    Period("month"): _("This month"),
    Period("last_month"): _("Last month"),
    Period("year"): _("This year"),
    ALL_TIME: _("All time"),
}
# As a dropdown shows them, which has twelve cells at 80 columns.
_SHORT_PERIODS: dict[Period, str] = {
    Period("7d"): pgettext("dropdown", "Last 7 days"),
    Period("30d"): pgettext("dropdown", "Last 30 days"),
    Period("90d"): pgettext("dropdown", "Last 90 days"),
    Period("last_week"): pgettext("dropdown", "Last week"),
    ALL_TIME: pgettext("dropdown", "All time"),
}

_NONE_CALLED = {
    "line": _('No line is called "{value}".'),
    "template": _('No template is called "{value}".'),
}
_NONE_CALLED_BUT = {
    "line": _('No line is called "{value}". Did you mean "{close}"?'),
    "template": _('No template is called "{value}". Did you mean "{close}"?'),
}


class DropdownWords(NamedTuple):
    """The words of a field that has a dropdown.

    Attributes:
        label: in front of the setting.
        key: the letter that opens the dropdown; `keys.py` binds it.
        setting: what the dropdown shows of a filter.
        everything: the option that removes the restriction; empty if the field has none.
        value_names: the names of the values, in the order of the list; empty if the database knows the values.
    """

    label: str
    key: str
    setting: Callable[[Filter], str]
    everything: str = ""
    value_names: Mapping[Any, str] = MappingProxyType({})


class FieldWords(NamedTuple):
    """The words of one field.

    Attributes:
        restriction: what the field of a filter selects, as in "template promo or welcome". Called only if the
            field restricts something; empty if another field already says it.
        without: the sentence about a filter that matches nothing because of this field; `{starts}` is "12 starts".
        dropdown: the words of its dropdown; None if it has none.
    """

    restriction: Callable[[Filter], str]
    without: str
    dropdown: DropdownWords | None = None


def describe(filter: Filter) -> str:
    """What a filter selects, in words."""
    return ", ".join(restrictions(filter))


def restrictions(filter: Filter) -> list[str]:
    """What each field of a filter selects, in words, the period first."""
    words = (one for name in FIELDS for one in (_selected(filter, name), _excluded(filter, name)))
    return [word for word in words if word]


def _selected(filter: Filter, name: str) -> str:
    return FIELD_WORDS[name].restriction(filter) if filter.values(name) else ""


def _excluded(filter: Filter, name: str) -> str:
    """What a field of a filter excludes, in words: "not template test_*"."""
    values = filter.excluded_values(name)
    if not values:
        return ""
    others = frozenset(_ENUMERATED.get(name, ())) - values
    empty = type(filter)()
    if others:
        return FIELD_WORDS[name].restriction(empty.with_values(name, others))
    if FIELDS[name].several and name not in _ENUMERATED:
        return _not(FIELD_WORDS[name].restriction(empty.with_values(name, values)))
    if name == "contact" and len(values) > 1:
        return ngettext("without {count} person", "without {count} people", len(values)).format(
            count=number(len(values))
        )
    first, *more = sorted(map(str, values))
    words = FIELD_WORDS[name].restriction(empty.with_values(name, {first}))
    return _not(_or_others(words, len(more)) if more else words)


def breadcrumbs(filters: Sequence[Filter]) -> str:
    """How the last filter was narrowed, step by step: a step that was left or changed is no part of it any more."""
    steps: list[list[str]] = []
    for filter in filters:
        now = restrictions(filter)
        while steps and not set(steps[-1]) <= set(now):
            steps.pop()
        if not steps or steps[-1] != now:
            steps.append(now)
    added = ([words for words in now if words not in before] for before, now in pairwise([[], *steps]))
    return BREADCRUMB_SEPARATOR.join(", ".join(words) for words in added if words)


def unknown_words(unknown: UnknownValue) -> str:
    """That nothing in the database has a value, and what is close to it."""
    value, close = safe(unknown.value, _MAX_NAME_LENGTH), safe(unknown.close, _MAX_NAME_LENGTH)
    text = _NONE_CALLED_BUT[unknown.field] if close else _NONE_CALLED[unknown.field]
    return text.format(value=value, close=close)


def period_name(period: Period) -> str:
    """The name of a period: "Last 30 days", "1 Nov – 21 Nov 2026"."""
    if (known := PERIOD_NAMES.get(period)) is not None:
        return known
    if period.name is not None:
        count = int(period.name[:-1])
        return ngettext("Last {count} day", "Last {count} days", count).format(count=number(count))
    since = None if period.since is None else date.fromisoformat(period.since)
    until = None if period.until is None else date.fromisoformat(period.until)
    if since is not None and until is not None:
        return days(since, until)
    if since is not None:
        return _("Since {day}").format(day=day(since, year=True))
    assert until is not None  # both sides open is ALL_TIME
    return _("Until {day}").format(day=day(until - timedelta(days=1), year=True))


def _period_setting(filter: Filter) -> str:
    return _SHORT_PERIODS.get(filter.period) or period_name(filter.period)


def _templates_setting(filter: Filter) -> str:
    return _patterns_setting(filter.templates, pgettext("dropdown", "All templates"), _("{count} templates"))


def _started_by(filter: Filter) -> str:
    names = [ORIGIN_NAMES[origin].lower() for origin in Origin if origin in filter.origins]
    return _("started by {origins}").format(origins=_or(names))


def _origins_setting(filter: Filter) -> str:
    if not filter.origins:
        return pgettext("dropdown", "Anything")
    if len(filter.origins) == 1:
        return ORIGIN_NAMES[next(iter(filter.origins))]
    return " + ".join(SHORT_ORIGINS[origin] for origin in Origin if origin in filter.origins)


def _patterns_setting(patterns: frozenset[str], everything: str, several: str) -> str:
    """The one pattern, or how many there are: `several` is "{count} lines"."""
    if not patterns:
        return everything
    return _shown(next(iter(patterns))) if len(patterns) == 1 else several.format(count=len(patterns))


def _with_status(filter: Filter) -> str:
    if filter.failures and filter.statuses == {StartStatus.FAILED}:
        return ""  # "failed by …" says it
    others = [status_name(status).lower() for status in StartStatus if status not in filter.statuses]
    if len(others) == 1:
        return _not(others[0])
    return _or(status_name(status).lower() for status in StartStatus if status in filter.statuses)


def _failed_by(filter: Filter) -> str:
    return _("failed by {failures}").format(failures=_or(map(_failure_name, sorted(filter.failures))))


def _of_users(filter: Filter) -> str:
    return _("new users") if filter.user_type == UserType.NEW else _("recurrent users")


def _failure_name(value: str) -> str:
    if value.isdigit():
        return _("code {code}").format(code=value)
    reason, slash, code = value.partition("/")
    name = reason_name(reason).lower()
    if not slash:
        return name
    text = _("{reason} without a code") if code == NO_CODE else _("{reason} with code {code}")
    return text.format(reason=name, code=code)


def _any_of(patterns: frozenset[str]) -> str:
    shown = [_shown(pattern) for pattern in sorted(patterns)]
    return _or(shown) if len(shown) <= _MAX_NAMES else _or_others(shown[0], len(shown) - 1)


def _not(words: str) -> str:
    return _("not {restriction}").format(restriction=words)


def _or(words: Iterable[str]) -> str:
    text = ""
    for word in words:
        text = _("{first} or {second}").format(first=text, second=word) if text else word
    return text


def _or_others(words: str, count: int) -> str:
    return ngettext("{first} or {count} other", "{first} or {count} others", count).format(
        first=words, count=number(count)
    )


def _shown(pattern: str) -> str:
    """A pattern as it is safe to show: it can be a name from a file."""
    return UNKNOWN_NAME if pattern == UNKNOWN else safe(plain(pattern), _MAX_NAME_LENGTH)


FIELD_WORDS: dict[str, FieldWords] = {
    "period": FieldWords(
        restriction=lambda filter: period_name(filter.period),
        without=_("Over all time there would be {starts}."),
        dropdown=DropdownWords(_("Period"), "p", _period_setting, value_names=PERIOD_NAMES),
    ),
    "origin": FieldWords(
        restriction=_started_by,
        without=_("Without the origin there would be {starts}."),
        dropdown=DropdownWords(_("Started by"), "o", _origins_setting, _("Anything"), ORIGIN_NAMES),
    ),
    "line": FieldWords(
        restriction=lambda filter: _("line {names}").format(names=_any_of(filter.lines)),
        without=_("Without the line there would be {starts}."),
        dropdown=DropdownWords(
            _("Line"),
            "l",
            lambda filter: _patterns_setting(filter.lines, pgettext("dropdown", "All lines"), _("{count} lines")),
            _("All lines"),
        ),
    ),
    "template": FieldWords(
        restriction=lambda filter: _("template {names}").format(names=_any_of(filter.templates)),
        without=_("Without the template there would be {starts}."),
        dropdown=DropdownWords(
            _("Template"),
            "t",
            lambda filter: _patterns_setting(
                filter.templates, pgettext("dropdown", "All templates"), _("{count} templates")
            ),
            _("All templates"),
        ),
    ),
    "user": FieldWords(
        restriction=_of_users,
        without=_("Without the user type there would be {starts}."),
        dropdown=DropdownWords(
            _("User"),
            "u",
            lambda filter: _("All") if filter.user_type is None else USER_TYPE_NAMES[filter.user_type],
            _("All users"),
            USER_TYPE_NAMES,
        ),
    ),
    "status": FieldWords(
        restriction=_with_status,
        without=_("Without the status there would be {starts}."),
    ),
    "failure": FieldWords(
        restriction=_failed_by,
        without=_("Without the failure there would be {starts}."),
    ),
    "contact": FieldWords(
        restriction=lambda filter: _("contact {contact}").format(contact=_shown(filter.contact or "")),
        without=_("Without the contact there would be {starts}."),
    ),
    "name": FieldWords(
        restriction=lambda filter: _("name with {text}").format(text=_any_of(filter.names)),
        without=_("Without the name there would be {starts}."),
    ),
}
DROPDOWNS: dict[str, DropdownWords] = {
    name: words.dropdown for name, words in FIELD_WORDS.items() if words.dropdown is not None
}


def setting_of(name: str, filter: Filter) -> str:
    """What the dropdown of a field shows of a filter."""
    words = DROPDOWNS[name]
    excluded = filter.excluded_values(name)
    if not excluded or filter.values(name):
        return words.setting(filter)
    if others := frozenset(_ENUMERATED.get(name, ())) - excluded:
        return words.setting(filter.with_values(name, others))
    shown = words.setting(type(filter)().with_values(name, excluded))
    return _not(shown)


def other_settings(filter: Filter) -> str:
    """What no dropdown shows of a filter, in words; empty if they show all of it."""
    words = []
    for name in FIELDS:
        if name not in DROPDOWNS:
            words += [_selected(filter, name), _excluded(filter, name)]
        elif filter.values(name):
            words.append(_excluded(filter, name))
    return ", ".join(word for word in words if word)


# Beside the dropdowns: what none of them shows. Its key opens the filter line.
OTHER_SETTINGS = DropdownWords(_("Also"), "/", other_settings)
