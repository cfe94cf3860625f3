"""The words of a filter in other languages: `plantilla:` for `template:`, `hoy` for `today`.

A filter is always shown, saved and printed in English, so that it means the same to everybody; what people type may be
in any language of the program. The catalogues have the words: several are separated by `|`, and completion offers the
first.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from storage.domain.folding import folded
from storage.domain.patterns import UNKNOWN
from storage.language.catalogue import catalogue
from storage.language.languages import ENGLISH, LANGUAGES
from storage.language.texts import pgettext

_FIELD, _VALUE = "filter field", "filter value"
_FIELDS = {
    "period": pgettext("filter field", "period"),
    "since": pgettext("filter field", "since"),
    "until": pgettext("filter field", "until"),
    "origin": pgettext("filter field", "origin"),
    "line": pgettext("filter field", "line"),
    "template": pgettext("filter field", "template"),
    "user": pgettext("filter field", "user"),
    "status": pgettext("filter field", "status"),
    "failure": pgettext("filter field", "failure"),
    "contact": pgettext("filter field", "contact"),
    "name": pgettext("filter field", "name"),
}
_VALUES = {
    "today": pgettext("filter value", "today"),
    "yesterday": pgettext("filter value", "yesterday"),
    "week": pgettext("filter value", "week"),
    "last_week": pgettext("filter value", "last_week"),
    "month": pgettext("filter value", "month"),
    "last_month": pgettext("filter value", "last_month"),
    "year": pgettext("filter value", "year"),
    "all": pgettext("filter value", "all"),
    "template": pgettext("filter value", "template"),
    "notification": pgettext("filter value", "notification"),
    "webchat": pgettext("filter value", "webchat"),
    "campaign": pgettext("filter value", "campaign"),
    "new": pgettext("filter value", "new"),
    "recurrent": pgettext("filter value", "recurrent"),
    "failed": pgettext("filter value", "failed"),
    "sent": pgettext("filter value", "sent"),
    "delivered": pgettext("filter value", "delivered"),
    "read": pgettext("filter value", "read"),
    "answered": pgettext("filter value", "answered"),
    "received": pgettext("filter value", "received"),
    "wrong_parameters": pgettext("filter value", "wrong_parameters"),
    "template_unavailable": pgettext("filter value", "template_unavailable"),
    "limit_reached": pgettext("filter value", "limit_reached"),
    "number_gone": pgettext("filter value", "number_gone"),
    "wrong_number": pgettext("filter value", "wrong_number"),
    "window_closed": pgettext("filter value", "window_closed"),
    "opted_out": pgettext("filter value", "opted_out"),
    "account": pgettext("filter value", "account"),
    "service": pgettext("filter value", "service"),
    "media": pgettext("filter value", "media"),
    "other": pgettext("filter value", "other"),
    UNKNOWN: pgettext("filter value", "(unknown)"),
}


def field_word(field: str) -> str:
    """The word of a field in the language of the process, as completion offers it."""
    return _first(_FIELDS.get(field, field))


def value_word(value: str) -> str:
    """The word of a value in the language of the process; itself if it is the same in every language."""
    return _first(_VALUES.get(value, value))


def english_field(word: str) -> str | None:
    """The field that a word of another language names; None if it names none."""
    return next(iter(_english(_FIELD).get(_plain(word), ())), None)


def english_value(word: str, members: Collection[str]) -> str | None:
    """The one of some values that a word of another language means; None if it means none of them."""
    return next((value for value in _english(_VALUE).get(_plain(word), ()) if value in members), None)


@cache
def _english(context: str) -> dict[str, tuple[str, ...]]:
    """What the words of all languages mean. Only read when a word is not English: it takes some milliseconds."""
    found: dict[str, tuple[str, ...]] = {}
    for language in LANGUAGES.keys() - {ENGLISH}:
        texts = catalogue(language)
        for english in _FIELDS if context == _FIELD else _VALUES:
            for word in texts.pgettext(context, english).split("|"):
                meanings = found.setdefault(_plain(word), ())
                if english not in meanings:
                    found[_plain(word)] = (*meanings, english)
    return found


def _first(words: str) -> str:
    return words.partition("|")[0]


def _plain(word: str) -> str:
    return folded(word).replace("-", "_")
