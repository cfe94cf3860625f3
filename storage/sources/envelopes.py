"""Webhooks in what people keep them in: wrappers of loggers and servers, bodies as text, lists of those. Reads no
item."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from storage.sources.fields import base64_text, text_of
from storage.sources.json_scanner import decode, records

_DEEPEST = 6  # wrappers around a webhook
_WRAPPED = (
    *("body", "Body", "body_params", "requestBody", "rawBody", "request", "payload", "data", "json", "event", "value"),
    *("message", "msg", "log", "Message", "Messages", "Records", "records", "jsonPayload", "textPayload"),
)


def changes_in(value: Any) -> Iterator[tuple[str | None, Any]]:
    """Every (field, value) of the webhooks in a decoded JSON value, through any wrappers."""
    return _changes(value, 0)


def _changes(value: Any, depth: int) -> Iterator[tuple[str | None, Any]]:
    """Every (field, value) of the webhooks in a value, through any wrappers."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _changes(item, depth + 1)
    elif isinstance(value, str):
        yield from _changes_of_text(value, depth)
    elif isinstance(value, dict):
        if isinstance(value.get("entry"), (list, dict)):
            entries = value["entry"] if isinstance(value["entry"], list) else [value["entry"]]
            for entry in entries:
                changes = entry.get("changes") if isinstance(entry, dict) else None
                for change in changes if isinstance(changes, list) else ():
                    known = change if isinstance(change, dict) else {}
                    yield text_of(known.get("field")), known.get("value")
        elif isinstance(value.get("metadata"), dict) and any(name in value for name in ("statuses", "messages")):
            yield "messages", value
        elif isinstance(value.get("value"), dict) and "field" in value:
            yield text_of(value["field"]), value["value"]
        else:
            for name in _WRAPPED:
                if isinstance(value.get(name), (dict, list, str)) and (found := [*_changes(value[name], depth + 1)]):
                    # Who keeps the body twice, as it came and decoded, means one webhook.
                    yield from found
                    return


def _changes_of_text(text: str, depth: int) -> Iterator[tuple[str | None, Any]]:
    packed = base64_text(text) if len(text) > 40 and "{" not in text else text
    if packed is None or "{" not in packed:
        return
    # A logger's line may stand around the JSON.
    for record in records(packed.encode("utf-8", "replace").splitlines(keepends=True)):
        if record is not None and record.broken is None:
            with suppress(ValueError):
                yield from _changes(decode(record.text), depth + 1)
