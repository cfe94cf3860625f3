"""The oracle's messages: who is who, and what is known of each message, from events alone.

Independent of the program: it must not use SQL, the database, ingest, timeline or report, which tests compare with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

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
from storage.domain.vocabulary import StartStatus

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
DOES_NOT_MAKE_KNOWN = {"system", "revoke", "edit", "marketing_stop", "marketing_resume"}
CANNOT_ANSWER = DOES_NOT_MAKE_KNOWN | {"reaction", "request_welcome", "echo"}
SENT_STATUSES = ("failed", "sent", "delivered", "read", "answered")


def none_last(value: Any) -> tuple[bool, Any]:
    """The value for sorting, with None after all others."""
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
            if event.group and not isinstance(event, Inbound):
                continue  # a group is no contact
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
            order = [none_last(value) for value in (failure.code, failure.text, failure.detail, time)]
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
