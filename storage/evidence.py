"""Events as evidence of messages: what each kind of event says of its message, merged into it by the rules of
`messages`. Knows no database.
"""

from __future__ import annotations

from storage.events import (
    NO_FLAGS,
    REFERRED,
    ContactIds,
    Failure,
    Flags,
    Inbound,
    LineIds,
    Rank,
    Send,
    Status,
    Step,
)
from storage.messages import Direction, Evidence, Exported, Message, Sources, Stated, error_evidence

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
        message.exported = exported if message.exported is None else message.exported.with_(exported)
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
    named_times = [time for _, time in times]
    if send.failed_at is not None:
        named_times.append(send.failed_at)
    own = min(named_times, default=None)
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
