"""What must hold between the tables of names, messages and rejects, besides what is derived from a timeline: hashes,
labels, and that every id leads somewhere. Says what does not hold, and makes it again from the ids and the messages."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from storage.messages.contacts import LABEL_AND_CUSTOMER_ID
from storage.messages.duplicates import STORED_TWICE, find_repeated_hashes
from storage.messages.message_row import hash_of
from storage.messages.row_rules import OWN_CONTACT

_TOLD = 20  # problems of a rule


class _Rule(NamedTuple):
    """What must hold.

    Attributes:
        problem: its words.
        wrong: the rows where it does not.
        mend: statements that make it so; "" if nothing can.
        mended: the words of what was mended; "" if they are those of the problem.
        of_messages: whether it is a rule of each row of `messages`, which `row_form` proves of most.
    """

    problem: str
    wrong: str
    mend: str = ""
    mended: str = ""
    of_messages: bool = False


def _of_line(kind: int) -> str:
    return f"(SELECT min(text) FROM line_ids WHERE line = lines.id AND kind = {kind})"


_NUMBER, _IDENTIFIER, _NAME = map(_of_line, range(3))
_LINE = f"coalesce({_NAME}, '+' || {_NUMBER}, {_IDENTIFIER}), coalesce('+' || {_NUMBER}, {_IDENTIFIER}, {_NAME})"


def _missing(table: str, column: str, target: str) -> str:
    return (
        f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM {target} WHERE id = {table}.{column}) ORDER BY 1"
    )


def _without_ids(table: str, ids: str, column: str) -> str:
    return f"NOT EXISTS (SELECT 1 FROM {ids} WHERE {column} = {table}.id)"


def _leads_nowhere(column: str, most: int) -> str:
    return f"(typeof({column}) <> 'integer' OR {column} NOT BETWEEN 1 AND {most})"


def _led_again(ids: str, column: str, target: str, most: int) -> str:
    """SQL: an id that leads nowhere leads again to what the messages that name it belong to, else to a new row."""
    nowhere = _leads_nowhere(f"{ids}.{column}", most)
    return f"""
    UPDATE {ids} SET {column} = known.owner FROM (
        SELECT m.{column}_id AS id, min(m.{column}) AS owner FROM messages AS m
        JOIN {target} ON {target}.id = m.{column} GROUP BY 1
    ) AS known
    WHERE known.id = {ids}.id
          AND ({nowhere} OR NOT EXISTS (SELECT 1 FROM {target} WHERE id = {ids}.{column}));
    UPDATE {ids} SET {column} = {ids}.id + (SELECT coalesce(max(id), 0) FROM {target}) WHERE {nowhere}
    """


_LAST_LINE, _LAST_CONTACT = 2**31, 2**28 - 1
_OWN_CONTACT = "(SELECT contact FROM contact_ids WHERE id = messages.contact_id)"
_NAMES_OF_MESSAGES = (
    ("contact id", "contact_id", "contact_ids"),
    ("line id", "line_id", "line_ids"),
    ("template", "template", "templates"),
)

# SQL of a row of `messages AS m`: what is wrong with its names, in words, and when.
_WRONG_NAMES = (
    *(
        (
            f"'a message names the {word} ' || quote(m.{column}) || ', which is missing'",
            f"(m.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {table} WHERE id = m.{column}))",
        )
        for word, column, table in _NAMES_OF_MESSAGES
    ),
    ("'message ' || quote(m.key) || ': its contact is not that of its contact id'", f"m.contact IS NOT {OWN_CONTACT}"),
)
_ANY_WRONG_NAME = " OR ".join(wrong for _, wrong in _WRONG_NAMES)
NAMES_RIGHT = f"NOT ({_ANY_WRONG_NAME})"


def _names_of_messages() -> str:
    """SQL: what is wrong with the names of the messages, in words; one scan, as it is the largest table."""
    cases = " ".join(f"WHEN {wrong} THEN {words}" for words, wrong in _WRONG_NAMES)
    return f"SELECT DISTINCT CASE {cases} END FROM messages AS m WHERE {_ANY_WRONG_NAME}"


def _named_again() -> str:
    """SQL: a name that leads nowhere is one of those of the line, contact or start template that follows from it."""
    statements = []
    for column, table, key, owner in (
        ("line_id", "line_ids", "line", "line"),
        ("contact_id", "contact_ids", "contact", "contact"),
        ("template", "templates", "id", "start_template"),
    ):
        found = f"(SELECT min(id) FROM {table} WHERE {key} = messages.{owner})"
        statements.append(
            f"UPDATE messages SET {column} = {found} WHERE {column} IS NOT NULL"
            f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE id = messages.{column})"
            f" AND ({owner} IS NULL OR {found} IS NOT NULL)"
            f"{' AND origin IS NOT NULL' if column == 'template' else ''}"
        )
    statements.append(f"UPDATE messages SET contact = {_OWN_CONTACT} WHERE contact IS NOT {_OWN_CONTACT}")
    return ";".join(statements)


_LAST_IDS = """
SELECT last.name, last.id FROM (
    SELECT 'contacts' AS name, max(id) AS id FROM contacts UNION ALL SELECT 'lines', max(id) FROM lines
) AS last LEFT JOIN sqlite_sequence AS s ON s.name = last.name
WHERE last.id IS NOT NULL AND NOT ifnull(typeof(s.seq) = 'integer' AND s.seq BETWEEN last.id AND 2147483647, 0)
"""

# In the order in which they are mended: a label needs its row.
_RULES = (
    _Rule(
        "line id {!r} leads to no line",
        f"SELECT text FROM line_ids WHERE {_leads_nowhere('line', _LAST_LINE)}",
        _led_again("line_ids", "line", "lines", _LAST_LINE),
    ),
    _Rule(
        "contact id {!r} leads to no contact",
        f"SELECT text FROM contact_ids WHERE {_leads_nowhere('contact', _LAST_CONTACT)}",
        _led_again("contact_ids", "contact", "contacts", _LAST_CONTACT),
    ),
    _Rule(
        "line {} is missing",
        _missing("line_ids", "line", "lines"),
        f"INSERT INTO lines (id, label, value) SELECT line, '', '' FROM ({_missing('line_ids', 'line', 'lines')})"
        " WHERE typeof(line) = 'integer'",
    ),
    _Rule(
        "line {} has no number, identifier or name",
        f"SELECT id FROM lines WHERE {_without_ids('lines', 'line_ids', 'line')}",
        f"DELETE FROM lines WHERE {_without_ids('lines', 'line_ids', 'line')}",
    ),
    _Rule(
        "line {}: label or value differs from its ids",
        f"SELECT id FROM lines WHERE (label, value) IS NOT ({_LINE})",
        f"UPDATE lines SET (label, value) = (SELECT {_LINE}) WHERE (label, value) IS NOT ({_LINE})",
    ),
    _Rule(
        "contact {} is missing",
        _missing("contact_ids", "contact", "contacts"),
        f"INSERT INTO contacts (id) SELECT contact FROM ({_missing('contact_ids', 'contact', 'contacts')})"
        " WHERE typeof(contact) = 'integer'",
    ),
    _Rule(
        "contact {} has no id",
        f"SELECT id FROM contacts WHERE {_without_ids('contacts', 'contact_ids', 'contact')}",
        f"DELETE FROM contacts WHERE {_without_ids('contacts', 'contact_ids', 'contact')}",
    ),
    _Rule(
        "contact {}: label or customer id differs from its ids",
        f"SELECT id FROM contacts WHERE (label, customer_id) IS NOT ({LABEL_AND_CUSTOMER_ID})",
        f"UPDATE contacts SET (label, customer_id) = (SELECT {LABEL_AND_CUSTOMER_ID})"
        f" WHERE (label, customer_id) IS NOT ({LABEL_AND_CUSTOMER_ID})",
    ),
    _Rule(
        "message {!r}: its hash differs from its key",
        "SELECT key FROM messages WHERE hash IS NOT hash_of(key)",
        "UPDATE messages SET hash = hash_of(key) WHERE hash IS NOT hash_of(key)",
        of_messages=True,
    ),
    _Rule(
        "message {!r} is stored twice",
        STORED_TWICE,
    ),
    _Rule(
        "{}",
        _names_of_messages(),
        _named_again(),
        "a message's contact is not that of its contact id, or an id is missing",
        of_messages=True,
    ),
    _Rule(
        "the last id of table {} is not the one that was used last",
        f"SELECT name FROM ({_LAST_IDS})",
        f"CREATE TEMP TABLE last_ids AS {_LAST_IDS};"
        "DELETE FROM sqlite_sequence WHERE name IN (SELECT name FROM last_ids);"
        "INSERT INTO sqlite_sequence SELECT name, id FROM last_ids; DROP TABLE last_ids",
    ),
    _Rule(
        "rejected record {!r}: counted and not kept, or kept and not counted",
        """
        SELECT * FROM (SELECT digest FROM rejects EXCEPT SELECT digest FROM rejected_records)
        UNION ALL SELECT * FROM (SELECT digest FROM rejected_records EXCEPT SELECT digest FROM rejects)
        """,
        "DELETE FROM rejected_records; INSERT OR IGNORE INTO rejected_records SELECT DISTINCT digest FROM rejects",
    ),
)


def inconsistencies(connection: sqlite3.Connection, *, of_messages: bool) -> list[str]:
    """What does not hold, one line each; of each rule the first ones, and how many more there are.

    Args:
        connection: the database.
        of_messages: whether by the rules of each row of `messages`, or by all others.
    """
    _add_function(connection)
    if not of_messages:
        find_repeated_hashes(connection)
    problems = []
    for rule in _RULES:
        if rule.of_messages != of_messages:
            continue
        rows = connection.execute(rule.wrong)
        first = [value for (value,) in rows.fetchmany(_TOLD)]
        problems += [rule.problem.format(value) for value in first]
        if left := sum(1 for _ in rows):
            problems.append(f"{(rule.mended or rule.problem.format('…'))}: {left:,} more")
    return problems


def mend_consistency(connection: sqlite3.Connection) -> list[str]:
    """Makes everything hold again that can, inside the caller's transaction.

    Returns:
        What was mended, one line a rule.
    """
    _add_function(connection)
    mended = []
    for rule in _RULES:
        if not rule.mend or connection.execute(rule.wrong).fetchone() is None:
            continue
        before = connection.total_changes
        for statement in rule.mend.split(";"):
            connection.execute(statement)
        words = rule.mended or rule.problem.format("…")
        mended.append(f"{words}: mended {connection.total_changes - before:,} rows")
    return mended


def _add_function(connection: sqlite3.Connection) -> None:
    connection.create_function("hash_of", 1, _hash, deterministic=True)


def _hash(key: Any) -> int:
    return hash_of(key) if isinstance(key, str) else -1
