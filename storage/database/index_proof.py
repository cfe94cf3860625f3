"""Finds damage that SQLite's integrity check finds, without a search in each index for each row of a large table.

`PRAGMA integrity_check` looks up every row in every index: of ten million messages that takes longer than all other
checks, since the entries of an index lie in another order than the rows. An index is right if its entries are in
order, and the same as those that the rows would have. Order is seen in one pass. Sameness is seen from a fingerprint of
all entries, which does not depend on their order: the sum of (sum of weight x value) squared, modulo a prime, with
weights that are drawn for each check. Different entries have the same fingerprint in one of two billion checks.
"""

from __future__ import annotations

import random
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from itertools import tee
from operator import lt
from typing import Any, NamedTuple

from storage.database.key_runs import KeyRuns

_LARGE = "messages"  # the table whose indexes are proven
_PRIME = 2_147_483_647
_SQUARE = f"{{0}} * {{0}} % {_PRIME}"
_FIRST = -(2**63)  # no value comes before; stands for NULL


class Index(NamedTuple):
    """An index. columns: its columns. texts: those that hold texts. condition: which rows it has."""

    name: str
    columns: tuple[str, ...]
    texts: frozenset[str]
    condition: str


# What the key index (storage/database/key_runs.py) has for each message: the hash of its key, and its id.
KEY_INDEX = Index("key_runs", ("key",), frozenset({"key"}), "true")


def damage(connection: sqlite3.Connection, most: int) -> list[str]:
    """What is wrong with pages and rows, and with the indexes of all tables but the large one.

    Args:
        connection: the database.
        most: so many lines at most.
    """
    if found := _told(connection, f"PRAGMA quick_check({most})"):
        return found
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    for (table,) in tables:
        if table != _LARGE:
            found += _told(connection, f'PRAGMA integrity_check("{table}")')
    return found[:most]


def full_damage(connection: sqlite3.Connection, most: int) -> list[str]:
    """What SQLite's own integrity check finds."""
    return _told(connection, f"PRAGMA integrity_check({most})")


def _told(connection: sqlite3.Connection, statement: str) -> list[str]:
    return [text for (text,) in connection.execute(statement) if text != "ok"]


def proven(connection: sqlite3.Connection) -> list[Index]:
    """The indexes of the large table, and the key index unless its tables are missing or different."""
    try:
        connection.execute("SELECT entries, last, first_chunk, firsts, words FROM key_runs, key_chunks LIMIT 0")
    except sqlite3.OperationalError:  # `schema_objects` says so
        return indexes(connection)
    return [KEY_INDEX, *indexes(connection)]


def indexes(connection: sqlite3.Connection) -> list[Index]:
    """The indexes of the large table."""
    kinds = {name: kind for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({_LARGE})")}
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", (_LARGE,)
    ).fetchall()
    found = []
    for name, sql in rows:
        columns = tuple(column for _, _, column in connection.execute(f'PRAGMA index_info("{name}")'))
        texts = frozenset(column for column in columns if kinds[column] == "TEXT")
        found.append(Index(name, columns, texts, sql.partition(" WHERE ")[2] or "true"))
    return found


def out_of_order(connection: sqlite3.Connection, index: Index) -> bool:
    """Whether an entry of the index does not come before the next one."""
    try:
        return _is_out_of_order(connection.execute(ordered_entries(index)))
    except TypeError:  # a wrong value: SQLite orders numbers, texts and bytes among each other, and Python does not
        entries = connection.execute(ordered_entries(index))
        return _is_out_of_order(tuple(map(_ranked, entry)) for entry in entries)


def _is_out_of_order(entries: Iterable[tuple[Any, ...]]) -> bool:
    rows, following = tee(entries)
    next(following, None)
    return not all(map(lt, rows, following))


def _ranked(value: Any) -> tuple[int, Any]:
    """A value that compares as SQLite compares it: numbers before texts before bytes."""
    if isinstance(value, str):
        return 1, value.encode("utf-8", "surrogatepass")
    return (2, value) if isinstance(value, bytes) else (0, value)


