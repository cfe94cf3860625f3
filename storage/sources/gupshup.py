"""Gupshup's events: version 2 in its own form, version 3 as Meta's webhooks with Gupshup's ids. Touches no database.

Format: Gupshup's documentation, "Message events" and "Inbound messages" (version 2), "Events" (version 3). A message is
known by its WhatsApp id: Gupshup's own id is missing in events that come a week or more after the message was sent.
"""

from __future__ import annotations

from typing import Any

from storage.domain.events import Ignored, Inbound, Item, LineIds, Origin, Status, Step
from storage.language.texts import mark
from storage.sources.cloud_api import WebhookReader
from storage.sources.cloud_api_values import CATEGORIES, STEPS
from storage.sources.fields import Unreadable, failure_of, reject, text_of, time_of
from storage.sources.format import Context, Format, JsonReader
from storage.sources.identity import person

_APP_OF_VERSION_3 = "gs_app_id"
_EVENTS = frozenset(
    ("message", "message-event", "user-event", "system-event", "template-event", "account-event", "billing-event")
)
# Gupshup's words for kinds of messages, in Meta's.
_KINDS = {
    "file": "document",
    "contact": "contacts",
    "quick_reply": "button",
    "button_reply": "interactive",
    "list_reply": "interactive",
}


class GupshupReader(JsonReader):
    """Reads Gupshup's events."""

    word = b"message-event"
    hints = (_APP_OF_VERSION_3.encode(), b"dial_code")
    signs = (b"payload", _APP_OF_VERSION_3.encode())

    def __init__(self, context: Context) -> None:
        self._zone, self._default_line = context.options.time_zone, context.options.line
        self._webhooks = WebhookReader(context)

    def items(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """The items of one event; None for any other value."""
        if not isinstance(value, dict):
            return None
        if _APP_OF_VERSION_3 in value:
            return self._webhooks.items(value, text, where)
        if not _is_version_2(value):
            return None
        try:
            return [self._item(value, value["payload"])]
        except Unreadable as error:
            return [reject(where, str(error), text)]

    def direct_items(self, text: bytes, where: str) -> list[Item] | None:
        """The items of an event of version 3 whose items all have the documented types; None for any other text."""
        return self._webhooks.direct_items(text, where) if b'"gs_app_id"' in text else None

    def _item(self, event: dict[str, Any], payload: dict[str, Any]) -> Item:
        kind = event["type"]
        if kind == "message-event":
            return self._status(event, payload)
        if kind == "message":
            return self._message(event, payload)
        return Ignored(f"event {kind}")

    def _status(self, event: dict[str, Any], payload: dict[str, Any]) -> Item:
        step = STEPS[text_of(payload.get("type"))]
        if isinstance(step, Ignored):
            return step
        details, line = _dict(payload.get("payload")), self._line(event)
        category = _first(payload, details, "pricing", "category") or _first(payload, details, "conversation", "type")
        return Status(
            _key(details.get("whatsappMessageId"), payload.get("id"), payload.get("gsId")),
            step,
            self._time(details.get("ts"), event.get("timestamp")),
            line,
            person(payload.get("destination")),
            CATEGORIES[category],
            failure=failure_of(details.get("code"), details.get("reason"), None) if step is Step.FAILED else None,
            default_line=self._default_of(line),
        )

    def _message(self, event: dict[str, Any], payload: dict[str, Any]) -> Item:
        kind = (text_of(payload.get("type")) or "unknown").lower()
        context, sender, line = _dict(payload.get("context")), _dict(payload.get("sender")), self._line(event)
        return Inbound(
            _key(payload.get("id")),
            _KINDS.get(kind, kind),
            self._time(payload.get("timestamp"), event.get("timestamp")),
            line,
            person(payload.get("source"), sender.get("phone"), name=text_of(sender.get("name"))),
            None if context.get("forwarded") or context.get("frequently_forwarded") else text_of(context.get("id")),
            origin=_origin(payload.get("referral")),
            default_line=self._default_of(line),
        )

    def _time(self, *values: Any) -> int:
        raw = next((value for value in values if value not in (None, "")), None)
        at = time_of(raw, self._zone)
        if at is None:
            raise Unreadable("no timestamp")
        return at

    def _line(self, event: dict[str, Any]) -> LineIds:
        """The line: an app has one number, and its events name only the app."""
        return LineIds(name=text_of(event.get("app")))

    def _default_of(self, line: LineIds) -> LineIds | None:
        return None if line.name else self._default_line


def _is_version_2(value: dict[str, Any]) -> bool:
    kind = value.get("type")
    return "app" in value and isinstance(value.get("payload"), dict) and isinstance(kind, str) and kind in _EVENTS


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(payload: dict[str, Any], details: dict[str, Any], name: str, member: str) -> str | None:
    """A member of an object that stands beside the details of an event, or in them."""
    return text_of((_dict(payload.get(name)) or _dict(details.get(name))).get(member))


def _key(*ids: Any) -> str:
    key = next((text for id in ids if (text := text_of(id)) is not None), None)
    if key is None:
        raise Unreadable("no id")
    return key


def _origin(referral: Any) -> Origin | None:
    if not isinstance(referral, dict) or not referral:
        return None
    return Origin.CAMPAIGN if referral.get("source_type") in ("ad", "post") else Origin.WEBCHAT


FORMAT = Format("gupshup", mark("events of Gupshup, version 2 and 3"), json=GupshupReader)
