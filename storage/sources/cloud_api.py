"""Meta's WhatsApp Cloud API webhooks, in every envelope that people keep them in, as events. Touches no database.

Format: the Cloud API's webhook reference. Each item is decoded on its own, so a bad one costs only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from storage.domain.events import (
    ContactIds,
    Event,
    Ignored,
    Inbound,
    Item,
    Known,
    LineIds,
    Rank,
    Reject,
    Send,
    Status,
    Step,
)
from storage.language.texts import mark
from storage.sources import cloud_api_types as types
from storage.sources.cloud_api_fast_path import LINE_START, UsualWebhookReader
from storage.sources.cloud_api_people import NOBODY, People, after_change, contact_of, has_several, joined
from storage.sources.cloud_api_values import (
    CATEGORIES,
    STEPS,
    ValueCaches,
    category_of,
    first_failure,
    origin_of,
    preference_of,
    replied_key,
)
from storage.sources.envelopes import changes_of
from storage.sources.fields import Text, Unreadable, keyless_key, reject, text_of, time_of
from storage.sources.format import Context, Format, JsonReader, Shortcut
from storage.sources.identity import person

_MAX_DEPTH = 6  # of members within members of an item
_FAILED = Step.FAILED
_NO_IDS = ContactIds()
_NO_METADATA = types.Metadata()
_MEMBERS: dict[str, type[types.Struct]] = {
    "contacts": types.Contact,
    "messages": types.Message,
    "message_echoes": types.Message,
    "statuses": types.Status,
    "errors": types.Error,
    "calls": types.Call,
    "user_preferences": types.UserPreference,
    "history": types.HistoryChunk,
}
_STANDBY_MEMBERS = {name: _MEMBERS[name] for name in ("contacts", "messages", "statuses")}
# System messages that tell of a new device or a renewed key and change no id.
_SAME_IDS = frozenset(("customer_identity_changed", "user_identity_changed"))


class WebhookReader(JsonReader):
    """Reads webhooks."""

    word = b"whatsapp_business_account"
    hints = (b"messaging_product", b'"statuses"')
    signs = (b"entry", b"metadata", b"field")

    def __init__(self, context: Context) -> None:
        self._zone, self._default_line = context.options.time_zone, context.options.line
        self._caches = ValueCaches()
        self._decode = msgspec.json.Decoder(types.Webhook).decode

    def items(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """The items of a webhook; None for any other value."""
        changes = changes_of(value)
        if changes is None:
            return None
        try:
            return self._webhook_items(msgspec.convert(value, types.Webhook), where)
        except (msgspec.ValidationError, RecursionError):
            pass
        if not changes:
            return [Ignored("webhook without changes")]
        return [item for field, change in changes for item in self._loose_items(field, change, text, where)]

    def direct_items(self, text: bytes, where: str) -> list[Item] | None:
        """The items of a webhook whose items all have the documented types; None for any other text."""
        if b'"entry"' not in text:
            return None
        try:
            webhook = self._decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return self._webhook_items(webhook, where)

    def _webhook_items(self, webhook: types.Webhook, where: str) -> list[Item]:
        changes = [change for entry in webhook.entry for change in entry.changes]
        if len(changes) == 1:
            return self._value_items(changes[0].value, changes[0].field, where)
        if not changes:
            return [Ignored("webhook without changes")]
        return [item for change in changes for item in self._value_items(change.value, change.field, where)]

    def shortcut(self) -> Shortcut:
        """Reads a webhook of usual statuses, or of one message."""
        return Shortcut(LINE_START, UsualWebhookReader(self._caches, self._default_line, self._inbound).into)

    def looks_like(self, sample: bytes) -> bool:
        """Whether the sample has the members of a webhook."""
        return b'"entry"' in sample and b'"changes"' in sample

    def _loose_items(self, field: str | None, change: Any, text: bytes, where: str) -> list[Item]:
        """The items of one change, each converted on its own."""
        if not isinstance(change, dict):
            return [reject(where, "change without a value", text)]
        value = types.Value(metadata=_converted(change.get("metadata"), types.Metadata))
        rejects = _fill(value, change, _MEMBERS, text, where)
        if isinstance(standby := change.get("standby"), dict):
            value.standby = types.Standby(metadata=_converted(standby.get("metadata"), types.Metadata))
            rejects += _fill(value.standby, standby, _STANDBY_MEMBERS, text, where)
        if rejects and value.standby is None and not any(getattr(value, name) for name in _MEMBERS):
            return [*rejects]
        return [*rejects, *self._value_items(value, field, where)]

    def _value_items(self, value: types.Value, field: Text, where: str) -> list[Item]:
        """The items of the value of one change."""
        messages, statuses, echoes = value.messages or (), value.statuses or (), value.message_echoes or ()
        items: list[Item] = [Ignored("error without a message") for _ in value.errors] if value.errors else []
        metadata = value.metadata or _NO_METADATA
        line = self._caches.lines[metadata.phone_number_id, metadata.display_phone_number]
        contacts = People(value.contacts) if value.contacts else NOBODY
        items += self._rarer_items(value, line, contacts, where)
        if not (items or messages or statuses or echoes):
            name = text_of(field)
            if not value.contacts or name not in (None, "messages"):
                return [Ignored(f"field {name or 'unknown'}"[:60])]
        if statuses:
            items += _each(self._status, statuses, line, contacts, where)
        if messages:
            items += _each(self._message, messages, line, contacts, where)
        if echoes:
            items += _each(self._echo, echoes, line, contacts, where)
        if contacts is not NOBODY:
            items += [Known(line, ids) for ids in contacts.unused()]
        return items or [Ignored("contacts without new information")]

    def _rarer_items(self, value: types.Value, line: LineIds, contacts: People, where: str) -> list[Item]:
        """What a change says in other members than messages, statuses and echoes."""
        items: list[Item] = []
        for call in value.calls or ():
            sides = (
                (call.from_, call.from_user_id, call.from_parent_user_id),
                (call.to, call.to_user_id, call.to_parent_user_id),
            )
            found = [contacts.find(*ids) for ids in sides if any(ids)]
            items += [Known(line, ids) for ids in found if has_several(ids)]
        items += _each(self._preference, value.user_preferences or (), line, contacts, where)
        for chunk in value.history or ():
            for thread in chunk.threads or ():
                items += self._thread_items(thread, line, where)
        if value.standby is not None:
            standby = value.standby
            inner = types.Value(
                metadata=standby.metadata or value.metadata,
                contacts=standby.contacts or value.contacts,
                messages=standby.messages,
                statuses=standby.statuses,
            )
            items += self._value_items(inner, "messages", where)
        return items

    def _preference(self, preference: types.UserPreference, line: LineIds, contacts: People) -> Item:
        ids = contacts.find(preference.wa_id, preference.user_id, preference.parent_user_id)
        wish, at = preference_of(preference), time_of(preference.timestamp, self._zone)
        reference = next(iter(ids.wa_ids), ids.user_id)
        if wish is None or at is None or reference is None:
            return Known(line, ids) if has_several(ids) else Ignored("field user_preferences")
        # The webhook has no id: the same wish of the same moment is one message in any file.
        key = keyless_key("preference", line.identifier or line.number, reference, wish.value, str(at))
        return Inbound(key, wish.value, at, line, ids, default_line=self._default_line_of(line))

    def _thread_items(self, thread: types.Thread, line: LineIds, where: str) -> list[Item]:
        """The messages of one chat of a number's history, which make the person known."""
        them = person(thread.id)
        if thread.context is not None:
            them = joined(them, contact_of(thread.context))

        def read(message: types.Message, line: LineIds, _: People) -> Event:
            sender = person(message.from_, message.from_user_id)
            to_them = message.to is not None and person(message.to) == person(thread.id)
            ours = to_them or sender.wa_ids == (line.number,)
            ids = joined(them, person(message.to, message.to_user_id) if ours else sender)
            if ours:
                return self._sent_by_hand(message, line, ids)
            return self._inbound(message, line, ids)

        return _each(read, thread.messages or (), line, NOBODY, where)

    def _status(self, status: types.Status, line: LineIds, contacts: People) -> Event | Ignored:
        step = STEPS[status.status]
        if type(step) is Ignored:
            return step
        group = status.recipient_type is not None and status.recipient_type == "group"
        if group:
            contact = _NO_IDS
        else:
            ids = status.recipient_id, status.recipient_user_id
            parent = status.parent_recipient_user_id or status.recipient_parent_user_id
            if parent is not None:
                contact = contacts.find(*ids, parent)
            else:
                contact = self._caches.people[ids] if contacts is NOBODY else contacts.find(*ids)
        campaign, pricing = status.biz_opaque_callback_data, status.pricing
        category = None if pricing is None else CATEGORIES[pricing.category]
        # Positional, as this is called for every status that is not read by the fast path.
        return Status(
            _key_of(status.id),
            step,
            self._time_of(status),
            line,
            contact,
            category or category_of(status.conversation),
            group,
            None if campaign is None else self._caches.campaigns[campaign],
            first_failure(status.errors) if step is _FAILED else None,
            self._default_line and self._default_line_of(line),
        )

    def _message(self, message: types.Message, line: LineIds, contacts: People) -> Event:
        contact = contacts.find(message.from_, message.from_user_id, message.from_parent_user_id)
        if message.system is not None and message.type == "system" and message.system.type not in _SAME_IDS:
            contact = after_change(contact, message.system)
        return self._inbound(message, line, contact)

    def _inbound(self, message: types.Message, line: LineIds, contact: ContactIds) -> Event:
        return Inbound(
            _key_of(message.id),
            (text_of(message.type) or "unknown").lower(),
            self._time_of(message),
            line,
            contact,
            None if message.context is None else replied_key(message.context),
            message.group_id is not None,
            None if message.referral is None else origin_of(message.referral),
            self._default_line and self._default_line_of(line),
        )

    def _echo(self, message: types.Message, line: LineIds, contacts: People) -> Event:
        contact = contacts.find(message.to, message.to_user_id, message.to_parent_user_id)
        return self._sent_by_hand(message, line, contact)

    def _sent_by_hand(self, message: types.Message, line: LineIds, contact: ContactIds) -> Event:
        """A message that the business wrote on its own phone: outbound, but no notification."""
        at = self._time_of(message)
        return Send(
            _key_of(message.id),
            Rank.WEBHOOK,
            at,
            line,
            contact,
            kind="echo",
            accepted_at=at,
            default_line=self._default_line_of(line),
        )

    def _time_of(self, item: types.Status | types.Message) -> int:
        at = time_of(item.timestamp, self._zone)
        if at is None:
            raise Unreadable("no timestamp")
        return at

    def _default_line_of(self, line: LineIds) -> LineIds | None:
        return None if line.identifier or line.number else self._default_line


