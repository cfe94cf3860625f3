"""Meta's WhatsApp Cloud API webhooks, in every shape people keep them, as events. Touches no database.

Format: the Cloud API's webhook reference. Items are decoded one by one, so a broken one costs only itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET

from storage.domain.bounded_cache import BoundedCache
from storage.domain.events import (
    ContactIds,
    Event,
    Failure,
    Ignored,
    Inbound,
    Item,
    Known,
    LineIds,
    Origin,
    Rank,
    Send,
    Status,
    Step,
)
from storage.sources import cloud_api_types as shape
from storage.sources.cloud_api_fast_path import UsualWebhook
from storage.sources.cloud_api_types import Text, Webhook
from storage.sources.envelopes import changes_in
from storage.sources.fields import Unreadable, code_of, number_of, reject, text_of, time_of

NAME = "cloud_api"
_PEOPLE_KEPT = 50_000
_LINES_KEPT = _CAMPAIGNS_KEPT = 10_000
_WORDS_KEPT = 1_000
_DEEPEST = 6  # members within members of an item


class CloudApi:
    """Turns webhooks into events."""

    def __init__(self, zone: ZoneInfo, default_line: LineIds | None) -> None:
        self._zone, self._default_line = zone, default_line
        self._lines = BoundedCache(_line, _LINES_KEPT)
        self._people = BoundedCache(_contact, _PEOPLE_KEPT)  # a message's statuses come soon after each other
        self._campaigns = BoundedCache(text_of, _CAMPAIGNS_KEPT)
        self._usual = msgspec.json.Decoder(UsualWebhook, strict=False).decode
        self._errors = msgspec.json.Decoder(list[shape.Error]).decode

    def items(self, webhook: Webhook, where: str) -> list[Item]:
        """The events, rejects and ignored parts of one webhook."""
        changes = [change for entry in webhook.entry for change in entry.changes]
        if len(changes) == 1:
            return self._value(changes[0].value, changes[0].field, where)
        if not changes:
            return [Ignored("webhook without changes")]
        return [item for change in changes for item in self._value(change.value, change.field, where)]

    def one_status(self, text: bytes) -> Status | None:
        """What `items` gives of the text of a webhook that holds one usual status and nothing else, as most do; None of
        any other."""
        try:
            value = self._usual(text).entry[0].changes[0].value
            if value.statuses is UNSET or value.contacts is not UNSET or value.messages is not UNSET:
                return None
            status, metadata = value.statuses[0], value.metadata
            errors = None if status.errors is UNSET else self._errors(status.errors)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        step, key, campaign = status.status, text_of(status.id), status.biz_opaque_callback_data
        category = None if status.pricing is UNSET else _CATEGORIES[status.pricing.category]
        if key is None or (category is None and status.conversation is not UNSET):
            return None
        line = self._lines[metadata.phone_number_id, metadata.display_phone_number]
        return Status(
            key,
            step,
            status.timestamp * 1000,
            line,
            self._people[status.recipient_id, status.recipient_user_id],
            category,
            False,
            None if campaign is None else self._campaigns[campaign],
            _failure(errors) if step is _FAILED else None,
            self._default_line and self._default(line),
        )

    def items_of(self, value: Any, text: bytes, where: str) -> list[Item] | None:
        """The same for a decoded value: looks for webhooks in wrappers, and reads each item by itself; None where it
        holds none."""
        changes = list(changes_in(value))
        return self._loose(changes, text, where) if changes else None

    def _loose(self, changes: list[tuple[str | None, Any]], text: bytes, where: str) -> list[Item]:
        items: list[Item] = []
        for field, raw in changes:
            if not isinstance(raw, dict):
                items.append(reject(where, "a change without a value", text))
                continue
            value, rejects = shape.Value(), []
            for name, kind in _PARTS.items():
                part = raw.get(name)
                if name == "metadata":
                    value.metadata = _convert(part, kind)
                    continue
                parts = part if isinstance(part, list) else [] if part is None else [part]
                good = [_convert(item, kind) for item in parts]
                setattr(value, name, [item for item in good if item is not None])
                rejects += [item for item, found in zip(parts, good, strict=True) if found is None]
            items += (reject(where, "an item of an unknown shape", _encoded(item, text)) for item in rejects)
            if not rejects or any((value.contacts, value.messages, value.message_echoes, value.statuses, value.errors)):
                items += self._value(value, field, where)
        return items

    def _value(self, value: shape.Value, field: Text, where: str) -> list[Item]:
        messages, statuses, echoes = value.messages or (), value.statuses or (), value.message_echoes or ()
        items: list[Item] = [Ignored("error without a message") for _ in value.errors] if value.errors else []
        if not (messages or statuses or echoes or value.errors):
            name = text_of(field)
            if not value.contacts or name not in (None, "messages"):
                return [Ignored(f"field {name or 'unknown'}"[:60])]
        metadata = value.metadata or _NO_METADATA
        line = self._lines[metadata.phone_number_id, metadata.display_phone_number]
        contacts = _Contacts(value.contacts) if value.contacts else _NOBODY
        if statuses:
            items += self._each(self._status, statuses, line, contacts, where)
        if messages:
            items += self._each(self._message, messages, line, contacts, where)
        if echoes:
            items += self._each(self._echo, echoes, line, contacts, where)
        if contacts is not _NOBODY:
            items += [Known(line, ids) for ids in contacts.unused()]
        return items or [Ignored("contacts of whom nothing new is told")]

    @staticmethod
    def _each(read: _Read, parts: Sequence[shape.Struct], line: LineIds, contacts: _Contacts, where: str) -> list[Item]:
        items: list[Item] = []
        for part in parts:
            try:
                items.append(read(part, line, contacts))
            except Unreadable as error:
                items.append(reject(where, str(error), msgspec.json.encode(part)))
        return items

    def _at(self, item: shape.Status | shape.Message) -> int:
        at = time_of(item.timestamp, self._zone)
        if at is None:
            raise Unreadable("without a timestamp")
        return at

    def _default(self, line: LineIds) -> LineIds | None:
        return None if line.identifier or line.number else self._default_line

    def _status(self, status: shape.Status, line: LineIds, contacts: _Contacts) -> Event | Ignored:
        step = _STEPS[status.status]
        if type(step) is Ignored:
            return step
        group = status.recipient_type is not None and status.recipient_type == "group"
        if group:
            contact = _NO_IDS
        elif contacts is _NOBODY:
            contact = self._people[status.recipient_id, status.recipient_user_id]
        else:
            contact = contacts.of(status.recipient_id, status.recipient_user_id)
        campaign = status.biz_opaque_callback_data
        pricing = status.pricing
        category = None if pricing is None else _CATEGORIES[pricing.category]
        key, at = text_of(status.id), time_of(status.timestamp, self._zone)
        if key is None or at is None:
            raise Unreadable("without an id" if key is None else "without a timestamp")
        return Status(
            key,
            step,
            at,
            line,
            contact,
            category or _category_of(status.conversation),
            group,
            None if campaign is None else self._campaigns[campaign],
            _failure(status.errors) if step is _FAILED else None,
            self._default_line and self._default(line),
        )

    def _message(self, message: shape.Message, line: LineIds, contacts: _Contacts) -> Event:
        kind = (text_of(message.type) or "unknown").lower()
        contact = contacts.of(message.from_, message.from_user_id)
        if kind == "system" and message.system is not None and message.system.type != "customer_identity_changed":
            contact = _moved(contact, text_of(message.system.new_wa_id) or text_of(message.system.wa_id))
        return Inbound(
            _key(message.id),
            kind,
            self._at(message),
            line,
            contact,
            None if message.context is None else _context(message.context),
            message.group_id is not None,
            None if message.referral is None else _origin(message.referral),
            self._default_line and self._default(line),
        )

    def _echo(self, message: shape.Message, line: LineIds, contacts: _Contacts) -> Event:
        """What the business wrote on its own phone: an outbound message that is no notification."""
        at = self._at(message)
        return Send(
            _key(message.id),
            Rank.WEBHOOK,
            at,
            line,
            contacts.of(message.to, None),
            kind="echo",
            accepted_at=at,
            default_line=self._default(line),
        )


_FAILED = Step.FAILED
_NO_IDS = ContactIds()
_NO_METADATA = shape.Metadata()
_STEP_OF = {step.value: step for step in Step}
_PARTS: dict[str, type[msgspec.Struct]] = {
    "metadata": shape.Metadata,
    "contacts": shape.Contact,
    "messages": shape.Message,
    "message_echoes": shape.Message,
    "statuses": shape.Status,
    "errors": shape.Error,
}


class _Contacts:
    """The people a webhook names, to complete what its messages and statuses say of theirs."""

    def __init__(self, contacts: list[shape.Contact]) -> None:
        self._all = [_ids(contact) for contact in contacts]
        self._used: set[int] = set()

    def of(self, wa_id: Text, user_id: Text) -> ContactIds:
        """The ids of one person: those given, and those that the webhook's contacts tie to them."""
        number, user = _person(wa_id, user_id)
        for place, known in enumerate(self._all):
            same = number in known.wa_ids if number and known.wa_ids else user is not None and user == known.user_id
            if same or (len(self._all) == 1 and number is None and user is None):
                self._used.add(place)
                if known.wa_ids and user in (None, known.user_id):
                    return known
                numbers = known.wa_ids or ((number,) if number else ())
                return ContactIds(numbers, user or known.user_id, name=known.name)
        return ContactIds((number,) if number else (), user)

    def unused(self) -> list[ContactIds]:
        """Those that no message or status of the webhook is about."""
        if len(self._used) == len(self._all):
            return []
        return [
            ids
            for place, ids in enumerate(self._all)
            if place not in self._used and (ids.wa_ids or ids.user_id) and (ids.name or (ids.wa_ids and ids.user_id))
        ]


