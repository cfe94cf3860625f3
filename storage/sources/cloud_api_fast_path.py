"""Fast path of `cloud_api`: a webhook with one status in its usual form, as most lines of a log are.

msgspec checks and converts while it decodes what the plain rule does in Python. `WebhookReader.items` is that rule, and
`test_fast_paths` compares the two. Anything unusual fails to decode and is left to the rule.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from storage.domain.events import LineIds, Status, Step
from storage.sources import cloud_api_types as types
from storage.sources.cloud_api_values import CATEGORIES, ValueCaches, first_failure
from storage.sources.fields import EARLIEST, LATEST, Text, text_of

LINE_START = b'{"object"'
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
    """One status and its line.

    `contacts` and `messages` are common, so decoding only notes that they are there: failing on an unknown member takes
    longer.
    """

    metadata: types.Metadata
    statuses: tuple[_Status] | UnsetType = UNSET
    messaging_product: Text = None
    contacts: msgspec.Raw | UnsetType = UNSET
    messages: msgspec.Raw | UnsetType = UNSET


class _Change(types.Struct):
    value: _Value


class _Entry(types.Struct):
    changes: tuple[_Change]


class _Webhook(types.Struct):
    """A webhook with one entry, one change and one status.

    No member may be null: decoding is not strict, so that text of digits is a time, and would take the text "null" for
    it.
    """

    entry: tuple[_Entry]


class UsualStatusReader:
    """Reads the line of a webhook that holds one usual status and nothing else."""

    def __init__(self, caches: ValueCaches, default_line: LineIds | None) -> None:
        self._default_line = default_line
        self._lines, self._people, self._campaigns = caches.lines, caches.people, caches.campaigns
        self._decode = msgspec.json.Decoder(_Webhook, strict=False).decode
        self._decode_errors = msgspec.json.Decoder(list[types.Error]).decode

    def read(self, line: bytes) -> Status | None:
        """The status that `WebhookReader.items` gives for the line; None for any other line."""
        try:
            value = self._decode(line).entry[0].changes[0].value
            if value.statuses is UNSET or value.contacts is not UNSET or value.messages is not UNSET:
                return None
            status, metadata = value.statuses[0], value.metadata
            errors = None if status.errors is UNSET else self._decode_errors(status.errors)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        step, key, campaign = status.status, text_of(status.id), status.biz_opaque_callback_data
        category = None if status.pricing is UNSET else CATEGORIES[status.pricing.category]
        if key is None or (category is None and status.conversation is not UNSET):
            return None
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
