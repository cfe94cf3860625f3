"""What each kind of event says of its message, merged into the message.

`take_in` applies the merge rule of `Message.merge` (docs/definitions.md, "One message from many records") to one event
without making a message of it first; tests/storage/messages/test_from_events.py compares the two. Knows no database.
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
from storage.messages.message import (
    Direction,
    Exported,
    Message,
    RankedValue,
    Sources,
    Stated,
    keep_smaller,
    ranked_error,
)

# Plain names and numbers: this runs for every event, and enum members are slow to look up and to combine.
_IN = Direction.IN
_FAILED = Step.FAILED
_WEBHOOK, _OPTION = Rank.WEBHOOK.value, Rank.OPTION.value
_FROM_WEBHOOK, _FROM_EXPORT = Sources.WEBHOOK.value, Sources.EXPORT.value
SOURCE_OF_RANK = {
    Rank.SEND_LOG: Sources.SEND_LOG.value,
    Rank.WEBHOOK: Sources.WEBHOOK.value,
    Rank.PLATFORM: Sources.PLATFORM.value,
    Rank.OPTION: Sources.PLATFORM.value,
}
_TIME_OF_STEP = {
    Step.SENT: "sent",
    Step.DELIVERED: "delivered",
    Step.READ: "read",
    Step.PLAYED: "read",
}


def line_reference(line: LineIds) -> tuple[int, str] | None:
    """The id of a line by which a message names it: (kind, text), None if the record gives none.

    Kinds: 0 number, 1 identifier, 2 name.
    """
    if line.identifier:
        return 1, line.identifier
    if line.number:
        return 0, line.number
    return (2, line.name) if line.name else None


def contact_reference(contact: ContactIds) -> tuple[int, str] | None:
    """The id of a contact by which a message names it: (kind, text), None if the record gives none.

    Kinds: 0 wa_id, 1 user_id, 2 customer_id.
    """
    numbers = contact.wa_ids
    if numbers and numbers[0]:
        return 0, numbers[0]
    if contact.user_id:
        return 1, contact.user_id
    return (2, contact.customer_id) if contact.customer_id else None


def message_of(event: Send | Status | Inbound) -> Message:
    """The message of which only this event is known."""
    message = Message(event.key, direction_of(event))
    take_in(message, event)
    return message


def direction_of(event: Send | Status | Inbound) -> Direction:
    """The direction of an event's message. Key and direction identify a message."""
    if type(event) is Status:
        return Direction.OUT
    if type(event) is Send:
        return Direction.ROW if event.keyless else Direction.IN if event.origin in REFERRED else Direction.OUT
    return Direction.IN


def take_in(message: Message, event: Send | Status | Inbound) -> None:
    """Merges an event into its message: the same as `message.merge(message_of(event))`, but faster."""
    if type(event) is Status:
        _take_status(message, event)
    elif type(event) is Send:
        _take_send(message, event)
    elif type(event) is Inbound:
        _take_inbound(message, event)


def _take_line_and_contact(fields: dict[str, RankedValue], event: Send | Status | Inbound, rank: int) -> None:
    line, at = event.line, event.at
    known = fields.get("line")
    # A value from a better source is mostly known already; then there is nothing to compare.
    if known is None or rank <= known[0]:
        text = line.identifier or line.number or line.name
        if text:
            if known is None or (rank, at, text) < known:
                fields["line"] = (rank, at, text)
        elif event.default_line is not None and (default := line_reference(event.default_line)) is not None:
            keep_smaller(fields, "line", (_OPTION, at, default[1]))
    if event.group and type(event) is not Inbound:
        return  # a group is no contact
    known = fields.get("contact")
    if known is None or rank <= known[0]:
        reference = contact_reference(event.contact)
        if reference is not None and (known is None or (rank, at, reference) < known):
            fields["contact"] = (rank, at, reference)


