"""Merges events in memory: from the events of a batch to the rows of its messages.

Events in any order come in; a `Batch` goes out: one row a message, and the ids and names of lines and contacts that the
records give. Usual events take the fast path (storage/messages/fast_path.py), the sends of a table come as columns
(storage/messages/column_rows.py), and all others are merged by `take_in`. Knows no database and no file format.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import Any, cast

from storage.domain.events import ContactIds, Event, Inbound, Known, LineIds, Send, Status
from storage.domain.log_lines import NEVER, StepTimes
from storage.domain.sends import Sends
from storage.messages.fast_path import UsualOutbound, is_usual_send, is_usual_status, row_of_inbound
from storage.messages.from_events import contact_reference, direction_of, message_of, take_in
from storage.messages.message import Direction, Message
from storage.messages.message_row import CONTACT, Row, message_of_row, row_of

_OUT, _IN, _ROW = Direction.OUT, Direction.IN, Direction.ROW
_NO_LINE = LineIds()
_UNDATED = 1 << 60  # ms; a name from a record without a time loses to a name with one
Name = tuple[int, int, str]  # (rank, at, name): the smallest wins
Reference = tuple[int, str]  # (kind, text) of one id of a contact


@dataclass(slots=True)
class Batch:
    """Merged events, ready to be written.

    rows: one a message. references: the distinct contacts that rows name, None for an unknown one; people: for each row
    the index of its contact among these. lines: all ids of lines that records gave together. contacts: likewise, but
    only those that say more than the one id in a row. names: the name of a contact, by one of its ids. events: how many
    were merged. recipients: pairs of ids that records of one message out gave, which are of one contact.
    """

    rows: list[Row] = field(default_factory=list)
    references: list[Reference | None] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    lines: list[LineIds] = field(default_factory=list)
    contacts: list[ContactIds] = field(default_factory=list)
    names: dict[Reference, Name] = field(default_factory=dict)
    events: int = 0
    recipients: list[tuple[Reference, Reference]] = field(default_factory=list)


class Merger:
    """Collects events, in any order, and merges them into a batch. See `Sink` for `steps` and `merged`."""

    def __init__(self) -> None:
        self.steps: dict[str, StepTimes] = {}
        self._clear()

    def _clear(self) -> None:
        self.steps.clear()
        self.merged = 0
        self._outbound: dict[str, UsualOutbound | Message | Row] = {}
        self._inbound: dict[str, Inbound | Message] = {}
        self._keyless: dict[str, Message | Row] = {}
        self._lines: set[LineIds] = set()
        self._contacts: dict[ContactIds, None] = {}  # in the order of the records, which their row ids will follow
        self._names: dict[Reference, Name] = {}
        self._recipients: dict[tuple[Reference, Reference], None] = {}
        self._events = 0

    @property
    def events(self) -> int:
        """How many events it has merged."""
        return self._events + self.merged

    @property
    def messages(self) -> int:
        """How many messages it holds."""
        return len(self._outbound) + len(self._inbound) + len(self._keyless)

    def add_status(self, status: Status, key: str, about: tuple[Any, ...]) -> None:
        """Merges one status, and allows its reader to merge those that differ in step and time only; as `Sink`."""
        self.add(status)
        known = self._outbound[status.key]
        # The message is still a usual one, so the status was a usual one as well.
        if type(known) is UsualOutbound and key == status.key:
            known.about = about
            self.steps[key] = known

    def begin(
        self,
        key: str,
        about: tuple[Any, ...],
        line: LineIds,
        contact: ContactIds,
        category: str,
        campaign: str | None,
    ) -> StepTimes | None:
        """Allows the reader of a message's first status to merge it, if its send says nothing else; as `Sink`."""
        known = self._outbound.get(key)
        if known is None:
            known = self._outbound[key] = UsualOutbound(key=key)
            self._remember(contact, None)
        elif (
            type(known) is not UsualOutbound
            or known.line is not None
            or known.send is None
            or (known.send.contact is not contact and known.send.contact != contact)
        ):
            return None
        known.line, known.contact, known.category, known.campaign = line, contact, category, campaign
        known.about = about
        self.steps[key] = known
        self._lines.add(line)
        return known

    def add_send(self, send: Send) -> None:
        """Merges a send that says no more than that its request was accepted; as `Sink`."""
        key, contact = send.key, send.contact
        if key in self._outbound or send.group or send.default_line is not None or not send.line.identifier:
            self.add(send)
            return
        if len(contact.wa_ids) != 1 or contact.user_id is not None:
            self.add(send)
            return
        self._events += 1
        self._outbound[key] = UsualOutbound(None, NEVER, NEVER, NEVER, key, send)
        self._lines.add(send.line)

    def add(self, event: Event) -> None:
        """Merges one event."""
        self._events += 1
        # Each kind looks up its own members: the interpreter does that faster in code that sees one kind only.
        if type(event) is Status:
            if event.contact.name is not None:
                self._name(event)
            known = self._outbound.get(event.key)
            if type(known) is UsualOutbound and known.take(event):
                return
            if self._keep_status(event, known):
                return
        elif event.contact.name is not None:
            self._name(event)
        if type(event) is Send and self._keep_send(event):
            return
        if type(event) is Inbound and self._keep_inbound(event):
            return
        self._merge(event)

    def add_all(self, sends: Sends) -> None:
        """Merges many sends: the same as adding each of them."""
        from storage.messages.column_rows import rows_of  # most imports have no table

        known = self._keyless if sends.keyless else self._outbound
        keys = set(sends.keys)
        if len(keys) < len(sends) or not known.keys().isdisjoint(keys):
            new, others = _first_of_each(sends, known)
        else:
            new, others = sends, None
        made = rows_of(new)
        self._take_rows(made.sends, made.rows)
        for rest in (made.others, others):
            for send in rest or ():
                self.add(send)

    def _take_rows(self, sends: Sends, rows: list[Row]) -> None:
        """Takes in sends of messages of which nothing else is known, and their rows."""
        self._events += len(rows)
        if sends.keyless:
            self._keyless.update(zip(sends.keys, rows, strict=True))
        else:
            self._outbound.update(zip(sends.keys, rows, strict=True))
        lines = set(sends.lines)
        if sends.default_line is not None and _NO_LINE in lines:
            lines.add(sends.default_line)
        self._lines |= lines
        for contact, at in zip(sends.contacts or (), sends.at, strict=False):
            if contact.name:
                self._add_name(contact, int(sends.rank), at)
            self._remember(contact, None)

    def batch(self) -> Batch:
        """The batch of all events so far. The merger is empty afterwards, which frees the memory of the events."""
        rows = _rows_of(self._outbound)
        rows += [row_of_inbound(one) if isinstance(one, Inbound) else row_of(one) for one in self._inbound.values()]
        rows += _rows_of(self._keyless)
        places: defaultdict[Reference | None, int] = defaultdict(count().__next__)
        people = list(map(places.__getitem__, map(itemgetter(CONTACT), rows)))
        batch = Batch(
            rows,
            list(places),
            people,
            list(self._lines),
            list(self._contacts),
            self._names,
            self.events,
            list(self._recipients),
        )
        self._clear()
        return batch

    def _keep_status(self, event: Status, known: UsualOutbound | Message | Row | None) -> bool:
        """Keeps the first status of a message if it is a usual one. Returns whether it was kept."""
        if not is_usual_status(event):
            return False
        if known is None:
            known = self._outbound[event.key] = UsualOutbound(key=event.key)
        elif not isinstance(known, UsualOutbound) or known.line is not None:
            return False
        known.line, known.contact = event.line, event.contact
        known.category, known.campaign = event.category, event.campaign
        self._lines.add(event.line)
        self._remember(event.contact, None if known.send is None else known.send.contact)
        return known.take(event)

    def _keep_send(self, event: Send) -> bool:
        """Keeps the send of a message if it is a usual one. Returns whether it was kept, or is known already."""
        if not is_usual_send(event):
            return False
        known = self._outbound.get(event.key)
        if known is None:
            known = self._outbound[event.key] = UsualOutbound(key=event.key)
        elif not isinstance(known, UsualOutbound) or known.send is not None:
            return isinstance(known, UsualOutbound) and known.send == event
        known.send = event
        self._lines.add(event.line)
        self._remember(event.contact, known.contact)
        return True

    def _keep_inbound(self, event: Inbound) -> bool:
        """Keeps the first event of a message in. Returns whether it was kept."""
        if event.default_line is not None or event.key in self._inbound:
            return False
        self._inbound[event.key] = event
        self._lines.add(event.line)
        self._contacts[event.contact] = None
        return True

    def _remember(self, contact: ContactIds, other: ContactIds | None) -> None:
        """Remembers a contact if the row does not say all of it: it has several ids, or send and status differ."""
        if other is not None:
            if other != contact:
                self._contacts[contact] = self._contacts[other] = None
                self._link(contact_reference(contact), contact_reference(other))
        elif len(contact.wa_ids) != 1 or contact.user_id or contact.customer_id or contact.replaced:
            self._contacts[contact] = None

    def _merge(self, event: Event) -> None:
        """Merges any event by the plain path."""
        self._lines.add(event.line)
        self._contacts[event.contact] = None
        if isinstance(event, Known):
            return
        if event.default_line is not None:
            self._lines.add(event.default_line)
        take_in(self._message_of(event), event)

    def _message_of(self, event: Send | Status | Inbound) -> Message:
        """The message of an event, with all that is known of it merged."""
        key, direction = event.key, direction_of(event)
        if direction is _IN:
            inbound = self._inbound.get(key)
            message = message_of(inbound) if isinstance(inbound, Inbound) else inbound or Message(key, direction)
            self._inbound[key] = message
            return message
        if direction is _ROW:
            row = self._keyless.get(key)
            message = self._read(row) if isinstance(row, tuple) else row or Message(key, direction)
            self._keyless[key] = message
            return message
        known = self._outbound.get(key)
        if isinstance(known, UsualOutbound):
            self.steps.pop(key, None)
            contacts = None if known.send is None else known.send.contact, known.contact
            self._contacts |= {one: None for one in contacts if one is not None}
            known = known.message()
        message = self._read(known) if isinstance(known, tuple) else known or Message(key, direction)
        self._outbound[key] = message
        if not event.group:
            self._link(message.value("contact"), contact_reference(event.contact))
        return message

    def _read(self, row: Row) -> Message:
        """The message of a row, whose contact the row that it becomes may not name."""
        message = message_of_row(row)
        if (reference := row[CONTACT]) is not None:
            self._contacts[_contact_of(reference)] = None
        return message

    def _link(self, one: Reference | None, other: Reference | None) -> None:
        """Notes that two ids are of one contact, because one message went to both."""
        if one is not None and other is not None and one != other:
            self._recipients[one, other] = None

    def _name(self, event: Event) -> None:
        rank = int(event.rank) if isinstance(event, Send) else 1
        self._add_name(event.contact, rank, _UNDATED if isinstance(event, Known) else event.at)

    def _add_name(self, contact: ContactIds, rank: int, at: int) -> None:
        reference = contact_reference(contact)
        if contact.name and reference is not None:
            name = rank, at, contact.name
            self._names[reference] = min(name, self._names.get(reference, name))


def _rows_of(messages: Mapping[str, UsualOutbound | Message | Row]) -> list[Row]:
    """The rows of messages out; those of tables alone are rows already."""
    if {*map(type, messages.values())} == {tuple}:
        return list(cast("Iterable[Row]", messages.values()))
    return [
        one.row() if isinstance(one, UsualOutbound) else row_of(one) if isinstance(one, Message) else one
        for one in messages.values()
    ]


def _first_of_each(sends: Sends, known: Container[str]) -> tuple[Sends, Sends]:
    """The first send of each message that is not known yet, and the other sends."""
    seen: set[str] = set()
    new = []
    for key in sends.keys:
        new.append(key not in seen and key not in known)
        seen.add(key)
    return sends.only(new), sends.only([not one for one in new])


def _contact_of(reference: Reference) -> ContactIds:
    """The contact of which only the id in a row is known."""
    kind, text = reference
    if kind == 0:
        return ContactIds((text,))
    return ContactIds(user_id=text) if kind == 1 else ContactIds(customer_id=text)