_NOBODY = _Contacts([])
_Read = Callable[[Any, LineIds, _Contacts], Item]


def _contact(ids: tuple[Text, Text]) -> ContactIds:
    """A person of whom nothing but a number and a user id is told."""
    number, user = _person(*ids)
    return ContactIds((number,) if number else (), user)


def _line(ids: tuple[Text, Text]) -> LineIds:
    return LineIds(identifier=text_of(ids[0]), number=number_of(ids[1]))


def _step(word: Text) -> Step | Ignored:
    plain = (text_of(word) or "").lower()
    return _STEP_OF.get(plain) or Ignored(f"status {plain or 'missing'}"[:60])


_STEPS = BoundedCache(_step, _WORDS_KEPT)


def _person(wa_id: Text, user_id: Text) -> tuple[str | None, str | None]:
    """The number and the user id of one person; a user id where a number is expected is a user id."""
    number, user = number_of(wa_id), text_of(user_id)
    if number is None and (other := text_of(wa_id)) is not None:
        return (None, other) if user in (None, other) else (other, user)
    return number, user


def _ids(contact: shape.Contact) -> ContactIds:
    number, user = _person(contact.wa_id, contact.user_id)
    name = text_of(contact.profile.name) if contact.profile is not None else None
    return ContactIds((number,) if number else (), user, name=name)


