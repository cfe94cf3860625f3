"""What is known of one message, and the rules by which pieces of evidence become one (DESIGN 2.2).

`merge` is commutative, associative and idempotent, so any order, split or repetition of events ends the same. Knows no
database and nothing of what follows from a contact's other messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

from storage.events import (
    NO_FLAGS,
    REFERRED,
    ContactIds,
    Failure,
    Flags,
    Inbound,
    LineIds,
    Origin,
    Rank,
    Send,
    Status,
    Step,
)


class Direction(IntEnum):
    """OUT and IN are keyed; a ROW has no key of its own, and is a referred start or a send by its origin."""

    OUT = 0
    IN = 1
    ROW = 2


class Sources(IntFlag):
    """What kinds of source gave evidence of a message; EXPORT is a row of our own TSV with a message key."""

    SEND_LOG = 1
    WEBHOOK = 2
    PLATFORM = 4
    EXPORT = 8


class Stated(IntFlag):
    """What a platform's row says without a time."""

    NOT_SENT = 1
    SENT = 2
    DELIVERED = 4
    READ = 8
    ANSWERED = 16


@dataclass(frozen=True, slots=True, order=True)
class Exported:
    """The derived columns of our own TSV: they count only where nothing else is known of the message."""

    flags: int = 0
    new: tuple[int, int] | None = None  # (at, 0 or 1)
    answered_at: int | None = None


# (rank, at, value): the smaller wins. The value of `error` is (code, text, detail) in a form that can be compared.
Evidence = tuple[int, int, Any]

_BIT_OF_RANK = {
    Rank.SEND_LOG: Sources.SEND_LOG,
    Rank.WEBHOOK: Sources.WEBHOOK,
    Rank.PLATFORM: Sources.PLATFORM,
    Rank.OPTION: Sources.PLATFORM,
}
_TIME_OF_STEP = {
    Step.SENT: "sent",
    Step.DELIVERED: "delivered",
    Step.READ: "read",
    Step.PLAYED: "read",
    Step.FAILED: "failed",
}
_NO_CODE = 1 << 62


@dataclass(slots=True)
class Message:
    """All evidence of one message.

    fields: name -> winning Evidence, for line, contact, kind, category, template, language, campaign, context, origin,
    new, channel_id, agent_groups and error. times: status -> earliest ms (accepted, sent, delivered, read, answered,
    session; `any` is the earliest of all that are evidence of the message's own time).
    """

    key: str
    direction: Direction
    sources: int = 0
    fields: dict[str, Evidence] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    flags: int = 0
    group: bool = False
    exported: Exported | None = None

    @property
    def at(self) -> int:
        """The message's own time, ms: the earliest of a sent request or any status, else the session's start."""
        own = self.times.get("any")
        return own if own is not None else self.times["session"]

    @property
    def identity(self) -> tuple[str, int]:
        """What makes two pieces of evidence one message."""
        return self.key, self.direction

    def value(self, name: str) -> Any:
        """The winning value of a field, None where none is known."""
        evidence = self.fields.get(name)
        return None if evidence is None else evidence[2]

    @property
    def failure(self) -> Failure | None:
        """The winning error, None where nothing says that the message failed."""
        evidence = self.fields.get("error")
        return None if evidence is None else failure_of(evidence)

    def merge(self, other: Message) -> None:
        """Takes in what another piece of evidence of the same message knows."""
        self.sources |= other.sources
        self.flags |= other.flags
        self.group = self.group or other.group
        mine = self.fields
        for name, evidence in other.fields.items():
            known = mine.get(name)
            if known is None or evidence < known:
                mine[name] = evidence
        times = self.times
        for name, time in other.times.items():
            known_time = times.get(name)
            if known_time is None or time < known_time:
                times[name] = time
        if other.exported is not None:
            self.exported = other.exported if self.exported is None else _both(self.exported, other.exported)

    def copy(self) -> Message:
        """An independent copy, to merge a joined row into."""
        return Message(
            self.key,
            self.direction,
            self.sources,
            dict(self.fields),
            dict(self.times),
            self.flags,
            self.group,
            self.exported,
        )


def _both(one: Exported, other: Exported) -> Exported:
    times = [time for time in (one.answered_at, other.answered_at) if time is not None]
    news = [new for new in (one.new, other.new) if new is not None]
    return Exported(one.flags | other.flags, min(news, default=None), min(times, default=None))


def error_evidence(rank: int, at: int, failure: Failure) -> Evidence:
    """An error as evidence: one that says nothing loses to any other; no code comes after any code."""
    known = failure.code is not None or bool(failure.text) or bool(failure.detail)
    code = _NO_CODE if failure.code is None else failure.code
    return rank if known else rank + 10, at, (code, failure.text or "", failure.detail or "")


