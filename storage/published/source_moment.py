"""One moment of the tables that a version is made of, while importers and workers go on writing into them.

ClickHouse has no transaction over several tables. But rows lie in parts that nobody changes, and a table can take over
the parts of another one without copying a row. So the parts that all tables had at one moment are put into tables of
their own, from which the version is made, however often others write meanwhile.

That it is one moment is proven. Every insert has a number, which a part keeps when it is merged with others. One
statement lists the last number of each table twice, one list after the other: if they are equal, nothing was written
between the two. Parts with later numbers are removed from the copies. Where a merge has mixed earlier and later rows
meanwhile, all of it is done again, which takes milliseconds.

The tables of a cluster lie on many servers. They are read where they are, and must be the same afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from storage.clickhouse.engine import Engine, EngineError
from storage.clickhouse.tables import cluster_of
from storage.language.texts import _
from storage.published.version_tables import name_in

SOURCES = (
    *("messages", "contacts", "contact_ids", "lines", "line_ids", "templates", "settings"),
    *("imports", "rejects"),  # the journal, which every batch of an import writes
)
_OF_STARTS = SOURCES[:7]
_TRIES = 200
_WAIT = 0.02  # s between two
_NO_PART = 232
_COPY = (
    "CREATE TABLE IF NOT EXISTS {copy} AS {source}",
    # Copies must keep their parts.
    "ALTER TABLE {copy} MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1,"
    " max_bytes_to_merge_at_min_space_in_pool = 1",
)
_LAST = """
SELECT arraySort(groupArray((table, last))){named} FROM (
    SELECT table, max(max_block_number) AS last FROM system.parts
    WHERE database = currentDatabase() AND active AND table IN {{tables:Array(String)}} GROUP BY table
)
"""
# A scalar subquery is evaluated before the query that it stands in.
_LAST_TWICE = f"WITH ({_LAST.format(named='')}) AS before {_LAST.format(named=' AS after, before = after')}"
# Parts that were merged stay for minutes, inactive.
_PARTS = """
SELECT table, hash_of_all_files, min(min_block_number), min(max_block_number) FROM system.parts
WHERE database = currentDatabase() AND table IN {tables:Array(String)} GROUP BY table, hash_of_all_files
"""
_COPIED = """
SELECT table, hash_of_all_files, name FROM system.parts
WHERE database = currentDatabase() AND active AND table IN {tables:Array(String)}
"""
_LAST_BLOCKS = """
SELECT table, hostName(), partition_id, max(max_block_number) FROM clusterAllReplicas('{cluster}', system.parts)
WHERE database = currentDatabase() AND active AND table IN {{tables:Array(String)}}
GROUP BY ALL ORDER BY ALL
"""


class StartsChanged(EngineError):
    """Others wrote while a version was made, so that it would not be of one moment."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Tables that are of one moment.

    Attributes:
        names: of each source, the table to read.
        blocks: of a cluster: how far each of them was written.
    """

    names: Mapping[str, str]
    blocks: Sequence[Any] = ()

    def confirm(self, engine: Engine) -> None:
        """Raises StartsChanged if what was read since is not of one moment."""
        if self.blocks and _last_blocks(engine, cluster_of(engine)) != self.blocks:
            raise _changed()


@contextmanager
def one_moment(engine: Engine, version: int) -> Iterator[Moment]:
    """The tables that a version is made of, as they were at one moment; copies are removed with the context."""
    if cluster := cluster_of(engine):
        yield Moment({name: name for name in SOURCES}, _last_blocks(engine, cluster))
        return
    names = {name: name_in(version, f"source_{name}") for name in SOURCES}
    for source, copy in names.items():
        for statement in _COPY:
            engine.run(statement.format(copy=copy, source=source))
    _take(engine, names)
    yield Moment(names)
    for copy in names.values():
        engine.run(f"DROP TABLE IF EXISTS {copy}")


def _take(engine: Engine, names: Mapping[str, str]) -> None:
    """Puts the parts that all sources had at one moment into their copies."""
    for _try in range(_TRIES):
        ((numbers, is_moment),) = engine.rows(_LAST_TWICE, {"tables": [*names]})
        if is_moment:
            last: dict[str, int] = dict(numbers)
            for table in last:
                engine.run(f"ALTER TABLE {names[table]} ATTACH PARTITION tuple() FROM {table}")
            if _cut(engine, names, last):
                return
            for copy in names.values():
                engine.run(f"TRUNCATE TABLE {copy}")
        time.sleep(_WAIT)
    raise _changed()


def _cut(engine: Engine, names: Mapping[str, str], last: Mapping[str, int]) -> bool:
    """Removes parts that came later from the copies.

    Args:
        last: of each source, the number of its last insert at the moment.

    Returns:
        False if a part has earlier and later rows.
    """
    source_of = {copy: source for source, copy in names.items()}
    # A part has other numbers in a copy, but the same content.
    parts = engine.rows(_PARTS, {"tables": [*last]})
    numbers = {(table, hash): (low, high) for table, hash, low, high in parts}
    for copy, hash, part in engine.rows(_COPIED, {"tables": [*source_of]}):
        source = source_of[copy]
        low, high = numbers.get((source, hash), (0, last[source] + 1))
        if low <= last[source] < high:
            return False
        if low > last[source]:
            _drop(engine, copy, part)
    return True


def _drop(engine: Engine, table: str, part: str) -> None:
    try:
        engine.run(f"ALTER TABLE {table} DROP PART '{part}'")
    except EngineError as error:
        if error.code != _NO_PART:  # the answer to an earlier try was lost
            raise


def _last_blocks(engine: Engine, cluster: str) -> list[tuple[Any, ...]]:
    """Of each table of a cluster that starts are made of, the last block of rows: every insert has its own number."""
    tables = [f"{name}_local" for name in _OF_STARTS]
    return engine.rows(_LAST_BLOCKS.format(cluster=cluster), {"tables": tables})


def _changed() -> StartsChanged:
    return StartsChanged(_("starts were written while the report was made; 'saludo work --once' makes it again"))
