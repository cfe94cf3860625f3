"""Fast path of `cloud_api`: a webhook with statuses or a message in their usual form, as most lines of a log are.

msgspec checks and converts while it decodes what the plain rule does in Python. `WebhookReader.items` is that rule, and
`test_fast_paths` compares the two. Anything unusual fails to decode and is left to the rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from storage.domain.events import ContactIds, Event, LineIds, Status, Step
from storage.domain.log_lines import Sink, StepTimes
from storage.sources import cloud_api_types as types
from storage.sources.cloud_api_values import CATEGORIES, ValueCaches, first_failure
from storage.sources.fields import EARLIEST, LATEST, Text, Unreadable, text_of
from storage.sources.identity import PEOPLE_OF_ONE

LINE_START = b'{"object"'
ReadInbound = Callable[[types.Message, LineIds, ContactIds], Event]
_UNFIT = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Unreadable)
_FAILED = Step.FAILED  # looking a member up in its enum takes longer than the rest of a line's work


class _Conversation(types.Struct):
    origin: types.ConversationOrigin | UnsetType = UNSET


class _Status(types.Struct):
    id: str
    status: Step
    timestamp: Annotated[int, msgspec.Meta(ge=EARLIEST // 1000, lt=LATEST // 1000)]
    recipient_id: str
    recipient_user_id: Text = None
    parent_recipient_user_id: None = None
    recipient_parent_user_id: None = None
    recipient_type: Literal["individual"] = "individual"
    biz_opaque_callback_data: Text = None
    conversation: _Conversation | UnsetType = UNSET
    pricing: types.Pricing | UnsetType = UNSET
    errors: msgspec.Raw | UnsetType = UNSET


class _Value(types.Struct, forbid_unknown_fields=True):
    """Statuses and their line.

    `contacts` and `messages` are common, so decoding only notes that they are there: failing on an unknown member takes
    longer.
    """

    metadata: types.Metadata
    statuses: list[_Status] | UnsetType = UNSET
    messaging_product: Text = None
    contacts: msgspec.Raw | UnsetType = UNSET
    messages: msgspec.Raw | UnsetType = UNSET


class _Change(types.Struct):
    value: _Value


class _Entry(types.Struct):
    changes: tuple[_Change]


class _Webhook(types.Struct):
    """A webhook with one entry and one change.

    No member may be null: decoding is not strict, so that text of digits is a time, and would take the text "null" for
    it.
    """

    entry: tuple[_Entry]


class UsualWebhookReader:
    """Reads the line of a webhook that holds usual statuses and nothing else, or one message in and who sent it."""

    def __init__(self, caches: ValueCaches, default_line: LineIds | None, inbound: ReadInbound) -> None:
        """Prepares to read lines.

        Args:
            caches: Of the plain rule.
            default_line: Of the import's options.
            inbound: The plain rule for a message in.
        """
        self._default_line, self._inbound = default_line, inbound
        self._lines, self._people, self._campaigns = caches.lines, caches.people, caches.campaigns
        self._decode = msgspec.json.Decoder(_Webhook, strict=False).decode
        self._decode_contacts = msgspec.json.Decoder(tuple[types.Contact]).decode
        self._decode_messages = msgspec.json.Decoder(tuple[types.Message]).decode
        self._decode_errors = msgspec.json.Decoder(list[types.Error]).decode

    def into(self, sink: Sink) -> Callable[[bytes], bool]:
        """Gives a function that adds the statuses that `WebhookReader.items` gives for a line; as `Shortcut.into`."""
        # All names that a line needs are looked up here, once: the function is called for nearly every line of a log.
        decode, event, known_steps, add_status = self._decode, self._event, sink.steps.get, sink.add_status
        begin, add_message, categories, unset = self._begin(sink), self._adding_message(sink), CATEGORIES, UNSET
        sent, delivered, failed = Step.SENT, Step.DELIVERED, Step.FAILED

        def take(line: bytes) -> bool:
            try:
                value = decode(line).entry[0].changes[0].value
                statuses, metadata = value.statuses, value.metadata
                if statuses is unset or value.contacts is not unset or value.messages is not unset or not statuses:
                    return statuses is unset and add_message(value)
                if len(statuses) > 1:
                    for status in statuses:
                        event(status, metadata)  # raises where one cannot be read: then none of them is taken
                for status in statuses:
                    key, step, pricing = status.id, status.status, status.pricing
                    category = None if pricing is unset else categories[pricing.category]
                    about = (
                        metadata.phone_number_id,
                        metadata.display_phone_number,
                        status.recipient_id,
                        status.recipient_user_id,
                        status.biz_opaque_callback_data,
                        category,
                    )
                    steps = known_steps(key)
                    if not category or step is failed or status.errors is not unset:
                        steps = None
                    elif steps is None:
                        steps = begin(key, about)
                    elif steps.about != about:
                        steps = None
                    if steps is None:
                        add_status(event(status, metadata), key, about)
                        continue
                    # Nothing new but a step and its time.
                    sink.merged += 1
                    at = status.timestamp * 1000
                    if step is delivered:
                        if at < steps.delivered:
                            steps.delivered = at
                    elif step is sent:
                        if at < steps.sent:
                            steps.sent = at
                    elif at < steps.read:
                        steps.read = at
            except _UNFIT:
                return False
            return True

        return take

    def _adding_message(self, sink: Sink) -> Callable[[_Value], bool]:
        """Gives a function that adds a webhook's message, if it has one of a person of whom it says number and name."""
        add, inbound, lines = sink.add, self._inbound, self._lines
        decode_contacts, decode_messages = self._decode_contacts, self._decode_messages

        def add_message(value: _Value) -> bool:
            if value.contacts is UNSET or value.messages is UNSET:
                return False
            (contact,), (message,) = decode_contacts(value.contacts), decode_messages(value.messages)
            number, metadata = contact.wa_id, value.metadata
            if (
                number != message.from_
                or contact.user_id is not None
                or contact.parent_user_id is not None
                or message.from_user_id is not None
                or message.from_parent_user_id is not None
                or message.system is not None
            ):
                return False
            known = PEOPLE_OF_ONE[number]
            if not known.wa_ids:
                return False
            name = None if contact.profile is None else text_of(contact.profile.name)
            person = known if name is None else ContactIds(known.wa_ids, name=name)
            add(inbound(message, lines[metadata.phone_number_id, metadata.display_phone_number], person))
            return True

        return add_message

    def _begin(self, sink: Sink) -> Callable[[str, tuple[Any, ...]], StepTimes | None]:
        """Gives a function that asks a sink where to merge the first status of a message, which has a category."""
        ask, lines, people, campaigns = sink.begin, self._lines, self._people, self._campaigns

        def begin(key: str, about: tuple[Any, ...]) -> StepTimes | None:
            identifier, number, recipient, user, campaign, category = about
            line = lines[identifier, number]
            contact = PEOPLE_OF_ONE[recipient] if user is None else people[recipient, user]
            if not (line.identifier or line.number) or not (contact.wa_ids or contact.user_id) or text_of(key) != key:
                return None
            return ask(key, about, line, contact, category, None if campaign is None else campaigns[campaign])

        return begin

    def _event(self, status: _Status, metadata: types.Metadata) -> Status:
        """The event of a status; raises one of `_UNFIT` where only the plain rule can read it."""
        errors = None if status.errors is UNSET else self._decode_errors(status.errors)
        step, key, campaign = status.status, text_of(status.id), status.biz_opaque_callback_data
        category = None if status.pricing is UNSET else CATEGORIES[status.pricing.category]
        if key is None or (category is None and status.conversation is not UNSET):
            raise Unreadable
        ids = self._lines[metadata.phone_number_id, metadata.display_phone_number]
        # Positional: keywords make it slower by a tenth of this function.
        return Status(
            key,
            step,
            status.timestamp * 1000,
            ids,
            self._people[status.recipient_id, status.recipient_user_id],
            category,
            False,
            None if campaign is None else self._campaigns[campaign],
            first_failure(errors) if step is _FAILED else None,
            self._default_line and (None if ids.identifier or ids.number else self._default_line),
        )
