"""The text of a filter as words: `keyword:value,value`, separated by spaces. Knows no field's meaning.

A value becomes a pattern: a bare `*` is a wildcard, text in quotes is literal. A bare `!` before the values excludes
them. `@name` stands for the words of a named filter. The grammar is in `docs/filters.md`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from storage.domain.errors import unknown_word
from storage.domain.filter_context import FilterContext
from storage.domain.filter_synonyms import english_field, field_word
from storage.domain.patterns import literal, unquoted
from storage.language.conventions import localized
from storage.language.texts import _

_MOST_DEEP, _MOST_WORDS = 50, 1_000  # named filters within each other, and words that they stand for together
_DATES = frozenset(("since", "until"))  # their value can go on after a space: `since:1 nov 2026`
_REST_OF_DATE = re.compile(r"(?: +\d{1,2}(?:st|nd|rd|th)?,?| +(?:de +)?[^\W\d_]{3,}\.?)?(?: +(?:del? +)?\d{4})?(?!\S)")
_NAME = re.compile(r"@[^\s\",:!*\\]*")
_KEYWORD = re.compile(r"([^\W\d_]+):")
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
        if word in self.message:
            return self.message
        return _('{message} (at "{word}")').format(message=self.message, word=word)


class Word(NamedTuple):
    """One word of a filter text.

    Attributes:
        keyword: the part before the colon, in lower case.
        values: the patterns after the colon, none of them empty.
        excluded: whether a `!` stands before the values: then they are left out.
        text: the whole text that the word is part of.
        position: where the word begins in `text`.
        length: how many characters the word has.
        today: the present day, for days that are written without a year or relative to it.
        name: of the named filter that the word comes from; empty if it stands in the text itself.
    """

    keyword: str
    values: tuple[str, ...]
    excluded: bool
    text: str
    position: int
    length: int
    today: date
    name: str = ""

    def error(self, message: str) -> FilterError:
        """An error that points at this word."""
        message = f"@{self.name}: {message}" if self.name else message
        return FilterError(message, self.text, self.position, self.length)

    def only_value(self) -> str:
        """The word's value; raises FilterError where it has several."""
        if len(self.values) != 1:
            raise self.error(_("'{field}:' takes one value").format(field=self.keyword))
        return self.values[0]


def split_words(text: str, keywords: Collection[str], context: FilterContext) -> Iterator[Word]:
    """The words of a filter text, in order, with those of the named filters that it mentions.

    Args:
        text: the whole text.
        keywords: the keywords that are allowed.
        context: the named filters, and the present day.

    Raises:
        FilterError: a word has no known keyword, no value, or a quote that is not closed; a name is unknown, or its
            filter mentions itself or stands for too many words.
    """
    return _words(text, keywords, context, (), iter(range(_MOST_WORDS)))


def _words(
    text: str, keywords: Collection[str], context: FilterContext, names: tuple[str, ...], left: Iterator[int]
) -> Iterator[Word]:
    """The same for the text of a named filter.

    Args:
        text: the whole text.
        keywords: the keywords that are allowed.
        context: the named filters, and the present day.
        names: of the named filters whose text this one is part of, the outermost first.
        left: has an item for each word that named filters may still stand for.
    """
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
        elif text[position] == "@":
            end = _name_end(text, position)
            yield from _named_words(text, position, end, keywords, context, names, left)
            position = end
        else:
            word = _word(text, position, keywords, context.today)
            if names and next(left, None) is None:
                raise word.error(_too_many_words(names[0]))
            yield word
            position += word.length


def _name_end(text: str, start: int) -> int:
    found = _NAME.match(text, start)
    return start if found is None else found.end()


def _named_words(
    text: str,
    start: int,
    end: int,
    keywords: Collection[str],
    context: FilterContext,
    names: tuple[str, ...],
    left: Iterator[int],
) -> Iterator[Word]:
    """The words that `@name` stands for."""
    given = text[start + 1 : end]
    name = given.lower()
    if name not in context.named:
        raise FilterError(_unknown_name(given, context.named), text, start, end - start)
    if name in names:
        cycle = " → ".join(f"@{one}" for one in (*names[names.index(name) :], name))
        message = _("@{name} refers to itself: {cycle}")
        raise FilterError(message.format(name=name, cycle=cycle), text, start, end - start)
    # Names that each mention the next one twice stand for 2^n words.
    if next(left, None) is None:
        raise FilterError(_too_many_words((*names, name)[0]), text, start, end - start)
    if len(names) == _MOST_DEEP:
        message = _("@{name} is within more than {count} named filters").format(name=name, count=_MOST_DEEP)
        raise FilterError(message, text, start, end - start)
    try:
        for word in _words(context.named[name], keywords, context, (*names, name), left):
            yield word._replace(text=text, position=start, length=end - start, name=name)
    except FilterError as error:
        message = error.message if error.message.startswith("@") else f"@{name}: {error.sentence}"
        raise FilterError(message, text, start, end - start) from None


def _too_many_words(name: str) -> str:
    message = _("@{name} stands for more than {count} words")
    return message.format(name=name, count=localized(f"{_MOST_WORDS:,}"))


def _unknown_name(given: str, named: Collection[str]) -> str:
    if not named:
        return _("Unknown filter '@{given}': the settings file has no [filters]").format(given=given)
    return unknown_word(_("filter"), f"@{given}", [f"@{name}" for name in sorted(named)])


def _word(text: str, start: int, keywords: Collection[str], today: date) -> Word:
    """The word that begins at `start`."""
    head = _KEYWORD.match(text, start)
    if head is None:
        end = _scan(text, start)[2]
        raise FilterError(_no_field(text[start:end], keywords), text, start, end - start)
    keyword = _known_keyword(head[1], keywords)
    if keyword is None:
        known = [field_word(one) for one in keywords]
        raise FilterError(unknown_word(_("field"), head[1], known), text, start, len(head[1]))
    values, marked, end = _scan(text, head.end())
    if keyword in _DATES and values[0] and (more := _REST_OF_DATE.match(text, end)) is not None:
        values[-1] += more[0]
        end = more.end()
    word = Word(keyword, tuple(values), marked[0], text, start, end - start, today)
    if "" in values:
        raise word.error(_("'{field}:' needs a value").format(field=keyword))
    if any(marked) and not marked[0]:
        message = _("'!' excludes all values of a word; write {field}:!… as another word")
        raise word.error(message.format(field=keyword))
    return word


def _known_keyword(given: str, keywords: Collection[str]) -> str | None:
    """The keyword that a word stands for, in any language of the program; None if it stands for none."""
    keyword = given.lower()
    return keyword if keyword in keywords else english_field(keyword)


def _no_field(word: str, keywords: Collection[str]) -> str:
    """The message for a word without a field."""
    head = _KEYWORD.match(word, 1) if word[0] in "!-" else None
    if head is not None and _known_keyword(head[1], keywords) is not None:
        return _("Write {word} to exclude a value").format(word=f"{head[0]}!{word[head.end() :]}")
    return _("'{given}' is not of the form field:value").format(given=word)


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
        raise FilterError(_("The quote is not closed"), text, start - 1, len(text) - start + 1)
    return unquoted(found[1]), found.end()
