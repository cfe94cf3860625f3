"""Events: what one record of a source says, in the same values for every format. `sources` makes them for `ingest`.

All times are UTC epoch ms. None means that the record does not say. An import makes millions of events, so they are
msgspec structs, which are frozen like a dataclass and take a seventh of the time to create. Knows no format and no
database.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import final

import msgspec

from storage.domain.vocabulary import REFERRED as REFERRED
from storage.domain.vocabulary import Origin as Origin
from storage.domain.vocabulary import Preference as Preference


class Rank(IntEnum):
    """Which source wins if two values of one field differ: the one of the smaller rank (`docs/definitions.md`)."""

    SEND_LOG = 0
    WEBHOOK = 1
    PLATFORM = 2
    OPTION = 3


class Step(StrEnum):
    """The statuses of an outbound message that are understood; a record of another status is ignored and counted."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"


class LineIds(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """The ids that one record gives for a line. Ids that are given together are one line.

    Attributes:
        identifier: Meta's phone_number_id, or a provider's id.
        number: the phone number in digits; a number that a platform masks keeps its `*`.
        name: what people call the line.
    """

    identifier: str | None = None
    number: str | None = None
    name: str | None = None


class ContactIds(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """The ids that one record gives for a person. Ids that are given together are one contact.

    Attributes:
        wa_ids: phone numbers in digits, the preferred one first: a number as it was typed and WhatsApp's form of it.
        user_id: Meta's business-scoped user id ("US.1349..."), or the pseudonym of a log.
        customer_id: the platform's id of the customer.
        name: the profile name.
        replaced: an earlier number of this person, from before a change of number.
        other_user_ids: further user ids of this person: a parent id, an earlier one.
        replaced_user_id: an earlier user id of this person, from before a change.
    """

    wa_ids: tuple[str, ...] = ()
    user_id: str | None = None
    customer_id: str | None = None
    name: str | None = None
    replaced: str | None = None
    other_user_ids: tuple[str, ...] = ()
    replaced_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message failed, in the provider's words. Its parts are always taken from the same record."""

    code: int | None = None
    text: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Flags:
    """What a platform's row says without a time."""

    new: bool | None = None
    not_sent: bool | None = None
    sent: bool | None = None
    delivered: bool | None = None
    read: bool | None = None
    answered: bool | None = None


NO_FLAGS = Flags()


class Send(msgspec.Struct, frozen=True, gc=False):
    """One message that was sent or should have been: a record of a send log, or a row of a platform.

    A Send whose origin is webchat or campaign is a referred start: an inbound message.

    Attributes:
        key: the wamid or the provider's id; for a row without one, a hash of the row (`keyless_key`).
        rank: SEND_LOG or PLATFORM.
        at: the time that conflicts are resolved by: when it was sent, else the session's start, else the earliest time.
        keyless: whether the key is a hash.
        derived: whether this is a row of our own TSV with a message key. Its flags and `answered_at` count only if
            nothing else is known of the message.
        kind: "template" for a notification, else the type that was sent ("text", ...).
        default_origin: the origin of the import's options; any other evidence wins.
        default_line: the line of the import's options; any other evidence wins.
        accepted_at: when the request to send was made. The other times are those of the platform's row.
    """

    key: str
    rank: Rank
    at: int
    line: LineIds = LineIds()
    contact: ContactIds = ContactIds()
    keyless: bool = False
    derived: bool = False
    kind: str | None = None
    group: bool = False
    template: str | None = None
    language: str | None = None
    campaign: str | None = None
    origin: Origin | None = None
    default_origin: Origin | None = None
    default_line: LineIds | None = None
    accepted_at: int | None = None
    session_start: int | None = None
    sent_at: int | None = None
    delivered_at: int | None = None
    read_at: int | None = None
    answered_at: int | None = None
    failed_at: int | None = None
    failure: Failure | None = None
    flags: Flags = NO_FLAGS
    channel_id: str | None = None
    agent_groups: str | None = None


class Status(msgspec.Struct, frozen=True, gc=False):
    """One status webhook of an outbound message.

    Attributes:
        category: the category of the pricing, else of the conversation, in lower case with `_`.
    """

    key: str
    step: Step
    at: int
    line: LineIds = LineIds()
    contact: ContactIds = ContactIds()
    category: str | None = None
    group: bool = False
    campaign: str | None = None
    failure: Failure | None = None
    default_line: LineIds | None = None


class Inbound(msgspec.Struct, frozen=True, gc=False):
    """One message from a person, or about one (`system`, `Preference`).

    Attributes:
        kind: the webhook's type; "echo" for echoes; a value of `Preference`.
        context: the key of the message that it replies to; None for a forwarded message or a question about a product.
        origin: WEBCHAT or CAMPAIGN if it has a referral.
    """

    key: str
    kind: str
    at: int
    line: LineIds = LineIds()
    contact: ContactIds = ContactIds()
    context: str | None = None
    group: bool = False
    origin: Origin | None = None
    default_line: LineIds | None = None


class Known(msgspec.Struct, frozen=True, gc=False):
    """Ids that were seen together without a message, as in the metadata of a webhook without messages."""

    line: LineIds = LineIds()
    contact: ContactIds = ContactIds()


Event = Send | Status | Inbound | Known


@final
class Reject(msgspec.Struct, frozen=True, gc=False):
    """A record that could not be read.

    Attributes:
        where: the number of the record or of the line, and its byte position.
        reason: why it could not be read.
        excerpt: at most 80 characters of it, with the digits masked.
        digest: a hash of the record's bytes, so that the same record in two files is one reject.
    """

    where: str
    reason: str
    excerpt: str
    digest: str = ""


@final
@dataclass(frozen=True, slots=True)
class Ignored:
    """A record that was understood but that the report ignores, such as an SMS, or a status that is not in `Step`.

    Attributes:
        what: what it is.
        count: how many of them there are in a row.
    """

    what: str
    count: int = 1


Item = Event | Reject | Ignored
