"""`saludo check` finds changed cells, and rebuilding repairs them in one transaction."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from storage.cube import recount_comparison, refresh
from storage.cube.layout import block_of
from storage.database.connection import reading, writing
from storage.database.settings import store_setting
from storage.domain.events import Failure
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
from tests.databases import BETO, DAY, HOUR, NOON, NOW, SECOND, build


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
@pytest.mark.long(keep=2)
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


def compared(path: Path) -> tuple[list[str], list[int]]:
    """What a comparison of every top block finds, as a reader, and the days that it told of as compared."""
    days: list[int] = []
    with reading(path) as connection:
        tops = recount_comparison.days_by_top_block(connection)
        found = [
            one
            for top, of in tops.items()
            for one in recount_comparison.top_block_differences(connection, top, of, days.append)
        ]
        return [*found, *recount_comparison.outside(connection, tops)], days


def change(path: Path, *statements: str) -> None:
    with writing(path) as writer, writer.transaction() as connection:
        for statement in statements:
            connection.execute(statement)


def test_every_row_that_differs_is_named_once(tmp_path: Path) -> None:
    failed = structs.replace(sent("a", NOON), failed_at=NOON + SECOND, failure=Failure(131026))
    path = build(tmp_path / "saludo.db", [failed, sent("b", NOON + DAY, contact=BETO), sent("c", NOON - 200 * DAY)])
    refresh_all(path)
    assert compared(path) == ([], [1, 1, 1])
    day = NOON // DAY
    change(
        path,
        f"UPDATE cells SET template_failed_sent = 7 WHERE line = 1 AND template = 1 AND day = {day}",
        f"DELETE FROM cells WHERE line = 0 AND template = 1 AND day = {day + 1}",
        f"INSERT INTO cells SELECT line, template, {day + 2}, {', '.join(column_names(path)[3:])} FROM cells"
        f" WHERE line = 1 AND template = 0 AND day = {day}",
        "UPDATE details SET template_sends = 9 WHERE level = 2 AND line = 0 AND template = 0",
        "DELETE FROM users WHERE kind = 1 AND level = 3",
        f"INSERT INTO repeats (day, starts) VALUES ({day + 2}, x'00')",
    )
    assert compared(path)[0] == [
        f"cell of line {line}, template {template}, {place}: differs from its messages"
        for line, template, place in (
            (0, 1, f"day {day + 1}"),
            (1, 0, f"day {day + 2}"),
            (1, 1, f"day {day}"),
            (0, 0, f"details, level 2, block {block_of(2, day)[1]}"),
            (-11, -11, f"users, kind 1, level 3, block {block_of(3, day)[1]}"),
        )
    ] + [f"cell of repeats, day {day + 2}: differs from its messages"]


def column_names(path: Path) -> list[str]:
    with reading(path) as connection:
        return [name for _, name, *_ in connection.execute("PRAGMA table_info(cells)")]


def test_a_failure_that_is_not_stored_differs_and_is_not_added(tmp_path: Path) -> None:
    failed = structs.replace(sent("a", NOON), failed_at=NOON + SECOND, failure=Failure(131026))
    path = build(tmp_path / "saludo.db", [failed])
    refresh_all(path)
    change(path, "DELETE FROM failure_kinds")
    assert any("users, kind 1" in line for line in compared(path)[0])
