"""Hypothesis strategies for small, difficult histories: few people, lines and keys, times at the limits of the rules.

Knows the event types only, neither the database nor the oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain
from typing import TypeVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from msgspec.structs import replace

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

Value = TypeVar("Value")


def milliseconds(text: str) -> int:
    """The epoch milliseconds of an ISO 8601 time with an offset."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


# In Madrid, daylight saving time ends on Sunday 25 October 2026 at 01:00 UTC: that day has 25 hours and ends a week.
ZONES = (ZoneInfo("Europe/Madrid"), ZoneInfo("America/Argentina/Buenos_Aires"), ZoneInfo("UTC"))
WINDOWS_MS = (86_400_000, 3_600_000)
NOWS = (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), datetime(2026, 10, 25, 23, 30, tzinfo=UTC))
PERIODS = (
    (date(2026, 10, 22), date(2026, 10, 29)),
    (date(2026, 10, 25), date(2026, 10, 26)),
    (date(2026, 10, 24), date(2026, 10, 26)),
)
# Noons, midnights of Madrid, and the clock change; each with the limits of clock skew and joining around it.
_ANCHORS = (
    "2026-10-24T12:00+00:00",
    "2026-10-25T12:00+00:00",
    "2026-10-23T22:00+00:00",
    "2026-10-24T22:00+00:00",
    "2026-10-25T23:00+00:00",
    "2026-10-25T01:00+00:00",
)
_OFFSETS = (0, -1, 1, 5_000, 5_001, 60_000, 60_001)
TIMES = tuple(milliseconds(anchor) + offset for anchor in _ANCHORS for offset in _OFFSETS)

KEYS = tuple(f"wamid.{letter}" for letter in "abCdEfgH")
UNKNOWN_KEY = "wamid.elsewhere"  # a key that no message has
TEMPLATES = ("welcome", "order_1", "order_2")
CATEGORIES = ("marketing", "utility", "authentication_international", "business_initiated", "service", "user_initiated")
IN_KINDS = (
    *("text", "button", "unsupported", "reaction", "system", "revoke", "edit", "request_welcome", "echo"),
    *("marketing_stop", "marketing_resume"),
)
FAILURES = (
    Failure(131026, "Message undeliverable"),
    Failure(131047, "Re-engagement message"),
    Failure(131026, None, "Not on WhatsApp"),
    Failure(132000, "Number of parameters does not match"),
    Failure(None, "Limit reached"),
    Failure(),
)

# The fourth person's customer id is the first one's number: only the kind of id differs.
_PEOPLE = (
    ("5491100000001", "AR.101", "C1"),
    ("5491100000002", "AR.102", "C2"),
    ("5491100000003", "AR.103", "C3"),
    ("5491100000004", "AR.104", "5491100000001"),
)
CONTACTS = tuple(
    form
    for number, user, customer in _PEOPLE
    for form in (
        ContactIds((number,)),
        ContactIds((number,), user_id=user),
        ContactIds(user_id=user),
        ContactIds(customer_id=customer),
        ContactIds((number,), customer_id=customer),
    )
)
_FORMS = len(CONTACTS) // len(_PEOPLE)
CONTACT_LINKS = (
    ContactIds(("5491100000001",), user_id="AR.101", customer_id="C1"),
    ContactIds(user_id="AR.102", customer_id="C2"),
    ContactIds(("5491100000002", "541115000002"), user_id="AR.102"),
    ContactIds(("5491199999999",), replaced="5491100000001"),
    ContactIds(user_id="AR.201", replaced_user_id="AR.101"),
    ContactIds(user_id="AR.103", other_user_ids=("AR.ENT.3",)),
    ContactIds(("5491100000003",), user_id="AR.104"),
)
LINES = (
    LineIds("100", "5411000"),
    LineIds("100"),
    LineIds(number="5411000"),
    LineIds(name="Sales"),
    LineIds("200", "5411001"),
    LineIds(number="5411001"),
    LineIds(number="5411***02"),
)
LINE_LINKS = (LineIds("100", "5411000", "Sales"), LineIds("200", "5411001"), LineIds("300", "5411***02"))


@dataclass(frozen=True, slots=True)
class Question:
    """The arguments of a report on a history."""

    time_zone: ZoneInfo
    answer_window_ms: int
    since: date
    until: date
    now: datetime


