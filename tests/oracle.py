"""The oracle: computes a report in memory from events alone, as directly as docs/definitions.md words it.

Independent of the program: it must not use SQL, the database, ingest, timeline or report, which tests compare with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from storage.domain.events import (
    REFERRED,
    ContactIds,
    Event,
    Failure,
    Flags,
    Inbound,
    Known,
    LineIds,
    Origin,
    Rank,
    Send,
    Status,
    Step,
)
from storage.domain.vocabulary import StartStatus, UserType

MessageEvent = Send | Status | Inbound
Id = TypeVar("Id")
Value = TypeVar("Value")
ContactId = tuple[str, str]
Line = frozenset[str]
Contact = frozenset[ContactId]
ReasonOf = Callable[[int | None, str | None, str | None], str]

KINDS = ("wa", "user", "customer")
CLOCK_SKEW_MS = 5_000  # an answer may seem to come so much before the notification
JOIN_MS = 60_000  # the greatest distance between a keyless row and the send that it is joined with
FREE_TEXT_ONLY = 131047  # the error code of free text more than 24 hours after the person last wrote
NOTIFICATION_CATEGORIES = {
    "marketing",
    "utility",
    "authentication",
    "authentication_international",
    "marketing_lite",
    "business_initiated",
}
CANNOT_ANSWER = {"reaction", "system", "revoke", "edit", "request_welcome", "echo"}
DOES_NOT_MAKE_KNOWN = {"system", "revoke", "edit"}
SENT_STATUSES = ("failed", "sent", "delivered", "read", "answered")


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


def everything(start: OracleStart) -> bool:
    """The filter that selects every start."""
    return True


def no_reason(code: int | None, text: str | None, detail: str | None) -> str:
    """The reason of every failure if no table of reasons is given."""
    return "other"


def recount(
    events: Iterable[Event],
    *,
    time_zone: ZoneInfo,
    answer_window_ms: int,
    since: date,
    until: date,
    now: datetime,
    where: Callable[[OracleStart], bool] = everything,
    reason_of: ReasonOf = no_reason,
) -> dict[str, Any]:
    """The report as JSON, without its member `filter`.

    Args:
        events: The history, in any order.
        time_zone: The time zone of the days.
        answer_window_ms: How long after a send a message answers it.
        since: First day of the period.
        until: The day after the last day of the period.
        now: The current time, which decides the week of the funnel.
        where: The filter, except its period: whether a start is selected.
        reason_of: The reason of a failure, from its code, text and detail.
    """
    starts = starts_of(events, time_zone=time_zone, answer_window_ms=answer_window_ms, reason_of=reason_of)
    matching = [start for start in starts if where(start)]
    selection = [start for start in matching if since <= start.day < until]
    today = now.astimezone(time_zone).date()
    monday = today - timedelta(days=today.isoweekday() - 1)
    this_week = [start for start in matching if monday <= start.day < monday + timedelta(days=7)]

    sends = [start for start in selection if start.is_send]
    referred = [start for start in selection if not start.is_send]
    reached = [start for start in sends if not start.failed]
    answered = [start for start in reached if start.status is StartStatus.ANSWERED]
    come = _users(reached + referred)
    new = _users([start for start in reached + referred if start.user_type is UserType.NEW])
    return {
        "time_zone": time_zone.key,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "starts": len(selection),
        "sends": len(sends),
        "users": len(_users(selection)),
        "users_sent": len(_users(sends)),
        "origins": {origin.value: len([s for s in selection if s.origin is origin]) for origin in Origin},
        "answered": {
            "users_reached": len(_users(reached)),
            "users_answered": len(_users(answered)),
            "sends_reached": len(reached),
            "sends_answered": len(answered),
        },
        "status": _status_counts(sends),
        "user_types": {"new": len(new), "recurrent": len(come - new)},
        "daily": _daily(selection, since, until),
        "funnel": _funnel(this_week, monday),
        "failures": _failures(sends),
        "data": {
            "joined": len([start for start in selection if start.joined]),
            "unknown_template": len([start for start in sends if start.template is None]),
            "implied": len([start for start in sends if start.implied]),
            "conflicts": len([start for start in sends if start.conflict]),
            "rejects": 0,
            "unknown_contacts": len([start for start in selection if not start.contact]),
        },
    }


def _users(starts: Iterable[OracleStart]) -> set[Contact]:
    return {start.contact for start in starts if start.contact}


def _status_counts(sends: Sequence[OracleStart]) -> dict[str, int]:
    return {status: len([send for send in sends if send.status.value == status]) for status in SENT_STATUSES}


def _daily(selection: Sequence[OracleStart], since: date, until: date) -> list[dict[str, Any]]:
    days: list[dict[str, Any]] = []
    day = since
    while day < until:
        that_day = [start for start in selection if start.day == day]
        sends = [start for start in that_day if start.is_send]
        days.append({"day": day.isoformat(), **_status_counts(sends), "referred": len(that_day) - len(sends)})
        day += timedelta(days=1)
    return days


def _funnel(this_week: Sequence[OracleStart], monday: date) -> dict[str, Any]:
    ladder = ["sent", "delivered", "read", "answered"]
    reached = [start for start in this_week if start.is_send and not start.failed]
    counts = [len([s for s in reached if ladder.index(s.status.value) >= index]) for index in range(len(ladder))]
    steps = []
    for index, step in enumerate(ladder):
        before = counts[index - 1] if index > 0 else 0
        of_previous = counts[index] / before if before else None
        of_first = counts[index] / counts[0] if counts[0] else None
        steps.append({"step": step, "count": counts[index], "of_previous": of_previous, "of_first": of_first})
    return {"since": monday.isoformat(), "until": (monday + timedelta(days=7)).isoformat(), "steps": steps}


def _failures(sends: Sequence[OracleStart]) -> list[dict[str, Any]]:
    groups: dict[tuple[int | None, str], list[OracleStart]] = {}
    for send in sends:
        if send.failed:
            assert send.failure is not None
            assert send.reason is not None
            groups.setdefault((send.failure.code, send.reason), []).append(send)
    rows = [
        {"code": code, "reason": reason, "count": len(group), "users": len(_users(group))}
        for (code, reason), group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-_int(row["count"]), _none_last(row["code"]), str(row["reason"])))


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def _none_last(value: Any) -> tuple[bool, Any]:
    return (True, 0) if value is None else (False, value)


# --- who is who ---


def line_ids(ids: LineIds) -> list[str]:
    """The ids that one record gives to a line; the first one names it."""
    return [text for text in (ids.identifier, ids.number, ids.name) if text is not None]


def contact_ids(ids: ContactIds) -> list[ContactId]:
    """The ids that one record gives to a contact, with their kinds; the first one names it."""
    pairs = [("wa", number) for number in ids.wa_ids]
    pairs += [("user", user) for user in (ids.user_id, *ids.other_user_ids) if user is not None]
    pairs += [("customer", ids.customer_id)] if ids.customer_id is not None else []
    pairs += [("wa", ids.replaced)] if ids.replaced is not None else []
    pairs += [("user", ids.replaced_user_id)] if ids.replaced_user_id is not None else []
    return pairs


def _together(records: Iterable[Iterable[Id]]) -> list[frozenset[Id]]:
    """Groups ids: ids of one record are in one set, and sets with a common id are one set (connected components)."""
    groups: list[frozenset[Id]] = []
    for record in records:
        merged = frozenset(record)
        apart = []
        for group in groups:
            if group & merged:
                merged |= group
            else:
                apart.append(group)
        groups = [*apart, merged] if merged else apart
    return groups


def _recipients(events: Sequence[Event]) -> list[list[ContactId]]:
    """The ids of each message out that is not a group's: it has one recipient."""
    ids: dict[str, list[ContactId]] = {}
    for event in events:
        out = isinstance(event, Status) or (
            isinstance(event, Send) and not event.keyless and event.origin not in REFERRED
        )
        if out and isinstance(event, (Send, Status)) and not event.group:
            ids.setdefault(event.key, []).extend(contact_ids(event.contact))
    return list(ids.values())


