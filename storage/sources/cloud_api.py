"""Meta's WhatsApp Cloud API webhooks, in every envelope that people keep them in, as events. Touches no database.

Format: the Cloud API's webhook reference. Each item is decoded on its own, so a bad one costs only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from storage.sources import cloud_api_types as types
from storage.sources.cloud_api_fast_path import LINE_START, UsualStatusReader
from storage.sources.cloud_api_values import (
    CATEGORIES,
    STEPS,
    ValueCaches,
    category_of,
    contact_of,
    first_failure,
    origin_of,
    person_ids,
    replied_key,
    with_new_number,
)
from storage.sources.envelopes import changes_in
from storage.sources.fields import Text, Unreadable, reject, text_of, time_of
from storage.sources.format import Context, Format, JsonReader, Shortcut

_MAX_DEPTH = 6  # of members within members of an item
_FAILED = Step.FAILED
_NO_IDS = ContactIds()
_NO_METADATA = types.Metadata()
_MEMBERS: dict[str, type[msgspec.Struct]] = {
    "contacts": types.Contact,
    "messages": types.Message,
    "message_echoes": types.Message,
    "statuses": types.Status,
    "errors": types.Error,
}


class WebhookReader(JsonReader):
    """Reads webhooks."""

    def __init__(self, context: Context) -> None:
        self._zone, self._default_line = context.options.time_zone, context.options.line
        self._caches = ValueCaches()
        self._decode = msgspec.json.Decoder(types.Webhook).decode

    def items(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """The items of every webhook in a decoded value, through any envelopes; None where it holds none."""
        changes = list(changes_in(value))
        if not changes:
            return None
        return [item for field, change in changes for item in self._loose_items(field, change, text, where)]

    def direct_items(self, text: bytes, where: str) -> list[Item] | None:
        """The items of a webhook whose items all have the documented types; None for any other text."""
        if b'"entry"' not in text:
            return None
        try:
            webhook = self._decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        changes = [change for entry in webhook.entry for change in entry.changes]
        if len(changes) == 1:
            return self._value_items(changes[0].value, changes[0].field, where)
        if not changes:
            return [Ignored("webhook without changes")]
        return [item for change in changes for item in self._value_items(change.value, change.field, where)]

    def shortcut(self) -> Shortcut:
        """Reads a webhook of one usual status."""
        return Shortcut(LINE_START, UsualStatusReader(self._caches, self._default_line).read)

    def looks_like(self, sample: bytes) -> bool:
        """Whether the sample has the members of a webhook."""
        return b'"entry"' in sample and b'"changes"' in sample

    def _loose_items(self, field: str | None, change: Any, text: bytes, where: str) -> list[Item]:
        """The items of one change, each converted on its own."""
        if not isinstance(change, dict):
            return [reject(where, "change without a value", text)]
        value, rejects = types.Value(metadata=_converted(change.get("metadata"), types.Metadata)), list[Reject]()
        for name, type in _MEMBERS.items():
            member = change.get(name)
            parts = member if isinstance(member, list) else [] if member is None else [member]
            found = [_converted(part, type) for part in parts]
            setattr(value, name, [part for part in found if part is not None])
            rejects += (
                reject(where, "unexpected structure", _encoded(part, text))
                for part, good in zip(parts, found, strict=True)
                if good is None
            )
        if rejects and not any(getattr(value, name) for name in _MEMBERS):
            return [*rejects]
        return [*rejects, *self._value_items(value, field, where)]

    def _value_items(self, value: types.Value, field: Text, where: str) -> list[Item]:
        """The items of the value of one change."""
        messages, statuses, echoes = value.messages or (), value.statuses or (), value.message_echoes or ()
        items: list[Item] = [Ignored("error without a message") for _ in value.errors] if value.errors else []
        if not (messages or statuses or echoes or value.errors):
            name = text_of(field)
            if not value.contacts or name not in (None, "messages"):
                return [Ignored(f"field {name or 'unknown'}"[:60])]
        metadata = value.metadata or _NO_METADATA
        line = self._caches.lines[metadata.phone_number_id, metadata.display_phone_number]
        contacts = _Contacts(value.contacts) if value.contacts else _NOBODY
        if statuses:
            items += _each(self._status, statuses, line, contacts, where)
        if messages:
            items += _each(self._message, messages, line, contacts, where)
        if echoes:
            items += _each(self._echo, echoes, line, contacts, where)
        if contacts is not _NOBODY:
            items += [Known(line, ids) for ids in contacts.unused()]
        return items or [Ignored("contacts without new information")]

    def _status(self, status: types.Status, line: LineIds, contacts: _Contacts) -> Event | Ignored:
        step = STEPS[status.status]
        if type(step) is Ignored:
            return step
        group = status.recipient_type is not None and status.recipient_type == "group"
        if group:
            contact = _NO_IDS
        elif contacts is _NOBODY:
            contact = self._caches.people[status.recipient_id, status.recipient_user_id]
        else:
            contact = contacts.find(status.recipient_id, status.recipient_user_id)
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

    def _message(self, message: types.Message, line: LineIds, contacts: _Contacts) -> Event:
        kind = (text_of(message.type) or "unknown").lower()
        contact = contacts.find(message.from_, message.from_user_id)
        if kind == "system" and message.system is not None and message.system.type != "customer_identity_changed":
            contact = with_new_number(contact, text_of(message.system.new_wa_id) or text_of(message.system.wa_id))
        return Inbound(
            _key_of(message.id),
            kind,
            self._time_of(message),
            line,
            contact,
            None if message.context is None else replied_key(message.context),
            message.group_id is not None,
            None if message.referral is None else origin_of(message.referral),
            self._default_line and self._default_line_of(line),
        )

    def _echo(self, message: types.Message, line: LineIds, contacts: _Contacts) -> Event:
        """A message that the business wrote on its own phone: outbound, but no notification."""
        at = self._time_of(message)
        return Send(
            _key_of(message.id),
            Rank.WEBHOOK,
            at,
            line,
            contacts.find(message.to, None),
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


class _Contacts:
    """The people in a webhook's `contacts`, which complete the ids in its messages and statuses."""

    def __init__(self, contacts: list[types.Contact]) -> None:
        self._all = [contact_of(contact) for contact in contacts]
        self._used: set[int] = set()

    def find(self, wa_id: Text, user_id: Text) -> ContactIds:
        """The ids of one person: those given, and those of the entry that shares one with them."""
        number, user = person_ids(wa_id, user_id)
        for index, known in enumerate(self._all):
            same = number in known.wa_ids if number and known.wa_ids else user is not None and user == known.user_id
            if same or (len(self._all) == 1 and number is None and user is None):
                self._used.add(index)
                if known.wa_ids and user in (None, known.user_id):
                    return known
                numbers = known.wa_ids or ((number,) if number else ())
                return ContactIds(numbers, user or known.user_id, name=known.name)
        return ContactIds((number,) if number else (), user)

    def unused(self) -> list[ContactIds]:
        """The people whom no message or status names, where their entry links two ids or a name to one."""
        if len(self._used) == len(self._all):
            return []
        unused = [ids for index, ids in enumerate(self._all) if index not in self._used]
        return [ids for ids in unused if (ids.wa_ids and ids.user_id) or ((ids.wa_ids or ids.user_id) and ids.name)]


_NOBODY = _Contacts([])
_Read = Callable[[Any, LineIds, _Contacts], Item]


def _each(read: _Read, parts: Sequence[types.Struct], line: LineIds, contacts: _Contacts, where: str) -> list[Item]:
    items: list[Item] = []
    for part in parts:
        try:
            items.append(read(part, line, contacts))
        except Unreadable as error:
            items.append(reject(where, str(error), msgspec.json.encode(part)))
    return items


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


FORMAT = Format("cloud_api", "webhooks of the WhatsApp Cloud API", json=WebhookReader)
