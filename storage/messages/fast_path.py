"""TODO."""

from __future__ import annotations

import msgspec

from storage.domain.events import NO_FLAGS, ContactIds, Inbound, LineIds, Origin, Rank, Send, Status, Step
from storage.messages.from_events import contact_reference, take_in
from storage.messages.message import Direction, Message
from storage.messages.message_row import CONTEXT, NOTHING_UNUSUAL, USUAL, Row, hash_of, row_of

NEVER = 1 << 60  # always this object: known by identity


_OUT, _IN = Direction.OUT, Direction.IN


_NOTIFICATION, _WEBCHAT, _CAMPAIGN = Origin.NOTIFICATION, Origin.WEBCHAT, Origin.CAMPAIGN


_NOTIFIED = Origin.NOTIFICATION.value  # to ask a member for its value takes as long as a fifth of a row


_SEND_LOG = Rank.SEND_LOG


_SENT, _DELIVERED, _READ, _PLAYED, _FAILED = Step.SENT, Step.DELIVERED, Step.READ, Step.PLAYED, Step.FAILED


class UsualOutbound(msgspec.Struct, gc=False):
    """An outbound message of which there is nothing but one usual send, or none, and usual statuses that differ in step
    and time only. status: any one of them; the times are the earliest of each step, ms."""

    send: Send | None = None
    status: Status | None = None
    sent: int = NEVER
    delivered: int = NEVER
    read: int = NEVER

    def takes(self, event: Status) -> bool:
        """Takes in a status that differs from the one there is in step and time only; whether it is one."""
        status = self.status
        if status is not event and not (
            status is not None
            and (event.line is status.line or event.line == status.line)
            and (event.contact is status.contact or event.contact == status.contact)
            and event.category == status.category
            and event.campaign == status.campaign
            and event.default_line is None
            and not event.group
        ):
            return False
        step, at = event.step, event.at
        if step is _DELIVERED:
            if at < self.delivered:
                self.delivered = at
        elif step is _SENT:
            if at < self.sent:
                self.sent = at
        elif step is _READ or step is _PLAYED:
            if at < self.read:
                self.read = at
        else:
            return False
        return True

    def message(self) -> Message:
        """The same as a message, merged like any other."""
        event = self.send or self.status
        assert event is not None
        message = Message(event.key, _OUT)
        if self.send is not None:
            take_in(message, self.send)
        if self.status is not None:
            for step, at in ((_SENT, self.sent), (_DELIVERED, self.delivered), (_READ, self.read)):
                if at != NEVER:
                    take_in(message, msgspec.structs.replace(self.status, step=step, at=at))
        return message

    def row(self) -> Row:
        """The row of that message. Written down at once where the evidence of each field is where `row_of` takes it for
        granted: the send's at the message's own time, a status' where there is no send."""
        send, status = self.send, self.status
        sent, delivered, read = self.sent, self.delivered, self.read
        first = sent if sent <= delivered and sent <= read else min(delivered, read)
        sent_at = None if sent is NEVER else sent
        category = None if status is None else status.category
        if send is None:
            assert status is not None
            if category is not None and sent_at is not None and sent != first:
                return row_of(self.message())
            at, key, line, contact = first, status.key, status.line, status.contact
            sources, accepted, campaign, origin = 2, None, status.campaign, None
            template = kind = language = None
        else:
            at = send.at
            if at > first or (category is not None and first != (at if sent_at is None else sent)):
                return row_of(self.message())
            if status is not None and status.campaign is not None and not send.campaign:
                return row_of(self.message())
            key, line, contact = send.key, send.line, send.contact
            sources, accepted, campaign = 1 if status is None else 3, at, send.campaign or None
            origin = send.origin and (_NOTIFIED if send.origin is _NOTIFICATION else send.origin.value)
            template, kind, language = send.template or None, send.kind or None, send.language or None
        return (
            line.identifier or line.number or line.name,
            contact_reference(contact),
            template,
            key,
            0,
            hash_of(key),
            sources,
            at,
            1,
            origin,
            0,
            0,
            accepted,
            sent_at,
            None if delivered is NEVER else delivered,
            None if read is NEVER else read,
            kind,
            category,
            language,
            campaign,
            *NOTHING_UNUSUAL,
        )


def row_of_inbound(inbound: Inbound) -> Row:
    """The row of a message of which nothing is known but this, with no line of an option."""
    line, origin = inbound.line, inbound.origin
    return (
        line.identifier or line.number or line.name or None,
        contact_reference(inbound.contact),
        None,
        inbound.key,
        1,
        hash_of(inbound.key),
        2,
        inbound.at,
        1,
        None if origin is None else origin.value,
        1 if inbound.group else 0,
        0,
        None,
        None,
        None,
        None,
        inbound.kind,
        None,
        None,
        None,
        *NOTHING_UNUSUAL[: CONTEXT - USUAL],
        inbound.context or None,
        *NOTHING_UNUSUAL[CONTEXT - USUAL + 1 :],
    )


def is_usual_status(event: Status) -> bool:
    """Whether all that a status says is its line, contact, category, campaign and the time of a step on the way."""
    return (
        event.step is not _FAILED
        and not event.group
        and event.default_line is None
        and event.category != ""
        and event.campaign != ""
        and has_line_and_contact(event.line, event.contact)
    )


def is_usual_send(event: Send) -> bool:
    """Whether all that a send says is whom it went to, on which line, what it was and when it was accepted."""
    return (
        event.rank is _SEND_LOG
        and event.accepted_at == event.at
        and not (event.keyless or event.derived or event.group)
        and event.failure is None
        and event.failed_at is None
        and event.session_start is None
        and event.sent_at is None
        and event.delivered_at is None
        and event.read_at is None
        and event.answered_at is None
        and event.flags is NO_FLAGS
        and event.channel_id is None
        and event.agent_groups is None
        and event.default_line is None
        and event.default_origin is None
        and event.origin is not _WEBCHAT
        and event.origin is not _CAMPAIGN
        and has_line_and_contact(event.line, event.contact)
    )


def has_line_and_contact(line: LineIds, contact: ContactIds) -> bool:
    """Whether a line and a contact have an id each that stands for them (evidence.contact_reference)."""
    # Members of two kinds of events, looked up at one place, would be slow to find here as well.
    if not (line.identifier or line.number or line.name):
        return False
    numbers = contact.wa_ids
    return bool((numbers and numbers[0]) or contact.user_id or contact.customer_id)