class World:
    """The line and the contact of every id, from all events."""

    def __init__(self, events: Sequence[Event]) -> None:
        line_records = [line_ids(event.line) for event in events]
        line_records += [
            line_ids(event.default_line)
            for event in events
            if not isinstance(event, Known) and event.default_line is not None
        ]
        self.lines = _together(line_records)
        contact_records = [contact_ids(event.contact) for event in events]
        contact_records += _recipients(events)
        self.contacts = _together(contact_records)

    def line(self, ids: LineIds | None) -> Line:
        names = line_ids(ids) if ids is not None else []
        return next((group for group in self.lines if names and names[0] in group), frozenset())

    def contact(self, ids: ContactIds | None) -> Contact:
        names = contact_ids(ids) if ids is not None else []
        return next((group for group in self.contacts if names and names[0] in group), frozenset())


# --- what is known of one message ---


def _rank(event: MessageEvent) -> Rank:
    return event.rank if isinstance(event, Send) else Rank.WEBHOOK


@dataclass(frozen=True, slots=True)
class _Claim(Generic[Value]):
    """What one record says about one field.

    Attributes:
        rank: of the source; the smaller one wins.
        at: the time of the record; the earlier one wins.
        order: decides between records with equal rank and time; the smaller one wins.
    """

    rank: Rank
    at: int
    order: Any
    value: Value


