"""ClickHouse databases of tests: chdb inside the test's process, and what is stored there as SQLite stores it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.clickhouse import tables
from storage.clickhouse.address import address_of
from storage.clickhouse.all_tables import ALL
from storage.clickhouse.connecting import connect
from storage.clickhouse.engine import Engine
from storage.clickhouse.evidence_writer import EvidenceWriter
from storage.clickhouse.stored_settings import store_setting
from storage.clickhouse.worker import Worker
from storage.database.connection import reading
from storage.domain.events import Event
from storage.messages.batch_merger import Batch, Merger
from storage.messages.message_row import COLUMNS, NAMES
from storage.messages.store import DERIVED
from tests.databases import ZONE

_SAME = [name.strip('"') for name in COLUMNS[NAMES:]]
_OF_START = [name for name in DERIVED if name not in ("line", "contact", "start_template", "joined")]


@contextmanager
def new_database(directory: Path | None = None) -> Iterator[Engine]:
    """A new database with its tables. chdb has one directory open at a time."""
    with tempfile.TemporaryDirectory() as temporary:
        engine = connect(address_of(f"chdb:{(directory or Path(temporary)) / 'chdb'}"), must_exist=False)
        try:
            tables.create(engine, ALL)
            yield engine
        finally:
            engine.close()


def empty(engine: Engine) -> None:
    """Removes everything from the tables, which is quicker than a new database."""
    for table in ALL:
        engine.run(f"TRUNCATE TABLE {table.name}")


def batch_of(events: Iterable[Event]) -> Batch:
    """What an importer writes of events that come together."""
    merger = Merger()
    for event in events:
        merger.add(event)
    return merger.batch()


def write(engine: Engine, *parts: Iterable[Event], time_zone: str = ZONE, answer_window: float = 24) -> None:
    """Writes each part as a batch of an import of its own, and derives what follows from all."""
    store_setting(engine, "time_zone", time_zone)
    store_setting(engine, "answer_window", str(answer_window))
    for part in parts:
        EvidenceWriter(engine).write(batch_of(part))
    Worker(engine).derive_pending()


def stored(engine: Engine) -> dict[tuple[str, int], dict[str, Any]]:
    """Every message by key and direction, with names in place of ids."""
    names = [f"m.`{name}`" for name in (*_SAME, *_OF_START, "joined", "template", "line_text")]
    found = engine.rows(
        f"""
        SELECT {", ".join(names)}, m.contact_kind, m.contact_text, l.label, l.value, t.name,
               c.label, c.customer_id, c.name, i.ids
        FROM (SELECT * FROM messages FINAL) AS m
        LEFT JOIN (SELECT * FROM lines FINAL) AS l ON l.id = m.line
        LEFT JOIN (SELECT DISTINCT id, name FROM templates) AS t ON t.id = m.start_template
        LEFT JOIN (SELECT * FROM contacts FINAL) AS c ON c.id = m.contact
        LEFT JOIN (
            SELECT contact, arraySort(groupArray((kind, text, replaced))) AS ids FROM contact_ids FINAL GROUP BY contact
        ) AS i ON i.contact = m.contact
        SETTINGS join_use_nulls = 1
        """
    )
    return _by_key(found)


def stored_in_sqlite(path: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """The same of a SQLite database."""
    with reading(path) as connection:
        ids: dict[int, list[tuple[int, str, int]]] = {}
        for contact, *id in connection.execute("SELECT contact, kind, text, replaced FROM contact_ids"):
            ids.setdefault(contact, []).append((id[0], id[1], id[2]))
        names = [f'm."{name}"' for name in (*_SAME, *_OF_START)]
        rows = connection.execute(
            f"""
            SELECT {", ".join(names)}, (SELECT key FROM messages AS k WHERE k.id = m.joined), s.name, d.text,
                   i.kind, i.text, l.label, l.value, t.name, c.label, c.customer_id, c.name, m.contact
            FROM messages AS m LEFT JOIN lines AS l ON l.id = m.line LEFT JOIN line_ids AS d ON d.id = m.line_id
            LEFT JOIN contacts AS c ON c.id = m.contact LEFT JOIN contact_ids AS i ON i.id = m.contact_id
            LEFT JOIN templates AS t ON t.id = m.start_template LEFT JOIN templates AS s ON s.id = m.template
            """
        )
        return _by_key([(*row[:-1], sorted(ids[row[-1]]) if row[-1] is not None else []) for row in rows])


_NAMED = (
    *("joined", "template", "line_text", "contact_kind", "contact_text", "line_label", "line_value", "start_template"),
    *("contact_label", "customer_id", "contact_name", "contact_ids"),
)


def _by_key(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[str, int], dict[str, Any]]:
    records = [dict(zip((*_SAME, *_OF_START, *_NAMED), row, strict=True)) for row in rows]
    for record in records:
        record["contact_ids"] = [tuple(id) for id in record["contact_ids"] or ()]
    return {(record["key"], record["direction"]): record for record in records}
