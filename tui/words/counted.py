"""Counts with their nouns, as people read them: "1 start", "1,234 sends". Knows no widget."""

from __future__ import annotations

from storage.language.texts import ngettext
from tui.words.numbers import number


def starts(count: int) -> str:
    """A count of starts."""
    return ngettext("{count} start", "{count} starts", count).format(count=number(count))


def sends(count: int) -> str:
    """A count of sends."""
    return ngettext("{count} send", "{count} sends", count).format(count=number(count))


def users(count: int) -> str:
    """A count of users."""
    return ngettext("{count} user", "{count} users", count).format(count=number(count))


def files(count: int) -> str:
    """A count of files."""
    return ngettext("{count} file", "{count} files", count).format(count=number(count))


def events(count: int) -> str:
    """A count of events."""
    return ngettext("{count} event", "{count} events", count).format(count=number(count))