def _winner(claims: Iterable[_Claim[Value]]) -> Value | None:
    """The value that counts: of the smaller rank, then of the earlier record, then the smaller value."""
    ordered = sorted(claims, key=lambda one: (one.rank, one.at, one.order))
    return ordered[0].value if ordered else None


class Message:
    """One message with all of its events; each field has the value that counts by the merge rules."""

    def __init__(self, key: str, events: Sequence[MessageEvent], world: World, joined: bool = False) -> None:
        self.key, self.events, self.world, self.joined = key, list(events), world, joined
        self.sends = [event for event in self.events if isinstance(event, Send)]
        self.statuses = [event for event in self.events if isinstance(event, Status)]
        self.inbounds = [event for event in self.events if isinstance(event, Inbound)]
        self.keyless = all(isinstance(event, Send) and event.keyless for event in self.events)
        self.answers: list[int] = []

    def claims(self, field: str) -> list[_Claim[Any]]:
        """The claims of all events that have a value for a field."""
        values = [(event, getattr(event, field, None)) for event in self.events]
        return [_Claim(_rank(event), event.at, value, value) for event, value in values if value is not None]

    def field(self, field: str) -> Any:
        return _winner(self.claims(field))

    @property
    def line(self) -> Line:
        claims = [_Claim(_rank(e), e.at, line_ids(e.line)[0], e.line) for e in self.events if line_ids(e.line)]
        for event in self.events:
            if event.default_line is not None and line_ids(event.default_line):
                default = event.default_line
                claims.append(_Claim(Rank.OPTION, event.at, line_ids(default)[0], default))
        return self.world.line(_winner(claims))

    @property
    def contact(self) -> Contact:
        claims = []
        for event in self.events:
            ids = contact_ids(event.contact)
            if ids:
                kind, text = ids[0]
                claims.append(_Claim(_rank(event), event.at, (KINDS.index(kind), text), event.contact))
        return self.world.contact(_winner(claims))

    @property
    def template(self) -> str | None:
        value: str | None = self.field("template")
        return value

    @property
    def from_platform(self) -> bool:
        return any(send.rank is Rank.PLATFORM and not send.derived for send in self.sends)

    @property
    def group(self) -> bool:
        return any(event.group for event in self.events)

    @property
    def kind(self) -> str | None:
        value: str | None = self.field("kind")
        return value

    @property
    def given_origin(self) -> Origin | None:
        """The origin that a record gives, else the one that an option of the import gives."""
        claims = self.claims("origin")
        for send in self.sends:
            if send.default_origin is not None:
                claims.append(_Claim(Rank.OPTION, send.at, send.default_origin, send.default_origin))
        return _winner(claims)

    @property
    def origin(self) -> Origin:
        if self.claims("campaign"):
            return Origin.NOTIFICATION
        return self.given_origin or Origin.TEMPLATE

    @property
    def flags(self) -> list[tuple[Send, Flags]]:
        """The flags that count."""
        return [(send, send.flags) for send in self._counting_sends()]

    def _counting_sends(self) -> list[Send]:
        """The sends whose flags and answers count: rows of our own TSV only if nothing else is known of the message."""
        only_derived = all(isinstance(event, Send) and event.derived for event in self.events)
        return [send for send in self.sends if only_derived or not send.derived]

    @property
    def given_new(self) -> bool | None:
        return _winner([_Claim(s.rank, s.at, flags.new, flags.new) for s, flags in self.flags if flags.new is not None])

    def _times(self, field: str, *steps: Step) -> list[int]:
        times = [event.at for event in self.statuses if event.step in steps]
        return times + [time for send in self.sends if (time := getattr(send, field)) is not None]

    @property
    def delivered_times(self) -> list[int]:
        return self._times("delivered_at", Step.DELIVERED)

    @property
    def read_times(self) -> list[int]:
        return self._times("read_at", Step.READ, Step.PLAYED)

    @property
    def at(self) -> int:
        """The message's own time: the earliest that is known; the session's start only if there is no other."""
        times = [event.at for event in self.inbounds] + [event.at for event in self.statuses]
        for send in self.sends:
            if send.derived and send.origin in REFERRED:
                # Our own TSV gives a referred start's time once: in "Sent at" if it is not the session's start.
                given: tuple[int | None, ...] = (send.sent_at or send.session_start,)
            else:
                given = (send.accepted_at, send.sent_at, send.delivered_at, send.read_at, send.failed_at)
            times += [at for at in given if at is not None]
        return min(times or self._times("session_start") or [event.at for event in self.events])

    @property
    def errors(self) -> list[tuple[bool, _Claim[Failure]]]:
        """Every recorded failure: whether it has neither code nor text, and what it says."""
        found: list[tuple[Rank, int, Failure | None, int | None]] = []
        for status in self.statuses:
            if status.step is Step.FAILED:
                found.append((Rank.WEBHOOK, status.at, status.failure, status.at))
        counting = self._counting_sends()
        for send in self.sends:
            stated = send in counting and bool(send.flags.not_sent)
            if send.failure is not None or send.failed_at is not None or stated:
                found.append((send.rank, send.at, send.failure, send.failed_at))
        errors = []
        for rank, at, given, time in found:
            failure = given if given is not None else Failure()
            order = [_none_last(value) for value in (failure.code, failure.text, failure.detail, time)]
            errors.append((failure == Failure(), _Claim(rank, at, order, failure)))
        return errors

    @property
    def failure(self) -> Failure | None:
        errors = self.errors
        with_words = [claim for is_empty, claim in errors if not is_empty]
        return _winner(with_words or [claim for _, claim in errors])

    @property
    def is_notification(self) -> bool:
        """Whether an outbound message is a notification."""
        if self.group:
            return False
        if self.kind is not None:
            return self.kind == "template"
        category = self.field("category")
        if category is not None:
            return category in NOTIFICATION_CATEGORIES
        failure = self.failure
        return not self.sends and not (failure is not None and failure.code == FREE_TEXT_ONLY)

    @property
    def answer_times(self) -> list[int]:
        """The known times of answers: those of messages that answer it, and those that a source gives."""
        return self.answers + [send.answered_at for send in self._counting_sends() if send.answered_at is not None]

    @property
    def answered(self) -> bool:
        return bool(self.answer_times) or any(flags.answered for _, flags in self.flags)

    @property
    def was_read(self) -> bool:
        return bool(self.read_times) or any(flags.read for _, flags in self.flags)

    @property
    def was_delivered(self) -> bool:
        return bool(self.delivered_times) or any(flags.delivered for _, flags in self.flags)

    @property
    def arrived(self) -> bool:
        return self.was_delivered or self.was_read or self.answered

    @property
    def failed(self) -> bool:
        return bool(self.errors) and not self.arrived

    @property
    def status(self) -> StartStatus:
        if self.failed:
            return StartStatus.FAILED
        if self.answered:
            return StartStatus.ANSWERED
        if self.was_read:
            return StartStatus.READ
        return StartStatus.DELIVERED if self.was_delivered else StartStatus.SENT

    @property
    def implied(self) -> bool:
        """Whether a step is proven only by a later one."""
        if self.status in (StartStatus.READ, StartStatus.ANSWERED) and not self.was_delivered:
            return True
        return self.status is StartStatus.ANSWERED and not self.was_read


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
