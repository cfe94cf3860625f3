"""Tells what is a webhook and takes it apart into its changes. Reads no item of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storage.sources.fields import text_of

_IDS_OF_LINES = ("phone_number_id", "display_phone_number")


def changes_of(value: Any) -> list[tuple[str | None, Any]] | None:
    """Every (field, value) of a webhook, of one change, or of its value alone; None where the object is none of these.

    Args:
        value: A decoded JSON value.
    """
    if not isinstance(value, dict):
        return None
    entries = value.get("entry")
    if isinstance(entries, (list, dict)):
        return [*_changes_of_entries(entries)] or ([] if entries == [] else None)
    if _is_value(value):
        return [("messages", value)]
    if isinstance(value.get("value"), dict) and "field" in value:
        return [(text_of(value["field"]), value["value"])]
    return None


def _is_value(value: dict[str, Any]) -> bool:
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or not ("statuses" in value or "messages" in value):
        return False
    return "messaging_product" in value or any(name in metadata for name in _IDS_OF_LINES)


def _changes_of_entries(entries: list[Any] | dict[str, Any]) -> Iterator[tuple[str | None, Any]]:
    for entry in entries if isinstance(entries, list) else [entries]:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        for change in changes if isinstance(changes, list) else ():
            known = change if isinstance(change, dict) else {}
            yield text_of(known.get("field")), known.get("value")
