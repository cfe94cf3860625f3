"""Rows of the table `users`, as the readers of user sets need them. Knows no byte of a set."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection

from storage.cube.layout import PACKED_BLOCK, Block

SetRow = tuple[int, int, int, int, bytes]  # level, block, line, template, bitmap

_LISTED_TEMPLATES = 20  # up to so many templates of a line are looked up one by one; else all of the line are read
_EXCLUDED_RATIO = 5  # subtraction is faster than a union if what is excluded is so many times fewer


def few_excluded(selected: frozenset[int], every: Collection[int]) -> set[int] | None:
    """The lines or templates that are not selected, if they are so few that subtracting them is faster; else None."""
    excluded = set(every) - selected
    return excluded if len(excluded) * _EXCLUDED_RATIO < len(selected) else None


def rows_of(
    connection: sqlite3.Connection, kind: int, blocks: list[Block], lines: Collection[int], templates: Collection[int]
) -> sqlite3.Cursor:
    """The rows of `users` of some blocks, lines and templates, and of packed blocks; SetRow each."""
    # The plus keeps SQLite from seeking each listed template: of many, it is faster to skip the others in the index.
    sign = "" if len(templates) <= _LISTED_TEMPLATES else "+"
    return connection.execute(
        f"""
        WITH b (level, block) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(:blocks))
        SELECT u.level, u.block, u.line, u.template, u.bitmap
        FROM b CROSS JOIN users AS u
            ON u.kind = :kind AND u.level = b.level AND u.block = b.block
           AND u.line IN (SELECT value FROM json_each(:lines))
           AND {sign}u.template IN (SELECT value FROM json_each(:templates))
        """,
        {
            "kind": kind,
            "blocks": json.dumps(blocks),
            "lines": json.dumps(sorted((PACKED_BLOCK, *lines))),
            "templates": json.dumps(sorted((PACKED_BLOCK, *templates))),
        },
    )
