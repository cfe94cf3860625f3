"""The grammar of the filter line in a few words, for the help; `docs/filters.md` has all of it. Knows no widget."""

from __future__ import annotations

from storage.domain.filters import fields_by_keyword
from storage.domain.written_dates import HOW

GRAMMAR: tuple[tuple[str, str], ...] = (
    ("field:value", "starts that have the value; of several fields, starts that meet all of them"),
    ("field:a,b", "one of the values"),
    ("field:!a,b", "all but these values"),
    ("*", "in a value: any characters"),
    ('"a b"', "a value with spaces; what stands in quotes is taken as it is"),
    ("@name", "a filter that the settings file names"),
)
_DESCRIBED = {
    "since": f"the first day: {HOW}",
    "until": "the day after the last, in the same forms",
    "line": "the id, number or name of a line; (unknown)",
    "template": "the name of a template; (unknown)",
    "failure": "an error code, a reason such as number_gone, or both: number_gone/131026",
    "contact": "the number, user id or customer id of one person; (unknown)",
    "name": "any part of a person's name, without case and accents",
}


def field_words() -> list[tuple[str, str]]:
    """Each keyword with its colon, and what can be written after it."""
    return [
        (f"{keyword}:", _DESCRIBED.get(keyword) or ", ".join(field.suggestions(keyword)))
        for keyword, field in fields_by_keyword().items()
    ]
