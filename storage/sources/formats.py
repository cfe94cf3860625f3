"""The list of all formats. Everything that names or tries formats takes them from here."""

from __future__ import annotations

from storage.language.texts import _
from storage.sources import botmaker, cloud_api, gupshup, send_log, twilio
from storage.sources.fields import keyless_pattern
from storage.sources.format import Context, Format
from storage.sources.opened import Options

# The first format that recognises a header or an object reads it, so exact formats come before tolerant ones: a send
# log takes nearly any header with a time and a recipient.
FORMATS: tuple[Format, ...] = (gupshup.FORMAT, cloud_api.FORMAT, botmaker.FORMAT, twilio.FORMAT, send_log.FORMAT)


def names() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(format.name for format in FORMATS)


def expected() -> str:
    """The names of all formats for a message, such as "a, b or c"."""
    *others, last = names()
    return _("{others} or {last}").format(others=", ".join(others), last=last) if others else last


def context_of(options: Options) -> Context:
    """What every reader of a file gets."""
    return Context(options, keyless_pattern(format.name for format in FORMATS if format.keyless))
