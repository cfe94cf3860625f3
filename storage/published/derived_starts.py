"""Fills a version with what workers have derived: the current rows of a ClickHouse database's own tables.

The engine copies most starts itself. Two kinds need the rule of merging, and are read and written here: starts that a
platform's row is joined to, and those that only our own TSV knows, as in `copied_database`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from storage.clickhouse.engine import Engine, EngineError
from storage.clickhouse.pending import clock
from storage.clickhouse.tables import MESSAGES
from storage.domain.vocabulary import DataFlag
from storage.language.texts import _
from storage.messages.message import Direction, Message
from storage.messages.message_row import COLUMNS, NAMES, message_of_row
from storage.published import unchanged_months, versions
from storage.published.unchanged_months import NOTHING, Months
from storage.published.version_tables import (
    IS_OF_OUR_TSV,
    IS_WISH,
    STARTS,
    TABLES,
    merged_values,
    name_in,
    values_of_messages,
)
from storage.published.versions import Version

_CHUNK = 20_000  # starts
_KEY = COLUMNS.index("key")
_SPECIAL = f"(bitAnd(m.marks, {DataFlag.JOINED.value}) <> 0 OR {IS_OF_OUR_TSV})"
_OF_VERSION = values_of_messages("c")
_FROM = """
FROM (SELECT * FROM messages FINAL WHERE origin IS NOT NULL AND {condition}) AS m
LEFT JOIN (SELECT id, label, name, customer_id FROM contacts FINAL) AS c ON c.id = m.contact
"""
# NULL beside a start whose contact is unknown, as in SQLite.
_SETTINGS = " SETTINGS join_use_nulls = 1, max_partitions_per_insert_block = 0"
_EVIDENCE = MESSAGES.names[1 : MESSAGES.names.index("line")]  # line_text, contact_kind, contact_text, template, key, …
_EVIDENCE_SQL = ", ".join(f"m.`{name}`" for name in _EVIDENCE)
_OTHERS = {
    **{name: f"SELECT {{columns}} FROM {name} FINAL" for name in TABLES if name != "messages"},
    "wishes": f"SELECT contact, at, kind, line FROM messages FINAL WHERE {IS_WISH}",
    "rejected_records": "SELECT DISTINCT digest FROM rejects FINAL",
    "templates": "SELECT DISTINCT id, name FROM templates",
}


class StartsChanged(EngineError):
    """Workers wrote starts while a version was filled."""


def publish(engine: Engine, progress: Callable[[int], None] = lambda starts: None) -> Version:
    """Publishes what is derived as a new version; arguments and errors as of `fill`."""
    read_at, months = clock(engine), unchanged_months.months(engine)
    version = versions.publish(engine, lambda number: _fill_all(engine, number, progress, months))
    unchanged_months.note(engine, version.number, read_at)
    return version


def _fill_all(engine: Engine, version: int, progress: Callable[[int], None], months: Months) -> None:
    unchanged_months.take_over(engine, version, months)
    fill(engine, version, progress, months)


def fill(
    engine: Engine, version: int, progress: Callable[[int], None] = lambda starts: None, months: Months = NOTHING
) -> int:
    """Fills the tables of a version, which are empty but for the months that it takes over from another version.

    Args:
        months: which these are; all others are read.
        progress: called now and then with the number of starts written so far.

    Returns:
        The number of starts.

    Raises:
        StartsChanged: starts were written meanwhile, so that the version would not be of one moment.
    """
    target, source = name_in(version, "messages"), _FROM.format(condition=months.condition())
    columns, values = ", ".join(STARTS.columns), ", ".join(_OF_VERSION.values())
    engine.run(f"INSERT INTO {target} ({columns}) SELECT {values} {source} WHERE NOT {_SPECIAL}{_SETTINGS}")
    _fill_special(engine, target, source)
    for name, statement in _OTHERS.items():
        of_table = ", ".join(f"`{column}`" for column in TABLES[name].columns)
        engine.run(f"INSERT INTO {name_in(version, name)} ({of_table}) {statement.format(columns=of_table)}")
    ((written,),) = engine.rows(f"SELECT count() FROM {target}")
    ((current,),) = engine.rows("SELECT count() FROM messages FINAL WHERE origin IS NOT NULL")
    if written != current:
        raise StartsChanged(_("starts were written while the report was made; 'saludo work --once' makes it again"))
    progress(written)
    return int(written)


def _fill_special(engine: Engine, target: str, source: str) -> None:
    """Writes the starts whose values are merged of two messages, or come from our own TSV only."""
    rows = engine.rows(
        f"SELECT {', '.join(_OF_VERSION.values())}, {_EVIDENCE_SQL} {source} WHERE {_SPECIAL}{_SETTINGS}"
    )
    width = len(_OF_VERSION)
    for first in range(0, len(rows), _CHUNK):
        chunk = rows[first : first + _CHUNK]
        messages = [_message(row[width:]) for row in chunk]
        joined = _joined(engine, [message.key for message in messages if message.direction is Direction.OUT])
        written = []
        for row, message in zip(chunk, messages, strict=True):
            keyless = joined.get(message.key) if message.direction is Direction.OUT else None
            if keyless is not None:
                message.merge(keyless)
            values = merged_values(message, None if keyless is None else keyless.key)
            written.append([*(dict(zip(_OF_VERSION, row, strict=False)) | values).values()])
        engine.insert(target, dict(zip(_OF_VERSION, zip(*written, strict=True), strict=True)))


def _joined(engine: Engine, keys: Sequence[str]) -> dict[str, Message]:
    """The platform's rows that are joined to messages out with these keys."""
    rows = engine.rows(
        f"SELECT m.joined, {_EVIDENCE_SQL} FROM (SELECT * FROM messages FINAL"
        f" WHERE direction = {Direction.ROW.value} AND joined IN {{keys:Array(String)}}) AS m",
        {"keys": keys},
    )
    return {key: _message(row) for key, *row in rows}


def _message(evidence: Sequence[Any]) -> Message:
    line, kind, text, template, *others = evidence
    assert len(others) == len(COLUMNS) - NAMES
    return message_of_row((line, None if text is None else (kind, text), template, *others))
