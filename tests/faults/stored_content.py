"""What a database holds, read with SQL that knows no code of the program: the evidence, which stands nowhere else, and
what follows from it.

Ids that the program chooses freely are replaced by what they lead to, so that equal content has equal rows.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

Content = dict[str, Counter[tuple[Any, ...]]]  # by part: its rows, and how often each stands there

_LINE = "(SELECT text FROM line_ids WHERE id = m.line_id)"
_CONTACT = "(SELECT kind || ' ' || text FROM contact_ids WHERE id = m.contact_id)"
_KIND = "(SELECT coalesce(code, '-') || ' ' || reason FROM failure_kinds WHERE id = d.failure)"
# Which numbers are one line, and which ids one person, is known from records only: by the ids of each.
_TOGETHER = "(SELECT group_concat(text) FROM (SELECT text FROM {0} AS o WHERE o.{1} = i.{1} ORDER BY kind, text))"
_EVIDENCE = {
    "messages": f"""
        SELECT {_LINE}, {_CONTACT}, (SELECT name FROM templates WHERE id = m.template), key, direction, sources, at,
               timed, kind, category, language, campaign, context, given_origin, "group", accepted_at, sent_at,
               delivered_at, read_at, failed_at, given_answered_at, session_start, error_code, error_text, error_detail,
               error_rank, channel_id, agent_groups, given_new, flags, exported, evidence
        FROM messages AS m
    """,
    "line_ids": f"SELECT text, kind, {_TOGETHER.format('line_ids', 'line')} FROM line_ids AS i",
    "contact_ids": f"SELECT text, kind, replaced, {_TOGETHER.format('contact_ids', 'contact')} FROM contact_ids AS i",
    "names": """
        SELECT (SELECT min(kind || ' ' || text) FROM contact_ids WHERE contact = c.id), name, name_rank, name_at
        FROM contacts AS c WHERE name IS NOT NULL OR name_rank IS NOT NULL OR name_at IS NOT NULL
    """,
    "settings": "SELECT key, value FROM settings",
    "imports": "SELECT * FROM imports",
    "rejects": "SELECT import, digest, place, reason, excerpt FROM rejects",
}
_FOLLOWING = {
    "messages": """
        SELECT key, direction, hash, line, contact, start_template, start_at, day, origin, user_type, status,
               answered_at, failure_code, failure_reason, marks, joined
        FROM messages
    """,
    "lines": "SELECT * FROM lines",
    "contacts": "SELECT id, label, customer_id FROM contacts",
    "cells": "SELECT * FROM cells",
    "details": f"""
        SELECT level, block, line, template, status, iif(failure = 0, '', {_KIND}), marks, template_sends,
               notification_sends
        FROM details AS d
    """,
    "users": "SELECT kind, level, block, line, template, bitmap FROM users",
    "repeats": "SELECT * FROM repeats",
    "dirty": "SELECT * FROM dirty",
    "rejected_records": "SELECT * FROM rejected_records",
    "schema": """
        SELECT type, name, sql FROM sqlite_schema
        WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name NOT LIKE '!_sqlite!_%' ESCAPE '!'
    """,
}


def evidence(database: Path) -> Content | None:
    """What records say, and no table says twice; None if it cannot be read."""
    return _content(database, _EVIDENCE)


def following(database: Path) -> Content | None:
    """What follows from the evidence; None if it cannot be read."""
    return _content(database, _FOLLOWING)


def differing(one: Content | None, other: Content | None) -> str:
    """The parts in which two contents differ, for people; "" if they are equal."""
    if one is None or other is None:
        return "" if one is other else "everything: it cannot be read"
    parts = []
    for part in one:
        if gone := one[part] - other[part]:
            parts.append(f"{part} without {next(iter(gone))}"[:200])
        if new := other[part] - one[part]:
            parts.append(f"{part} with {next(iter(new))}"[:200])
    return "; ".join(parts)


def _content(database: Path, parts: dict[str, str]) -> Content | None:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            connection.text_factory = bytes  # a damaged text need not be UTF-8
            return {part: Counter(connection.execute(query)) for part, query in parts.items()}
    except (sqlite3.Error, UnicodeDecodeError):  # the name of a column or of an object is damaged
        return None
