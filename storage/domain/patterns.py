"""Patterns: how a filter names lines, templates and contacts. Knows no field and no database.

`*` in a pattern matches any characters, or none. `\\*` is a literal star and `\\\\` a literal backslash. Case is
ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

ANY = "*"  # the pattern that matches every value
UNKNOWN = "(unknown)"  # the value of a line or a template that no source names
_SPECIAL = frozenset("*\\")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CHARACTERS = re.compile(r"\\.|[^\\]", re.DOTALL)
_PARTS = re.compile(r"(?:\\.|[^\\*])+|\*", re.DOTALL)
_PHONE = re.compile(r"\+?[0-9*\\ ().-]+")
_NO_DIGITS = re.compile(r"[^0-9*\\]")  # nor a wildcard or its escape
_NEEDS_NO_QUOTES = re.compile(r"(?!!)[^\s\",\\*]+")  # a bare ! excludes


def literal(value: str) -> str:
    """The pattern that matches only this value."""
    return value.replace("\\", "\\\\").replace("*", "\\*")


def is_literal(pattern: str) -> bool:
    """Whether the pattern has no wildcard."""
    return "*" not in pattern or "*" not in _ESCAPED.sub("", pattern)


def plain(pattern: str) -> str:
    """The pattern as people read it, without its backslashes."""
    return _ESCAPED.sub(r"\1", pattern) if "\\" in pattern else pattern


def quoted(pattern: str) -> str:
    """The pattern as it is written in a filter: wildcards bare, other text in quotes where it needs them."""
    if _NEEDS_NO_QUOTES.fullmatch(pattern):
        return pattern
    pieces = []
    for part in _PARTS.findall(pattern):
        if part == "*":
            pieces.append(part)
            continue
        value = plain(part)
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        pieces.append(value if _NEEDS_NO_QUOTES.fullmatch(value) else f'"{escaped}"')
    return "".join(pieces)


def unquoted(text: str) -> str:
    """The value of the text between two quotes: `\\"` is a quote and `\\\\` a backslash."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def phone_digits(pattern: str) -> str:
    """A phone number without its punctuation, as numbers are stored; any other pattern as it is."""
    return _NO_DIGITS.sub("", pattern) if _PHONE.fullmatch(pattern) else pattern


def matcher(pattern: str) -> re.Pattern[str]:
    """A regular expression to match a whole value with (`fullmatch`).

    The text between two wildcards is matched at the first place where it occurs, in an atomic group. Without it, a
    pattern with eight wildcards takes hours on a long value, because the expression tries every combination.
    """
    pieces = [""]
    for character in _CHARACTERS.findall(pattern):
        if character == "*":
            pieces.append("")
        else:
            pieces[-1] += re.escape(character[-1])
    if len(pieces) == 1:
        return re.compile(pieces[0], re.IGNORECASE | re.DOTALL)
    first, *between, last = pieces
    middle = "".join(f"(?>.*?{piece})" for piece in between if piece)
    return re.compile(f"{first}{middle}.*{last}", re.IGNORECASE | re.DOTALL)


class AnyOf:
    """Matches a value against several patterns at once. A thousand literal patterns take no longer than one."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = frozenset(patterns)
        simple = {pattern for pattern in self._patterns if pattern.isascii() and not _SPECIAL & set(pattern)}
        self._values = {pattern.lower() for pattern in simple}
        self._others = [matcher(pattern) for pattern in self._patterns - simple]

    def matches(self, value: str) -> bool:
        """Whether any pattern matches the whole value."""
        if value.isascii():
            return value.lower() in self._values or any(other.fullmatch(value) for other in self._others)
        # A letter beyond ASCII can match an ASCII one when case is ignored (the Kelvin sign matches k).
        return any(expression.fullmatch(value) for expression in self._expressions)

    @cached_property
    def _expressions(self) -> list[re.Pattern[str]]:
        return [matcher(pattern) for pattern in self._patterns]
