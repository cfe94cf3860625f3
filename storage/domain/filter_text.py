"""The text of a filter as words: `keyword:value,value`, separated by spaces. Knows no field's meaning.

A value becomes a pattern: a bare `*` is a wildcard, text in quotes is literal. The grammar is in `docs/filters.md`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from storage.domain.errors import unknown_word
from storage.domain.patterns import literal, unquoted

_KEYWORD = re.compile(r"([A-Za-z]+):")
_UNTIL_QUOTE = re.compile(r'((?:[^"\\]|\\.)*)"', re.DOTALL)


class FilterError(ValueError):
    """A filter text that cannot be read.

    Attributes:
        message: what is wrong and what to write instead, in one line.
        text: the whole text.
        position: where the wrong word begins in `text`.
        length: how many characters the wrong word has.
    """

    def __init__(self, message: str, text: str = "", position: int = 0, length: int = 0) -> None:
        super().__init__(message)
        self.message, self.text, self.position, self.length = message, text, position, length

    @property
    def sentence(self) -> str:
        """The message, with the wrong word if the message does not name it."""
        word = " ".join(self.text[self.position : self.position + self.length].split())
        return self.message if word in self.message else f'{self.message} (at "{word}")'


class Word(NamedTuple):
    """One word of a filter text.

    Attributes:
        keyword: the part before the colon, in lower case.
        values: the patterns after the colon, none of them empty.
        text: the whole text that the word is part of.
        position: where the word begins in `text`.
        length: how many characters the word has.
    """

    keyword: str
    values: tuple[str, ...]
    text: str
    position: int
    length: int

    def error(self, message: str) -> FilterError:
        """An error that points at this word."""
        return FilterError(message, self.text, self.position, self.length)

    def only_value(self) -> str:
        """The word's value; raises FilterError where it has several."""
        if len(self.values) != 1:
            raise self.error(f"'{self.keyword}:' takes one value")
        return self.values[0]


def split_words(text: str, keywords: Collection[str]) -> Iterator[Word]:
    """The words of a filter text, in order.

    Args:
        text: the whole text.
        keywords: the keywords that are allowed.

    Raises:
        FilterError: a word has no known keyword, no value, or a quote that is not closed.
    """
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        values, end = _scan(text, position)
        head = _KEYWORD.match(text, position, end)
        if head is None:
            shown = text[position:end]
            raise FilterError(f"'{shown}' is not of the form field:value", text, position, end - position)
        keyword = head[1].lower()
        if keyword not in keywords:
            raise FilterError(unknown_word("field", head[1], keywords), text, position, len(head[1]))
        values[0] = values[0][len(head[0]) :]
        word = Word(keyword, tuple(values), text, position, end - position)
        if "" in values:
            raise word.error(f"'{keyword}:' needs a value")
        yield word
        position = end


def _scan(text: str, start: int) -> tuple[list[str], int]:
    """The word that begins at `start`, split at its commas into patterns, and the position where it ends."""
    values, position = [""], start
    while position < len(text) and not text[position].isspace():
        character = text[position]
        position += 1
        if character == '"':
            inside, position = _quoted_text(text, position)
            values[-1] += literal(inside)
        elif character == ",":
            values.append("")
        elif character == "\\":
            values[-1] += "\\\\"
        else:
            values[-1] += character
    return values, position


def _quoted_text(text: str, start: int) -> tuple[str, int]:
    """The value that begins after a quote, and the position after its closing quote."""
    found = _UNTIL_QUOTE.match(text, start)
    if found is None:
        raise FilterError("The quote is not closed", text, start - 1, len(text) - start + 1)
    return unquoted(found[1]), found.end()
