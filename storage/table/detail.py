"""One start in full. Separate from pages.py, whose rows need only a few of its values. Knows no screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.domain import failures
from storage.domain.calendar import Calendar
from storage.domain.vocabulary import DataFlag, StartStatus
from storage.messages.message import Message, Sources, Stated
from storage.report.read_session import ReadSession
from storage.report.session import Session
from storage.table.pages import StartRow, load_rows
from storage.table.positions import Cursor
from storage.table.start_record import LoadedStart, chat_link, load


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step that a start reached.

    Attributes:
        at: None if the time is not known.
        implied: only a later step proves it.
        stated: a platform says so without a time.
    """

    step: str
    at: datetime | None
    implied: bool = False
    stated: bool = False


@dataclass(frozen=True, slots=True)
class StartDetail:
    """Everything known of one start.

    Attributes:
        ladder: the steps that it reached, in their order.
        keyless: whether it is a platform row without a message id.
        joined: the key of the platform row that is joined to it.
        failure_detail: the provider's details of its failure.
        conflict: whether it has a recorded failure and arrived nevertheless.
        answered_by_source: whether a platform says that it was answered.
        starts_of_contact: all starts of its contact in the database.
    """

    row: StartRow
    ladder: tuple[LadderStep, ...]
    key: str
    keyless: bool
    joined: str | None
    contact_ids: tuple[str, ...]
    language: str | None
    campaign: str | None
    channel_id: str | None
    agent_groups: str | None
    failure_detail: str | None
    explanation: failures.Explanation | None
    chat_link: str | None
    conflict: bool
    session_start: datetime | None
    answered_by_source: bool
    starts_of_contact: int


def detail(session: ReadSession, cursor: Cursor) -> StartDetail | None:
    """Everything known of one start; None if the database no longer has it."""
    connection = session.connection
    found = connection.execute(
        "SELECT id FROM messages WHERE origin IS NOT NULL AND start_at = ? AND key = ? LIMIT 1",
        (cursor.at, cursor.key),
    ).fetchone()
    if found is None:
        return None
    (start,) = load(connection, found)
    (row,) = load_rows(session, found)
    ids = connection.execute(
        "SELECT text FROM contact_ids WHERE contact = ? ORDER BY kind, replaced, text", (start.contact,)
    )
    contact_ids = tuple(text for (text,) in ids)
    (starts_of_contact,) = connection.execute(
        "SELECT count(*) FROM messages WHERE contact = ? AND origin IS NOT NULL", (start.contact,)
    ).fetchone()
    return detail_of(session, start, row, contact_ids, max(1, starts_of_contact))


def detail_of(
    session: Session, start: LoadedStart, row: StartRow, contact_ids: tuple[str, ...], starts_of_contact: int
) -> StartDetail:
    """The detail of a loaded start."""
    calendar, message = session.calendar, start.message
    failed = start.failure_reason is not None
    text, detail = (message.failure.text, message.failure.detail) if message.failure else (None, None)
    session_start = message.times.get("session")
    return StartDetail(
        row=row,
        ladder=_ladder(start, calendar),
        key=message.key,
        keyless=message.direction == 2,
        joined=start.joined,
        contact_ids=contact_ids,
        language=message.value("language"),
        campaign=message.value("campaign"),
        channel_id=message.value("channel_id"),
        agent_groups=message.value("agent_groups"),
        failure_detail=detail if failed else None,
        explanation=failures.explain(start.failure_code, text, detail) if failed else None,
        chat_link=chat_link(start.customer_id, start.contact_label, session.settings.chat_link),
        conflict=bool(start.data_flags & DataFlag.CONFLICT),
        session_start=None if session_start is None else calendar.local(session_start),
        answered_by_source=bool(stated_flags(message) & Stated.ANSWERED) or "answered" in message.times,
        starts_of_contact=starts_of_contact,
    )


def stated_flags(message: Message) -> int:
    """The steps that platforms state without a time, as bits of `Stated`.

    The derived columns of saludo's own TSV count only if nothing else is known of the start.
    """
    own = message.exported.flags if message.exported and message.sources == Sources.EXPORT else 0
    return message.flags | own


_DELIVERED_OR_FURTHER = (StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)


def _ladder(start: LoadedStart, calendar: Calendar) -> tuple[LadderStep, ...]:
    """The steps of a start, in order, without those that nothing proves."""
    if start.referred:
        return (LadderStep("received", calendar.local(start.at)),)
    times, flags = start.message.times, stated_flags(start.message)
    further = _DELIVERED_OR_FURTHER
    level = further.index(start.status) if start.status in further else -1
    error = start.message.fields.get("error")
    steps = (
        ("accepted", times.get("accepted"), False, False),
        ("sent", times.get("sent"), False, flags & Stated.SENT),
        ("delivered", times.get("delivered"), level >= 0, flags & Stated.DELIVERED),
        ("read", times.get("read"), level >= 1, flags & Stated.READ),
        ("answered", start.answered_at, False, flags & Stated.ANSWERED),
        ("failed", None if error is None else error[1], False, flags & Stated.NOT_SENT),
    )
    ladder = []
    for step, at, implied, stated in steps:
        if at is not None:
            ladder.append(LadderStep(step, calendar.local(at)))
        elif stated:
            ladder.append(LadderStep(step, None, stated=True))
        elif implied:
            ladder.append(LadderStep(step, None, implied=True))
    return tuple(ladder)
