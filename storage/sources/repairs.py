"""Reads objects that are no JSON as they stand: printed by a program, escaped, or cut off. Knows no format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from storage.sources.escapes import undo_backslashes, undo_doubled_quotes
from storage.sources.json_scanner import decode, records
from storage.sources.literals import literal_in

_MAX_BYTES = 4 << 20
_MAX_STARTS = 200  # objects within a broken one that are tried

_DOUBLED = re.compile(rb'""[\w$]')
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|.)", re.DOTALL)
_WHOLE = re.compile(r'\{\s*"(?:object|entry|gs_app_id)"\s*:')
_decoder = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text may mean.

    Attributes:
        values: The decoded values.
        rest: What of the text is in none of them.
    """

    values: list[Any]
    rest: bytes = b""


def readings(text: bytes) -> Iterator[Reading]:
    """Every way to read a broken object, the likeliest first."""
    if len(text) > _MAX_BYTES:
        return
    if b"\\x" in text:
        yield from _decoded(_with_hex_in_strings(text))
    if _DOUBLED.search(text) is not None:
        yield from _decoded(undo_doubled_quotes(text))
    with suppress(ValueError):
        yield Reading([literal_in(text)])
    if b"\\" in text:
        yield from _objects(undo_backslashes(text))
    yield from _whole_within(text)


def _decoded(text: bytes) -> Iterator[Reading]:
    with suppress(ValueError):
        yield Reading([decode(text)])


def _objects(text: bytes) -> Iterator[Reading]:
    values = []
    for record in records(text.splitlines(keepends=True)):
        if record is not None and record.broken is None:
            with suppress(ValueError):
                values.append(decode(record.text))
    if values:
        yield Reading(values)


def _with_hex_in_strings(text: bytes) -> bytes:
    """JSON whose strings have `\\x22` for a quote, as nginx writes them, in JSON's own escapes."""
    return _ESCAPE.sub(_in_json, text)


def _in_json(escape: re.Match[bytes]) -> bytes:
    if escape[1] is None:
        return escape[0]
    code = int(escape[1], 16)
    if code in b'"\\':
        return b"\\" + bytes((code,))
    return b"\\u%04x" % code if code < 0x20 else bytes((code,))


def _whole_within(text: bytes) -> Iterator[Reading]:
    """Whole webhooks inside an object that is not whole, or that holds them in quotes without escaping theirs."""
    shown = text.decode("utf-8", "replace")
    values, rest, position = [], [], 0
    for _ in range(_MAX_STARTS):
        start = _WHOLE.search(shown, position)
        if start is None:
            break
        rest.append(shown[position : start.start()])
        position = start.start()
        try:
            value, position = _decoder.raw_decode(shown, position)
        except (ValueError, RecursionError):
            rest.append(shown[position : start.end()])
            position = start.end()
        else:
            values.append(value)
    if values:
        yield Reading(values, "".join([*rest, shown[position:]]).encode("utf-8", "replace"))
