"""What a source says happened, as values: the only language between `sources` and `ingest`.

Knows no format and no database. Every time is UTC epoch milliseconds. `None` means "this record does not say". What an
import makes millions of are structs: frozen as the dataclasses are, but made in a seventh of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import final

import msgspec

from storage.domain.vocabulary import REFERRED as REFERRED
from storage.domain.vocabulary import Origin as Origin


class Rank(IntEnum):
    """Whose word wins when two known values of one field differ: the smaller rank does (DESIGN 2.2)."""

    SEND_LOG = 0
    WEBHOOK = 1
    PLATFORM = 2
    OPTION = 3


class Step(StrEnum):
    """The known statuses of an outbound message; a source drops (and counts) any other."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"


class LineIds(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """The names one record gives to one line: all given together are one line.

    `number` is digits (a masked platform number keeps its `*`); `identifier` is Meta's phone_number_id or a provider's;
    `name` is what people call it.
    """

    identifier: str | None = None
    number: str | None = None
    name: str | None = None


class ContactIds(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """The names one record gives to one person: all given together are one contact.

    `wa_ids` are digits, the preferred one first (a number as typed and WhatsApp's form of it may both be there);
    `user_id` is Meta's BSUID ("US.1349..."); `customer_id` the platform's; `name` the profile name.
    `replaced` is a wa_id of this person that a number change made obsolete.
    """

    wa_ids: tuple[str, ...] = ()
    user_id: str | None = None
    customer_id: str | None = None
    name: str | None = None
    replaced: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message failed, in the provider's words; code, text, detail and time travel together."""

    code: int | None = None
    text: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Flags:
    """What a platform's row states without a time. `None`: the row does not say."""

    new: bool | None = None
    not_sent: bool | None = None
    sent: bool | None = None
    delivered: bool | None = None
    read: bool | None = None
    answered: bool | None = None


NO_FLAGS = Flags()


class Send(msgspec.Struct, frozen=True, gc=False):
    """One message that was (or was to be) sent: a send-log record or a platform's row.

    key: the wamid or provider's id, else the hash of a keyless row (`keyless_key`), with `keyless` true.
    rank: SEND_LOG or PLATFORM. at: the evidence time used to resolve conflicts (send time, else session start, else the
    earliest time given). `kind` is `template` for a notification, else the type sent (`text`, ...); a platform's row
    of a notification is `template`. accepted_at: when the request was made; the other times as the platform's row gives
    them. `default_origin` comes from an option and loses to any evidence; `default_line` likewise.
    `derived` marks a row of our own TSV with a message key: its flags and answered_at count only where nothing else is
    known of the message. A Send whose origin is webchat or campaign is a referred start (an inbound message).
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
    """One status webhook of an outbound message. `category` is lower case with `_`, from pricing, else conversation."""

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
    """One message from a person (or about one: `system`). `context` is the key it replies to, already cleaned of
    forwarded and product contexts. `origin` is set when it carries a referral. `kind` is the webhook's type; `echo`
    for echoes.
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
    """Ids seen together without a message (a `contacts` entry, metadata of a webhook without messages)."""

    line: LineIds = LineIds()
    contact: ContactIds = ContactIds()


Event = Send | Status | Inbound | Known


@final
@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be read: where (record number or line, and byte position), why, and at most 80
    characters of it with digits masked. `digest` is a hash of the record's own bytes: the same record in two files is
    one reject."""

    where: str
    reason: str
    excerpt: str
    digest: str = ""


@final
@dataclass(frozen=True, slots=True)
class Ignored:
    """A record that was understood and is of no use to the report (another webhook field, an SMS row, an unknown
    status)."""

    what: str


Item = Event | Reject | Ignored
