"""SQLite databases published in ClickHouse, for tests that compare the two stores."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from storage.clickhouse import tables
from storage.clickhouse.all_tables import ALL
from storage.clickhouse.engine import Engine
from storage.database.connection import reading
from storage.domain.filters import Filter
from storage.published import copied_database, versions
from storage.published.unchanged_months import VERSION_MONTHS
from storage.stores.interface import Content, Store
from storage.stores.opening import store
from storage.table.export import write_tsv
from tests.clickhouse import empty


def publish(path: Path, engine: Engine) -> None:
    """Publishes a SQLite database."""
    with reading(path) as connection:
        connection.execute("BEGIN")
        versions.publish(engine, lambda version: _copy(connection, engine, version))


def _copy(connection: object, engine: Engine, version: int) -> None:
    copied_database.copy(connection, engine, version, lambda starts: None)  # type: ignore[arg-type]


@contextmanager
def both(path: Path, engine: Engine) -> Iterator[tuple[Store, Store]]:
    """A SQLite database and its copy in ClickHouse, as stores."""
    publish(path, engine)
    with reading(path) as connection, store(connection) as one, store(engine) as other:
        yield one, other


def exported(opened: Store, filter: Filter, now: datetime, content: Content) -> tuple[bytes, object, object]:
    """A file, and what it leaves out."""
    out, export = io.BytesIO(), opened.export(content)
    write_tsv(opened.session, filter, now, out, export=export)
    return (
        out.getvalue(),
        getattr(export, "without_contact", 0),
        vars(getattr(export, "retries", export)).get("left_out"),
    )


def forget(engine: Engine) -> None:
    """Removes everything, the versions too."""
    tables.create(engine, ALL)
    empty(engine)
    tables.create(engine, (VERSION_MONTHS,))
    for name in (VERSION_MONTHS.name, "readers"):
        engine.run(f"TRUNCATE TABLE IF EXISTS {name}")
    if (latest := versions.latest(engine)) is not None:
        for number in range(latest.number + 1):
            versions.remove(engine, number)
        engine.run("TRUNCATE TABLE versions")