def _moved(contact: ContactIds, number: str | None) -> ContactIds:
    """The same person after a change of number."""
    new = number_of(number)
    old = next(iter(contact.wa_ids), None)
    if new is None or new == old:
        return contact
    return ContactIds((new, *contact.wa_ids), contact.user_id, name=contact.name, replaced=old)


def _key(id: Text) -> str:
    key = text_of(id)
    if key is None:
        raise Unreadable("without an id")
    return key


def _category_of(conversation: shape.Conversation | None) -> str | None:
    if conversation is None or conversation.origin is None:
        return None
    return _CATEGORIES[conversation.origin.type]


def _spelled(word: Text) -> str | None:
    """A category in the one spelling that it has here."""
    category = text_of(word)
    return None if category is None else _HUMP.sub("_", category).lower().replace("-", "_")


_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CATEGORIES = BoundedCache(_spelled, _WORDS_KEPT)


def failure_of(code: Any, text: Any, detail: Any) -> Failure:
    """A failure of an error's parts; a code that is no number goes into the text."""
    number, words, more = code_of(code), text_of(text), text_of(detail)
    if number is None and code is not None and words is None:
        words = text_of(code)
    return Failure(number, words, more)


def _failure(errors: list[shape.Error] | None) -> Failure:
    if not errors:
        return Failure()
    error = errors[0]
    details = error.error_data.details if error.error_data is not None else error.details
    return failure_of(error.code, error.title or error.message, details)


def _context(context: shape.Context | None) -> str | None:
    if context is None or context.forwarded or context.frequently_forwarded or context.referred_product:
        return None
    return text_of(context.id)


def _origin(referral: shape.Referral | None) -> Origin | None:
    if referral is None:
        return None
    return Origin.CAMPAIGN if referral.source_type in ("ad", "post") else Origin.WEBCHAT


def _convert(part: Any, kind: type[msgspec.Struct]) -> Any:
    for form in (part, _mended(part, 0)):
        if form is None:
            return None
        with suppress(msgspec.ValidationError, RecursionError):
            return msgspec.convert(form, kind)
    return None


def _mended(part: Any, depth: int) -> Any:
    """An item without what says nothing (PHP writes an empty object as a list), an error alone as a list of it, and
    details that are a text as such."""
    if not isinstance(part, dict) or depth > _DEEPEST:
        return part
    mended: dict[str, Any] = {}
    for name, value in part.items():
        if name == "errors" and isinstance(value, dict):
            value = [value]
        elif name == "error_data" and isinstance(value, str):
            value = {"details": value}
        if isinstance(value, list):
            value = [_mended(one, depth + 1) for one in value if one is not None]
        if value not in (None, [], {}):
            mended[name] = _mended(value, depth + 1)
    return mended


def _encoded(item: Any, text: bytes) -> bytes:
    try:
        return msgspec.json.encode(item)
    except (TypeError, ValueError, RecursionError):
        return text


def recognises(value: Any) -> bool:
    """Whether a decoded JSON value holds a webhook."""
    return next(changes_in(value), None) is not None
