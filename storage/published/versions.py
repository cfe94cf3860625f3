"""The published versions of a ClickHouse database: which is the latest, how a new one is made, and which are removed.

A version is complete before its row is in `versions`, so a reader sees all of it or nothing. Two that publish at once
take different numbers: the tables of a number are created once. Who reads for long says so in `readers`, and
the version stays. Knows no row of a table.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from storage.clickhouse.engine import NO_COLUMN, NO_TABLE, TABLE_EXISTS, Engine, EngineError
from storage.language.texts import _
from storage.published.version_tables import TABLES, definition, name_in

_MADE = """
CREATE TABLE IF NOT EXISTS versions (version UInt32, made_at Int64, is_copy UInt8) ENGINE = MergeTree ORDER BY version
"""
_READERS = """
CREATE TABLE IF NOT EXISTS readers (version UInt32, seen_at DateTime DEFAULT now())
ENGINE = MergeTree ORDER BY version TTL seen_at + INTERVAL 1 DAY
"""
_READ = "SELECT DISTINCT version FROM readers WHERE seen_at > now() - {seconds:UInt32}"
_READS = 60  # s: who has said so within them still reads
_LATEST = "SELECT version, made_at, is_copy FROM versions ORDER BY version DESC LIMIT 1"
_NAME = re.compile(r"v(\d+)_\w+")
_KEPT = 2  # versions: who began to read the one before the latest finishes in peace


class Version(NamedTuple):
    """A published version.

    Attributes:
        made_at: when it was published, in ms.
        is_copy: whether `saludo push` made it of a SQLite database, and not of what was imported.
    """

    number: int
    made_at: int
    is_copy: bool = False


def latest(engine: Engine) -> Version | None:
    """The version that a reader takes; None if nothing is published yet."""
    found = _rows_if_there(engine, _LATEST)
    if not found:
        return None
    number, made_at, is_copy = found[0]
    return Version(number, made_at, bool(is_copy))


def has_imports(engine: Engine) -> bool:
    """Whether messages were imported into the database."""
    return bool(_rows_if_there(engine, "SELECT 1 FROM messages LIMIT 1"))


def _rows_if_there(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query; none where its table is not made yet."""
    try:
        return engine.rows(query)
    except EngineError as error:
        if error.code == NO_TABLE:
            return []
        raise


class Overtaken(EngineError):
    """Somebody else published a later version, and removed this one while it was made or read."""

    def __init__(self, name: str) -> None:
        """Makes the message; `name` is that of the engine."""
        message = _("{name}: newer data took the place of what was being read; run the same command again")
        super().__init__(message.format(name=name), NO_TABLE)


class OfAnotherProgram(EngineError):
    """A version that cannot be read because an earlier or a later program made it, with other columns."""

    def __init__(self, name: str) -> None:
        """Makes the message; `name` is that of the engine."""
        message = _(
            "{name}: what it shows was published by another version of saludo; 'saludo work --once' publishes it anew,"
            " 'saludo push' copies it anew"
        )
        super().__init__(message.format(name=name), NO_COLUMN)


def is_of_this_program(engine: Engine, version: int) -> bool:
    """Whether a version has the columns of this program, and not of another one."""
    wanted = {(name_in(version, name), column) for name, table in TABLES.items() for column in table.columns}
    found = engine.rows(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table IN {tables:Array(String)}",
        {"tables": sorted({table for table, _ in wanted})},
    )
    return {(table, column) for table, column in found} == wanted


def publish(engine: Engine, fill: Callable[[int], object], *, is_copy: bool = False) -> Version:
    """Makes a version and publishes it.

    Args:
        fill: fills the empty tables of the version with this number.
        is_copy: whether it is made of a SQLite database.

    Raises:
        Overtaken: a later version was published meanwhile.
    """
    for statement in (_MADE, _READERS):
        engine.run(statement)
    number = _new_number(engine)
    try:
        for name in TABLES:
            if name != "messages":
                engine.run(definition(number, name))
        fill(number)
    except BaseException as error:
        if isinstance(error, EngineError) and error.code == NO_TABLE and number not in _numbers(engine):
            raise Overtaken(engine.name) from error
        remove(engine, number)
        raise
    version = Version(number, time.time_ns() // 1_000_000, is_copy)
    engine.insert("versions", {"version": [number], "made_at": [version.made_at], "is_copy": [int(is_copy)]})
    remove_old(engine)
    return version


def _new_number(engine: Engine) -> int:
    """A number that no other version has, with its first table made: who makes that has the number."""
    while True:
        number = max(_numbers(engine) | {one for (one,) in engine.rows("SELECT version FROM versions")}, default=0) + 1
        try:
            engine.run(definition(number, "messages"))
        except EngineError as error:
            if error.code != TABLE_EXISTS:
                raise
        else:
            return number


def _numbers(engine: Engine) -> set[int]:
    """The numbers of the versions that have a table, published or not."""
    return {int(found[1]) for name in _names(engine) if (found := _NAME.fullmatch(name))}


def _names(engine: Engine) -> list[str]:
    rows = engine.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")
    return [name for (name,) in rows]


def keep(engine: Engine, number: int) -> None:
    """Says that a version is being read, so that it stays for a minute. Whoever may not write reads without saying."""
    with suppress(EngineError):
        engine.insert("readers", {"version": [number]}, secrets.token_hex())


def remove_old(engine: Engine) -> None:
    """Removes the versions before the last two that nobody reads, and what is left of those never completed."""
    published = sorted(one for (one,) in engine.rows("SELECT version FROM versions"))
    read = {one for (one,) in engine.rows(_READ, {"seconds": _READS})}
    for number in _numbers(engine) - set(published[-_KEPT:]) - read:
        if published and number < published[-1]:
            remove(engine, number)


def remove(engine: Engine, number: int) -> None:
    """Removes the tables of a version, those that it is made of too."""
    for name in _names(engine):
        if name.startswith(name_in(number, "")):
            engine.run(f"DROP TABLE IF EXISTS {name}")
