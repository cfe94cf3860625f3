"""The starts of a filter as an export, a chunk at a time. Knows no file; docs/definitions.md defines the cells.

COLUMNS is the one list of the columns: it gives the header, the SELECT list and the cells. A chunk is formatted column
by column, because one list comprehension per column is faster than one function call per line. Only a start that is
joined with a keyless row is loaded in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.database.queries import Queries, Rows
from storage.domain.filters import Filter
from storage.domain.vocabulary import DataFlag, StartStatus, UserType
from storage.report.selection import Selection
from storage.report.session import Session
from storage.table.export_cells import (
    Column,
    Export,
    Formats,
    Kind,
    cells_of,
    chat_links,
    contact_labels,
    file_text,
    line_names,
    numbers,
    template_names,
    texts,
    times,
    words,
)
from storage.table.positions import every_start
from storage.table.start_record import LoadedStart, load

_CHUNK = 2_000  # starts
_STEPS = (StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)
_FAILED = STATUSES.index(StartStatus.FAILED)
_JOINED = int(DataFlag.JOINED)

# A row of the database: a plain tuple, which sorts fastest. Its first values are those that the lines are sorted by.
_Row = tuple[Any, ...]
_SORTED_BY = ("start_at", "key", "origin")
_ALSO_READ = ("id", "marks")
OWN_TIME = "own_time"  # not read: `start_at` as text, formatted once for two columns
OF_CONTACT = {"customer_id": "contacts.customer_id", "contact_label": "contacts.label"}
CONTACT = "LEFT JOIN contacts ON contacts.id = m.contact"


def _session_starts(formats: Formats, own_times: Sequence[str], sessions: Sequence[int | None]) -> list[str]:
    """The session's start where a source gives it, else the start's own time."""
    time = formats.time
    return [own if session is None else time(session) for own, session in zip(own_times, sessions, strict=True)]


def _sent_times(
    _: Formats, own_times: Sequence[str], starts: Sequence[int], origins: Sequence[int], sessions: Sequence[int | None]
) -> list[str]:
    """The start's own time; of a referred start only where the session's start does not say the same."""
    return [
        "" if origin >= REFERRED_FROM and (session is None or session == at) else own
        for own, at, origin, session in zip(own_times, starts, origins, sessions, strict=True)
    ]


def _failure_texts(formats: Formats, texts: Sequence[str | None], statuses: Sequence[int]) -> list[str]:
    """The provider's text, of failed starts only."""
    cell = formats.text
    return [cell(text) if status == _FAILED and text else "" for text, status in zip(texts, statuses, strict=True)]


def _flag(statuses: Iterable[StartStatus]) -> Callable[[Formats, Sequence[int]], list[str]]:
    """A column that says whether the status is one of these."""
    true = frozenset(statuses)
    return words(["true" if status in true else "false" for status in STATUSES])


# The first eighteen are the platform's own download.
COLUMNS = (
    Column("User id", ("customer_id",), texts),
    Column("Contact id/number", ("customer_id", "contact_label"), contact_labels),
    Column("Session start", (OWN_TIME, "session_start"), _session_starts, Kind.TIME),
    Column("Channel id", ("channel_id",), texts),
    Column(
        "New user",
        ("user_type",),
        words(["true" if user_type is UserType.NEW else "false" for user_type in USER_TYPES]),
        Kind.FLAG,
    ),
    Column(
        "Template/notification",
        ("start_template",),
        template_names,
    ),
    Column("Not sent", ("status",), _flag((StartStatus.FAILED,)), Kind.FLAG),
    Column("Sent", ("status",), _flag(_STEPS), Kind.FLAG),
    Column("Delivered", ("status",), _flag(_STEPS[1:]), Kind.FLAG),
    Column("Read", ("status",), _flag(_STEPS[2:]), Kind.FLAG),
    Column("Answered", ("status",), _flag(_STEPS[3:]), Kind.FLAG),
    Column("Failure reason", ("error_text", "status"), _failure_texts),
    Column("Failure detail", ("error_detail", "status"), _failure_texts),
    Column("Sent at", (OWN_TIME, "start_at", "origin", "session_start"), _sent_times, Kind.TIME),
    Column("Delivered at", ("delivered_at",), times, Kind.TIME),
    Column("Read at", ("read_at",), times, Kind.TIME),
    Column("Answered at", ("answered_at",), times, Kind.TIME),
    Column("Agent groups", ("agent_groups",), texts),
    Column("Origin", ("origin",), words([origin.value for origin in ORIGINS])),
    Column("Line", ("line",), line_names),
    Column("Language", ("language",), texts),
    Column("Status", ("status",), words([status.value for status in STATUSES])),
    Column("Error code", ("failure_code",), numbers, Kind.NUMBER),
    Column("Chat link", ("customer_id", "contact_label"), chat_links),
    Column("Message key", ("key",), texts),
)

