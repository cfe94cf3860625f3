"""The starts of a filter as lines of the TSV, a chunk at a time. Knows no file; docs/definitions.md defines the cells.

COLUMNS is the one list of the TSV's columns: it gives the header, the SELECT list and the cells. A chunk is formatted
column by column, because one list comprehension per column is faster than one function call per line. Only a start that
is joined with a keyless row is loaded in full.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from storage.database.codes import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.domain.calendar import QUARTER, Calendar
from storage.domain.filters import Filter
from storage.domain.vocabulary import DataFlag, StartStatus, UserType
from storage.report.read_session import ReadSession
from storage.sources.formula_guard import MAY_NEED_GUARD, guarded
from storage.table.positions import every_start
from storage.table.start_record import LoadedStart, chat_link, load

_CHUNK = 2_000  # starts
# C0 (tabs and line ends too), DEL, C1 and the Unicode line separators: a run of them becomes one space.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_STEPS = (StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)
_FAILED = STATUSES.index(StartStatus.FAILED)
_JOINED = int(DataFlag.JOINED)

# A row of the database: a plain tuple, which sorts fastest. Its first values are those that the lines are sorted by.
_Row = tuple[Any, ...]
_SORTED_BY = ("start_at", "key", "origin")
_ALSO_READ = ("id", "marks")
_OWN_TIME = "own_time"  # not read: `start_at` as text, formatted once for two columns
_OF_CONTACT = {"customer_id": "contacts.customer_id", "contact_label": "contacts.label"}
_CONTACT = "LEFT JOIN contacts ON contacts.id = m.contact"


class Formats(NamedTuple):
    """What the cells of one export are formatted with.

    Attributes:
        time: makes a cell of a time in ms.
        templates: the cell of each template, by id.
        lines: the cell of each line, by id.
        chat_link: the setting `chat_link`.
    """

    time: Callable[[int], str]
    templates: Mapping[int | None, str]
    lines: Mapping[int | None, str]
    chat_link: str


class Column(NamedTuple):
    """One column of the TSV.

    Attributes:
        english: its header in English.
        spanish: its header in Spanish.
        reads: the names of the values that its cells are made of.
        cells: makes the cells of a chunk, from the formats and, for each name in `reads`, a list of values.
    """

    english: str
    spanish: str
    reads: tuple[str, ...]
    cells: Callable[..., Iterable[str]]


def _texts(_: Formats, values: Sequence[str | None]) -> list[str]:
    return [tsv_cell(value) if value else "" for value in values]


def _times(formats: Formats, times: Sequence[int | None]) -> list[str]:
    time = formats.time
    return ["" if at is None else time(at) for at in times]


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


def _contact_labels(_: Formats, ids: Sequence[str | None], labels: Sequence[str | None]) -> list[str]:
    """The number, else the user id; empty where the customer id names the contact and has a column of its own."""
    return [
        tsv_cell(label) if label and label != customer_id else ""
        for customer_id, label in zip(ids, labels, strict=True)
    ]


def _chat_links(formats: Formats, ids: Sequence[str | None], labels: Sequence[str | None]) -> list[str]:
    pattern = formats.chat_link
    return [
        f"https://wa.me/{label}"  # the usual contact: nothing to look up and nothing to escape
        if customer_id is None and label and not pattern and label.isdecimal()
        else tsv_cell(chat_link(one_line(customer_id or "") or None, one_line(label or ""), pattern) or "")
        for customer_id, label in zip(ids, labels, strict=True)
    ]


def _failure_texts(_: Formats, texts: Sequence[str | None], statuses: Sequence[int]) -> list[str]:
    """The provider's text, of failed starts only."""
    return [tsv_cell(text) if status == _FAILED and text else "" for text, status in zip(texts, statuses, strict=True)]


def _words(words: Sequence[str]) -> Callable[[Formats, Sequence[int]], list[str]]:
    """A column of words that the database stores as their position."""
    return lambda _, values: list(map(words.__getitem__, values))


