"""What the beginning of a filter can become, in the filter line and in the shell. Knows no widget and no database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from storage.domain.filter_synonyms import english_field, field_word, value_word
from storage.domain.filters import fields_by_keyword
from storage.domain.folding import folded
from storage.domain.patterns import UNKNOWN, quoted
from storage.report.filter_choices import Choice


def word_start(text: str) -> int:
    """The index at which the last word of a text begins; spaces in quotes do not separate words."""
    start, in_quotes = 0, False
    for index, character in enumerate(text):
        if character == '"':
            in_quotes = not in_quotes
        elif character.isspace() and not in_quotes:
            start = index + 1
    return start


def candidates(word: str, choices: Mapping[str, Sequence[Choice]], named: Collection[str] = ()) -> list[str]:
    """What a word can become: a keyword with its colon, a keyword with one of its values, or a named filter.

    Args:
        word: the beginning of a word of the filter.
        choices: the values that the database knows, by the name of the field.
        named: the names of the named filters.
    """
    if word.startswith("@"):
        return [f"@{name}" for name in named if name.startswith(word[1:].lower())]
    keyword, colon, values = word.partition(":")
    fields = fields_by_keyword()
    if not colon:
        keywords = [f"{name}:" for name in _matching(list(map(field_word, fields)), list(fields), keyword)]
        return keywords if word else keywords + [f"@{name}" for name in named]
    english = keyword.lower() if keyword.lower() in fields else english_field(keyword)
    field = fields.get(english or "")
    if field is None:
        return []
    suggestions = field.suggestions(english or "")
    from_database = [quoted(choice.value) for choice in choices.get(field.name, ())]
    before, comma, last = values.rpartition(",")
    if not comma and last.startswith("!"):
        before, last = "!", last[1:]
    shown = [value_word(value) if value == UNKNOWN else value for value in from_database]
    of_language = [*map(value_word, suggestions), *shown]
    found = _matching(of_language, [*suggestions, *from_database], last.lstrip('"'))
    return [f"{keyword}:{before}{comma}{value}" for value in found]


def _matching(of_language: Sequence[str], english: Sequence[str], beginning: str) -> list[str]:
    """The words that begin so: those of the language of the process, or else the English ones."""
    wanted = folded(beginning)
    for words in (of_language, english):
        if found := [word for word in words if folded(word).lstrip('"').startswith(wanted)]:
            return found
    return []


def common_start(texts: Sequence[str]) -> str:
    """The longest beginning that all texts share."""
    first, last = min(texts), max(texts)
    length = next((index for index, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:length]
