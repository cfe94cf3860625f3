"""Events as evidence of messages: what each kind of event says of its message, merged into it by the rules of
`messages`. Knows no database.
"""

from __future__ import annotations

from storage.domain.events import (
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
from storage.messages.message import Direction, Exported, Message, RankedValue, Sources, Stated, error_evidence

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
    if line.identifier:
        return 1, line.identifier
    if line.number:
        return 0, line.number
    return (2, line.name) if line.name else None


def contact_reference(contact: ContactIds) -> tuple[int, str] | None:
    """The one id of a contact that stands for it in a message: (kind, text), None where the record gives none."""
    numbers = contact.wa_ids
    if numbers and numbers[0]:
        return 0, numbers[0]
    if contact.user_id:
        return 1, contact.user_id
    return (2, contact.customer_id) if contact.customer_id else None


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


def _take_field(fields: dict[str, RankedValue], name: str, evidence: RankedValue) -> None:
    known = fields.get(name)
    if known is None or evidence < known:
        fields[name] = evidence


def _take_time(times: dict[str, int], name: str, time: int) -> None:
    known = times.get(name)
    if known is None or time < known:
        times[name] = time


def _take_identity(fields: dict[str, RankedValue], event: Send | Status | Inbound, rank: int) -> None:
    line, at = event.line, event.at
    known = fields.get("line")
    # Most of it is known from a better source: then there is nothing to compare.
    if known is None or rank <= known[0]:
        text = line.identifier or line.number or line.name
        if text:
            if known is None or (rank, at, text) < known:
                fields["line"] = (rank, at, text)
        elif event.default_line is not None and (default := line_reference(event.default_line)) is not None:
            _take_field(fields, "line", (_OPTION, at, default[1]))
    known = fields.get("contact")
    if known is None or rank <= known[0]:
        reference = contact_reference(event.contact)
        if reference is not None and (known is None or (rank, at, reference) < known):
            fields["contact"] = (rank, at, reference)


_WEBHOOK, _OPTION = Rank.WEBHOOK.value, Rank.OPTION.value
_IN = Direction.IN
_FAILED = Step.FAILED


def _take_status(message: Message, status: Status) -> None:
    at, fields, times = status.at, message.fields, message.times
    message.sources |= 2
    message.group = message.group or status.group
    _take_identity(fields, status, _WEBHOOK)
    category = status.category
    if category:
        known = fields.get("category")
        if known is None or (at <= known[1] and (_WEBHOOK, at, category) < known):
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
        ("kind", None if message.direction is _IN else send.kind),
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
    _take_send_times(message.times, send)
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


def _take_send_times(times: dict[str, int], send: Send) -> None:
    """The times that a send is evidence of. Its session's start is the message's own time only where it has none."""
    own = send.failed_at
    if (time := send.accepted_at) is not None:
        _take_time(times, "accepted", time)
        own = time if own is None or time < own else own
    if (time := send.sent_at) is not None:
        _take_time(times, "sent", time)
        own = time if own is None or time < own else own
    if (time := send.delivered_at) is not None:
        _take_time(times, "delivered", time)
        own = time if own is None or time < own else own
    if (time := send.read_at) is not None:
        _take_time(times, "read", time)
        own = time if own is None or time < own else own
    if send.session_start is not None:
        _take_time(times, "session", send.session_start)
    elif own is None:
        _take_time(times, "session", send.at)
    if send.derived and send.origin in REFERRED:
        # Our own TSV names the time of a referred start once: as sent where that is not the session's start.
        named = send.session_start if send.sent_at is None else send.sent_at
        own = own if named is None else named
    if own is not None:
        _take_time(times, "any", own)


def _flags(flags: Flags) -> int:
    pairs = (
        (flags.not_sent, Stated.NOT_SENT),
        (flags.sent, Stated.SENT),
        (flags.delivered, Stated.DELIVERED),
        (flags.read, Stated.READ),
        (flags.answered, Stated.ANSWERED),
    )
    return sum(bit.value for stated, bit in pairs if stated)
