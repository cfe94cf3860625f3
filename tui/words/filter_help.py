"""The grammar of the filter line in a few words, for the help; `docs/filters.md` has all of it. Knows no widget."""

from __future__ import annotations

from storage.domain.filters import fields_by_keyword
from storage.domain.written_dates import HOW
from storage.language.texts import _

GRAMMAR: tuple[tuple[str, str], ...] = (
    (_("field:value"), _("starts that have the value; of several fields, starts that meet all of them")),
    (_("field:a,b"), _("one of the values")),
    (_("field:!a,b"), _("all but these values")),
    ("*", _("in a value: any characters")),
    ('"a b"', _("a value with spaces; what stands in quotes is taken as it is")),
    (_("@name"), _("a filter that the settings file names")),
)
_DESCRIBED = {
    "since": _("the first day: {examples}").format(examples=HOW),
    "until": _("the day after the last, in the same forms"),
    "line": _("the id, number or name of a line; (unknown)"),
    "template": _("the name of a template; (unknown)"),
    "failure": _("an error code, a reason such as number_gone, or both: number_gone/131026"),
    "contact": _("the number, user id or customer id of one person; (unknown)"),
    "name": _("any part of a person's name, without case and accents"),
}


def field_words() -> list[tuple[str, str]]:
    """Each keyword with its colon, and what can be written after it."""
    return [
        (f"{keyword}:", _DESCRIBED.get(keyword) or ", ".join(field.suggestions(keyword)))
        for keyword, field in fields_by_keyword().items()
    ]
