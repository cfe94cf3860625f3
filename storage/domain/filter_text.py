"""The text of a filter as words: `keyword:value,value`, separated by spaces. Knows no field's meaning.

A value becomes a pattern: a bare `*` is a wildcard, text in quotes is literal. A bare `!` before the values excludes
them. The grammar is in `docs/filters.md`.
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
        excluded: whether a `!` stands before the values: then they are left out.
        text: the whole text that the word is part of.
        position: where the word begins in `text`.
        length: how many characters the word has.
    """

    keyword: str
    values: tuple[str, ...]
    excluded: bool
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
        word = _word(text, position, keywords)
        yield word
        position += word.length


def _word(text: str, start: int, keywords: Collection[str]) -> Word:
    """The word that begins at `start`."""
    head = _KEYWORD.match(text, start)
    if head is None:
        _, _, end = _scan(text, start)
        raise FilterError(_no_field(text[start:end], keywords), text, start, end - start)
    keyword = head[1].lower()
    if keyword not in keywords:
        raise FilterError(unknown_word("field", head[1], keywords), text, start, len(head[1]))
    values, marked, end = _scan(text, head.end())
    word = Word(keyword, tuple(values), marked[0], text, start, end - start)
    if "" in values:
        raise word.error(f"'{keyword}:' needs a value")
    if any(marked) and not marked[0]:
        raise word.error(f"'!' excludes all values of a word; write {keyword}:!… as another word")
    return word


def _no_field(word: str, keywords: Collection[str]) -> str:
    """The message for a word without a field."""
    head = _KEYWORD.match(word, 1) if word[0] in "!-" else None
    if head is not None and head[1].lower() in keywords:
        return f"Write {head[0]}!{word[head.end() :]} to exclude a value"
    return f"'{word}' is not of the form field:value"


def _scan(text: str, start: int) -> tuple[list[str], list[bool], int]:
    """The values that begin at `start`, separated by commas.

    Returns:
        The values as patterns, whether a `!` stood before each, and the position where the last one ends.
    """
    values, marked, position = [""], [False], start
    while position < len(text) and not text[position].isspace():
        character = text[position]
        position += 1
        if character == '"':
            inside, position = _quoted_text(text, position)
            values[-1] += literal(inside)
        elif character == ",":
            values.append("")
            marked.append(False)
        elif character == "!" and not values[-1] and not marked[-1] and text[position - 2] in ":,":
            marked[-1] = True
        elif character == "\\":
            values[-1] += "\\\\"
        else:
            values[-1] += character
    return values, marked, position


def _quoted_text(text: str, start: int) -> tuple[str, int]:
    """The value that begins after a quote, and the position after its closing quote."""
    found = _UNTIL_QUOTE.match(text, start)
    if found is None:
        raise FilterError("The quote is not closed", text, start - 1, len(text) - start + 1)
    return unquoted(found[1]), found.end()
