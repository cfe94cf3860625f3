"""TODO."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from storage.domain.events import Step
from storage.sources.cloud_api_types import ConversationOrigin, Metadata, Pricing, Struct, Text
from storage.sources.fields import EARLIEST, LATEST


class UsualConversation(Struct):
    """The conversation of a message."""

    origin: ConversationOrigin | UnsetType = UNSET


class UsualStatus(Struct):
    """A status as nearly all are written: decoding it checks and converts what else is left to do in Python."""

    id: str
    status: Step
    timestamp: Annotated[int, msgspec.Meta(ge=EARLIEST // 1000, lt=LATEST // 1000)]
    recipient_id: str
    recipient_user_id: Text = None
    recipient_type: Literal["individual"] = "individual"
    biz_opaque_callback_data: Text = None
    conversation: UsualConversation | UnsetType = UNSET
    pricing: Pricing | UnsetType = UNSET
    errors: msgspec.Raw | UnsetType = UNSET


class UsualValue(Struct, forbid_unknown_fields=True):
    """One status and its line. Of what comes often as well it only shows that it is there, as to tell an error takes
    longer; all else is an error."""

    metadata: Metadata
    statuses: tuple[UsualStatus] | UnsetType = UNSET
    messaging_product: Text = None
    contacts: msgspec.Raw | UnsetType = UNSET
    messages: msgspec.Raw | UnsetType = UNSET


class UsualChange(Struct):
    """The only change."""

    value: UsualValue


class UsualEntry(Struct):
    """The only part of a webhook."""

    changes: tuple[UsualChange]


class UsualWebhook(Struct):
    """A webhook with one part, one change and one status. No member may be null: decoding that is not strict, so that a
    text of digits is a time, would take the text "null" for it."""

    entry: tuple[UsualEntry]