_Read = Callable[[Any, LineIds, People], Item]


def _each(read: _Read, parts: Sequence[types.Struct], line: LineIds, contacts: People, where: str) -> list[Item]:
    items: list[Item] = []
    for part in parts:
        try:
            items.append(read(part, line, contacts))
        except Unreadable as error:
            items.append(reject(where, str(error), msgspec.json.encode(part)))
    return items


def _fill(
    into: types.Struct, change: dict[str, Any], members: Mapping[str, type[types.Struct]], text: bytes, where: str
) -> list[Reject]:
    """Sets lists of a value from a decoded change, each item converted on its own.

    Args:
        into: The value.
        change: The decoded JSON object.
        members: The type of the items by the name of the list.
        text: The text of the whole record, for rejects.
        where: Its place, for rejects.

    Returns:
        A reject for each item that does not fit its type.
    """
    rejects: list[Reject] = []
    for name, type in members.items():
        member = change.get(name)
        parts = member if isinstance(member, list) else [] if member is None else [member]
        found = [_converted(part, type) for part in parts]
        setattr(into, name, [part for part in found if part is not None])
        rejects += (
            reject(where, "unexpected structure", _encoded(part, text))
            for part, good in zip(parts, found, strict=True)
            if good is None
        )
    return rejects


def _key_of(id: Text) -> str:
    key = text_of(id)
    if key is None:
        raise Unreadable("no id")
    return key


