"""Finds webhooks inside what people keep them in: records of loggers and servers, bodies as text, lists of those.

Reads no item of a webhook.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from storage.sources.fields import base64_text, text_of
from storage.sources.json_scanner import decode, records

_MAX_DEPTH = 6  # envelopes around a webhook
_MIN_BASE64 = 40  # characters; a webhook has more
_ENVELOPE_MEMBERS = (
    *("body", "Body", "body_params", "requestBody", "rawBody", "request", "payload", "data", "json", "event", "value"),
    *("message", "msg", "log", "Message", "Messages", "Records", "records", "jsonPayload", "textPayload"),
)


def changes_in(value: Any, depth: int = 0) -> Iterator[tuple[str | None, Any]]:
    """Every (field, value) of the webhooks in a decoded JSON value, through any envelopes.

    Args:
        value: The decoded JSON value.
        depth: How many envelopes are around it already.
    """
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from changes_in(item, depth + 1)
    elif isinstance(value, str):
        yield from _changes_of_text(value, depth)
    elif isinstance(value, dict):
        yield from _changes_of_object(value, depth)


def _changes_of_object(value: dict[str, Any], depth: int) -> Iterator[tuple[str | None, Any]]:
    if isinstance(value.get("entry"), (list, dict)):
        yield from _changes_of_entries(value["entry"])
    elif isinstance(value.get("metadata"), dict) and any(name in value for name in ("statuses", "messages")):
        yield "messages", value
    elif isinstance(value.get("value"), dict) and "field" in value:
        yield text_of(value["field"]), value["value"]
    else:
        for name in _ENVELOPE_MEMBERS:
            if isinstance(value.get(name), (dict, list, str)) and (found := [*changes_in(value[name], depth + 1)]):
                # Some keep the body twice, as text and decoded: it is one webhook.
                yield from found
                return


def _changes_of_entries(entries: list[Any] | dict[str, Any]) -> Iterator[tuple[str | None, Any]]:
    for entry in entries if isinstance(entries, list) else [entries]:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        for change in changes if isinstance(changes, list) else ():
            known = change if isinstance(change, dict) else {}
            yield text_of(known.get("field")), known.get("value")


def _changes_of_text(text: str, depth: int) -> Iterator[tuple[str | None, Any]]:
    plain = base64_text(text) if len(text) > _MIN_BASE64 and "{" not in text else text
    if plain is None or "{" not in plain:
        return
    # The JSON may be part of a logger's line.
    for record in records(plain.encode("utf-8", "replace").splitlines(keepends=True)):
        if record is not None and record.broken is None:
            with suppress(ValueError):
                yield from changes_in(decode(record.text), depth + 1)