def _flag(statuses: Iterable[StartStatus]) -> Callable[[Formats, Sequence[int]], list[str]]:
    """A column that says whether the status is one of these."""
    true = frozenset(statuses)
    return _words(["true" if status in true else "false" for status in STATUSES])


# The first eighteen are the platform's own download.
COLUMNS = (
    Column("User id", "Id Usuario", ("customer_id",), _texts),
    Column("Contact id/number", "Id Contacto/Número", ("customer_id", "contact_label"), _contact_labels),
    Column("Session start", "Fecha/tiempo Inicio Sesión", (_OWN_TIME, "session_start"), _session_starts),
    Column("Channel id", "Id canal", ("channel_id",), _texts),
    Column(
        "New user",
        "Usuario Nuevo",
        ("user_type",),
        _words(["true" if user_type is UserType.NEW else "false" for user_type in USER_TYPES]),
    ),
    Column(
        "Template/notification",
        "Nombre Plantilla/Notificación",
        ("start_template",),
        lambda formats, ids: [formats.templates[id] for id in ids],
    ),
    Column("Not sent", "No Enviado", ("status",), _flag((StartStatus.FAILED,))),
    Column("Sent", "Enviado", ("status",), _flag(_STEPS)),
    Column("Delivered", "Entregado", ("status",), _flag(_STEPS[1:])),
    Column("Read", "Leída", ("status",), _flag(_STEPS[2:])),
    Column("Answered", "Respondida", ("status",), _flag(_STEPS[3:])),
    Column("Failure reason", "Razón Falla Envío", ("error_text", "status"), _failure_texts),
    Column("Failure detail", "Detalle Falla Envío", ("error_detail", "status"), _failure_texts),
    Column("Sent at", "Fecha/tiempo Envío", (_OWN_TIME, "start_at", "origin", "session_start"), _sent_times),
    Column("Delivered at", "Fecha/tiempo Entrega", ("delivered_at",), _times),
    Column("Read at", "Fecha/hora de lectura", ("read_at",), _times),
    Column("Answered at", "Fecha/tiempo Respuesta", ("answered_at",), _times),
    Column("Agent groups", "Grupos Agente", ("agent_groups",), _texts),
    Column("Origin", "Origen", ("origin",), _words([origin.value for origin in ORIGINS])),
    Column("Line", "Línea", ("line",), lambda formats, ids: [formats.lines[id] for id in ids]),
    Column("Language", "Idioma", ("language",), _texts),
    Column("Status", "Estado", ("status",), _words([status.value for status in STATUSES])),
    Column(
        "Error code", "Código Error", ("failure_code",), lambda _, codes: ["" if c is None else str(c) for c in codes]
    ),
    Column("Chat link", "Enlace Conversación", ("customer_id", "contact_label"), _chat_links),
    Column("Message key", "Id Mensaje", ("key",), _texts),
)

_NAMES = tuple(dict.fromkeys((*_SORTED_BY, *_ALSO_READ, *(name for column in COLUMNS for name in column.reads))))
_READ = tuple(name for name in _NAMES if name != _OWN_TIME)
_VALUES = {name: itemgetter(index) for index, name in enumerate(_READ)}
_SELECTED = ", ".join(_OF_CONTACT.get(name, f"m.{name}") for name in _READ)
_START_AT, _ID, _MARKS = (_READ.index(name) for name in ("start_at", "id", "marks"))


