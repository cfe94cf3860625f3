"""`saludo check` finds changed cells, and rebuilding repairs them in one transaction."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.cube import refresh
from storage.database.connection import reading, writing
from storage.database.settings import store_setting
from storage.domain.filters import Filter
from storage.ingest.batch_writer import derive_again
from storage.ingest.integrity import rebuild
from storage.report.read_session import ReadSession
from storage.report.report import load_report
from tests.cubes import (
    problems,
    refresh_all,
    sent,
)
from tests.databases import BETO, DAY, HOUR, NOON, NOW, build


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cells SET template_failed_sent = template_failed_sent + 1 WHERE line > 0 AND template > 0",
        "DELETE FROM cells WHERE line = 0 AND template = 0",
        "DELETE FROM users WHERE level = 2",
        "UPDATE users SET bitmap = x'01000000' WHERE level = 0 AND kind = 0",
        "INSERT INTO details VALUES (0, 1, 1, 1, 0, 1, 0, 1, 0)",
        "UPDATE repeats SET starts = zeroblob(12)",
        "DELETE FROM repeats",
        "INSERT INTO repeats SELECT day + 1, starts FROM repeats",
        "INSERT INTO repeats SELECT day + 9000, starts FROM repeats",
    ],
)
def test_check_finds_changed_cells_and_rebuilding_repairs_them(tmp_path: Path, statement: str) -> None:
    path = build(tmp_path / "saludo.db", [sent("a", NOON), sent("a2", NOON + 1), sent("b", NOON + DAY, contact=BETO)])
    refresh_all(path)
    assert problems(path) == []
    with writing(path) as writer, writer.transaction() as connection:
        connection.execute(statement)
    found = problems(path)
    assert found
    assert all("differs from its messages" in line for line in found)
    with writing(path) as writer:
        rebuild(writer, refresh.no_progress)
    assert problems(path) == []


def test_readers_see_the_old_cube_until_the_rebuild_is_committed(tmp_path: Path) -> None:
    late = NOON + 5 * HOUR
    path = build(tmp_path / "saludo.db", [sent("a", late)], time_zone="UTC")
    refresh_all(path)
    filter = Filter.parse("period:all")
    with reading(path) as connection, writing(path) as writer:
        before = load_report(ReadSession(connection), filter, NOW)

        def look(done: int, of: int) -> None:
            assert load_report(ReadSession(connection), filter, NOW) == before

        with writer.transaction() as writing_connection:
            store_setting(writing_connection, "time_zone", "Asia/Kolkata")
            derive_again(writer, look)
            look(1, 1)
        after = load_report(ReadSession(connection), filter, NOW)
    assert [day.day for day in after.daily if day.status.total] != [day.day for day in before.daily if day.status.total]
    assert problems(path) == []
