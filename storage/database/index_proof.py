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
from collections.abc import Callable, Iterable, Sequence
from itertools import tee
from operator import lt
from typing import TYPE_CHECKING, Any, NamedTuple

from storage.database.key_runs import KeyRuns

if TYPE_CHECKING:
    from storage.database.index_pages import Entries

_LARGE = "messages"  # the table whose indexes are proven
_WORTH_PAGES = 100_000  # rows: to load numpy takes as long as to read the indexes of so many
_PRIME = 2_147_483_647
_SQUARE = f"{{0}} * {{0}} % {_PRIME}"
_HASH, _HASH_OF_KEY = "hash", "crc(CAST(key AS BLOB))"  # the hash that a row has, and the one of its key
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


def compare(connection: sqlite3.Connection, compared: Sequence[Index]) -> list[str]:
    """What is wrong with some indexes, the key index among them: other entries than the rows would have, or another
    order; one line each.

    The hash that a row has is first taken for that of its key, and the indexes are read from the pages of the file
    where that is possible (index_pages.py). A difference counts only if SQLite finds it, of the keys. So a key index
    can have the same wrong hash as a row; another part of `saludo check` compares hash and key.
    """
    connection.create_function("crc", 1, zlib.crc32, deterministic=True)
    ordered: set[str] = set()
    mixed = [_Mixed.drawn(index) for index in compared]
    entries = [_of_index(connection, one, ordered) for one in mixed]
    found = []
    if None in entries or (_of_rows(connection, mixed, _HASH) - sum(filter(None, entries))) % _PRIME:
        # Which one it is: only that is read by SQLite.
        of_rows = _of_rows_by_index(connection, mixed, _HASH)
        for one, of_entries, expected in zip(mixed, entries, of_rows, strict=True):
            if (of_entries is None or (of_entries - expected) % _PRIME) and different(connection, [one.of]):
                found.append(f"index {one.of.name} has other entries than its table")
    for index in compared:
        if index is not KEY_INDEX and index.name not in ordered and out_of_order(connection, index):
            found.append(f"index {index.name} is out of order")
    return found


def different(connection: sqlite3.Connection, compared: Sequence[Index]) -> bool:
    """Whether the entries of one of the indexes, or of the key index, are not those that the rows would have, by
    SQLite and the keys."""
    connection.create_function("crc", 1, zlib.crc32, deterministic=True)
    mixed = [_Mixed.drawn(index) for index in compared]
    left = _of_rows(connection, mixed, _HASH_OF_KEY)
    for one in mixed:
        found = _of_index(connection, one, None)
        if found is None:
            return True
        left -= found
    return left % _PRIME != 0


def _of_index(connection: sqlite3.Connection, one: _Mixed, ordered: set[str] | None) -> int | None:
    """The fingerprint of the entries of an index; None if it is the key index, and damaged.

    Args:
        connection: the database.
        one: the index.
        ordered: gets the name of the index if its pages were read and are in order; None: SQLite reads it.
    """
    index = one.of
    if index is KEY_INDEX:
        return _key_fingerprint(connection, *(weight for _, weight in one.weights))
    if ordered is not None and not index.texts and (entries := _reader_of_pages(connection)) is not None:
        read = entries(connection, index.name, one.weights, _PRIME)
        if read is not None and read.ascend:
            ordered.add(index.name)
            return read.fingerprint
    rows = f"SELECT {one.sql()} AS m FROM {_LARGE} INDEXED BY {index.name} WHERE {index.condition} {_order(index)}"
    return int(connection.execute(f"SELECT sum({_SQUARE.format('m')}) FROM ({rows} LIMIT -1)").fetchone()[0] or 0)


def _reader_of_pages(connection: sqlite3.Connection) -> Callable[..., Entries | None] | None:
    if (connection.execute(f"SELECT max(rowid) FROM {_LARGE}").fetchone()[0] or 0) < _WORTH_PAGES:
        return None
    try:
        from storage.database.index_pages import entries
    except ImportError:
        return None
    return entries


def _of_rows(connection: sqlite3.Connection, mixed: Sequence[_Mixed], hash_of_key: str) -> int:
    """The fingerprint of the entries that the rows would have in all the indexes together.

    Args:
        connection: the database.
        mixed: the indexes.
        hash_of_key: SQL of the hash of a row's key.
    """
    # One sum of all indexes, since each aggregate takes longer than the additions.
    (found,) = _sums(connection, mixed, hash_of_key, [" + ".join(_squares(mixed))])
    return found


def _of_rows_by_index(connection: sqlite3.Connection, mixed: Sequence[_Mixed], hash_of_key: str) -> list[int]:
    """The fingerprint of the entries that the rows would have in each index; arguments as of `_of_rows`."""
    return _sums(connection, mixed, hash_of_key, _squares(mixed))


def _squares(mixed: Sequence[_Mixed]) -> list[str]:
    return [_SQUARE.format(f"m{n}") for n, _ in enumerate(mixed)]


def _sums(
    connection: sqlite3.Connection, mixed: Sequence[_Mixed], hash_of_key: str, summed: Sequence[str]
) -> list[int]:
    """Sums over all rows of SQL that names the number of each index m0, m1, and so on."""
    # The inner query is not merged with the outer one, which would compute each number twice.
    of_rows = ", ".join(f"iif({one.of.condition}, {one.sql(hash_of_key)}, 0) AS m{n}" for n, one in enumerate(mixed))
    sums = ", ".join(f"sum({one})" for one in summed)
    of_table = f"SELECT {sums} FROM (SELECT {of_rows} FROM {_LARGE} NOT INDEXED LIMIT -1)"
    return [int(found or 0) for found in connection.execute(of_table).fetchone()]


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


class _Mixed(NamedTuple):
    """An entry of an index in one number. weights: of NULL and of other values, for each column and the row's id."""

    of: Index
    weights: Sequence[tuple[int, int]]

    @classmethod
    def drawn(cls, index: Index) -> _Mixed:
        """With random weights."""
        return cls(index, [(_weight(), _weight()) for _ in (*index.columns, "rowid")])

    def sql(self, hash_of_key: str = _HASH_OF_KEY) -> str:
        """The number, with an expression for the hash of a key; no sum has 64 bits."""
        weighted = []
        for column, (of_null, weight) in zip((*self.of.columns, "rowid"), self.weights, strict=True):
            if self.of is KEY_INDEX and column == "key":
                value = f"{hash_of_key} % {_PRIME}"
            else:
                value = f"crc(CAST({column} AS BLOB))" if column in self.of.texts else f"{column} % {_PRIME}"
            weighted.append(f"ifnull({value}, {of_null}) * {weight}")
        return f"({' + '.join(weighted)}) % {_PRIME}"


def _weight() -> int:
    return random.randrange(1 << 20, 1 << 29)
