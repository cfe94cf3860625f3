"""Events merged in memory: what each says goes into its message, and the messages become the rows of a batch. Knows no
database.

Most events are one of the few that an ordinary notification makes: a send that was accepted, and its statuses. Nothing
but their times differs, so they are only kept (`_Outbound`), and become a row without being merged field by field. So
does what a person wrote, of which nothing tells twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from storage.domain.events import NO_FLAGS, ContactIds, Event, Inbound, Known, LineIds, Origin, Rank, Send, Status, Step
from storage.messages.from_events import contact_reference, direction_of, message_of, take_in
from storage.messages.message import Direction, Message
from storage.messages.message_row import CONTACT, CONTEXT, NOTHING_UNUSUAL, USUAL, Row, hash_of, row_of

_UNDATED = 1 << 60  # evidence without a time comes after all that has one
_NEVER = 1 << 60  # always this object: known by identity
_OUT, _IN = Direction.OUT, Direction.IN
_NOTIFICATION, _WEBCHAT, _CAMPAIGN = Origin.NOTIFICATION, Origin.WEBCHAT, Origin.CAMPAIGN
_NOTIFIED = Origin.NOTIFICATION.value  # to ask a member for its value takes as long as a fifth of a row
_SEND_LOG = Rank.SEND_LOG
_SENT, _DELIVERED, _READ, _PLAYED, _FAILED = Step.SENT, Step.DELIVERED, Step.READ, Step.PLAYED, Step.FAILED
Name = tuple[int, int, str]  # (rank, at, name): the smallest wins
Reference = tuple[int, str]  # (kind, text) of one id of a contact


@dataclass(slots=True)
class Batch:
    """Merged events, as they are written.

    rows: the messages, each once. references: the contacts in them, each once, None for nobody; people: the place of
    each row's contact among these. lines: all that were named. contacts: those that have another id than the one in the
    row of a message. names: what contacts are called, by one of their ids. events: how many went into it.
    """

    rows: list[Row] = field(default_factory=list)
    references: list[Reference | None] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    lines: list[LineIds] = field(default_factory=list)
    contacts: list[ContactIds] = field(default_factory=list)
    names: dict[Reference, Name] = field(default_factory=dict)
    events: int = 0


class _Outbound(msgspec.Struct, gc=False):
    """An outbound message of which there is nothing but one usual send, or none, and usual statuses that differ in step
    and time only. status: any one of them; the times are the earliest of each step, ms."""

    send: Send | None = None
    status: Status | None = None
    sent: int = _NEVER
    delivered: int = _NEVER
    read: int = _NEVER

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
                if at != _NEVER:
                    take_in(message, msgspec.structs.replace(self.status, step=step, at=at))
        return message

    def row(self) -> Row:
        """The row of that message. Written down at once where the evidence of each field is where `row_of` takes it for
        granted: the send's at the message's own time, a status' where there is no send."""
        send, status = self.send, self.status
        sent, delivered, read = self.sent, self.delivered, self.read
        first = sent if sent <= delivered and sent <= read else min(delivered, read)
        sent_at = None if sent is _NEVER else sent
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
            None if delivered is _NEVER else delivered,
            None if read is _NEVER else read,
            kind,
            category,
            language,
            campaign,
            *NOTHING_UNUSUAL,
        )


def _row_of_inbound(inbound: Inbound) -> Row:
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


