"""The SQL for unknown and missing ids agrees with the Python functions."""

from __future__ import annotations

import sqlite3
from itertools import product

from storage.database.codes import ORIGINS
from storage.database.unknown_ids import (
    IS_UNKNOWN_LINE,
    IS_UNKNOWN_TEMPLATE,
    LINE_ID,
    NO_TEMPLATE,
    TEMPLATE_ID,
    UNKNOWN_ID,
    has_line_id,
    has_template_id,
    line_id,
    template_id,
)


def test_sql_and_python_give_every_start_the_same_ids() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE messages (line INTEGER, start_template INTEGER, origin INTEGER)")
    starts = list(product((None, 5, 6), (None, 7, 8), range(len(ORIGINS))))
    connection.executemany("INSERT INTO messages VALUES (?, ?, ?)", starts)
    for row in connection.execute(
        f"SELECT m.line, m.start_template, m.origin, {LINE_ID}, {TEMPLATE_ID}, {IS_UNKNOWN_LINE}, {IS_UNKNOWN_TEMPLATE}"
        " FROM messages AS m"
    ):
        line, template, origin, *of_sql, unknown_line, unknown_template = row
        assert of_sql == [line_id(line), template_id(template, origin)]
        assert unknown_line == (line_id(line) == UNKNOWN_ID)
        assert unknown_template == (template_id(template, origin) == UNKNOWN_ID)
    for wanted_line, wanted_template in product((UNKNOWN_ID, 5, 6), (UNKNOWN_ID, NO_TEMPLATE, 7, 8)):
        found = connection.execute(
            f"SELECT m.line, m.start_template, m.origin FROM messages AS m"
            f" WHERE {has_line_id(':line')} AND {has_template_id(':template')}",
            {"line": wanted_line, "template": wanted_template},
        ).fetchall()
        expected = [
            (line, template, origin)
            for line, template, origin in starts
            if (line_id(line), template_id(template, origin)) == (wanted_line, wanted_template)
        ]
        assert found == expected
