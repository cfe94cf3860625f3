"""Runs statements that are written for SQLite on a published version: the plain rule of each number stands once.

The statements of `storage.report` select from `messages`, `lines`, `templates` and a few more. Most of their SQL is
common to both engines; what is not is rewritten here, form by form. `tests/storage/published/test_dialect.py` has each
form. A form that is not known is an error of ClickHouse, and never another result.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from storage.clickhouse.engine import NO_COLUMN, NO_TABLE, Engine, EngineError
from storage.database.queries import Rows
from storage.published import versions
from storage.published.version_tables import TABLES, name_in

# NULL where a sum has no rows or a join no partner, as in SQLite.
_SETTINGS = " SETTINGS aggregate_functions_null_for_empty = 1, join_use_nulls = 1"
_TABLE = re.compile(rf"\b(FROM|JOIN)\s+({'|'.join(sorted(TABLES))})\b")
_REWRITTEN = tuple(
    (re.compile(form), by)
    for form, by in (
        (r"\bINDEXED BY \w+", ""),  # a hint for SQLite; ClickHouse has one order
        (r"\biif\(", "if("),
        (r"([\w.]+) COLLATE NOCASE", r"lower(\1)"),  # both know the letters of ASCII only
        (r"\((\w+\.\w+) & (\d+)\)", r"bitAnd(\1, \2)"),
        # LIKE of SQLite ignores the case of the letters of ASCII, which are those that `lower` knows.
        (r"(\w+) LIKE (\S+) ESCAPE '\\'", r"lower(\1) LIKE lower(\2)"),
        (r"length\(CAST\((\w+) AS BLOB\)\) > length\(\1\)", r"length(\1) > lengthUTF8(\1)"),
        (r"CAST\(substr\((\w+), (\d+)\) AS INTEGER\)", r"toInt64OrZero(extract(substring(\1, \2), '^[0-9]*'))"),
        (
            r"CAST\(strftime\('%s', (\S+) \* 86400, [^)]*\) AS INTEGER\) / 86400",
            r"toInt32(toStartOfMonth(toDate32(\1)))",
        ),
    )
)
_LONG, _BETWEEN = 2.0, 10.0  # s of reading before it is said for the first time, and again
Result = TypeVar("Result")
_PARAMETER = re.compile(r"\(SELECT value FROM json_each\((?P<list>:\w+|\?)\)\)|(?P<value>(?<![:\w]):[a-z]\w*|\?)")


class Statement(NamedTuple):
    """A statement of ClickHouse and the values of its parameters."""

    sql: str
    parameters: dict[str, Any]


def rewritten(sql: str, parameters: Mapping[str, Any] | Sequence[Any], version: int) -> Statement:
    """A statement for SQLite as one for ClickHouse.

    Args:
        parameters: by name, or in the order of the question marks. A list is JSON, as json_each takes it.
        version: the version that it reads.
    """
    for form, by in _REWRITTEN:
        sql = form.sub(by, sql)
    sql = _TABLE.sub(lambda found: f"{found[1]} {name_in(version, found[2])}", sql)
    bound: dict[str, Any] = {}

    def bind(found: re.Match[str]) -> str:
        word = found["list"] or found["value"]
        if isinstance(parameters, Mapping):
            name, value = word[1:], parameters[word[1:]]
        else:
            name, value = f"p{len(bound)}", parameters[len(bound)]
        bound[name] = json.loads(value) if found["list"] else value
        return f"{{{name}:{_type_of(bound[name])}}}"

    return Statement(_PARAMETER.sub(bind, sql), bound)


def _type_of(value: Any) -> str:
    if isinstance(value, list):
        return f"Array({_type_of(value[0])})" if value else "Array(Int64)"
    return {int: "Int64", float: "Float64"}.get(type(value), "String")


class VersionRows:
    """The rows of a statement."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = iter(rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        return list(islice(self._rows, size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows


Kept = dict[str, list[tuple[Any, ...]]]  # rows by statement
_MOST_KEPT = 20_000  # rows of a statement


class VersionConnection:
    """Runs the statements of `storage.report` on one version; a `storage.database.queries.Queries`.

    A version does not change, so what a statement without parameters has read is kept: settings and names. Who reads
    for long says so now and then, so that the version stays.
    """

    def __init__(self, engine: Engine, version: int, kept: Kept | None = None) -> None:
        """Reads the version with this number.

        Args:
            kept: what was read of it before.
        """
        self.engine, self.version = engine, version
        self._says_at = time.monotonic() + _LONG
        self._kept: Kept = {} if kept is None else kept

    def execute(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = (), /) -> Rows:
        if (kept := self._kept.get(sql)) is not None:
            return VersionRows(kept)
        statement = rewritten(sql, parameters, self.version)
        rows = self._read(self.engine.rows, statement._replace(sql=statement.sql + _SETTINGS))
        if not statement.parameters and len(rows) <= _MOST_KEPT:
            self._kept[sql] = rows
        return VersionRows(rows)

    def columns(self, sql: str, parameters: Mapping[str, Any]) -> list[Sequence[Any]]:
        """The result column by column, for many rows."""
        statement = rewritten(sql, parameters, self.version)
        return self._read(self.engine.columns, statement._replace(sql=statement.sql + _SETTINGS))

    def rows_as_they_are(self, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a statement of ClickHouse's own: sums of no rows are 0, and states of sets can be merged."""
        return self._read(self.engine.rows, rewritten(sql, parameters, self.version))

    def keep(self) -> None:
        """Says that the version is being read, and will be for some time."""
        versions.keep(self.engine, self.version)
        self._says_at = time.monotonic() + _BETWEEN

    def _read(self, read: Callable[[str, Mapping[str, Any]], Result], statement: Statement) -> Result:
        if time.monotonic() >= self._says_at:
            self.keep()
        try:
            return read(statement.sql, statement.parameters)
        except EngineError as error:
            if error.code not in (NO_COLUMN, NO_TABLE):
                raise
            latest = versions.latest(self.engine)
            if latest is not None and latest.number == self.version:
                if versions.is_of_this_program(self.engine, self.version):
                    raise
                raise versions.OfAnotherProgram(self.engine.name) from error
            raise versions.Overtaken(self.engine.name) from error
