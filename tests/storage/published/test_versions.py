"""Versions: complete or not there at all, each with its own number, and the old ones removed."""

from __future__ import annotations

import pytest

from storage.clickhouse.engine import Engine, EngineError
from storage.published import versions
from storage.published.version_session import session_of_latest
from storage.published.version_tables import definition


def _published(engine: Engine) -> set[int]:
    tables = engine.rows("SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'v%\\_%'")
    return {int(name[1:].partition("_")[0]) for (name,) in tables}


def test_nothing_is_published_in_a_new_database(engine: Engine) -> None:
    assert versions.latest(engine) is None
    with pytest.raises(EngineError, match="no report yet"):
        session_of_latest(engine)


def test_a_reader_keeps_the_version_before_the_latest(engine: Engine) -> None:
    numbers = [versions.publish(engine, lambda number: None).number for _ in range(3)]
    latest = versions.latest(engine)
    assert numbers == [1, 2, 3]
    assert latest is not None
    assert latest.number == 3
    assert _published(engine) == {2, 3}


def test_what_is_not_completed_is_never_seen(engine: Engine) -> None:
    versions.publish(engine, lambda number: None)

    def fail(number: int) -> None:
        raise KeyError(number)

    with pytest.raises(KeyError):
        versions.publish(engine, fail)
    assert _published(engine) == {1}
    engine.run(definition(2, "messages"))  # what a process that was killed leaves behind
    assert versions.publish(engine, lambda number: None).number == 3
    assert _published(engine) == {1, 3}


def test_a_version_of_an_earlier_program_says_what_to_do(engine: Engine) -> None:
    """It has not all columns, or not all tables; one that is published anew has them."""
    for change, query in (
        ("ALTER TABLE v1_cells DROP COLUMN quality", "SELECT quality FROM cells"),
        ("DROP TABLE v2_day_counts", "SELECT * FROM day_counts"),
    ):
        versions.publish(engine, lambda number: None)
        assert session_of_latest(engine).connection.execute(query).fetchall() == []
        engine.run(change)
        with pytest.raises(versions.OfAnotherProgram, match="another version of saludo; 'saludo work --once'"):
            session_of_latest(engine).connection.execute(f"{query} LIMIT 1").fetchall()
    versions.publish(engine, lambda number: None)
    with pytest.raises(EngineError, match="UNKNOWN_IDENTIFIER"):
        session_of_latest(engine).connection.execute("SELECT nothing FROM cells").fetchall()