def _converted(part: Any, type: type[msgspec.Struct]) -> Any:
    """A decoded JSON value as the given type, repaired if need be; None where it does not fit."""
    for form in (part, _repaired(part, 0)):
        if form is None:
            return None
        with suppress(msgspec.ValidationError, RecursionError):
            return msgspec.convert(form, type)
    return None


def _repaired(part: Any, depth: int) -> Any:
    """An item without the deviations that are seen in logs.

    PHP writes an empty object as a list; `errors` may be one error without a list; `error_data` may be its details as
    text.
    """
    if not isinstance(part, dict) or depth > _MAX_DEPTH:
        return part
    repaired: dict[str, Any] = {}
    for name, value in part.items():
        if name == "errors" and isinstance(value, dict):
            value = [value]
        elif name == "error_data" and isinstance(value, str):
            value = {"details": value}
        if isinstance(value, list):
            value = [_repaired(one, depth + 1) for one in value if one is not None]
        if value not in (None, [], {}):
            repaired[name] = _repaired(value, depth + 1)
    return repaired


def _encoded(item: Any, text: bytes) -> bytes:
    """The JSON text of one item for a reject; the whole record's text where it cannot be encoded."""
    try:
        return msgspec.json.encode(item)
    except (TypeError, ValueError, RecursionError):
        return text


FORMAT = Format("cloud_api", mark("webhooks of the WhatsApp Cloud API"), json=WebhookReader)