class Merger:
    """Takes events in, in any order, and gives them as a batch."""

    def __init__(self) -> None:
        self._outbound: dict[str, _Outbound | Message] = {}
        self._others: dict[tuple[str, Direction], Inbound | Message] = {}
        self._lines: set[LineIds] = set()
        self._contacts: dict[ContactIds, None] = {}  # in the order they came, so that ids lie as the messages do
        self._names: dict[Reference, Name] = {}
        self._events = 0

    def add(self, event: Event) -> None:
        """Takes one event in."""
        self._events += 1
        # Each kind looks at its own members: the interpreter finds them faster where it has seen one kind only.
        if type(event) is Status:
            if event.contact.name is not None:
                self._name(event)
            known = self._outbound.get(event.key)
            if type(known) is _Outbound and known.takes(event):
                return
            if self._keeps_status(event, known):
                return
        elif event.contact.name is not None:
            self._name(event)
        if type(event) is Send and self._keeps_send(event):
            return
        if type(event) is Inbound and self._keeps_inbound(event):
            return
        self._merge(event)

    def batch(self) -> Batch:
        """Gives out all that was taken in, and holds none of it any more: rows alone are faster to write down."""
        outbound, others = self._outbound, self._others
        self._outbound, self._others = {}, {}
        rows = [one.row() if isinstance(one, _Outbound) else row_of(one) for one in outbound.values()]
        rows += [_row_of_inbound(one) if isinstance(one, Inbound) else row_of(one) for one in others.values()]
        references: dict[Reference | None, int] = {}
        people = [references.setdefault(row[CONTACT], len(references)) for row in rows]
        return Batch(
            rows,
            list(references),
            people,
            list(self._lines),
            list(self._contacts),
            self._names,
            self._events,
        )

    def _keeps_status(self, event: Status, known: _Outbound | Message | None) -> bool:
        """Keeps the first status of a message if it is a usual one; whether it is."""
        if not _is_usual_status(event):
            return False
        if known is None:
            known = self._outbound[event.key] = _Outbound()
        elif isinstance(known, Message) or known.status is not None:
            return False
        known.status = event
        self._lines.add(event.line)
        self._meet(event.contact, None if known.send is None else known.send.contact)
        return known.takes(event)

    def _keeps_send(self, event: Send) -> bool:
        """Keeps the send of a message if it is a usual one; whether it is."""
        if not _is_usual_send(event):
            return False
        known = self._outbound.get(event.key)
        if known is None:
            known = self._outbound[event.key] = _Outbound()
        elif isinstance(known, Message) or known.send is not None:
            return isinstance(known, _Outbound) and known.send == event
        known.send = event
        self._lines.add(event.line)
        self._meet(event.contact, None if known.status is None else known.status.contact)
        return True

    def _keeps_inbound(self, event: Inbound) -> bool:
        """Keeps what is said first of an inbound message; whether it does."""
        identity = event.key, _IN
        if event.default_line is not None or identity in self._others:
            return False
        self._others[identity] = event
        self._lines.add(event.line)
        self._contacts[event.contact] = None
        return True

    def _meet(self, contact: ContactIds, other: ContactIds | None) -> None:
        """Writes down a contact of which the message's row will not tell all: one of several ids, or one of two."""
        if other is not None:
            if other != contact:
                self._contacts[contact] = self._contacts[other] = None
        elif len(contact.wa_ids) != 1 or contact.user_id or contact.customer_id or contact.replaced:
            self._contacts[contact] = None

    def _merge(self, event: Event) -> None:
        """Merges an event with its message, whatever it is."""
        self._lines.add(event.line)
        self._contacts[event.contact] = None
        if isinstance(event, Known):
            return
        if event.default_line is not None:
            self._lines.add(event.default_line)
        direction = direction_of(event)
        if direction is not _OUT:
            other = self._others.get((event.key, direction))
            message = message_of(other) if isinstance(other, Inbound) else other or Message(event.key, direction)
            self._others[event.key, direction] = message
        else:
            known = self._outbound.get(event.key)
            if isinstance(known, _Outbound):
                self._contacts |= {one.contact: None for one in (known.send, known.status) if one is not None}
                known = known.message()
            message = self._outbound[event.key] = known or Message(event.key, direction)
        take_in(message, event)

    def _name(self, event: Event) -> None:
        reference = contact_reference(event.contact)
        if event.contact.name and reference is not None:
            rank = int(event.rank) if isinstance(event, Send) else 1
            name = (rank, _UNDATED if isinstance(event, Known) else event.at, event.contact.name)
            self._names[reference] = min(name, self._names.get(reference, name))


def _is_usual_status(event: Status) -> bool:
    """Whether all that a status says is its line, contact, category, campaign and the time of a step on the way."""
    return (
        event.step is not _FAILED
        and not event.group
        and event.default_line is None
        and event.category != ""
        and event.campaign != ""
        and _is_placed(event.line, event.contact)
    )


def _is_usual_send(event: Send) -> bool:
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
        and _is_placed(event.line, event.contact)
    )


def _is_placed(line: LineIds, contact: ContactIds) -> bool:
    """Whether a line and a contact have an id each that stands for them (evidence.contact_reference)."""
    # Members of two kinds of events, looked up at one place, would be slow to find here as well.
    if not (line.identifier or line.number or line.name):
        return False
    numbers = contact.wa_ids
    return bool((numbers and numbers[0]) or contact.user_id or contact.customer_id)
