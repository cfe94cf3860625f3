"""Where a whole object starts inside a broken one, because its writer was stopped. Knows no format."""

from __future__ import annotations

import json
import re
from itertools import islice

import msgspec

# The start of an object: other braces belong to a log's prefix. With 'single quotes' it is an invalid one.
OBJECT_START = re.compile(rb"""\{(?=\s*(?:["'}]|$))""")
_FIRST_MEMBER = re.compile(rb'\{\s*"[^"\n]*"')
# How much of a broken object is searched for the start of a whole one, which is at most as long.
_SEARCHED_BYTES = 1 << 20
_SEARCHED_STARTS, _TRIED_STARTS = 5_000, 200
_DECODED_AGAIN = 4  # times the text
_COST_OF_DEPTH = 100_000  # bytes that could be decoded while too deep nesting is


def hides_another(text: bytes) -> bool:
    """Whether the text is two broken objects: each lacks a quote, so that the braces between them seem to be text."""
    first_member = _FIRST_MEMBER.match(text)
    if first_member is None or text.find(first_member[0], 1) < 0:
        return False
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return next_whole(text) < len(text)
    except RecursionError:  # too deep nesting says nothing about quotes
        pass
    return False


def next_whole(text: bytes) -> int:
    """Where a whole object starts inside a broken one; the length of the text where none does.

    A whole object starts with the same member as the broken one, or where no value is expected.
    """
    first_member = _FIRST_MEMBER.match(text)
    shown = text[: 2 * _SEARCHED_BYTES].decode("latin-1")  # a sign for each byte, and JSON's own signs are ASCII
    tried, left = 0, _DECODED_AGAIN * len(shown)
    for found in islice(OBJECT_START.finditer(text[:_SEARCHED_BYTES], 1), _SEARCHED_STARTS):
        place = found.start()
        alike = first_member is not None and text.startswith(first_member[0], place)
        if not alike and text[max(0, place - 80) : place].rstrip()[-1:] in b":[,":
            continue
        if (error := _error_of(shown, place)) is None:
            return place
        tried, left = tried + 1, left - (error - place)
        if tried == _TRIED_STARTS or left < 0:
            break
    return len(text)


def starts_whole(text: bytes) -> bool:
    """Whether the text starts with a whole JSON object."""
    return _error_of(text.decode("utf-8", "replace"), 0) is None


def _error_of(text: str, place: int) -> int | None:
    """Where the JSON object that starts at a place is in error; None where it is whole."""
    try:
        json.JSONDecoder(strict=False).raw_decode(text, place)
    except json.JSONDecodeError as error:
        # The place of a string that does not end is its start.
        return len(text) if error.msg.startswith("Unterminated") else max(place, error.pos)
    except RecursionError:
        return place + _COST_OF_DEPTH
    except ValueError:
        return place
    return None