def ordered_entries(index: Index) -> str:
    """SQL: the entries of an index as it has them, which the plan must not sort."""
    columns = [
        f"ifnull(CAST({name} AS BLOB), x'')" if name in index.texts else f"ifnull({name}, {_FIRST})"
        for name in index.columns
    ]
    return (
        f"SELECT {', '.join(columns)}, rowid FROM {_LARGE} INDEXED BY {index.name}"
        f" WHERE {index.condition} {_order(index)}"
    )


def different(connection: sqlite3.Connection, compared: Sequence[Index], *, trusted: bool = False) -> bool:
    """Whether the entries of one of the indexes, or of the key index, are not those that the rows would have.

    Args:
        connection: the database.
        compared: the indexes.
        trusted: whether the hash that a row has is first taken for that of its key, which saves a fifth of the time: if
            it is not, the key index may have the same wrong one. Other parts of `saludo check` compare hash and key.
    """
    return not (trusted and _are_same(connection, compared, "hash")) and not _are_same(
        connection, compared, "crc(CAST(key AS BLOB))"
    )


def _are_same(connection: sqlite3.Connection, compared: Sequence[Index], hash_of_key: str) -> bool:
    """Whether the fingerprint of all entries is the same, with an expression for the hash of a row's key."""
    connection.create_function("crc", 1, zlib.crc32, deterministic=True)
    hash_weight, id_weight = _weight(), _weight()
    of_keys = f"({hash_of_key} % {_PRIME} * {hash_weight} + rowid % {_PRIME} * {id_weight}) % {_PRIME}"
    mixed = [of_keys if index is KEY_INDEX else _mixed(index) for index in compared]
    # The inner query is not merged with the outer one, which would compute each number twice; and one sum is made of
    # all indexes, since each aggregate takes longer than the additions.
    of_rows = ", ".join(
        f"iif({index.condition}, {one}, 0) AS m{n}" for n, (index, one) in enumerate(zip(compared, mixed, strict=True))
    )
    squares = " + ".join(_SQUARE.format(f"m{n}") for n, _ in enumerate(compared))
    of_table = f"SELECT sum({squares}) FROM (SELECT {of_rows} FROM {_LARGE} NOT INDEXED LIMIT -1)"
    left = connection.execute(of_table).fetchone()[0] or 0
    for index, one in zip(compared, mixed, strict=True):
        if index is KEY_INDEX:
            found = _key_fingerprint(connection, hash_weight, id_weight)
            if found is None:
                return False
        else:
            entries = f"SELECT {one} AS m FROM {_LARGE} INDEXED BY {index.name} WHERE {index.condition} {_order(index)}"
            of_index = f"SELECT sum({_SQUARE.format('m')}) FROM ({entries} LIMIT -1)"
            found = connection.execute(of_index).fetchone()[0] or 0
        left -= found
    return int(left % _PRIME) == 0


def _key_fingerprint(connection: sqlite3.Connection, hash_weight: int, id_weight: int) -> int | None:
    """The fingerprint of the entries of the key index; None if it is damaged."""
    try:
        moments = KeyRuns(connection).moments()
    except (sqlite3.OperationalError, TypeError, ValueError):  # a value of another type or size, fewer chunks
        return None
    if moments is None:
        return None
    return hash_weight**2 * moments.hashes + 2 * hash_weight * id_weight * moments.both + id_weight**2 * moments.ids


def _order(index: Index) -> str:
    return f"ORDER BY {', '.join((*index.columns, 'rowid'))}"


def _mixed(index: Index) -> str:
    """SQL: an entry in one number, with a weight for each column and for NULL; no sum has 64 bits."""
    weighted = []
    for column in (*index.columns, "rowid"):
        value = f"crc(CAST({column} AS BLOB))" if column in index.texts else f"{column} % {_PRIME}"
        weighted.append(f"ifnull({value}, {_weight()}) * {_weight()}")
    return f"({' + '.join(weighted)}) % {_PRIME}"


def _weight() -> int:
    return random.randrange(1 << 20, 1 << 29)
