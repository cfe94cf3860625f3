"""Drops or changes what a database holds besides values: each index, trigger and table that can be made again, hashes,
labels, links and marks. `check` has to name it, and `check --rebuild` has to make it again, with the same report."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from itertools import islice
from pathlib import Path

from storage.database.schema_objects import REPLACEABLE
from tests.captures import capture
from tests.faults.commands import numbers_of, saludo
from tests.faults.tally import Result

_IMPORTED = (
    "cloud_statuses.jsonl",
    "send_log.jsonl",
    "cloud_errors.jsonl",
    "starting_causes.tsv",
    "cloud_bad_items.jsonl",
    "cloud_inbound.jsonl",
)
# By what is attacked: statements that change it, and a word of what `check` says of it.
_CHANGES = {
    "hash": ("UPDATE messages SET hash = 1 WHERE id = 1", "hash"),
    "key index": ("UPDATE key_chunks SET words = zeroblob(length(words))", "index key_runs has other entries"),
    "key index, and the files again": (
        "UPDATE key_chunks SET words = zeroblob(length(words)); DELETE FROM imports",
        "index key_runs has other entries",
    ),
    "label of a contact": ("UPDATE contacts SET label = 'x' WHERE id = 1", "label"),
    "customer id of a contact": ("UPDATE contacts SET customer_id = 'x' WHERE id = 1", "customer id"),
    "contact": ("DELETE FROM contacts WHERE id = 2", "contact 2 is missing"),
    "contact without ids": ("INSERT INTO contacts (label) VALUES ('x')", "has no id"),
    "label of a line": ("UPDATE lines SET label = 'x', value = 'y'", "label"),
    "line": ("DELETE FROM lines", "is missing"),
    "mark": ("UPDATE dirty SET block = 9223372036854775807; INSERT INTO dirty VALUES (9, 1, 1)", "dirty"),
    "counter": ("UPDATE cells SET template_delivered_read = 9", "cell"),
    "details": ("DELETE FROM details", "cell"),
    "failure": ("UPDATE failure_kinds SET code = 7, reason = 'x' WHERE id = 1", "cell"),
    "failure that stands for none": ("UPDATE failure_kinds SET id = 0 WHERE id = 1", "cell"),
    "bitmap": ("UPDATE users SET bitmap = x'00010203'", "cell"),
    "repeats": ("UPDATE repeats SET starts = x'00010203'; INSERT INTO repeats VALUES (1, x'00')", "repeats"),
    "day": ("UPDATE messages SET day = 3 WHERE origin IS NOT NULL", "derived"),
    "origin": ("UPDATE messages SET origin = 9 WHERE origin IS NOT NULL", "derived"),
    "contact of a message": ("UPDATE messages SET contact = 1", "derived"),
    "counted reject": ("DELETE FROM rejected_records; INSERT INTO rejected_records VALUES ('x')", "rejected record"),
    "last id": ("UPDATE sqlite_sequence SET seq = 1", "last id of table contacts"),
    "contact of a contact's id": ("UPDATE contact_ids SET contact = 'x' WHERE id = 1", "leads to no contact"),
    "line of a line's id": ("UPDATE line_ids SET line = -3 WHERE id = 1", "leads to no line"),
    "line id of messages": ("UPDATE messages SET line_id = 'abc'", "names the line id 'abc', which is missing"),
    "contact id of messages": ("UPDATE messages SET contact_id = 9999", "names the contact id 9999, which is missing"),
    "template of messages": (
        "UPDATE messages SET template = 'x' WHERE origin IS NOT NULL",
        "names the template 'x', which is missing",
    ),
    "contact of a message in": (
        "UPDATE messages SET contact = 99 WHERE direction = 1",
        "contact is not that of its contact id",
    ),
    "foreign trigger": (
        "CREATE TRIGGER t AFTER INSERT ON messages BEGIN DELETE FROM dirty; END",
        "not of this program",
    ),
}
_LOST = ("dropped table settings", "dropped table rejects")  # what they held is nowhere else


def schema_damage(one_in: int = 1) -> Result:
    """Tries every object and every change once, or each n-th of them."""
    tries, failures = 0, []
    with tempfile.TemporaryDirectory() as directory:
        sound = Path(directory, "sound.db")
        done = saludo(
            sound, "import", *(str(capture(name)) for name in _IMPORTED), str(capture("cloud_bad_items.jsonl"))
        )
        assert done.status == 0, done.err
        expected = numbers_of(sound)
        attacks = {f"dropped {kind} {name}": (f"DROP {kind} {name}", name) for kind, name in _objects(sound)}
        for what, (script, told) in islice((attacks | _CHANGES).items(), 0, None, one_in):
            damaged = Path(directory, f"{tries}.db")
            shutil.copy(sound, damaged)
            with closing(sqlite3.connect(damaged, isolation_level=None)) as connection:
                if what != "foreign trigger" and not what.startswith("dropped"):
                    _without_triggers(connection, script)
                else:
                    connection.executescript(script)
            failures += [
                f"{what}: {one}"
                for one in _failures(damaged, told, None if what in _LOST else expected, twice="again" in what)
            ]
            tries += 1
    return Result(tries, tries, tuple(failures))


def _files() -> list[str]:
    return [str(capture(name)) for name in _IMPORTED]


def _without_triggers(connection: sqlite3.Connection, script: str) -> None:
    """Runs a script as a program does that knows no triggers."""
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.executescript(script)
    for _, sql in triggers:
        connection.execute(sql)


def _objects(database: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT type, name, tbl_name FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    ours = [(kind, name) for kind, name, table in rows if not table.startswith(("sqlite_", "_sqlite_"))]
    return [(kind, name) for kind, name in ours if kind != "table" or name in REPLACEABLE]


def _failures(database: Path, told: str, expected: object, *, twice: bool) -> list[str]:
    failures = []
    if twice:
        saludo(database, "import", *_files())
    done = saludo(database, "check")
    if done.status != 1 or told not in done.out.decode() or "Traceback" in done.err:
        failures.append(f"check: {done.status} {done.out.decode()[:300]} {done.err[-400:]}")
    done = saludo(database, "check", "--rebuild")
    if done.status != 0:
        failures.append(f"check --rebuild: {done.status} {done.out.decode()[:300]} {done.err[-400:]}")
    if expected is not None and numbers_of(database) != expected:
        failures.append("the report or TSV differs after check --rebuild")
    return failures
