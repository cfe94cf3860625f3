"""The shape of Meta's webhooks, as far as saludo reads it: what msgspec decodes them into. Knows no meaning.

Format: the Cloud API's webhook reference; every member may be missing, and texts may come as numbers.
"""

from __future__ import annotations

from typing import Any

import msgspec

Text = str | int | float | None


class Struct(msgspec.Struct, gc=False, omit_defaults=True):
    """What all items have in common: unknown members are passed over."""


class Metadata(Struct):
    """The line."""

    display_phone_number: Text = None
    phone_number_id: Text = None


class Profile(Struct):
    """How a person calls themselves."""

    name: Text = None


class Contact(Struct):
    """One person that the webhook names."""

    profile: Profile | None = None
    wa_id: Text = None
    user_id: Text = None


class ErrorData(Struct):
    """More words of an error."""

    details: Text = None


class Error(Struct):
    """Why something failed."""

    code: Text = None
    title: Text = None
    message: Text = None
    details: Text = None
    error_data: ErrorData | None = None


class Pricing(Struct):
    """What a message is charged as."""

    category: Text = None


class ConversationOrigin(Struct):
    """What opened a conversation."""

    type: Text = None


class Conversation(Struct):
    """The conversation of a message, as older versions tell it."""

    origin: ConversationOrigin | None = None


class Status(Struct):
    """What happened to one outbound message."""

    id: Text = None
    status: Text = None
    timestamp: Text = None
    recipient_id: Text = None
    recipient_user_id: Text = None
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
    """The ad or post by which a person came."""

    source_type: Text = None


class System(Struct):
    """A change of number."""

    type: Text = None
    wa_id: Text = None
    new_wa_id: Text = None


class Message(Struct):
    """One message from a person, or an echo of one to them."""

    id: Text = None
    from_: Text = msgspec.field(default=None, name="from")
    from_user_id: Text = None
    to: Text = None
    group_id: Text = None
    timestamp: Text = None
    type: Text = None
    context: Context | None = None
    referral: Referral | None = None
    system: System | None = None


class Value(Struct):
    """All that a change says."""

    metadata: Metadata | None = None
    contacts: list[Contact] | None = None
    messages: list[Message] | None = None
    message_echoes: list[Message] | None = None
    statuses: list[Status] | None = None
    errors: list[Error] | None = None


class Change(Struct):
    """One change of one field."""

    value: Value
    field: Text = None


class Entry(Struct):
    """A part of a webhook."""

    changes: list[Change]


class Webhook(Struct):
    """A webhook as Meta posts it."""

    entry: list[Entry]
