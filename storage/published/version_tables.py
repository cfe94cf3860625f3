"""The tables of a published version: their columns, their order, and how they are made. Reads nothing.

Each table is that of SQLite with the same name, but `messages` has starts only, one row each with everything that is
shown of it. A table of version 7 is named `v7_messages`.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

from storage.cube.start_classes import COUNTER_PLACES
from storage.database.codes import USER_TYPES
from storage.domain.vocabulary import Preference
from storage.messages.message import Direction, Message, Sources
from storage.table.detail import stated_flags

_REMEMBERED = 1_000  # inserts of which an equal one changes nothing: an insert without an answer is sent again


class Table(NamedTuple):
    """One table of a version.

    Attributes:
        columns: the type of each, by name.
        order: by which ClickHouse sorts and finds rows.
        partition: an expression; "" for none. Partitions that did not change are taken over from the version before.
        granularity: how many rows ClickHouse reads at least.
    """

    columns: dict[str, str]
    order: str
    partition: str = ""
    granularity: int = 2048


# The place of each counter of a row of `day_counts`: of its starts of an origin, user type and status.
COUNTERS = {
    (origin, user_type, status): place
    for place, ((origin, status), user_type) in enumerate(product(COUNTER_PLACES, range(len(USER_TYPES))))
}
_TEXT, _NUMBER, _TIME = "Nullable(String)", "Nullable(UInt32)", "Nullable(Int64)"
_ID = "Int64"  # of lines and templates: a hash of the name, or what SQLite has
MONTH = "toYYYYMM(toDate32(day))"

# Times in ms, days since 1970-01-01, origins, user types and statuses as in storage/database/codes.py.
STARTS = Table(
    {
        "start_at": "Int64",
        "key": "String",
        "origin": "UInt8",
        "day": "Int32",
        "line": _TIME,
        "start_template": _TIME,
        "contact": _NUMBER,
        "user_type": "UInt8",
        "status": "UInt8",
        "failure_code": _TIME,
        "failure_reason": "LowCardinality(Nullable(String))",
        "marks": "UInt8",
        # Of the contact, so that no page and no file has to join them.
        "contact_label": _TEXT,
        "contact_name": _TEXT,
        "customer_id": _TEXT,
        # What the file and the detail of a start show; of a joined row of a platform too.
        "answered_at": _TIME,
        "session_start": _TIME,
        "accepted_at": _TIME,
        "sent_at": _TIME,
        "delivered_at": _TIME,
        "read_at": _TIME,
        "failed_at": _TIME,  # of the message itself
        "error_at": _TIME,  # of the error below
        "error_text": _TEXT,
        "error_detail": _TEXT,
        "channel_id": "LowCardinality(Nullable(String))",
        "agent_groups": "LowCardinality(Nullable(String))",
        "language": "LowCardinality(Nullable(String))",
        "campaign": "LowCardinality(Nullable(String))",
        "flags": "UInt8",  # bits of storage.messages.message.Stated
        "answered_stated": "UInt8",  # 1: a platform gives the time of an answer
        "keyless": "UInt8",  # 1: a platform's row without a message id
        "joined": _TEXT,  # key of the platform's row that is a part of this start
    },
    order="start_at, key, origin",
    partition=MONTH,
)

# The starts by the labels of their contacts: what filters ask for and what a page shows (`contact_starts`).
UNKNOWN_CONTACT_BLOCK = 65_535  # behind those of all labels
SHOWN_TOGETHER = (
    *("contact_name", "start_template", "line", "user_type", "status"),
    *("failure_reason", "failure_code", "error_text", "error_detail"),
)
CONTACT_STARTS = Table(
    {
        "block": "UInt16",
        "contact_label": "String",
        "start_at": "Int64",
        "key": "String CODEC(ZSTD)",
        "month": "UInt32",  # of the day, as in `messages`
        **{
            name: STARTS.columns[name]
            for name in (
                *("origin", "line", "start_template", "contact", "user_type", "status", "failure_code"),
                "failure_reason",
            )
        },
        # JSON: the values of SHOWN_TOGETHER. A page reads it in place of nine columns, each of which takes its time to
        # open in every month.
        "shown": "String",
    },
    order="block, contact_label, start_at",
    partition="month",
    granularity=1024,
)

# The starts of a block of days by line, by template, by both or by neither (`cells`), and of a day the same in one row.
_CELL = {
    "scope": "UInt8",
    "part": "UInt32",  # the month that the block is in; of a quarter its first one and QUARTERS
    "block": "Int32",  # its first day
    "line": "Int64",  # ids as in storage/cube/layout.py and storage/database/unknown_ids.py
    "template": "Int64",
}
CELLS = Table(
    {
        "level": "UInt8",  # of the block, as in storage/cube/layout.py
        **_CELL,
        **{"origin": "UInt8", "user_type": "UInt8", "status": "UInt8"},
        "failure_code": _TIME,
        "failure_reason": "LowCardinality(Nullable(String))",
        "starts": "UInt32",
        # In one column, because each takes its time to open: those with a flag, as in DataQualityCounts.
        "quality": "Array(UInt32)",
        # Their contacts are in one of these: what is sparse is read faster as a list.
        "contacts": "AggregateFunction(groupBitmap, UInt32)",
        "contact_list": "Array(UInt32)",
    },
    order="scope, level, line, template, block",
    partition="part",
    granularity=128,  # a row can have a megabyte
)
# One list of counters is added up faster than columns of their own: ClickHouse takes longer to analyse many sums.
DAY_COUNTS = Table(
    {**_CELL, "counters": "Array(UInt32)"}, order="scope, line, template, block", partition="part", granularity=128
)
QUARTERS = 1_000_000

TABLES: dict[str, Table] = {
    "messages": STARTS,
    "contact_starts": CONTACT_STARTS,
    "label_blocks": Table({"block": "UInt16", "first": "String"}, "first"),
    "cells": CELLS,
    "day_counts": DAY_COUNTS,
    "lines": Table({"id": _ID, "label": "String", "value": "String"}, "id"),
    "line_ids": Table({"text": "String", "kind": "UInt8", "line": _ID}, "line"),
    "templates": Table({"id": _ID, "name": "String"}, "id"),
    "contacts": Table({"id": "UInt32", "label": "String", "customer_id": _TEXT, "name": _TEXT}, "id"),
    "contact_ids": Table({"kind": "UInt8", "text": "String", "replaced": "UInt8", "contact": "UInt32"}, "contact"),
    "wishes": Table({"contact": "UInt32", "at": "Int64", "kind": "String", "line": _TIME}, "contact, at"),
    "settings": Table({"key": "String", "value": "String"}, "key"),
    "imports": Table(
        {
            **{"id": "UInt64", "file": "String", "path": "String", "format": "String", "options": "String"},
            **{"notes": "String", "started_at": "Int64", "finished_at": _TIME},
            **{name: "Int64" for name in ("records", "events", "ignored", "rejects", "new", "changed")},
        },
        "id",
    ),
    "rejects": Table(
        {
            **{"id": "UInt64", "import": "UInt64", "digest": "String"},
            **{"place": "String", "reason": "String", "excerpt": "String"},
        },
        "import, id",
    ),
    "rejected_records": Table({"digest": "String"}, "digest"),
}

# Those that are copied as they are.
COPIED = {
    name: table
    for name, table in TABLES.items()
    if name not in ("messages", "contact_starts", "label_blocks", "cells", "day_counts")
}


def values_of_messages(contacts: str) -> dict[str, str]:
    """SQL of each column of a start over `messages AS m`, which has those names in either engine.

    Args:
        contacts: the name of the table of contacts that is joined.
    """
    return {
        **{name: f"m.{name}" for name in STARTS.columns},
        "contact_label": f"{contacts}.label",
        "contact_name": f"{contacts}.name",
        "customer_id": f"{contacts}.customer_id",
        "answered_stated": "m.given_answered_at IS NOT NULL",
        "error_at": "m.failed_at",
        "keyless": f"m.direction = {Direction.ROW.value}",
        "joined": "NULL",
    }


def name_in(version: int, table: str) -> str:
    """The name of a table of a version."""
    return f"v{version}_{table}"


def definition(version: int, name: str) -> str:
    """The statement that makes a table of a version."""
    table = TABLES[name]
    columns = ", ".join(f"`{column}` {type}" for column, type in table.columns.items())
    partition = f"PARTITION BY {table.partition} " if table.partition else ""
    return (
        f"CREATE TABLE {name_in(version, name)} ({columns}) ENGINE = MergeTree {partition}ORDER BY ({table.order})"
        f" SETTINGS index_granularity = {table.granularity}, non_replicated_deduplication_window = {_REMEMBERED}"
    )


# Whether the values of a start that is not joined are those of our own TSV alone, and those of a row of `wishes`.
IS_OF_OUR_TSV = f"(m.sources = {Sources.EXPORT.value} AND m.exported IS NOT NULL)"
IS_WISH = f"origin IS NULL AND kind IN ('{Preference.STOP}', '{Preference.RESUME}') AND contact IS NOT NULL"


def merged_values(message: Message, joined: str | None) -> dict[str, Any]:
    """The columns of a start that differ from those of its message alone.

    Args:
        message: merged with the platform's row that is joined to it.
        joined: the key of that row.
    """
    times, value, failure, error = message.times, message.value, message.failure, message.fields.get("error")
    return {
        **{f"{name}_at": times.get(name) for name in ("accepted", "sent", "delivered", "read")},
        "session_start": times.get("session"),
        "error_at": None if error is None else error[1],
        "error_text": None if failure is None else failure.text,
        "error_detail": None if failure is None else failure.detail,
        **{name: value(name) for name in ("channel_id", "agent_groups", "language", "campaign")},
        "flags": stated_flags(message),
        "answered_stated": "answered" in times,
        "joined": joined,
    }