def _take_status(message: Message, status: Status) -> None:
    at, fields, times = status.at, message.fields, message.times
    message.sources |= _FROM_WEBHOOK
    message.group = message.group or status.group
    _take_line_and_contact(fields, status, _WEBHOOK)
    if status.category:
        keep_smaller(fields, "category", (_WEBHOOK, at, status.category))
    if status.campaign:
        keep_smaller(fields, "campaign", (_WEBHOOK, at, status.campaign))
    keep_smaller(times, "any", at)
    if status.step is _FAILED:
        keep_smaller(fields, "error", ranked_error(_WEBHOOK, at, status.failure or Failure()))
    else:
        keep_smaller(times, _TIME_OF_STEP[status.step], at)


def _take_inbound(message: Message, inbound: Inbound) -> None:
    at, fields = inbound.at, message.fields
    message.sources |= _FROM_WEBHOOK
    message.group = message.group or inbound.group
    _take_line_and_contact(fields, inbound, _WEBHOOK)
    keep_smaller(fields, "kind", (_WEBHOOK, at, inbound.kind))
    if inbound.context:
        keep_smaller(fields, "context", (_WEBHOOK, at, inbound.context))
    if inbound.origin is not None:
        keep_smaller(fields, "origin", (_WEBHOOK, at, inbound.origin.value))
    keep_smaller(message.times, "any", at)


def _take_send(message: Message, send: Send) -> None:
    rank, at, fields = int(send.rank), send.at, message.fields
    message.sources |= _FROM_EXPORT if send.derived else SOURCE_OF_RANK[send.rank]
    message.group = message.group or send.group
    _take_line_and_contact(fields, send, rank)
    for name, value in (
        # Our own TSV does not say what type of message a referred start was.
        ("kind", None if message.direction is _IN else send.kind),
        ("template", send.template),
        ("language", send.language),
        ("campaign", send.campaign),
        ("channel_id", send.channel_id),
        ("agent_groups", send.agent_groups),
    ):
        if value:
            keep_smaller(fields, name, (rank, at, value))
    if send.origin is not None:
        keep_smaller(fields, "origin", (rank, at, send.origin.value))
    elif send.default_origin is not None:
        keep_smaller(fields, "origin", (_OPTION, at, send.default_origin.value))
    if send.failure is not None or send.failed_at is not None:
        failed_at = at if send.failed_at is None else send.failed_at
        keep_smaller(fields, "error", ranked_error(rank, failed_at, send.failure or Failure()))
    _take_send_times(message.times, send)
    if send.derived:
        _take_exported(message, send)
    elif send.flags is not NO_FLAGS or send.answered_at is not None:
        message.flags |= stated_bits(send.flags)
        if send.flags.new is not None:
            keep_smaller(fields, "new", (rank, at, int(send.flags.new)))
        if send.answered_at is not None:
            keep_smaller(message.times, "answered", send.answered_at)


def _take_exported(message: Message, send: Send) -> None:
    """Takes in the derived columns of a row of our own TSV."""
    new = None if send.flags.new is None else (send.at, int(send.flags.new))
    exported = Exported(stated_bits(send.flags), new, send.answered_at)
    message.exported = exported if message.exported is None else message.exported.merged_with(exported)


def _take_send_times(times: dict[str, int], send: Send) -> None:
    """Takes in the times of a send; its session's start is the message's own time only if it gives no other."""
    own = send.failed_at
    for name, time in (
        ("accepted", send.accepted_at),
        ("sent", send.sent_at),
        ("delivered", send.delivered_at),
        ("read", send.read_at),
    ):
        if time is not None:
            keep_smaller(times, name, time)
            own = time if own is None or time < own else own
    if send.session_start is not None:
        keep_smaller(times, "session", send.session_start)
    elif own is None:
        keep_smaller(times, "session", send.at)
    if send.derived and send.origin in REFERRED:
        # Our own TSV gives the time of a referred start once: in "Sent at" if it differs from the session's start.
        given = send.session_start if send.sent_at is None else send.sent_at
        own = own if given is None else given
    if own is not None:
        keep_smaller(times, "any", own)


def stated_bits(flags: Flags) -> int:
    """The flags as bits of `Stated`."""
    pairs = (
        (flags.not_sent, Stated.NOT_SENT),
        (flags.sent, Stated.SENT),
        (flags.delivered, Stated.DELIVERED),
        (flags.read, Stated.READ),
        (flags.answered, Stated.ANSWERED),
    )
    return sum(bit.value for is_stated, bit in pairs if is_stated)
