"""What `saludo check` finds does not depend on the helper processes; it finds texts that are not UTF-8."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.cube import refresh
from storage.database import child_process
from storage.database.connection import writing
from storage.ingest import check_parts, check_pool
from storage.ingest.check_parts import Part, run_part
from storage.ingest.check_pool import Progress
from storage.ingest.integrity import check
from tests.captures import capture
from tests.storage.ingest.import_runs import run

_DAMAGE = {
    "none": "SELECT 1",
    "derived": "UPDATE messages SET status = 1 - status WHERE status IN (0, 1)",
    "cells": "UPDATE cells SET template_failed_sent = 5",
    "values": "UPDATE messages SET error_text = x'00', flags = 99",
    "names": "UPDATE contacts SET label = 'x' WHERE id = 1",
    "texts": "UPDATE messages SET category = CAST(x'ff' AS TEXT) WHERE id = 1",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = tmp_path / "saludo.db"
    for name in ("cloud_statuses.jsonl", "send_log.jsonl", "starting_causes.tsv"):
        run(database, capture(name))
    return database


def found(database: Path) -> list[str]:
    counted: list[tuple[int, int]] = []
    with writing(database) as writer:
        problems = check(writer, lambda done, of: counted.append((done, of)))
    assert all(done <= of for done, of in counted)
    return problems


@pytest.mark.parametrize("what", _DAMAGE)
@pytest.mark.long(keep=2)
def test_helpers_find_the_same(what: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with writing(path) as writer:
        writer.connection.execute(_DAMAGE[what])
        refresh.refresh_all(writer)
    here = found(path)
    assert (here == []) == (what == "none")
    monkeypatch.setattr(check_pool, "_WORTH_HELPERS", 0)
    assert found(path) == here


@pytest.mark.parametrize(
    ("marks", "damage", "early"),
    [
        ("SELECT 1", "SELECT 1", True),
        ("INSERT INTO dirty SELECT 0, day, line FROM messages WHERE origin IS NOT NULL LIMIT 1", "SELECT 1", False),
        ("SELECT 1", "DROP INDEX contacts_by_label", False),
    ],
    ids=["sound", "left to count", "without an index"],
)
def test_cells_are_compared_at_once_unless_something_has_to_be_made_before(
    marks: str, damage: str, early: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(path) as writer:
        writer.connection.execute(marks)
        writer.connection.execute(damage)
    turns: list[set[str]] = []
    run_parts = check_pool.CheckPool.run

    def noted(pool: check_pool.CheckPool, parts: Sequence[Part], progress: Progress, *, here: bool = False) -> object:
        turns.append({part[0] for part in parts})
        return run_parts(pool, parts, progress, here=here)

    monkeypatch.setattr(check_pool.CheckPool, "run", noted)
    assert bool(found(path)) == (damage != "SELECT 1")
    assert ("cells" in turns[0]) == early
    assert sum("cells" in turn for turn in turns) == sum("rows" in turn for turn in turns) == 1


def test_a_part_whose_helper_was_killed_runs_here(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_pool, "_WORTH_HELPERS", 0)
    with writing(path) as writer:
        writer.connection.execute(_DAMAGE["cells"])
    expected = found(path)
    assert expected
    send, sent = child_process.send, []

    def kill_the_second(pipe: object, value: object) -> None:
        sent.append(value)
        if len(sent) > 2:
            for helper in helpers:
                helper.kill()
        send(pipe, value)  # type: ignore[arg-type]

    helpers: list[subprocess.Popen[bytes]] = []
    start = child_process.start

    def started(module: str, argument: str, stdin: int) -> subprocess.Popen[bytes]:
        helpers.append(start(module, argument, stdin))
        return helpers[-1]

    monkeypatch.setattr(child_process, "start", started)
    monkeypatch.setattr(child_process, "send", kill_the_second)
    assert found(path) == expected
    assert len(helpers) == 2


@pytest.mark.parametrize("part", [("damage",), ("rows", True), ("user types",)], ids=str)
def test_a_long_part_says_that_it_goes_on(part: Part, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_parts, "_LONG", 1)
    steps: list[int] = []
    with writing(path) as writer:
        run_part(writer.connection, part, lambda: steps.append(1))
        assert len(steps) >= 10
        steps.clear()
        writer.connection.execute("SELECT count(*) FROM messages AS a, messages AS b").fetchone()
        assert not steps
