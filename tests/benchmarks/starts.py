"""Builds a database of many starts for the benchmarks: a year of 20 lines and 200 templates, always the same.

As in real data, a few lines and templates get most of the sends. Rows are written directly into `messages`, without an
import, which has its own benchmark. The records say what is derived of them: `saludo check` finds nothing.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from storage.cube import refresh
from storage.database.connection import Writer, writing
from storage.database.dirty_marks import TRIGGERS
from storage.database.key_runs import cover_messages
from storage.database.settings import store_setting
from storage.domain.calendar import Calendar

ZONE = "America/Argentina/Buenos_Aires"
DAYS, LINES, TEMPLATES = 365, 20, 200
UNTIL = datetime(2026, 11, 23, 15, tzinfo=UTC)
FIRST = 20_416  # 2025-11-24, as days since 1970-01-01
FAILURES = (
    (131026, "number_gone"),
    (131049, "limit_reached"),
    (132000, "wrong_parameters"),
    (131050, "opted_out"),
    (None, "other"),
)
_TEMPLATES_A_DAY = 17  # draws; of about 13 different ones
_AT_ONCE = 50_000
_ORIGINS = (None, "notification", "webchat", "campaign")  # as records say them
_INSERT = """
INSERT INTO messages (
    key, direction, hash, sources, at, timed, line_id, contact_id, template, kind, category, accepted_at, sent_at,
    delivered_at, read_at, failed_at, error_code, error_rank, given_origin, given_new, given_answered_at, line, contact,
    start_template, start_at, day, origin, user_type, status, answered_at, failure_code, failure_reason, marks
) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def line_value(line: int) -> str:
    """The number of a line as a value of the filter."""
    return f"+5491100000{line:03}"


def template_name(template: int) -> str:
    """The name of a template."""
    return f"template_{template:03}"


def build(path: Path, count: int, progress: Callable[[str], None]) -> None:
    """Writes a database of `count` starts, with its cube."""
    contacts = max(1_000, count // 10)
    with writing(path) as writer:
        writer.connection.execute("PRAGMA synchronous = OFF")
        with writer.transaction() as connection:
            store_setting(connection, "time_zone", ZONE)
            _dimensions(writer, contacts)
            indexes = connection.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'messages' AND sql IS NOT NULL"
            ).fetchall()
            for name, _ in indexes:
                connection.execute(f"DROP INDEX {name}")
            for name in TRIGGERS:
                connection.execute(f"DROP TRIGGER {name}")
        for done, rows in enumerate(_batches(count, contacts)):
            progress(f"{done * _AT_ONCE:,} starts")
            with writer.transaction() as connection:
                connection.executemany(_INSERT, rows)
        with writer.transaction() as connection:
            for name, statement in indexes:
                progress(name)
                connection.execute(statement)
            for trigger in TRIGGERS.values():
                connection.execute(trigger)
        cover_messages(writer, lambda done, of: progress(f"keys {done}/{of}"))
        with writer.transaction() as connection:
            refresh.rebuild(connection, lambda done, of: progress(f"cube {done}/{of}"))
        writer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _dimensions(writer: Writer, contacts: int) -> None:
    connection = writer.connection
    for line in range(1, LINES + 1):
        connection.execute("INSERT INTO lines VALUES (?, ?, ?)", (line, f"Line {line}", line_value(line)))
        connection.execute("INSERT INTO line_ids VALUES (?, ?, 0, ?)", (line, line_value(line)[1:], line))
        connection.execute("INSERT INTO line_ids VALUES (?, ?, 2, ?)", (LINES + line, f"Line {line}", line))
    for template in range(1, TEMPLATES + 1):
        connection.execute("INSERT INTO templates VALUES (?, ?)", (template, template_name(template)))
    numbers = ((id, f"549116{id:07}", f"Person {id}") for id in range(1, contacts + 1))
    for id, number, name in numbers:
        connection.execute(
            "INSERT INTO contacts (id, label, name, name_rank, name_at) VALUES (?, ?, ?, 1, 0)", (id, number, name)
        )
        connection.execute("INSERT INTO contact_ids VALUES (?, 0, ?, 0, ?)", (id, number, id))


def _weights(count: int, skew: float) -> list[float]:
    return list(accumulate(1 / (rank + 2) ** skew for rank in range(count)))


def _batches(count: int, contacts: int) -> Iterator[list[tuple[Any, ...]]]:
    """Rows in order of time."""
    dice = random.Random(7)
    calendar = Calendar(ZoneInfo(ZONE))
    first = calendar.start_of(FIRST)
    length = calendar.start_of(FIRST + DAYS) - first
    lines = _weights(LINES, 0.9)
    in_use: dict[int, list[int]] = {}
    today = 0
    rows = []
    for number in range(count):
        # Seconds, as the platform gives them.
        at = first + number * length // count // 1000 * 1000
        day = calendar.day_number(at)
        if day != today:
            today, in_use = day, {line: _templates_of_a_day(dice) for line in range(1, LINES + 1)}
        (line,) = dice.choices(range(1, LINES + 1), cum_weights=lines)
        used = in_use[line]
        template = used[int(len(used) * dice.random() ** 2)]
        rows.append(_row(dice, day, number, at, contacts, line, template))
        if len(rows) == _AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


def _templates_of_a_day(dice: random.Random) -> list[int]:
    """The templates that a line uses on a day, the most used first: mostly the frequent ones, and a few others."""
    used = dict.fromkeys(1 + int(TEMPLATES * dice.random() ** 2.5) for _ in range(_TEMPLATES_A_DAY))
    return list(used)


def _row(
    dice: random.Random, day: int, number: int, at: int, contacts: int, line: int, template: int
) -> tuple[Any, ...]:
    # A template is sent in campaigns or one by one, seldom both.
    origin = int(template % 3 > 0) ^ int(dice.random() < 0.05) if dice.random() < 0.9 else 2 + int(dice.random() < 0.5)
    (status,) = dice.choices((0, 1, 2, 3, 4), cum_weights=(4, 10, 45, 82, 100))
    key = f"wamid.HBgNNTQ5MTE2{number * 2654435761 % (1 << 32):08x}{number:010x}FQIAERgSOEQ5QzZFQjU0RkE5"
    contact = 1 + int(contacts * dice.random() ** 1.6)
    user_type = 0 if dice.random() < 0.12 else 1
    sent: int | None = template
    code = reason = None
    marks = 0
    if origin >= 2:
        status, sent = 5, None
    elif status == 0:
        code, reason = FAILURES[min(len(FAILURES) - 1, int(dice.expovariate(0.9)))]
    elif status == 4 and dice.random() < 0.2:
        marks = 1
    reached, referred = 2 <= status <= 4, origin >= 2
    answered_at = at + 600_000 if status == 4 else None
    return (
        key, 2 if referred else 0, zlib.crc32(key.encode()), 4 if referred else 3, at, line, contact, sent,
        None if referred else "template", None if referred else "marketing",
        None if referred else at, at if status > 0 else None, at + 4000 if reached else None,
        at + 90_000 if 3 <= status <= 4 and not marks else None, at + 1000 if status == 0 else None, code,
        None if status else 1, _ORIGINS[origin], 1 - user_type, answered_at, line, contact, sent, at, day, origin,
        user_type, status, answered_at, code, reason, marks,
    )  # fmt: skip