def failure_of(evidence: Evidence) -> Failure:
    """The failure that `error_evidence` made evidence of."""
    code, text, detail = evidence[2]
    return Failure(None if code == _NO_CODE else code, text or None, detail or None)


def line_reference(line: LineIds) -> tuple[int, str] | None:
    """The one id of a line that stands for it in a message: (kind, text), None where the record gives none."""
    for kind, text in ((1, line.identifier), (0, line.number), (2, line.name)):
        if text:
            return kind, text
    return None


def contact_reference(contact: ContactIds) -> tuple[int, str] | None:
    """The one id of a contact that stands for it in a message: (kind, text), None where the record gives none."""
    for kind, text in ((0, next(iter(contact.wa_ids), None)), (1, contact.user_id), (2, contact.customer_id)):
        if text:
            return kind, text
    return None


def message_of(event: Send | Status | Inbound) -> Message:
    """The evidence that one event is."""
    message = Message(event.key, direction_of(event))
    take_in(message, event)
    return message


def direction_of(event: Send | Status | Inbound) -> Direction:
    """The direction of the message that an event is about: with its key, what makes it one message."""
    if type(event) is Status:
        return Direction.OUT
    if type(event) is Send:
        return Direction.ROW if event.keyless else Direction.IN if event.origin in REFERRED else Direction.OUT
    return Direction.IN


def take_in(message: Message, event: Send | Status | Inbound) -> None:
    """Merges an event into its message: the same as `merge` with `message_of` of it, without making that first."""
    if type(event) is Status:
        _take_status(message, event)
    elif type(event) is Send:
        _take_send(message, event)
    elif type(event) is Inbound:
        _take_inbound(message, event)


def _take_field(fields: dict[str, Evidence], name: str, evidence: Evidence) -> None:
    known = fields.get(name)
    if known is None or evidence < known:
        fields[name] = evidence


def _take_time(times: dict[str, int], name: str, time: int) -> None:
    known = times.get(name)
    if known is None or time < known:
        times[name] = time


def _take_identity(fields: dict[str, Evidence], event: Send | Status | Inbound, rank: int) -> None:
    line, contact, at = event.line, event.contact, event.at
    text = line.identifier or line.number or line.name
    known = fields.get("line")
    if text:
        if known is None or (rank, at, text) < known:
            fields["line"] = (rank, at, text)
    elif event.default_line is not None and (default := line_reference(event.default_line)) is not None:
        _take_field(fields, "line", (_OPTION, at, default[1]))
    known = fields.get("contact")
    if known is None or rank <= known[0]:
        reference = contact_reference(contact)
        if reference is not None and (known is None or (rank, at, reference) < known):
            fields["contact"] = (rank, at, reference)


_WEBHOOK, _OPTION = Rank.WEBHOOK.value, Rank.OPTION.value
_FAILED = Step.FAILED


def _take_status(message: Message, status: Status) -> None:
    at, fields, times = status.at, message.fields, message.times
    message.sources |= 2
    message.group = message.group or status.group
    _take_identity(fields, status, _WEBHOOK)
    category = status.category
    if category:
        known = fields.get("category")
        if known is None or (_WEBHOOK, at, category) < known:
            fields["category"] = (_WEBHOOK, at, category)
    if status.campaign:
        _take_field(fields, "campaign", (_WEBHOOK, at, status.campaign))
    known_at = times.get("any")
    if known_at is None or at < known_at:
        times["any"] = at
    if status.step is _FAILED:
        _take_field(fields, "error", error_evidence(_WEBHOOK, at, status.failure or Failure()))
        return
    name = _TIME_OF_STEP[status.step]
    known_at = times.get(name)
    if known_at is None or at < known_at:
        times[name] = at


def _take_inbound(message: Message, inbound: Inbound) -> None:
    at, fields = inbound.at, message.fields
    message.sources |= Sources.WEBHOOK.value
    message.group = message.group or inbound.group
    _take_identity(fields, inbound, _WEBHOOK)
    _take_field(fields, "kind", (_WEBHOOK, at, inbound.kind))
    if inbound.context:
        _take_field(fields, "context", (_WEBHOOK, at, inbound.context))
    if inbound.origin is not None:
        _take_field(fields, "origin", (_WEBHOOK, at, inbound.origin.value))
    _take_time(message.times, "any", at)


