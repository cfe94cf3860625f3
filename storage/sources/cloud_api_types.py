"""The types that msgspec decodes Meta's webhooks into: the members that saludo reads. Knows no meaning.

Format: the Cloud API's webhook reference. Every member may be missing, and texts may be written as numbers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from storage.sources.fields import Text


class Struct(msgspec.Struct, gc=False, omit_defaults=True):
    """Base of all types; unknown members are skipped."""


class Metadata(Struct):
    """The business line that a change is about."""

    display_phone_number: Text = None
    phone_number_id: Text = None


class Profile(Struct):
    """The profile of a person."""

    name: Text = None


class Contact(Struct):
    """One entry of `contacts`."""

    profile: Profile | None = None
    wa_id: Text = None
    user_id: Text = None
    parent_user_id: Text = None


class UserPreference(Struct):
    """What a person wants of the line's marketing: `value` is `stop` or `resume`."""

    wa_id: Text = None
    user_id: Text = None
    parent_user_id: Text = None
    category: Text = None
    value: Text = None
    timestamp: Text = None


class ErrorData(Struct):
    """The details of an error."""

    details: Text = None


class Error(Struct):
    """Why something failed."""

    code: Text = None
    title: Text = None
    message: Text = None
    details: Text = None
    error_data: ErrorData | None = None


class Pricing(Struct):
    """The price category of a message."""

    category: Text = None


class ConversationOrigin(Struct):
    """What opened a conversation."""

    type: Text = None


class Conversation(Struct):
    """The conversation of a message, in older versions of the API."""

    origin: ConversationOrigin | None = None


class Status(Struct):
    """What happened to one outbound message."""

    id: Text = None
    status: Text = None
    timestamp: Text = None
    recipient_id: Text = None
    recipient_user_id: Text = None
    parent_recipient_user_id: Text = None
    recipient_parent_user_id: Text = None
    recipient_type: Text = None
    biz_opaque_callback_data: Text = None
    conversation: Conversation | None = None
    pricing: Pricing | None = None
    errors: list[Error] | None = None


class Context(Struct):
    """What a message replies to."""

    id: Text = None
    forwarded: bool | None = None
    frequently_forwarded: bool | None = None
    referred_product: Any = None


class Referral(Struct):
    """The ad or post that led a person here."""

    source_type: Text = None


class System(Struct):
    """A change of a person's number, user id or identity."""

    type: Text = None
    wa_id: Text = None
    new_wa_id: Text = None
    user_id: Text = None
    previous_user_id: Text = None
    parent_user_id: Text = None
    previous_parent_user_id: Text = None


class Message(Struct):
    """One message from a person, or an echo of one that the business wrote on its phone."""

    id: Text = None
    from_: Text = msgspec.field(default=None, name="from")
    from_user_id: Text = None
    from_parent_user_id: Text = None
    to: Text = None
    to_user_id: Text = None
    to_parent_user_id: Text = None
    group_id: Text = None
    timestamp: Text = None
    type: Text = None
    context: Context | None = None
    referral: Referral | None = None
    system: System | None = None


class Call(Struct):
    """One call between a person and the line."""

    from_: Text = msgspec.field(default=None, name="from")
    from_user_id: Text = None
    from_parent_user_id: Text = None
    to: Text = None
    to_user_id: Text = None
    to_parent_user_id: Text = None


class Thread(Struct):
    """A chat of a number that joined the API with its history. Its id is the person's number."""

    id: Text = None
    context: Contact | None = None
    messages: list[Message] | None = None


class HistoryChunk(Struct):
    """Some of the chats of a `history` webhook."""

    threads: list[Thread] | None = None


class Standby(Struct):
    """What comes while another agent handles the chat; otherwise as in `Value`."""

    metadata: Metadata | None = None
    contacts: list[Contact] | None = None
    messages: list[Message] | None = None
    statuses: list[Status] | None = None


class Value(Struct):
    """The content of a change."""

    metadata: Metadata | None = None
    contacts: list[Contact] | None = None
    messages: list[Message] | None = None
    message_echoes: list[Message] | None = None
    statuses: list[Status] | None = None
    errors: list[Error] | None = None
    calls: list[Call] | None = None
    user_preferences: list[UserPreference] | None = None
    history: list[HistoryChunk] | None = None
    standby: Standby | None = None


class Change(Struct):
    """One change of one field."""

    value: Value
    field: Text = None


class Entry(Struct):
    """One business account's part of a webhook."""

    changes: list[Change]


class Webhook(Struct):
    """A webhook as Meta posts it."""

    entry: list[Entry]