_NAMES = tuple(dict.fromkeys((*_SORTED_BY, *(name for column in COLUMNS for name in column.reads))))
READ = tuple(name for name in _NAMES if name != OWN_TIME)
_READ = (*READ, *_ALSO_READ)
_VALUES = {name: itemgetter(index) for index, name in enumerate(_READ)}
_SELECTED = ", ".join(OF_CONTACT.get(name, f"m.{name}") for name in _READ)
_START_AT = _READ.index("start_at")


class StartsExport(Export):
    """One row a start, newest first: the platform's own download with columns of ours behind it."""

    columns = COLUMNS
    name = file_text("Starts")

    def chunks(
        self, session: Session, filter: Filter, now: datetime, formats: Formats
    ) -> Iterator[list[Sequence[Any]]]:
        """The starts in chunks of about 2,000."""
        return self.selected(session.connection, session.select(filter, now), formats)

    def selected(self, connection: Queries, selection: Selection, formats: Formats) -> Iterator[list[Sequence[Any]]]:
        """The same of a selection."""
        for rows in in_order(every_start(connection, selection, _SELECTED, CONTACT)):
            rows = with_joined(connection, rows, _READ)
            # Not zip(*rows): its iterator for each row makes the garbage collector run more often.
            yield cells_of_starts({name: list(map(value, rows)) for name, value in _VALUES.items()}, formats)


def cells_of_starts(values: dict[str, Sequence[Any]], formats: Formats) -> list[Sequence[Any]]:
    """The cells of some starts, column by column.

    Args:
        values: those of READ, by name.
    """
    return cells_of(COLUMNS, formats, values | {OWN_TIME: list(map(formats.time, values["start_at"]))})


def in_order(cursor: Rows) -> Iterator[list[_Row]]:
    """Chunks of the rows, which come sorted by time, with equal times sorted by key and origin.

    A row begins with these three. Sorting in SQLite would take a third more time. Starts of one time are always in one
    chunk.
    """
    held: list[_Row] = []
    while rows := cursor.fetchmany(_CHUNK):
        held += rows
        last = held[-1][_START_AT]
        if held[0][_START_AT] != last:
            # More starts of the last time may follow in the next rows.
            complete = next(end for end in range(len(held), 0, -1) if held[end - 1][_START_AT] != last)
            yield sorted(held[:complete], reverse=True)
            del held[:complete]
    if held:
        yield sorted(held, reverse=True)


def with_joined(connection: Queries, rows: list[_Row], names: Sequence[str]) -> list[_Row]:
    """The rows; those of joined starts also have the values of their keyless rows.

    Args:
        names: of the values of a row; `id` and `marks` are among them.
    """
    id, marks = names.index("id"), names.index("marks")
    joined = [row[id] for row in rows if row[marks] & _JOINED]
    if not joined:
        return rows
    loaded = {start.id: start for start in load(connection, joined)}
    return [_merged(row, loaded[row[id]], names) if row[id] in loaded else row for row in rows]


def _merged(row: _Row, start: LoadedStart, names: Sequence[str]) -> _Row:
    times, value, failure = start.message.times, start.message.value, start.message.failure
    merged = dict(zip(names, row, strict=True)) | {
        "session_start": times.get("session"),
        "channel_id": value("channel_id"),
        "error_text": failure.text if failure else None,
        "error_detail": failure.detail if failure else None,
        "delivered_at": times.get("delivered"),
        "read_at": times.get("read"),
        "agent_groups": value("agent_groups"),
        "language": value("language"),
    }
    return tuple(merged.values())