@dataclass(frozen=True, slots=True)
class _Cast:
    """The few values that all events of a history use, so that they are about the same messages, people and lines."""

    keys: tuple[str, ...]
    contacts: tuple[ContactIds, ...]
    lines: tuple[LineIds, ...]
    times: tuple[int, ...]


def questions() -> st.SearchStrategy[Question]:
    """Arguments of reports: zones with and without a clock change, times around the end of a week, several periods."""
    return st.builds(
        lambda zone, window, period, now: Question(zone, window, period[0], period[1], now),
        st.sampled_from(ZONES),
        st.sampled_from(WINDOWS_MS),
        st.sampled_from(PERIODS),
        st.sampled_from(NOWS),
    )


def events(max_size: int = 14) -> st.SearchStrategy[list[Event]]:
    """Histories of at most `max_size` scenes of one to three events each."""
    return _casts().flatmap(lambda cast: _scene_lists(cast, max_size)).map(lambda scenes: list(chain(*scenes)))


def _scene_lists(cast: _Cast, max_size: int) -> st.SearchStrategy[list[list[Event]]]:
    # Hypothesis prefers short lists; events about the same keys and people need longer ones.
    long = st.lists(_scenes(cast), min_size=max_size // 2, max_size=max_size)
    return st.one_of(st.lists(_scenes(cast), max_size=3), long, long)


def shuffled(history: Sequence[Event]) -> st.SearchStrategy[list[Event]]:
    """The same events in any order, some of them repeated."""
    if not history:
        return st.just([])
    repeated = st.lists(st.sampled_from(history), max_size=4)
    return repeated.flatmap(lambda again: st.permutations([*history, *again]))


def split(history: Sequence[Event]) -> st.SearchStrategy[list[list[Event]]]:
    """The same events in consecutive parts, some of which may be empty."""
    cuts = st.lists(st.integers(0, len(history)), max_size=4).map(sorted)
    return cuts.map(
        lambda inner: [list(history[start:end]) for start, end in zip([0, *inner], [*inner, len(history)], strict=True)]
    )


def _some(values: Sequence[str], most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(tuple)


def _casts() -> st.SearchStrategy[_Cast]:
    return st.builds(
        _Cast,
        keys=_some(KEYS, 8),
        contacts=st.lists(st.sampled_from(CONTACTS), min_size=1, max_size=6).map(tuple),
        lines=st.lists(st.sampled_from(LINES), min_size=1, max_size=4).map(tuple),
        times=st.lists(st.sampled_from(TIMES), min_size=1, max_size=8).map(tuple),
    )


def _scenes(cast: _Cast) -> st.SearchStrategy[list[Event]]:
    alone = st.one_of(
        _statuses(cast),
        _inbounds(cast),
        _send_log(cast),
        _platform_rows(cast),
        _derived_sends(cast),
        _referred_rows(cast),
        _links(),
    )
    return st.one_of(alone.map(lambda event: [event]), _neighbours(cast), _dialogues(cast))


def _maybe(strategy: st.SearchStrategy[Value]) -> st.SearchStrategy[Value | None]:
    return st.one_of(st.none(), strategy)


def _rarely(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 9)) == 9


def _line(draw: st.DrawFn, cast: _Cast) -> LineIds:
    return LineIds() if _rarely(draw) else draw(st.sampled_from(cast.lines))


def _default_line(draw: st.DrawFn, cast: _Cast) -> LineIds | None:
    return draw(st.sampled_from(cast.lines)) if _rarely(draw) else None


def _contact(draw: st.DrawFn, cast: _Cast) -> ContactIds:
    return ContactIds() if _rarely(draw) else draw(st.sampled_from(cast.contacts))


def _recipient(draw: st.DrawFn, cast: _Cast, key: str) -> ContactIds:
    """Mostly any form of the key's own person: one message has one recipient."""
    if _rarely(draw):
        return _contact(draw, cast)
    person = CONTACTS.index(cast.contacts[KEYS.index(key) % len(cast.contacts)]) // _FORMS
    return draw(st.sampled_from(CONTACTS[person * _FORMS : (person + 1) * _FORMS]))


def _flags() -> st.SearchStrategy[Flags]:
    flag = st.sampled_from((None, None, False, True))
    return st.builds(Flags, new=flag, not_sent=flag, sent=flag, delivered=flag, read=flag, answered=flag)


@st.composite
def _statuses(draw: st.DrawFn, cast: _Cast) -> Event:
    key = draw(st.sampled_from(cast.keys))
    step = draw(st.sampled_from(list(Step)))
    return Status(
        key=key,
        step=step,
        at=draw(st.sampled_from(cast.times)),
        line=_line(draw, cast),
        contact=_recipient(draw, cast, key),
        category=draw(_maybe(st.sampled_from(CATEGORIES))),
        group=_rarely(draw),
        campaign="spring" if _rarely(draw) else None,
        failure=draw(st.sampled_from((None, *FAILURES))) if step is Step.FAILED else None,
        default_line=_default_line(draw, cast),
    )


@st.composite
def _inbounds(draw: st.DrawFn, cast: _Cast) -> Event:
    return Inbound(
        key=draw(st.sampled_from(cast.keys)),
        kind=draw(st.one_of(st.just("text"), st.sampled_from(IN_KINDS))),
        at=draw(st.sampled_from(cast.times)),
        line=_line(draw, cast),
        contact=_contact(draw, cast),
        context=draw(_maybe(st.sampled_from((*cast.keys, UNKNOWN_KEY)))),
        group=_rarely(draw),
        origin=draw(st.sampled_from((None, None, None, Origin.WEBCHAT, Origin.CAMPAIGN))),
        default_line=_default_line(draw, cast),
    )


@st.composite
def _send_log(draw: st.DrawFn, cast: _Cast) -> Event:
    key = draw(st.sampled_from(cast.keys))
    at = draw(st.sampled_from(cast.times))
    kind = draw(st.sampled_from(("template", "template", "template", "text")))
    failure = draw(st.sampled_from((None, None, None, None, *FAILURES)))
    return Send(
        key=key,
        rank=Rank.SEND_LOG,
        at=at,
        line=_line(draw, cast),
        contact=_recipient(draw, cast, key),
        kind=kind,
        group=_rarely(draw),
        template=draw(_maybe(st.sampled_from(TEMPLATES))) if kind == "template" else None,
        campaign="spring" if _rarely(draw) else None,
        origin=draw(st.sampled_from((None, None, Origin.NOTIFICATION))),
        default_line=_default_line(draw, cast),
        accepted_at=at,
        failed_at=draw(st.sampled_from((None, at))) if failure is not None else None,
        failure=failure,
    )


@st.composite
def _platform_rows(draw: st.DrawFn, cast: _Cast) -> Event:
    """A keyless row, with the text that its hash would be made of as its key."""
    at, line, contact = draw(st.sampled_from(cast.times)), _line(draw, cast), _contact(draw, cast)
    origin = draw(st.sampled_from((None, None, None, *Origin)))
    default_origin = draw(st.one_of(st.just(Origin.TEMPLATE), st.sampled_from((None, *Origin))))
    return _keyless(
        Send(
            key="",
            rank=Rank.PLATFORM,
            at=at,
            line=line,
            contact=contact,
            kind=None if origin in REFERRED else "template",
            template=None if origin in REFERRED else draw(_maybe(st.sampled_from(TEMPLATES))),
            origin=origin,
            default_origin=default_origin,
            default_line=_default_line(draw, cast),
            session_start=draw(_maybe(st.sampled_from(cast.times))),
            sent_at=at,
            delivered_at=draw(_maybe(st.sampled_from(cast.times))),
            read_at=draw(_maybe(st.sampled_from(cast.times))),
            answered_at=draw(st.sampled_from(cast.times)) if _rarely(draw) else None,
            failed_at=at if _rarely(draw) else None,
            failure=draw(st.sampled_from(FAILURES)) if _rarely(draw) else None,
            flags=draw(_flags()),
        )
    )


@st.composite
def _derived_sends(draw: st.DrawFn, cast: _Cast) -> Event:
    """A notification as a row of our own TSV or as a provider's row with a key."""
    key = draw(st.sampled_from(cast.keys))
    at = draw(st.sampled_from(cast.times))
    failure = draw(st.sampled_from(FAILURES)) if _rarely(draw) else None
    return Send(
        key=key,
        rank=Rank.PLATFORM,
        at=at,
        line=_line(draw, cast),
        contact=_recipient(draw, cast, key),
        derived=draw(st.sampled_from((True, True, False))),
        kind="template",
        template=draw(_maybe(st.sampled_from(TEMPLATES))),
        origin=draw(st.sampled_from((Origin.TEMPLATE, Origin.NOTIFICATION))),
        session_start=at,
        sent_at=draw(st.sampled_from((at, at, None))),
        delivered_at=draw(_maybe(st.sampled_from(cast.times))),
        answered_at=draw(_maybe(st.sampled_from(cast.times))),
        failure=failure,
        flags=draw(_flags()),
    )


@st.composite
def _referred_rows(draw: st.DrawFn, cast: _Cast) -> Event:
    """A referred start in a platform's download or in our own TSV."""
    at = draw(st.sampled_from(cast.times))
    send = Send(
        key=draw(st.sampled_from(cast.keys)),
        rank=Rank.PLATFORM,
        at=at,
        line=_line(draw, cast),
        contact=_contact(draw, cast),
        origin=draw(st.sampled_from((Origin.WEBCHAT, Origin.CAMPAIGN))),
        session_start=at,
        flags=Flags(new=draw(st.sampled_from((None, False, True)))),
    )
    return replace(send, derived=True) if draw(st.booleans()) else _keyless(send)


def _links() -> st.SearchStrategy[Event]:
    """Records that link ids to one line or one person."""
    contact = st.sampled_from(CONTACT_LINKS).map(lambda ids: Known(contact=ids))
    line = st.sampled_from(LINE_LINKS).map(lambda ids: Known(line=ids))
    return st.one_of(contact, line)


@st.composite
def _neighbours(draw: st.DrawFn, cast: _Cast) -> list[Event]:
    """A send with a key and one or two keyless rows, at distances around the 60 s within which they are joined."""
    at, line, contact = draw(st.sampled_from(cast.times)), _line(draw, cast), draw(st.sampled_from(cast.contacts))
    template = draw(st.sampled_from(TEMPLATES))
    keyed = Send(draw(st.sampled_from(cast.keys)), Rank.SEND_LOG, at, line, contact, kind="template", template=template)
    history: list[Event] = [replace(keyed, accepted_at=at)]
    for _ in range(draw(st.integers(1, 2))):
        near = at + draw(st.sampled_from((0, 1, -1, 1_000, -1_000, 60_000, -60_000, 60_001, -60_001)))
        row = Send(
            key="",
            rank=Rank.PLATFORM,
            at=near,
            line=draw(st.sampled_from((line, LineIds()))),
            contact=contact,
            kind="template",
            template=draw(st.sampled_from((template, None))),
            default_origin=Origin.TEMPLATE,
            sent_at=near,
            flags=draw(_flags()),
        )
        history.append(_keyless(row))
    return history


@st.composite
def _dialogues(draw: st.DrawFn, cast: _Cast) -> list[Event]:
    """A notification and a message of its person on its line, at the limits of clock skew and answer window."""
    at, line, contact = draw(st.sampled_from(cast.times)), _line(draw, cast), draw(st.sampled_from(cast.contacts))
    key, reply = draw(st.sampled_from(cast.keys)), draw(st.sampled_from(cast.keys))
    edges = (1, -5_000, -5_001, 86_400_000, 86_400_001, 3_600_000, 3_600_001)
    status = Status(key, Step.SENT, at, line, contact, category="marketing")
    failed = Status(key, Step.FAILED, at, line, contact, failure=draw(st.sampled_from(FAILURES)))
    context = draw(st.sampled_from((None, None, key, UNKNOWN_KEY)))
    answer = Inbound(reply, "text", at + draw(st.sampled_from(edges)), line, contact, context)
    return draw(st.sampled_from(([status, answer], [status, answer, failed], [status, failed])))


def _keyless(send: Send) -> Send:
    """The row with a key made of its own line, contact, template and time."""
    contact = send.contact.wa_ids or (send.contact.user_id, send.contact.customer_id)
    line = send.line.identifier or send.line.number or send.line.name
    time = send.sent_at if send.sent_at is not None else send.session_start
    return replace(send, key=f"row.{line}.{contact}.{send.template}.{time}", keyless=True)
