"""Events merged in memory: what each says goes into its message, and the messages become the rows of a batch. Knows no
database.

Most events are the usual ones of a notification: a send that was accepted, and its statuses. Only their
times differ, so they are kept as they are (`UsualOutbound`) and become a row without a merge field by field. An inbound
message, which is told once, goes the same short way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from storage.domain.events import ContactIds, Event, Inbound, Known, LineIds, Send, Status
from storage.messages.fast_path import _IN, _OUT, UsualOutbound, is_usual_send, is_usual_status, row_of_inbound
from storage.messages.from_events import contact_reference, direction_of, message_of, take_in
from storage.messages.message import Direction, Message
from storage.messages.message_row import CONTACT, Row, row_of

_UNDATED = 1 << 60  # evidence without a time comes after all that has one
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


class Merger:
    """Takes events in, in any order, and gives them as a batch."""

    def __init__(self) -> None:
        self._outbound: dict[str, UsualOutbound | Message] = {}
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
            if type(known) is UsualOutbound and known.takes(event):
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
        rows = [one.row() if isinstance(one, UsualOutbound) else row_of(one) for one in outbound.values()]
        rows += [row_of_inbound(one) if isinstance(one, Inbound) else row_of(one) for one in others.values()]
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

    def _keeps_status(self, event: Status, known: UsualOutbound | Message | None) -> bool:
        """Keeps the first status of a message if it is a usual one; whether it is."""
        if not is_usual_status(event):
            return False
        if known is None:
            known = self._outbound[event.key] = UsualOutbound()
        elif isinstance(known, Message) or known.status is not None:
            return False
        known.status = event
        self._lines.add(event.line)
        self._meet(event.contact, None if known.send is None else known.send.contact)
        return known.takes(event)

    def _keeps_send(self, event: Send) -> bool:
        """Keeps the send of a message if it is a usual one; whether it is."""
        if not is_usual_send(event):
            return False
        known = self._outbound.get(event.key)
        if known is None:
            known = self._outbound[event.key] = UsualOutbound()
        elif isinstance(known, Message) or known.send is not None:
            return isinstance(known, UsualOutbound) and known.send == event
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
            if isinstance(known, UsualOutbound):
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