def _take_send(message: Message, send: Send) -> None:
    rank, at, fields = int(send.rank), send.at, message.fields
    message.sources |= Sources.EXPORT.value if send.derived else _BIT_OF_RANK[send.rank].value
    message.group = message.group or send.group
    _take_identity(fields, send, rank)
    for name, value in (
        # A referred start in a TSV does not tell what was written.
        ("kind", None if message.direction is Direction.IN else send.kind),
        ("template", send.template),
        ("language", send.language),
        ("campaign", send.campaign),
        ("channel_id", send.channel_id),
        ("agent_groups", send.agent_groups),
    ):
        if value:
            known = fields.get(name)
            if known is None or (rank, at, value) < known:
                fields[name] = (rank, at, value)
    if send.origin is not None:
        _take_field(fields, "origin", (rank, at, send.origin.value))
    elif send.default_origin is not None:
        _take_field(fields, "origin", (_OPTION, at, send.default_origin.value))
    if send.failure is not None or send.failed_at is not None:
        failed_at = at if send.failed_at is None else send.failed_at
        _take_field(fields, "error", error_evidence(rank, failed_at, send.failure or Failure()))
    for name, time in _send_times(send):
        _take_time(message.times, name, time)
    if send.derived:
        new = None if send.flags.new is None else (at, int(send.flags.new))
        exported = Exported(_flags(send.flags), new, send.answered_at)
        message.exported = exported if message.exported is None else _both(message.exported, exported)
    elif send.flags is not NO_FLAGS or send.answered_at is not None:
        message.flags |= _flags(send.flags)
        if send.flags.new is not None:
            _take_field(fields, "new", (rank, at, int(send.flags.new)))
        if send.answered_at is not None:
            _take_time(message.times, "answered", send.answered_at)


def _send_times(send: Send) -> list[tuple[str, int]]:
    """The times that a send is evidence of. Its session's start is the message's own time only where it has none."""
    times = [
        (name, time)
        for name, time in (
            ("accepted", send.accepted_at),
            ("sent", send.sent_at),
            ("delivered", send.delivered_at),
            ("read", send.read_at),
        )
        if time is not None
    ]
    own = min([time for _, time in times] + [send.failed_at] * (send.failed_at is not None), default=None)
    if send.session_start is not None:
        times.append(("session", send.session_start))
    elif own is None:
        times.append(("session", send.at))
    if send.derived and send.origin in REFERRED:
        # Our own TSV names the time of a referred start once: as sent where that is not the session's start.
        named = send.session_start if send.sent_at is None else send.sent_at
        own = own if named is None else named
    if own is not None:
        times.append(("any", own))
    return times


def _flags(flags: Flags) -> int:
    pairs = (
        (flags.not_sent, Stated.NOT_SENT),
        (flags.sent, Stated.SENT),
        (flags.delivered, Stated.DELIVERED),
        (flags.read, Stated.READ),
        (flags.answered, Stated.ANSWERED),
    )
    return sum(bit.value for stated, bit in pairs if stated)


_NOTIFYING = frozenset(
    (
        "marketing",
        "utility",
        "authentication",
        "authentication_international",
        "marketing_lite",
        "business_initiated",
    )
)
_FREE_TEXT_ONLY = 131047
_CANNOT_ANSWER = frozenset(("reaction", "system", "revoke", "edit", "request_welcome", "echo", "message_echoes"))
_NOT_WRITTEN = frozenset(("system", "revoke", "edit"))


def is_notification(message: Message) -> bool:
    """Whether an outbound message or a keyless row is a template or a mass notification (DESIGN 3, Notification)."""
    if message.group or message.direction is Direction.IN or message.value("origin") in _REFERRED:
        return False
    kind = message.value("kind")
    if kind is not None:
        return bool(kind == "template")
    category = message.value("category")
    if category is not None:
        return category in _NOTIFYING
    failure = message.failure
    return failure is None or failure.code != _FREE_TEXT_ONLY


def is_referred(message: Message) -> bool:
    """Whether the message is a start that a referral made."""
    return message.direction is not Direction.OUT and message.value("origin") in _REFERRED


def origin_given(message: Message) -> Origin | None:
    """The origin that the evidence names, or an option of the import where none does."""
    given = message.value("origin")
    return None if given is None else _ORIGINS[given]


_ORIGINS = {origin.value: origin for origin in Origin}
_REFERRED = frozenset(origin.value for origin in REFERRED)


def can_answer(message: Message) -> bool:
    """Whether an inbound message is one by which a person answers."""
    if message.direction is not Direction.IN or message.group:
        return False
    kind = message.value("kind")
    return kind is not None and kind not in _CANNOT_ANSWER


def makes_known(message: Message) -> bool:
    """Whether an inbound message makes its contact a known one."""
    return not message.group and message.value("kind") not in _NOT_WRITTEN
