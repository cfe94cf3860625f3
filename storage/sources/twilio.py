"""Twilio's message log: the console's CSV, and message resources of the REST API and of bulk exports as JSON.

Source: Twilio's reference of the Message resource and its list of error codes. The log has messages of all channels;
those of WhatsApp have addresses that begin with `whatsapp:`. It names no template, and only the last status of a
message, without its time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from storage.domain.events import Ignored, Item
from storage.language.texts import mark
from storage.sources.format import Context, Format, JsonReader, RowReader

NAME = "twilio"
REPLY = "outbound-reply"  # a text that answers a message; other messages out may be templates
PREFIX = "whatsapp:"
SMS = Ignored("message of another channel than WhatsApp")


def table(header: Sequence[str], context: Context) -> RowReader | None:
    """The reader of the rows below the header of a message log; loaded only where a file may be a table."""
    from storage.sources import twilio_rows

    return twilio_rows.table(header, context)


class ResourceReader(JsonReader):
    """Reads message resources: alone, one a line, or a page of them."""

    signs = (b"sid", b"page_size")

    def __init__(self, context: Context) -> None:
        self._options = context.options

    def items(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """The messages of one decoded value; None where it has none of Twilio."""
        if not isinstance(value, dict):
            return None
        if is_message(value):
            return [self._read(value, text, where)]
        messages = value.get("messages")
        if isinstance(messages, list) and ("page_size" in value or any(map(is_message, messages))):
            return [self._read(one, text, where) for one in messages]
        return None

    @cached_property
    def _read(self) -> Callable[[Any, bytes, str], Item]:
        """Reads one message; loaded with the first one, as most logs have none."""
        from storage.sources.twilio_resources import Resources

        return Resources(self._options).item


def is_message(value: Any) -> bool:
    """Whether a decoded value is a message resource."""
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("sid"), str)
        or not value["sid"].startswith(("SM", "MM"))
    ):
        return False
    return "status" in value and ("direction" in value or "account_sid" in value or "accountSid" in value)


FORMAT = Format(
    NAME,
    mark("Twilio's message log: CSV of the console, JSON of the API and of bulk exports"),
    table=table,
    json=ResourceReader,
    keyless=True,
)
