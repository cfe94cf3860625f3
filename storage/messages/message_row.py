"""A message as a flat row, and back.

A row is a tuple of plain values: an import sends it from the process that reads files to the one that writes the
database, and the database stores the same columns (docs/database.md, `messages`). Knows no database and no other
message.

`_column` lists every column once: its index in a row, its name in the database and, where it holds a field or a time of
a `Message`, the name of that. `row_of` and `message_of_row` both follow this list.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from storage.domain.events import Failure
from storage.messages.message import (
    Direction,
    Exported,
    Message,
    RankedValue,
    Sources,
    failure_of,
    rank_of_error,
    ranked_error,
)

Row = tuple[Any, ...]  # the values of COLUMNS

_names: list[str] = []
_field_columns: dict[str, int] = {}
_time_columns: dict[str, int] = {}


def _column(name: str, *, field: str | None = None, time: str | None = None) -> int:
    """Adds the next column of a row.

    Args:
        name: Its name in the database.
        field: The entry of `Message.fields` whose value it holds.
        time: The entry of `Message.times` that it holds.

    Returns:
        Its index in a row.
    """
    index = len(_names)
    _names.append(name)
    if field is not None:
        _field_columns[field] = index
    if time is not None:
        _time_columns[time] = index
    return index


# Names, for which the database stores ids.
LINE = _column("line_id", field="line")  # in a row: one id of the line, as text
CONTACT = _column("contact_id", field="contact")  # in a row: (kind, text) of one id of the contact
TEMPLATE = _column("template", field="template")  # in a row: its name
NAMES = len(_names)  # columns that hold names

# Columns that most messages use.
KEY = _column("key")
DIRECTION = _column("direction")
HASH = _column("hash")
SOURCES = _column("sources")
AT = _column("at")
TIMED = _column("timed")
ORIGIN = _column("given_origin", field="origin")
GROUP = _column('"group"')
FLAGS = _column("flags")
ACCEPTED_AT = _column("accepted_at", time="accepted")
SENT_AT = _column("sent_at", time="sent")
DELIVERED_AT = _column("delivered_at", time="delivered")
READ_AT = _column("read_at", time="read")
KIND = _column("kind", field="kind")
CATEGORY = _column("category", field="category")
LANGUAGE = _column("language", field="language")
CAMPAIGN = _column("campaign", field="campaign")
USUAL = len(_names)  # columns before those that few messages use

# Columns that few messages use.
FAILED_AT = _column("failed_at")
ANSWERED_AT = _column("given_answered_at", time="answered")
SESSION_START = _column("session_start", time="session")
ERROR_CODE = _column("error_code")
ERROR_TEXT = _column("error_text")
ERROR_DETAIL = _column("error_detail")
ERROR_RANK = _column("error_rank")
NEW = _column("given_new", field="new")
EXPORTED = _column("exported")
EVIDENCE = _column("evidence")
CONTEXT = _column("context", field="context")
CHANNEL_ID = _column("channel_id", field="channel_id")
AGENT_GROUPS = _column("agent_groups", field="agent_groups")

COLUMNS = tuple(_names)
NOTHING_UNUSUAL = (None,) * (len(COLUMNS) - USUAL)
_EMPTY: list[Any] = [None] * len(COLUMNS)

_DIRECTIONS = tuple(Direction)
_USUAL_FIELDS, _UNUSUAL_FIELDS, _USUAL_TIMES, _UNUSUAL_TIMES = (
    tuple((name, column) for name, column in columns.items() if (column < USUAL) is usual)
    for columns in (_field_columns, _time_columns)
    for usual in (True, False)
)
_SEND_LOG, _WEBHOOK = Sources.SEND_LOG.value, Sources.WEBHOOK.value  # numbers: `&` of enum members is slow


def empty_row() -> list[Any]:
    """A row to fill in, column by column."""
    return _EMPTY.copy()


def hash_of(key: str) -> int:
    """The CRC-32 by which the database finds a key. Two keys may share it: compare the keys as well."""
    return zlib.crc32(key.encode() if key.isascii() else key.encode("utf-8", "surrogatepass"))


def row_of(message: Message) -> Row:
    """The row of a message."""
    fields, times = message.fields, message.times
    row = _EMPTY.copy()
    for name, time in times.items():
        if name != "any":
            row[_time_columns[name]] = time
    own = times.get("any")
    row[AT] = at = times["session"] if own is None else own
    row[TIMED] = 0 if own is None else 1
    for name, ranked in fields.items():
        if name != "error":
            row[_field_columns[name]] = ranked[2]
    row[KEY] = key = message.key
    row[DIRECTION] = int(message.direction)
    row[HASH] = hash_of(key)
    row[SOURCES] = message.sources
    row[GROUP] = 1 if message.group else 0
    row[FLAGS] = message.flags
    error = fields.get("error")
    if error is not None:
        failure = failure_of(error)
        row[FAILED_AT], row[ERROR_RANK] = error[1], rank_of_error(error)
        row[ERROR_CODE], row[ERROR_TEXT], row[ERROR_DETAIL] = failure.code, failure.text, failure.detail
    exported = message.exported
    if exported is not None:
        row[EXPORTED] = json.dumps((exported.flags, *(exported.new or (None, None)), exported.answered_at))
    row[EVIDENCE] = _unusual_ranks(message, at)
    return tuple(row)


def message_of_row(row: Row) -> Message:
    """The message that a row was made of."""
    at, sources, sent = row[AT], row[SOURCES], row[SENT_AT]
    rank = _usual_rank(sources)
    times: dict[str, int] = {"any": at} if row[TIMED] else {}
    fields: dict[str, RankedValue] = {}
    for name, column in _USUAL_TIMES:
        if (value := row[column]) is not None:
            times[name] = value
    for name, column in _USUAL_FIELDS:
        if (value := row[column]) is not None:
            fields[name] = rank, at, value
    if row[CATEGORY] is not None:  # its usual rank and time are others: see `_unusual_ranks`
        fields["category"] = 1, at if sent is None else sent, row[CATEGORY]
    message = Message(row[KEY], _DIRECTIONS[row[DIRECTION]], sources, fields, times, row[FLAGS], bool(row[GROUP]))
    if row[USUAL:] != NOTHING_UNUSUAL:
        _fill_unusual(message, row, rank)
    return message


def _fill_unusual(message: Message, row: Row, rank: int) -> None:
    """Fills in what the columns from USUAL on hold."""
    at, fields, times = row[AT], message.fields, message.times
    for name, column in _UNUSUAL_TIMES:
        if (value := row[column]) is not None:
            times[name] = value
    for name, column in _UNUSUAL_FIELDS:
        if (value := row[column]) is not None:
            fields[name] = rank, at, value
    if row[EVIDENCE]:
        for name, (its_rank, time) in json.loads(row[EVIDENCE]).items():
            fields[name] = its_rank, time, fields[name][2]
    if row[FAILED_AT] is not None:
        failure = Failure(row[ERROR_CODE], row[ERROR_TEXT], row[ERROR_DETAIL])
        fields["error"] = ranked_error(row[ERROR_RANK], row[FAILED_AT], failure)
    if row[EXPORTED]:
        message.exported = exported_of(row[EXPORTED])


def exported_of(text: str) -> Exported:
    """The derived columns of our own TSV, from column EXPORTED (JSON: flags, time and value of "new", answered_at)."""
    flags, new_at, new, answered_at = json.loads(text)
    return Exported(flags, None if new is None else (new_at, new), answered_at)


def _usual_rank(sources: int) -> int:
    """The rank of the best source."""
    return 0 if sources & _SEND_LOG else 1 if sources & _WEBHOOK else 2


def _unusual_ranks(message: Message, at: int) -> str | None:
    """Rank and time of the fields whose rank or time is not the usual one, as JSON {field: [rank, time]}, else None.

    The usual rank is that of the best source and the usual time the message's own; of a category, a webhook's and the
    time of the status "sent". Few messages differ, so the database need not store rank and time of each field.
    """
    rank = _usual_rank(message.sources)
    unusual: dict[str, tuple[int, int]] = {}
    for name, (its_rank, time, _) in message.fields.items():
        if name == "category":
            if its_rank != 1 or time != message.times.get("sent", at):
                unusual[name] = its_rank, time
        elif (time != at or its_rank != rank) and name != "error":
            unusual[name] = its_rank, time
    return json.dumps(unusual, separators=(",", ":"), sort_keys=True) if unusual else None
