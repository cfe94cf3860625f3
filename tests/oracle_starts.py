"""The oracle's starts: which messages are starts, and what follows from the others of the same contact.

Independent of the program: it must not use SQL, the database, ingest, timeline or report, which tests compare with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from storage.domain.events import (
    REFERRED,
    Event,
    Failure,
    Inbound,
    Known,
    Origin,
    Send,
)
from storage.domain.vocabulary import StartStatus, UserType
from tests.oracle_messages import (
    CANNOT_ANSWER,
    CLOCK_SKEW_MS,
    DOES_NOT_MAKE_KNOWN,
    JOIN_MS,
    Contact,
    Line,
    Message,
    MessageEvent,
    ReasonOf,
    World,
)


@dataclass(frozen=True, slots=True)
class OracleStart:
    """One start as docs/definitions.md defines it.

    Attributes:
        line: all ids of the line, empty if it is unknown.
        contact: all ids of the contact, empty if it is unknown.
    """

    key: str
    at: int
    day: date
    origin: Origin
    line: Line
    contact: Contact
    template: str | None
    user_type: UserType
    status: StartStatus
    failure: Failure | None
    reason: str | None
    answered_at: int | None
    joined: bool
    implied: bool
    conflict: bool

    @property
    def is_send(self) -> bool:
        """Whether it is a notification, not a referred start."""
        return self.origin not in REFERRED

    @property
    def failed(self) -> bool:
        return self.status is StartStatus.FAILED


def no_reason(code: int | None, text: str | None, detail: str | None) -> str:
    """The reason of every failure if no table of reasons is given."""
    return "other"


# --- from events to starts ---


def starts_of(
    events: Iterable[Event], *, time_zone: ZoneInfo, answer_window_ms: int, reason_of: ReasonOf = no_reason
) -> list[OracleStart]:
    """Every start, newest first, ties by key descending."""
    every = list(events)
    inbound, outbound = _messages([e for e in every if not isinstance(e, Known)], World(every))
    outbound = _join(outbound)
    notifications = [message for message in outbound if message.is_notification]
    _answer(notifications, [message for message in inbound if _can_answer(message)], answer_window_ms)
    making_known = [m for m in inbound if m.kind not in DOES_NOT_MAKE_KNOWN and not m.group]
    making_known += [m for m in outbound if not m.failed]
    known_at = [(m.contact, m.at) for m in making_known]
    starts = []
    for message in notifications + [m for m in inbound if m.given_origin is not None]:
        at, contact = message.at, message.contact
        referred = message in inbound
        failure = message.failure if not referred and message.failed else None
        reason = reason_of(failure.code, failure.text, failure.detail) if failure is not None else None
        given_new = message.given_new
        earlier = bool(contact) and any(other == contact and time < at for other, time in known_at)
        is_new = given_new if given_new is not None else not earlier
        given_origin = message.given_origin
        starts.append(
            OracleStart(
                key=message.key,
                at=at,
                day=datetime.fromtimestamp(at // 1000, time_zone).date(),
                origin=given_origin if referred and given_origin is not None else message.origin,
                line=message.line,
                contact=contact,
                template=message.template,
                user_type=UserType.NEW if is_new else UserType.RECURRENT,
                status=StartStatus.RECEIVED if referred else message.status,
                failure=failure,
                reason=reason,
                answered_at=None if referred else min(message.answer_times, default=None),
                joined=message.joined,
                implied=not referred and message.implied,
                conflict=not referred and bool(message.errors) and message.arrived,
            )
        )
    return sorted(starts, key=lambda start: (start.at, start.key), reverse=True)


def _messages(events: Sequence[MessageEvent], world: World) -> tuple[list[Message], list[Message]]:
    """The messages in and the messages out; a key that is seen in both directions is two messages."""
    keyed_in: dict[str, list[MessageEvent]] = {}
    keyed_out: dict[str, list[MessageEvent]] = {}
    rows: dict[str, list[MessageEvent]] = {}
    for event in events:
        if isinstance(event, Send) and event.keyless:
            rows.setdefault(event.key, []).append(event)
        elif isinstance(event, Inbound) or (
            isinstance(event, Send) and (event.origin or event.default_origin) in REFERRED
        ):
            keyed_in.setdefault(event.key, []).append(event)
        else:
            keyed_out.setdefault(event.key, []).append(event)
    inbound = [Message(key, its_events, world) for key, its_events in keyed_in.items()]
    outbound = [Message(key, its_events, world) for key, its_events in keyed_out.items()]
    for key, its_events in rows.items():
        row = Message(key, its_events, world)
        (inbound if row.given_origin in REFERRED else outbound).append(row)
    return inbound, outbound


def _join(outbound: Sequence[Message]) -> list[Message]:
    """Joins each keyless row with the nearest keyed notification that it agrees with, nearest pairs first."""
    pairs = []
    for row in outbound:
        for keyed in outbound:
            if row.keyless and not keyed.keyless and row.from_platform and _are_one(row, keyed):
                pairs.append((abs(row.at - keyed.at), keyed.key, row.key, keyed, row))
    taken: list[Message] = []
    merged: list[Message] = []
    for _, _, _, keyed, row in sorted(pairs, key=lambda pair: pair[:3]):
        if keyed not in taken and row not in taken:
            taken += [keyed, row]
            merged.append(Message(keyed.key, keyed.events + row.events, keyed.world, joined=True))
    return merged + [message for message in outbound if message not in taken]


def _are_one(row: Message, keyed: Message) -> bool:
    if not (row.is_notification and keyed.is_notification):
        return False
    same_contact = bool(row.contact) and row.contact == keyed.contact
    line_agrees = not row.line or not keyed.line or row.line == keyed.line
    template_agrees = row.template is None or keyed.template is None or row.template == keyed.template
    return same_contact and line_agrees and template_agrees and abs(row.at - keyed.at) <= JOIN_MS


def _can_answer(message: Message) -> bool:
    # A platform's row of a referred start does not say what was written, so it answers nothing.
    return bool(message.inbounds) and message.kind not in CANNOT_ANSWER and not message.group


def _answer(notifications: Sequence[Message], replies: Sequence[Message], window_ms: int) -> None:
    """Adds to every notification the times of the messages that answer it: by context first, then by time."""
    by_time = []
    for reply in replies:
        named = [n for n in notifications if not n.keyless and n.key == reply.field("context")]
        for notification in named:
            notification.answers.append(reply.at)
        if not named:
            by_time.append(reply)
    # What failed is decided here, before an answer by time can prove arrival.
    not_failed = [n for n in notifications if not n.failed]
    for reply in by_time:
        candidates = [
            notification
            for notification in not_failed
            if reply.contact
            and notification.contact == reply.contact
            and notification.line == reply.line
            and notification.at <= reply.at + CLOCK_SKEW_MS
            and reply.at - notification.at <= window_ms
        ]
        if candidates:
            max(candidates, key=lambda notification: (notification.at, notification.key)).answers.append(reply.at)