def lines(session: ReadSession, filter: Filter, now: datetime) -> Iterator[list[str]]:
    """All starts of the filter, newest first: lists of about 2,000 lines, without line ends."""
    connection = session.connection
    formats = Formats(
        time=_time_formatter(session.calendar),
        templates=_names(connection, "SELECT id, name FROM templates"),
        lines=_names(connection, "SELECT id, value FROM lines"),
        chat_link=session.settings.chat_link,
    )
    for rows in _in_order(every_start(connection, session.select(filter, now), _SELECTED, _CONTACT)):
        rows = _with_joined(connection, rows)
        # Not zip(*rows): its iterator for each row makes the garbage collector run more often.
        values = {name: list(map(value, rows)) for name, value in _VALUES.items()}
        values[_OWN_TIME] = list(map(formats.time, values["start_at"]))
        cells = [column.cells(formats, *(values[name] for name in column.reads)) for column in COLUMNS]
        yield list(map("\t".join, zip(*cells, strict=True)))


def _in_order(cursor: sqlite3.Cursor) -> Iterator[list[_Row]]:
    """Chunks of the rows, which come sorted by time, with equal times sorted by key and origin.

    Sorting in SQLite would take a third more time. Starts of one time are always in one chunk.
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


def _with_joined(connection: sqlite3.Connection, rows: list[_Row]) -> list[_Row]:
    """The rows; those of joined starts also have the values of their keyless rows."""
    joined = [row[_ID] for row in rows if row[_MARKS] & _JOINED]
    if not joined:
        return rows
    loaded = {start.id: start for start in load(connection, joined)}
    return [_merged(row, loaded[row[_ID]]) if row[_ID] in loaded else row for row in rows]


def _merged(row: _Row, start: LoadedStart) -> _Row:
    times, value, failure = start.message.times, start.message.value, start.message.failure
    merged = dict(zip(_READ, row, strict=True)) | {
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


def _names(connection: sqlite3.Connection, statement: str) -> Mapping[int | None, str]:
    """The names of a dimension as cells, by id."""
    return {None: "", **{id: tsv_cell(name) for id, name in connection.execute(statement)}}


_QUARTERS_KEPT = 200_000


@cache
def _minutes_and_seconds(first: int) -> list[str]:
    """The minutes and seconds of the quarter of an hour that begins with a minute.

    There are four such lists. A list of its own for each quarter would be 7 KB, 250 MB for a year.
    """
    return [f"{minute:02}:{second:02}" for minute in range(first, first + 15) for second in range(60)]


def _time_formatter(calendar: Calendar) -> Callable[[int], str]:
    """The function that makes ISO 8601 of a time in ms, with milliseconds where it has any.

    Hour and offset are looked up once for each quarter of an hour: no offset changes within one (calendar.QUARTER).
    """
    quarters: dict[int, tuple[str, list[str], str]] = {}

    def learn(quarter: int) -> tuple[str, list[str], str]:
        """Date and hour with their separators, the minutes and seconds of the quarter, and the offset."""
        if len(quarters) >= _QUARTERS_KEPT:
            quarters.clear()
        local = calendar.local(quarter * QUARTER)
        text = local.isoformat(timespec="seconds")
        known = quarters[quarter] = text[:14], _minutes_and_seconds(local.minute), text[19:]
        return known

    def time(at: int) -> str:
        quarter, rest = divmod(at, QUARTER)
        try:
            hour, seconds, offset = quarters[quarter]
        except KeyError:
            hour, seconds, offset = learn(quarter)
        second, milliseconds = divmod(rest, 1000)
        if milliseconds:
            return f"{hour}{seconds[second]}.{milliseconds:03}{offset}"
        return f"{hour}{seconds[second]}{offset}"

    return time


def tsv_cell(value: str) -> str:
    """A value that stays one cell, and that neither a spreadsheet nor a reader of CSV takes for more than a text."""
    if value.isprintable() and value[:1] not in MAY_NEED_GUARD and value[-1] != " ":
        return value
    return guarded(one_line(value))


def one_line(value: str) -> str:
    """A value without tabs, line ends and control characters, and without blanks around it: imports strip them.

    A value of control characters alone becomes U+FFFD: an empty cell would mean that nothing is known.
    """
    return _CONTROL.sub(" ", value).strip() or ("\ufffd" if value.strip() else "")
