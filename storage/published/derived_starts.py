"""Fills a version with what workers have derived: the current rows of a ClickHouse database's own tables.

The engine copies most starts itself. Two kinds need the rule of merging, and are read and written here: starts that a
platform's row is joined to, and those that only our own TSV knows, as in `copied_database`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from storage.clickhouse.engine import Engine
from storage.clickhouse.identity_links import columns_of
from storage.clickhouse.tables import MESSAGES
from storage.domain.vocabulary import DataFlag
from storage.language.texts import _
from storage.messages.message import Direction, Message
from storage.messages.message_row import COLUMNS, NAMES, message_of_row
from storage.published import cells, contact_starts, unchanged_months, versions
from storage.published.source_moment import Moment, StartsChanged, one_moment
from storage.published.unchanged_months import Months
from storage.published.version_tables import (
    COPIED,
    IS_OF_OUR_TSV,
    IS_WISH,
    STARTS,
    merged_values,
    name_in,
    values_of_messages,
)
from storage.published.versions import Version

_CHUNK = 20_000  # starts
_TRIES = 5  # to make a version
_HASHES = 1 << 32  # different hashes of keys
_SPECIAL = f"(bitAnd(m.marks, {DataFlag.JOINED.value}) <> 0 OR {IS_OF_OUR_TSV})"
_OF_VERSION = values_of_messages("c")
_FROM = """
FROM (SELECT * FROM {messages} FINAL WHERE origin IS NOT NULL AND {condition}) AS m
LEFT JOIN (SELECT id, label, name, customer_id FROM {contacts} FINAL) AS c ON c.id = m.contact
"""
# NULL beside a start whose contact is unknown, as in SQLite.
_SETTINGS = " SETTINGS join_use_nulls = 1, max_partitions_per_insert_block = 0"
_EVIDENCE = MESSAGES.names[1 : MESSAGES.names.index("line")]  # line_text, contact_kind, contact_text, template, key, …
_EVIDENCE_SQL = ", ".join(f"m.`{name}`" for name in _EVIDENCE)
_OTHERS = {
    **{name: f"SELECT {{columns}} FROM {{{name}}} FINAL" for name in COPIED},
    "wishes": f"SELECT contact, at, kind, line FROM {{messages}} FINAL WHERE {IS_WISH}",
    "rejected_records": "SELECT DISTINCT digest FROM {rejects} FINAL",
    "templates": "SELECT DISTINCT id, name FROM {templates}",
}


def publish(engine: Engine, progress: Callable[[int], None] = lambda starts: None) -> Version:
    """Publishes what is derived as a new version, of one moment; arguments as of `fill`.

    Raises:
        StartsChanged: others wrote in each of several tries.
        NotCountedOnce: answers were lost in each of them.
        Overtaken: others published in each of them.
    """
    for _try in range(_TRIES - 1):
        with suppress(StartsChanged, cells.NotCountedOnce, versions.Overtaken):
            return _publish_once(engine, progress)
    return _publish_once(engine, progress)


def _publish_once(engine: Engine, progress: Callable[[int], None]) -> Version:
    filled: list[Months] = []
    version = versions.publish(engine, lambda number: filled.append(fill(engine, number, progress)))
    unchanged_months.note(engine, version.number, filled[0])
    return version


def fill(engine: Engine, version: int, progress: Callable[[int], None] = lambda starts: None) -> Months:
    """Fills the tables of a version, which are empty.

    Args:
        progress: called now and then with the number of starts written so far.

    Returns:
        What it has of each month.

    Raises:
        StartsChanged: something was written meanwhile, so that the version would not be of one moment.
    """
    with one_moment(engine, version) as moment:
        months = unchanged_months.months(engine, moment.names["messages"])
        unchanged_months.take_over(engine, version, months)
        _fill_starts(engine, version, moment, months)
        for name, statement in _OTHERS.items():
            of_table = ", ".join(f"`{column}`" for column in COPIED[name].columns)
            values = statement.format(columns=of_table, **moment.names)
            engine.run(f"INSERT INTO {name_in(version, name)} ({of_table}) {values}")
        ((written,),) = engine.rows(f"SELECT count() FROM {name_in(version, 'messages')}")
        moment.confirm(engine)
    if written != months.starts:
        raise cells.NotCountedOnce(_("not every start was counted exactly once; try again"))
    contact_starts.fill(engine, version, months)
    cells.count(engine, version, months)
    progress(written)
    return months


def _fill_starts(engine: Engine, version: int, moment: Moment, months: Months) -> None:
    """Writes the starts of the months that changed."""
    target, source = name_in(version, "messages"), _FROM.format(condition=months.condition(), **moment.names)
    columns, values = ", ".join(STARTS.columns), ", ".join(_OF_VERSION.values())
    engine.run(f"INSERT INTO {target} ({columns}) SELECT {values} {source} WHERE NOT {_SPECIAL}{_SETTINGS}")
    _fill_special(engine, target, moment, months.condition())


def _fill_special(engine: Engine, target: str, moment: Moment, condition: str) -> None:
    """Writes the starts whose values are merged of two messages, or come from our own TSV only.

    Args:
        condition: SQL of the starts that are read.
    """
    starts = f"SELECT * FROM {moment.names['messages']} FINAL WHERE origin IS NOT NULL AND {condition}"
    counts = engine.rows(
        f"SELECT m.bucket, count() FROM ({starts}) AS m WHERE {_SPECIAL} GROUP BY m.bucket ORDER BY m.bucket"
    )
    for bucket, count in counts:
        for hashes in _ranges_of_hashes(-(-count // _CHUNK)):
            some = f"{condition} AND bucket = {bucket} AND hash {hashes}"
            _fill_special_of(engine, target, moment, some, bucket)


def _ranges_of_hashes(parts: int) -> Iterator[str]:
    """SQL of so many ranges with about as many messages each: hashes are spread evenly over 32 bits."""
    for part in range(parts):
        yield f"BETWEEN {part * _HASHES // parts} AND {(part + 1) * _HASHES // parts - 1}"


def _fill_special_of(engine: Engine, target: str, moment: Moment, condition: str, bucket: int) -> None:
    """The same of one bucket, and of those messages that a condition selects."""
    source = _FROM.format(condition=condition, **moment.names)
    rows = engine.rows(
        f"SELECT {', '.join(_OF_VERSION.values())}, {_EVIDENCE_SQL} {source} WHERE {_SPECIAL}{_SETTINGS}"
    )
    width = len(_OF_VERSION)
    messages = [_message(row[width:]) for row in rows]
    keys = [message.key for message in messages if message.direction is Direction.OUT]
    joined = _joined(engine, moment.names["messages"], keys, bucket)
    written = []
    for row, message in zip(rows, messages, strict=True):
        keyless = joined.get(message.key) if message.direction is Direction.OUT else None
        if keyless is not None:
            message.merge(keyless)
        values = merged_values(message, None if keyless is None else keyless.key)
        written.append([*(dict(zip(_OF_VERSION, row, strict=False)) | values).values()])
    engine.insert(target, columns_of([*_OF_VERSION], written))


def _joined(engine: Engine, table: str, keys: Sequence[str], bucket: int) -> dict[str, Message]:
    """The platform's rows that are joined to messages out with these keys, which are at most 60 s away."""
    rows = engine.rows(
        f"SELECT m.joined, {_EVIDENCE_SQL} FROM (SELECT * FROM {table} FINAL"
        f" WHERE direction = {Direction.ROW.value} AND bucket BETWEEN {bucket - 1} AND {bucket + 1}"
        " AND joined IN {keys:Array(String)}) AS m",
        {"keys": keys},
    )
    return {key: _message(row) for key, *row in rows}


def _message(evidence: Sequence[Any]) -> Message:
    line, kind, text, template, *others = evidence
    assert len(others) == len(COLUMNS) - NAMES
    return message_of_row((line, None if text is None else (kind, text), template, *others))
