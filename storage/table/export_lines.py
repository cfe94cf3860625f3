"""The starts of a filter as lines of the download, a chunk at a time. Knows the columns and their order, no file.

A download is as many lines as there are starts, so a line is made of the row's own columns, with what repeats (times of
day, flags, names) made once; only a start that is joined with a keyless row is put together from its evidence.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from storage.database.schema import ORIGINS, REFERRED_FROM, STATUSES, USER_TYPES
from storage.database.settings import load_settings
from storage.domain.calendar import Calendar
from storage.domain.filters import Filter
from storage.domain.vocabulary import DataFlag, StartStatus, UserType
from storage.report.selection import select
from storage.table.positions import every_start
from storage.table.start_record import LoadedStart, chat_link, load

_CHUNK = 2_000  # starts
# C0 (tabs and line ends too), DEL, C1 and the Unicode line separators: a run of them is one space.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# What a spreadsheet would run, and what importing our own file must tell from it.
_FORMULA = re.compile(r"'*[=+\-@]")
_PLAIN = re.compile(r"[+-]?[0-9][0-9 .()/-]*")
_DOUBTFUL = "'=+-@"
_FLAGS = ("false", "true")
_STEPS = (StartStatus.SENT, StartStatus.DELIVERED, StartStatus.READ, StartStatus.ANSWERED)

# First what the order goes by; the order of the columns is that of `_merged` and of a formatter's arguments, too.
_COLUMNS = """
       m.start_at, m.key, m.origin, m.id, m.marks, contacts.customer_id, contacts.label, m.session_start, m.channel_id,
       m.user_type, m.start_template, m.status, m.error_text, m.error_detail, m.delivered_at, m.read_at, m.answered_at,
       m.agent_groups, m.line, m.language, m.failure_code"""
_NAMES = "LEFT JOIN contacts ON contacts.id = m.contact"
_ID, _MARKS = 3, 4
_Row = tuple[Any, ...]
_JOINED = int(DataFlag.JOINED)


def lines(connection: sqlite3.Connection, filter: Filter, now: datetime) -> Iterator[list[str]]:
    """All starts of the filter, newest first, each a line with its end; in lists of at most 2,000."""
    settings = load_settings(connection)
    selection = select(connection, filter, now)
    line = _formatter(connection, selection.calendar, settings.chat_link)
    for rows in _in_order(every_start(connection, selection, _COLUMNS, _NAMES)):
        yield [line(*row) for row in _with_joined(connection, rows)]


def _in_order(cursor: sqlite3.Cursor) -> Iterator[list[_Row]]:
    """The rows, which come by time, with ties by key and origin: having SQLite sort them takes as long as a third of
    the rest. What is of one time is held at once."""
    held: list[_Row] = []
    while rows := cursor.fetchmany(_CHUNK):
        held += rows
        last = held[-1][0]
        if held[0][0] != last:
            # The last time may go on in the next rows.
            whole = next(place for place in range(len(held), 0, -1) if held[place - 1][0] != last)
            yield sorted(held[:whole], reverse=True)
            del held[:whole]
    if held:
        yield sorted(held, reverse=True)


def _with_joined(connection: sqlite3.Connection, rows: list[_Row]) -> list[_Row]:
    """The rows, with what the keyless rows know that some of them are one start with."""
    joined = [row[_ID] for row in rows if row[_MARKS] & _JOINED]
    if not joined:
        return rows
    loaded = {start.id: start for start in load(connection, joined)}
    return [_merged(row, loaded[row[_ID]]) if row[_ID] in loaded else row for row in rows]


def _merged(row: _Row, start: LoadedStart) -> _Row:
    message, times, value = start.message, start.message.times, start.message.value
    failure = message.failure
    changed = {
        7: times.get("session"),
        8: value("channel_id"),
        12: failure.text if failure else None,
        13: failure.detail if failure else None,
        14: times.get("delivered"),
        15: times.get("read"),
        17: value("agent_groups"),
        19: value("language"),
    }
    return tuple(changed.get(place, column) for place, column in enumerate(row))


def _formatter(connection: sqlite3.Connection, calendar: Calendar, pattern: str) -> Callable[..., str]:
    """What makes a line of the columns of a row."""
    templates = _cells(connection, "SELECT id, name FROM templates")
    line_values = _cells(connection, "SELECT id, value FROM lines")
    time = _times(calendar)
    new = [f"\t{_FLAGS[user_type is UserType.NEW]}\t" for user_type in USER_TYPES]
    steps = [f"\t{_steps(status)}\t" for status in STATUSES]
    origins = [f"\t{origin.value}\t" for origin in ORIGINS]
    statuses = [f"\t{status.value}\t" for status in STATUSES]
    failed = STATUSES.index(StartStatus.FAILED)

    def line(
        at: int,
        key: str,
        origin: int,
        _id: int,
        _marks: int,
        customer_id: str | None,
        label: str | None,
        session: int | None,
        channel: str | None,
        user_type: int,
        template: int | None,
        status: int,
        reason: str | None,
        detail: str | None,
        delivered: int | None,
        read: int | None,
        answered: int | None,
        groups: str | None,
        line_id: int | None,
        language: str | None,
        code: int | None,
    ) -> str:
        own = time(at)
        if label and customer_id is None and not pattern and label.isdecimal():
            person, link = f"\t{label}", f"https://wa.me/{label}"
        else:
            label, customer_id = label or "", customer_id or None
            person = f"{cell(customer_id or '')}\t{'' if label == customer_id else cell(label)}"
            link = cell(chat_link(customer_id, label, pattern) or "")
        sent = "" if origin >= REFERRED_FROM and (session is None or session == at) else own
        failure = f"{cell(reason or '')}\t{cell(detail or '')}" if status == failed else "\t"
        return (
            f"{person}\t{own if session is None else time(session)}\t{cell(channel) if channel else ''}{new[user_type]}"
            f"{templates[template]}{steps[status]}{failure}\t{sent}\t"
            f"{'' if delivered is None else time(delivered)}\t{'' if read is None else time(read)}\t"
            f"{'' if answered is None else time(answered)}\t{cell(groups) if groups else ''}{origins[origin]}"
            f"{line_values[line_id]}\t{cell(language) if language else ''}{statuses[status]}"
            f"{'' if code is None else code}\t{link}\t{cell(key)}\n"
        )

    return line


def _steps(status: StartStatus) -> str:
    """The flags of not sent, and of each step that was reached."""
    level = _STEPS.index(status) if status in _STEPS else -1
    flags = (status is StartStatus.FAILED, *(level >= step for step in range(len(_STEPS))))
    return "\t".join(_FLAGS[flag] for flag in flags)


def _cells(connection: sqlite3.Connection, statement: str) -> Mapping[int | None, str]:
    """The names of a dimension as cells, by id."""
    return {None: "", **{id: cell(name) for id, name in connection.execute(statement)}}


_QUARTER = 900_000  # ms
_MOST = 200_000  # quarters of an hour kept
_SECONDS = [f"{minute:02}:{second:02}" for minute in range(60) for second in range(60)]


def _times(calendar: Calendar) -> Callable[[int], str]:
    """What makes ISO 8601 of a time in ms, with milliseconds where there are any: by quarters of an hour, because no
    offset changes within one (storage/domain/calendar.py)."""
    quarters: dict[int, tuple[str, list[str], str]] = {}

    def learn(quarter: int) -> tuple[str, list[str], str]:
        if len(quarters) >= _MOST:
            quarters.clear()
        local = calendar.local(quarter * _QUARTER)
        text = local.isoformat(timespec="seconds")
        first = local.minute * 60
        known = quarters[quarter] = text[:14], _SECONDS[first : first + 900], text[19:]
        return known

    def time(at: int) -> str:
        quarter, rest = divmod(at, _QUARTER)
        try:
            hour, seconds, offset = quarters[quarter]
        except KeyError:
            hour, seconds, offset = learn(quarter)
        second, part = divmod(rest, 1000)
        if part:
            return f"{hour}{seconds[second]}.{part:03}{offset}"
        return f"{hour}{seconds[second]}{offset}"

    return time


def cell(value: str) -> str:
    """A value that stays one cell and is no formula."""
    if value.isprintable() and value[:1] not in _DOUBTFUL:
        return value
    value = _CONTROL.sub(" ", value)
    if _FORMULA.match(value) and not _PLAIN.fullmatch(value):
        return "'" + value
    return value
