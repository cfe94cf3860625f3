"""Statements for SQLite as statements of ClickHouse: each form that is rewritten, and that both give the same rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from storage.clickhouse.engine import Engine
from storage.published.dialect import VersionConnection, rewritten
from storage.published.version_tables import TABLES, definition, name_in

_ALL_FORMS: list[tuple[str, Mapping[str, Any] | Sequence[Any]]] = [
    ("SELECT id FROM templates INDEXED BY some_index WHERE id > :least ORDER BY id", {"least": 1}),
    ("SELECT iif(id = 1, 'one', name) FROM templates ORDER BY id", ()),
    ("SELECT name FROM templates ORDER BY name COLLATE NOCASE, name", ()),
    ("SELECT t.id FROM templates AS t WHERE (t.id & 2) <> 0 ORDER BY t.id", ()),
    ("SELECT id FROM templates WHERE name LIKE ? ESCAPE '\\' ORDER BY id", ("%ORDER\\_%",)),
    ("SELECT id FROM templates WHERE length(CAST(name AS BLOB)) > length(name)", ()),
    (
        "SELECT CAST(strftime('%s', m.id * 86400, 'unixepoch', 'start of month') AS INTEGER) / 86400"
        " FROM templates AS m ORDER BY m.id",
        (),
    ),
    ("SELECT CAST(substr(name, 6) AS INTEGER) FROM templates ORDER BY id", ()),
    ("SELECT id FROM templates WHERE id IN (SELECT value FROM json_each(:some)) ORDER BY id", {"some": "[1, 40]"}),
    ("SELECT id FROM templates WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id", ("[]",)),
    ("SELECT id FROM templates WHERE name IN (SELECT value FROM json_each(?))", (json.dumps(["ñandú 'a'\n\\b", "x"]),)),
    ("SELECT id FROM templates WHERE (name IN (SELECT value FROM json_each(?))) IS NOT TRUE ORDER BY id", ('["x"]',)),
    ("SELECT max(id), sum(id) FROM templates WHERE id > 1000", ()),
    ("SELECT t.id, l.label FROM templates AS t LEFT JOIN lines AS l ON l.id = t.id ORDER BY t.id", ()),
    ("SELECT count(DISTINCT name), 1.5 * :factor FROM templates", {"factor": 0.5}),
]
_TEMPLATES = [(1, "order_paid"), (2, "Order_Sent"), (3, "ñandú 'a'\n\\b"), (40, "line 12 to 900"), (41, "line none")]


def test_both_engines_give_the_same_rows(engine: Engine) -> None:
    connection = sqlite3.connect(":memory:")
    for name in ("templates", "lines"):
        engine.run(definition(1, name))
        connection.execute(f"CREATE TABLE {name} ({', '.join(TABLES[name].columns)})")
    connection.execute("CREATE INDEX some_index ON templates (id)")
    connection.executemany("INSERT INTO templates VALUES (?, ?)", _TEMPLATES)
    ids, names = zip(*_TEMPLATES, strict=True)
    engine.insert(name_in(1, "templates"), {"id": ids, "name": names})
    connection.execute("INSERT INTO lines VALUES (2, 'a line', '+1')")
    engine.insert(name_in(1, "lines"), {"id": [2], "label": ["a line"], "value": ["+1"]})
    published = VersionConnection(engine, 1)
    for sql, parameters in _ALL_FORMS:
        assert published.execute(sql, parameters).fetchall() == connection.execute(sql, parameters).fetchall(), sql


@pytest.mark.parametrize(
    ("sql", "parameters", "expected", "bound"),
    [
        ("SELECT 1 FROM messages AS m", (), "SELECT 1 FROM v7_messages AS m", {}),
        ("FROM a JOIN contacts USING (id)", (), "FROM a JOIN v7_contacts USING (id)", {}),
        (
            "x = :name AND y > :at",
            {"name": "a", "at": 5},
            "x = {name:String} AND y > {at:Int64}",
            {"name": "a", "at": 5},
        ),
        ("x IN (SELECT value FROM json_each(?))", ("[1]",), "x IN {p0:Array(Int64)}", {"p0": [1]}),
        ("x::Int64", (), "x::Int64", {}),
    ],
)
def test_names_and_parameters_of_a_version(
    sql: str, parameters: Mapping[str, Any] | Sequence[Any], expected: str, bound: dict[str, Any]
) -> None:
    assert rewritten(sql, parameters, 7) == (expected, bound)


def test_rows_are_read_once_in_any_portions(engine: Engine) -> None:
    rows = VersionConnection(engine, 1).execute("SELECT number FROM numbers(5)")
    assert rows.fetchone() == (0,)
    assert rows.fetchmany(2) == [(1,), (2,)]
    assert rows.fetchmany(9) == [(3,), (4,)]
    assert rows.fetchone() is None
